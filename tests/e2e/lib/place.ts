// Places where a daemon lives for one test: a folder, a configuration that asks a name server of ours, reports to fill it with.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { build, Daemon, dmarcd, run } from './daemon.js';
import type { Dns } from './dns.js';

export interface Place {
	state: string;
	conf: string;
}

/** A folder for the tests of a file, gone at their end. */
export class Places {
	dir = '';
	private n = 0;

	constructor(name: string) {
		before(() => {
			this.dir = mkdtempSync(join(tmpdir(), `dmarcd-${name}-`));
		});
		after(() => {
			rmSync(this.dir, { recursive: true, force: true });
		});
	}

	/** more: keys and sections; resolver: lines of that section. Without a name server nobody is asked. */
	make(dns: Dns | Dns[] | undefined, more = '', resolver = '', timeout = 1): Place {
		const state = join(this.dir, `s${++this.n}`, 'state');
		const conf = join(this.dir, `s${this.n}`, 'conf');
		const servers = (dns === undefined ? [] : Array.isArray(dns) ? dns : [dns]).map((d) => `"127.0.0.1:${d.port}"`).join(', ');
		mkdirSync(state, { recursive: true });
		writeFileSync(conf, `state = "${state}"\nhttp { listen = "127.0.0.1:0" }\n${more}` + (dns === undefined ? 'resolver { enabled = no }\n' :
			`resolver {\n\tservers = { ${servers} }\n\trate = 200\n\ttimeout = ${timeout}s\n${resolver}}\n`));
		return { state, conf };
	}
}

export interface Row {
	from?: string;
	ip?: string;
	m?: number;
	spf?: string; // domain that passed
	dkim?: [domain: string, selector: string];
	pass?: boolean; // as the receiver saw it
}

let ids = 0;

/** A report of yesterday about mail with these. */
export function report(domain: string, rows: Row[], method = '', id = `r${++ids}`): string {
	const end = Math.floor(Date.now() / 86400000) * 86400;
	return '<?xml version="1.0"?><feedback><report_metadata><org_name>Receiver</org_name><email>d@receiver.example</email>' +
		`<report_id>${id}</report_id><date_range><begin>${end - 86400}</begin><end>${end - 1}</end></date_range></report_metadata>` +
		`<policy_published><domain>${domain}</domain><p>none</p>${method}</policy_published>` +
		rows.map((r) => `<record><row><source_ip>${r.ip ?? '192.0.2.1'}</source_ip><count>${r.m ?? 10}</count><policy_evaluated><disposition>none</disposition>` +
			`<dkim>${r.pass !== false && r.dkim ? 'pass' : 'fail'}</dkim><spf>${r.pass !== false && r.spf !== undefined ? 'pass' : 'fail'}</spf></policy_evaluated></row>` +
			`<identifiers><header_from>${r.from ?? domain}</header_from></identifiers><auth_results>` +
			(r.dkim ? `<dkim><domain>${r.dkim[0]}</domain><selector>${r.dkim[1]}</selector><result>pass</result></dkim>` : '') +
			`<spf><domain>${r.spf ?? domain}</domain><result>${r.spf === undefined ? 'fail' : 'pass'}</result></spf></auth_results></record>`).join('') + '</feedback>';
}

export async function imported(p: Place, text: string): Promise<void> {
	const file = join(p.state, '..', `r${++ids}.xml`);
	writeFileSync(file, text);
	const r = await dmarcd(p.conf, ['import', '--progress', 'never', file]);
	assert.equal(r.code, 0, r.stderr);
}

export async function serving(p: Place, f: (d: Daemon) => Promise<unknown>): Promise<void> {
	const d = await Daemon.start(p.conf);
	try {
		await f(d);
		await d.stop();
	} catch (e) {
		process.stderr.write(d.log.split('\n').slice(-15).map((l) => `# ${l}\n`).join(''));
		throw e;
	} finally {
		await d.end();
	}
}

export async function sql(p: Place, text: string): Promise<string> {
	const r = await run(join(build, 'tests/unit/dbsql'), [join(p.state, 'dmarcd.db'), text]);
	assert.equal(r.code, 0, r.stderr);
	return r.stdout.trim();
}
