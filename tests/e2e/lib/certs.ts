// A private certificate authority and certificates good and bad, made by openssl.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Pair {
	cert: string;
	key: string;
}

export interface Certs {
	ca: string;
	good: Pair; // localhost and 127.0.0.1
	wrongName: Pair; // mail.example.net
	expired: Pair;
	strange: Pair; // good names, an authority that nobody knows
	/** One more, for that name and so many days from now. */
	issue: (name: string, days: number, authority?: 'known' | 'unknown') => Pair;
}

function openssl(args: string[], cwd: string): void {
	execFileSync('openssl', args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
}

function authority(dir: string, name: string): void {
	mkdirSync(join(dir, name));
	const at = join(dir, name);
	writeFileSync(join(at, 'index.txt'), '');
	writeFileSync(join(at, 'serial'), '1000\n');
	writeFileSync(
		join(at, 'ca.cnf'),
		`[ca]\ndefault_ca = d\n[d]\ndir = .\ndatabase = index.txt\nserial = serial\nnew_certs_dir = .\n` +
			`default_md = sha256\npolicy = p\ncopy_extensions = copy\nunique_subject = no\n[p]\ncommonName = supplied\n`,
	);
	openssl(
		['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '3650',
			'-subj', `/CN=Test authority ${name}`, '-keyout', 'ca.key', '-out', 'ca.pem',
			'-addext', 'basicConstraints=critical,CA:true', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
		at,
	);
}

function issue(dir: string, ca: string, name: string, san: string, from: string, to: string): Pair {
	const at = join(dir, ca);
	openssl(
		['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', `/CN=${name}`,
			'-keyout', `${name}.key`, '-out', `${name}.csr`, '-addext', `subjectAltName=${san}`],
		at,
	);
	openssl(
		['ca', '-batch', '-notext', '-config', 'ca.cnf', '-cert', 'ca.pem', '-keyfile', 'ca.key', '-in', `${name}.csr`,
			'-out', `${name}.pem`, '-startdate', from, '-enddate', to],
		at,
	);
	return { cert: join(at, `${name}.pem`), key: join(at, `${name}.key`) };
}

export function makeCerts(dir: string): Certs {
	mkdirSync(dir, { recursive: true });
	authority(dir, 'known');
	authority(dir, 'unknown');
	const san = 'DNS:localhost,IP:127.0.0.1';
	const past = '20200101000000Z';
	const future = '20491231235959Z';
	const at = (days: number): string => new Date(Date.now() + days * 86400000).toISOString().replace(/[-:T]|\.\d+/g, '');
	let n = 0;
	return {
		ca: join(dir, 'known', 'ca.pem'),
		good: issue(dir, 'known', 'good', san, past, future),
		wrongName: issue(dir, 'known', 'wrong', 'DNS:mail.example.net,DNS:imap.example.net', past, future),
		expired: issue(dir, 'known', 'expired', san, past, '20210101000000Z'),
		strange: issue(dir, 'unknown', 'strange', san, past, future),
		issue: (name, days, by = 'known') => issue(dir, by, `more${++n}`, `DNS:${name}`, past, at(days)),
	};
}
