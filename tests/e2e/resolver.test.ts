// Host names of addresses, from a real name server on loopback that answers, refuses, is silent, lies and goes round in circles.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { compare, Daemon, dmarcd, generate, killed, program, run, until, type Corpus } from './lib/daemon.js';
import { Dns, reverse, wireName } from './lib/dns.js';

const skip = existsSync(program) ? false : `${program} is not built`;
const dbsql = join(process.env['E2E_BUILD'] ?? '.', 'tests/unit/dbsql');

let dir: string;
let n = 0;

before(() => {
	dir = mkdtempSync(join(tmpdir(), 'dmarcd-resolver-'));
});

after(() => {
	rmSync(dir, { recursive: true, force: true });
});

interface Place {
	state: string;
	conf: string;
}

function place(dns: Dns | undefined, more = ''): Place {
	const state = join(dir, `s${++n}`, 'state');
	const conf = join(dir, `s${n}`, 'conf');
	mkdirSync(state, { recursive: true });
	writeFileSync(conf, `state = "${state}"\nhttp { listen = "127.0.0.1:0" }\n` +
		(dns === undefined ? 'resolver { enabled = no }\n' : `resolver {\n\tservers = { "127.0.0.1:${dns.port}" }\n\trate = 200\n\ttimeout = 2s\n${more}}\n`));
	return { state, conf };
}

/** A report of yesterday: each of these addresses has sent so many messages. */
function report(id: string, rows: [ip: string, m: number][], spf = 'fail'): string {
	const end = Math.floor(Date.now() / 86400000) * 86400;
	return '<?xml version="1.0"?><feedback><report_metadata><org_name>Receiver</org_name><email>d@receiver.example</email>' +
		`<report_id>${id}</report_id><date_range><begin>${end - 86400}</begin><end>${end - 1}</end></date_range></report_metadata>` +
		'<policy_published><domain>example.com</domain><p>none</p></policy_published>' +
		rows.map(([ip, m]) => `<record><row><source_ip>${ip}</source_ip><count>${m}</count><policy_evaluated><disposition>none</disposition>` +
			`<dkim>fail</dkim><spf>${spf}</spf></policy_evaluated></row><identifiers><header_from>example.com</header_from></identifiers>` +
			`<auth_results><spf><domain>example.com</domain><result>${spf}</result></spf></auth_results></record>`).join('') + '</feedback>';
}

async function imported(p: Place, text: string): Promise<void> {
	const file = join(p.state, '..', `r${++n}.xml`);
	writeFileSync(file, text);
	const r = await dmarcd(p.conf, ['import', '--progress', 'never', file]);
	assert.equal(r.code, 0, r.stderr);
}

interface Source {
	key: string;
	ptr: { state: string; name: string | null; names: string[]; more: number; refused: number } | null;
}

const sources = async (d: Daemon): Promise<Map<string, Source>> =>
	new Map(((await d.get('breakdown?by=ip&t=all&limit=500')).items as Source[]).map((s) => [s.key, s]));

interface State {
	enabled: boolean;
	known: number;
	waiting: number;
	failing_since: number | null;
}

const state = async (d: Daemon): Promise<State> => (await d.get('ingest')).resolver as State;

async function serving(p: Place, f: (d: Daemon) => Promise<void>): Promise<void> {
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

async function sql(p: Place, text: string): Promise<string> {
	const r = await run(dbsql, [join(p.state, 'dmarcd.db'), text]);
	assert.equal(r.code, 0, r.stderr);
	return r.stdout.trim();
}

/** Everything a name server can do with a question. */
function allKinds(dns: Dns): [string, number][] {
	dns.host('192.0.2.1', ['mail.mailer.example']);
	dns.host('2001:db8::25', ['six.mailer.example']);
	dns.host('192.0.2.2', ['liar.bank.example'], ['203.0.113.9']);
	dns.zone.set(reverse('192.0.2.3'), {}); // no records
	// 192.0.2.4: no such name
	dns.zone.set(reverse('192.0.2.5'), { fault: 'refused' });
	dns.zone.set(reverse('192.0.2.6'), { fault: 'servfail' });
	dns.zone.set(reverse('192.0.2.7'), { fault: 'silent' });
	dns.zone.set(reverse('192.0.2.8'), { fault: 'garbage' });
	dns.zone.set(reverse('192.0.2.9'), { fault: 'wrongid', ptr: ['forged.bank.example'] });
	dns.zone.set('forged.bank.example', { a: ['192.0.2.9'] });
	dns.zone.set(reverse('192.0.2.10'), { cname: reverse('192.0.2.11') });
	dns.zone.set(reverse('192.0.2.11'), { cname: reverse('192.0.2.10') });
	dns.zone.set(reverse('192.0.2.12'), { many: 2000 });
	dns.zone.set('0.0.crowd.example', { a: ['192.0.2.12'] });
	dns.zone.set(reverse('192.0.2.17'), { many: 4000 });
	// delegated without a class: RFC 2317
	dns.zone.set(reverse('192.0.2.13'), { cname: '13.0-25.2.0.192.in-addr.arpa' });
	dns.zone.set('13.0-25.2.0.192.in-addr.arpa', { ptr: ['classless.mailer.example'] });
	dns.zone.set('classless.mailer.example', { a: ['192.0.2.13', '192.0.2.99'] });
	dns.zone.set(reverse('192.0.2.14'), { raw: [
		wireName('<script>alert(1)</script>.example'), wireName('under_score.example'), wireName('single'), wireName(''),
		Buffer.from([3, 0x1b, 0x5b, 0x41, 7, ...Buffer.from('example'), 0]), Buffer.from([5, 0x61, 0x2e, 0x62, 0x2e, 0x63, 4, ...Buffer.from('test'), 0]),
	] });
	dns.host('192.0.2.15', ['b.two.example', 'a.two.example', 'c.two.example', 'd.two.example', 'e.two.example'], ['192.0.2.15']);
	dns.zone.set('a.two.example', { a: ['203.0.113.1'] });
	dns.zone.set(reverse('192.0.2.16'), { ptr: ['dead.forward.example'] });
	dns.zone.set('dead.forward.example', { fault: 'servfail' });
	return [...Array.from({ length: 17 }, (_, i): [string, number] => [`192.0.2.${i + 1}`, 100 - i]), ['2001:db8::25', 500]];
}

const expected: Record<string, [state: string, name: string | null]> = {
	'192.0.2.1': ['confirmed', 'mail.mailer.example'],
	'2001:db8::25': ['confirmed', 'six.mailer.example'],
	'192.0.2.2': ['unconfirmed', 'liar.bank.example'],
	'192.0.2.3': ['none', null],
	'192.0.2.4': ['none', null],
	'192.0.2.5': ['waiting', null],
	'192.0.2.6': ['waiting', null],
	'192.0.2.7': ['waiting', null],
	'192.0.2.8': ['waiting', null],
	'192.0.2.9': ['waiting', null],
	'192.0.2.12': ['confirmed', '0.0.crowd.example'],
	'192.0.2.13': ['confirmed', 'classless.mailer.example'],
	'192.0.2.14': ['none', null],
	'192.0.2.15': ['confirmed', 'b.two.example'],
	'192.0.2.16': ['unconfirmed', 'dead.forward.example'],
	'192.0.2.17': ['none', null],
};

async function allKnown(p: Place): Promise<void> {
	await until('an answer for every address', async () => (await sql(p, 'SELECT count(*) FROM host WHERE due < 0')) === '0');
}

test('every kind of answer: what is shown of it', { skip }, async () => {
	const dns = await new Dns().start();
	const p = place(dns);
	await imported(p, report('kinds', allKinds(dns)));
	try {
		await serving(p, async (d) => {
			await allKnown(p);
			const all = await sources(d);
			for (const [ip, [st, name]] of Object.entries(expected)) {
				const s = all.get(ip);
				assert.deepEqual([s?.ptr?.state, s?.ptr?.name], [st, name], ip);
			}
			// a circle is no name, whichever way the resolver says so
			for (const ip of ['192.0.2.10', '192.0.2.11']) assert.equal(all.get(ip)?.ptr?.name, null, ip);
			assert.equal(all.get('192.0.2.12')?.ptr?.more, 1997);
			assert.equal(all.get('192.0.2.17')?.ptr?.more, 65535);
			assert.equal(all.get('192.0.2.12')?.ptr?.names.length, 3);
			assert.ok(dns.asked.some((q) => q.tcp), 'a cut answer is asked for by TCP');
			assert.ok(dns.asked.filter((q) => q.name.endsWith('crowd.example')).length <= 20, 'a crowd is not asked for one by one');
			assert.equal(all.get('192.0.2.14')?.ptr?.refused, 6);
			assert.deepEqual(all.get('192.0.2.15')?.ptr?.names, ['b.two.example', 'a.two.example', 'c.two.example']);
			assert.equal(all.get('192.0.2.15')?.ptr?.more, 2);
			assert.equal(await sql(p, "SELECT count(*) FROM host WHERE name LIKE '%forged%' OR name LIKE '%<%'"), '0');
		});
	} finally {
		await dns.stop();
	}
});
