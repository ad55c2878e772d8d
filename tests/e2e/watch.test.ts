// What the DNS and web servers say of our domains, told by a daemon: a record gone, weaker, twice; SPF and keys that break; certificates that end.
// Told once, when two name servers have said it a quarter of an hour apart, and once when it is over. The clock is set by moving what is stored.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createSecureContext } from 'node:tls';
import { makeCerts, type Certs, type Pair } from './lib/certs.js';
import { dmarcd, killed, program, until, type Daemon } from './lib/daemon.js';
import { Dns } from './lib/dns.js';
import { Hook, stopHooks } from './lib/hook.js';
import { Spec } from './lib/openapi.js';
import { imported, Places, report, serving, sql, type Place } from './lib/place.js';
import { stopAll } from './lib/servers.js';
import { readMail, Smtp } from './lib/smtp.js';

const skip = existsSync(program) ? false : `${program} is not built`;
const places = new Places('watch');
let certs: Certs;

before(() => {
	if (skip === false) certs = makeCerts(join(places.dir, 'certs'));
});

after(async () => {
	await stopAll();
	await stopHooks();
});

const key = 'v=DKIM1; k=ed25519; p=FT0Zha7zeCBVzqCilP3SPo5tvxn7HAUY53qw687keO8=';
const dmarc = 'v=DMARC1; p=reject; rua=mailto:d@example.com';

/** A web server with a certificate for each name it is asked by, and a policy for each. */
class Policies {
	readonly pairs = new Map<string, Pair>();
	readonly answers = new Map<string, { status?: number; type?: string; body: string; location?: string; hang?: boolean }>();
	readonly asked: string[] = [];
	port = 0;
	private server: Server | undefined;

	async start(): Promise<this> {
		const server = createServer({
			SNICallback: (name, done) => {
				const pair = this.pairs.get(name) ?? certs.strange;
				done(null, createSecureContext({ cert: readFileSync(pair.cert), key: readFileSync(pair.key) }));
			},
		}, (q, r) => {
			const host = String(q.headers.host);
			const a = this.answers.get(host.replace(/:.*/, ''));
			this.asked.push(`${host}${q.url ?? ''}`);
			if (a?.hang === true) return;
			if (a === undefined) r.writeHead(404).end();
			else r.writeHead(a.status ?? 200, { 'content-type': a.type ?? 'text/plain; charset=utf-8', ...(a.location === undefined ? {} : { location: a.location }) }).end(a.body);
		});
		server.on('tlsClientError', () => undefined);
		this.server = server;
		await new Promise<void>((r) => server.listen(0, '127.0.0.1', r));
		this.port = (server.address() as AddressInfo).port;
		return this;
	}

	async stop(): Promise<void> {
		this.server?.closeAllConnections?.();
		await new Promise<void>((r) => (this.server === undefined ? r() : this.server.close(() => r())));
	}

	set(domain: string, pair: Pair, body = 'version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmax_age: 604800\r\n'): void {
		this.pairs.set(`mta-sts.${domain}`, pair);
		this.answers.set(`mta-sts.${domain}`, { body });
	}
}

/** As if so many seconds had gone by. */
const pass = (p: Place, s: number): Promise<string> => sql(p,
	`UPDATE dns SET due = due - ${s}, since = since - ${s}, answered = answered - ${s}, checked = checked - ${s}, seconded = seconded - ${s};` +
	`UPDATE sts SET due = due - ${s}, since = since - ${s}, checked = checked - ${s}`);

/** All that is due has been asked for. */
const asked = (p: Place, also = '1'): Promise<true> => until('all that is due is asked for', async () =>
	(await sql(p, `SELECT count(*) = 0 AND (${also}) FROM dns WHERE due <= unixepoch() OR checked IS NULL`)) === '1', 60);

const looked = (p: Place): Promise<true> => until('all policies are looked at', async () =>
	(await sql(p, "SELECT count(*) = 0 FROM dns d LEFT JOIN sts s ON s.domain = d.domain WHERE d.kind = 4 AND d.state = 1 AND ifnull(s.due, 0) <= unixepoch()")) === '1', 60);

/** What a sender says of its TLS sessions of yesterday. */
function tlsReport(domain: string): string {
	const day = new Date(Date.now() - 86400000).toISOString().slice(0, 10);
	return JSON.stringify({ 'organization-name': 'Sender', 'contact-info': 'tls@sender.example', 'report-id': 't1',
		'date-range': { 'start-datetime': `${day}T00:00:00Z`, 'end-datetime': `${day}T23:59:59Z` },
		policies: [{ policy: { 'policy-type': 'sts', 'policy-string': ['version: STSv1', 'mode: testing', 'mx: mail.example.com', 'max_age: 86400'], 'policy-domain': domain },
			summary: { 'total-successful-session-count': 10, 'total-failure-session-count': 0 } }] });
}

/** The same place, and nobody is told anything: a notifier that is late on a busy machine tells nothing too early. */
function silent(p: Place): Place {
	const conf = `${p.conf}.silent`;
	const text = readFileSync(p.conf, 'utf8').replace(/alerts \{\n(\t.*\n)*\}\n/, '');
	assert.ok(!text.includes('alerts'));
	writeFileSync(conf, text);
	return { state: p.state, conf };
}

interface Told { kind: string; alerts: { rule: string; domain: string; level: string; findings: { text: string; values: Record<string, unknown> }[] }[] }

const told = (h: Hook): string[] => h.got.map((g) => JSON.parse(g.body) as Told).flatMap((t) =>
	t.alerts.map((a) => `${t.kind} ${a.rule} ${a.level} ${a.domain}`)).sort();
const textsOf = (h: Hook): string => h.got.map((g) => (JSON.parse(g.body) as Told).alerts.map((a) => a.findings.map((f) => f.text).join(' ')).join('\n')).join('\n');

const others = '{ "A1", "A2", "A5", "A6", "A7", "A8", "A9", "A11" }';

test('what two name servers say is told once, and once that it is over; what only one says, or says once, is not', { skip }, async () => {
	const first = await new Dns().start();
	const second = await new Dns().start();
	const texts = (name: string, ...t: string[]): void => { first.texts(name, ...t); second.texts(name, ...t); };
	const h = await new Hook().start();
	const s = await new Smtp({ tls: 'none' }).start();
	const alerts = `alerts {\n\twebhook = "http://localhost:${h.port}/"\n\tto = "anna@example.com"\n\toff = ${others}\n\tdigest = 100\n\treport_addresses = "d@example.com"\n}\n` +
		`smtp {\n\thost = "127.0.0.1"\n\tport = ${s.port}\n\ttls = none\n\tfrom = "dmarcd@example.org"\n}\n`;
	const p = places.make([first, second], alerts, '\tpolicies = no\n');
	const q = silent(p);
	const domains = ['gone', 'weak', 'double', 'rua', 'spf', 'key', 'flap', 'split', 'well'].map((d) => `${d}.example`);
	const good = (): void => {
		for (const d of domains) {
			texts(`_dmarc.${d}`, dmarc);
			texts(d, 'v=spf1 ip4:192.0.2.0/24 -all');
			texts(`s1._domainkey.${d}`, key);
		}
	};
	good();
	try {
		for (const d of domains) await imported(p, report(d, [{ spf: d, dkim: [d, 's1'] }]));
		await serving(q, async () => asked(p, "(SELECT count(*) FROM dns WHERE kind = 3) = 9"));
		assert.equal(second.asked.filter((q) => q.type === 'TXT').length, 0, 'the last server is kept for the second question');
		await pass(p, 901);
		await serving(q, async () => asked(p));
		assert.equal(await sql(p, "SELECT count(*) FROM dns WHERE seconded IS NULL OR second <> '127.0.0.1@" + second.port + "'"), '0');
		// a day later
		await pass(p, 90000);
		texts('_dmarc.gone.example');
		texts('_dmarc.weak.example', 'v=DMARC1; p=none; rua=mailto:d@example.com');
		texts('_dmarc.double.example', dmarc, 'v=DMARC1; p=quarantine');
		texts('_dmarc.rua.example', 'v=DMARC1; p=reject; rua=mailto:d@example.net');
		texts('spf.example', 'v=spf1 ipv4:192.0.2.1 -all');
		texts('s1._domainkey.key.example', 'v=DKIM1; p=');
		texts('_dmarc.flap.example');
		first.texts('_dmarc.split.example');
		await serving(q, async () => asked(p));
		await pass(p, 901);
		texts('_dmarc.flap.example', dmarc);
		// what was seen once says nothing
		const run = await dmarcd(p.conf, ['alert', 'run']);
		assert.equal(run.code, 0, run.stderr);
		await serving(q, async () => asked(p));
		assert.deepEqual([told(h), s.mails.length], [[], 0]);
		const bad = ['alert A3 urgent double.example', 'alert A3 urgent gone.example', 'alert A3 urgent rua.example', 'alert A3 urgent weak.example',
			'alert A4 urgent key.example', 'alert A4 urgent spf.example'];
		const quiet = async (d: Daemon, n: number): Promise<void> => {
			await until(() => `${n} mails and as many messages (log:\n${d.log.slice(-1500)})`, () => s.mails.length >= n && h.got.length >= n, 60);
			await until('a note of all', () => !readFileSync(join(p.state, 'notify/alerts.json'), 'utf8').includes('"channel"'), 60);
		};
		await serving(p, async (d) => {
			await quiet(d, bad.length);
			const { dns } = await d.get('domains/split.example') as { dns: { dmarc: Record<string, unknown> } };
			assert.deepEqual([dns.dmarc['disputed'], dns.dmarc['server'], dns.dmarc['second']], [true, `127.0.0.1@${first.port}`, `127.0.0.1@${second.port}`]);
		});
		assert.deepEqual(told(h), bad);
		assert.match(textsOf(h), /gone\.example: its DMARC record has gone since/);
		assert.deepEqual(s.mails.map((m) => readMail(m.raw).headers.get('subject') ?? '').filter((x) => x.startsWith('[dmarcd] Urgent: ')).length, bad.length);
		// it lasts: nothing more
		await serving(p, async (d) => {
			for (const x of d.role('notifier')) killed(x);
			await asked(p);
		});
		assert.equal((await dmarcd(p.conf, ['alert', 'run'])).code, 0);
		assert.equal(h.got.length, bad.length);
		// repaired
		h.got = [];
		s.mails = [];
		good();
		await pass(p, 90000);
		await serving(q, async () => asked(p));
		await pass(p, 901);
		await serving(q, async () => asked(p));
		await serving(p, async (d) => quiet(d, bad.length));
		assert.deepEqual(told(h), bad.map((b) => b.replace('alert', 'over')));
		assert.equal(s.mails.length, bad.length);
	} finally {
		await first.stop();
		await second.stop();
	}
});

test('certificates and policies of MTA-STS: near their end, ended, of others, not to be had', { skip }, async () => {
	const dns = await new Dns().start();
	const web = await new Policies().start();
	const h = await new Hook().start();
	const far = 90;
	const p = places.make(dns, `alerts {\n\twebhook = "http://localhost:${h.port}/"\n\toff = ${others}\n\tdigest = 100\n}\n`,
		`\tpolicy_server = "127.0.0.1:${web.port}"\n\tpolicy_ca_file = "${certs.ca}"\n`);
	const q = silent(p);
	const domains = ['near', 'ended', 'other', 'strange', 'faulty', 'moved', 'html', 'sound', 'twice', 'none'].map((d) => `${d}.example`);
	for (const d of domains) {
		dns.texts(`_dmarc.${d}`, dmarc);
		if (d !== 'none.example') dns.texts(`_mta-sts.${d}`, 'v=STSv1; id=20260101;');
		web.set(d, certs.issue(`mta-sts.${d}`, d === 'near.example' ? 10.5 : d === 'ended.example' ? -2 : far));
	}
	dns.texts('_mta-sts.twice.example', 'v=STSv1; id=20260101;', 'v=STSv1; id=20260202;');
	web.set('other.example', certs.issue('www.other.example', far));
	web.set('strange.example', certs.issue('mta-sts.strange.example', far, 'unknown'));
	web.set('faulty.example', certs.issue('mta-sts.faulty.example', far), 'version: STSv1\nmode: enforce\nmax_age: 604800\n');
	web.answers.set('mta-sts.moved.example', { status: 302, body: '', location: 'https://mta-sts.sound.example/.well-known/mta-sts.txt' });
	web.answers.set('mta-sts.html.example', { type: 'text/html', body: 'version: STSv1\nmode: none\nmax_age: 1\n' });
	try {
		for (const d of domains) if (d !== 'sound.example') await imported(p, report(d, [{}]));
		await imported(p, tlsReport('sound.example')); // one that gets mail and sends none
		await serving(q, async (d) => {
			await asked(p, "(SELECT count(*) FROM dns WHERE kind = 4 AND state > 0) = 10");
			await looked(p).catch((e: unknown) => { throw new Error(`${String(e)}\n${d.log.slice(-3000)}`); });
			assert.ok(!d.log.includes('SIGSYS') && !d.log.includes('sandbox forbids'), d.log);
		});
		const state = async (): Promise<string[]> => (await sql(p, 'SELECT domain, state, mode, error FROM sts_policies ORDER BY domain')).split('\n');
		const seen = await state();
		assert.deepEqual(seen.map((l) => l.split('|').slice(0, 3).join('|')), ['ended.example|expired|', 'faulty.example|faulty|', 'html.example|faulty|', 'moved.example|missing|',
			'near.example|sound|enforce', 'other.example|name|', 'sound.example|sound|enforce', 'strange.example|untrusted|', 'twice.example|sound|enforce']);
		assert.match(seen.join('\n'), /faulty.*the policy names no mx\n.*html.*the policy is not marked as text\/plain\nmoved.*the server answered 302, and senders follow no redirect/);
		assert.ok(!web.asked.some((a) => a.startsWith('mta-sts.none')), 'no record, no question');
		assert.ok(web.asked.every((a) => a.endsWith('.example/.well-known/mta-sts.txt')), web.asked.join(' '));
		const ready = await dmarcd(p.conf, ['reports', '--type', 'tls', '--ready']);
		assert.match(ready.stdout + ready.stderr, /sound\.example: its policy is sound, mode enforce, as seen on .*; the certificate before it ends on \d{4}-/);
		// a date is a date; other trouble is looked at once more before it is told
		const dates = ['alert A10 info near.example', 'alert A10 warn ended.example'];
		await serving(p, async () => until('two messages', () => h.got.length >= 2, 60));
		assert.deepEqual(told(h), dates);
		assert.match(textsOf(h), /near\.example: the certificate of mta-sts\.near\.example ends on .*, in 10 days/);
		assert.match(textsOf(h), /ended\.example: the certificate of mta-sts\.ended\.example has expired on/);
		await pass(p, 901);
		web.set('moved.example', certs.issue('mta-sts.moved.example', far)); // a flap
		await serving(q, async () => { await asked(p); await looked(p); });
		h.got = [];
		await serving(p, async (d) => {
			await until(() => `five more (log:\n${d.log.slice(-1500)})`, () => h.got.length >= 5, 60);
			const spec = new Spec(process.env['OPENAPI'] ?? join(process.env['E2E_DIR'] ?? 'tests/e2e', '../../schema/openapi.yaml'));
			const near = await d.get('domains/near.example');
			assert.deepEqual(spec.faults('/domains/{domain}', 200, 'application/json', near), []);
			assert.deepEqual([near.dns.sts.policy.state, near.dns.sts.policy.mode, near.dns.sts.policy.max_age], ['sound', 'enforce', 604800]);
		});
		assert.deepEqual(told(h), ['faulty', 'html', 'other', 'strange', 'twice'].map((d) => `alert A10 warn ${d}.example`));
		assert.match(textsOf(h), /twice\.example: _mta-sts\.twice\.example has several records: to senders that is as if there were no MTA-STS policy/);
		// renewed, repaired, and one given up altogether
		h.got = [];
		for (const d of ['near', 'ended', 'other', 'strange', 'html'].map((x) => `${x}.example`)) web.set(d, certs.issue(`mta-sts.${d}`, far));
		dns.texts('_mta-sts.faulty.example');
		dns.texts('_mta-sts.twice.example', 'v=STSv1; id=20260202;');
		await pass(p, 90000);
		await serving(q, async () => { await asked(p); await looked(p); });
		await serving(p, async () => until('all is over', () => h.got.length >= 7, 60));
		assert.deepEqual(told(h).map((t) => t.replace(/ (info|warn)/, '')).sort(), ['ended', 'faulty', 'html', 'near', 'other', 'strange', 'twice'].map((d) => `over A10 ${d}.example`));
		// a server that never answers keeps nobody from stopping
		dns.texts('_mta-sts.none.example', 'v=STSv1; id=1;');
		web.answers.set('mta-sts.none.example', { body: '', hang: true });
		await pass(p, 90000);
		await serving(q, async () => until('a question', () => web.asked.some((a) => a.startsWith('mta-sts.none')), 60));
		assert.equal(await sql(p, "SELECT count(*) FROM sts WHERE domain = 'none.example'"), '0');
		// off: nobody knocks, and there is no such process
		writeFileSync(p.conf, readFileSync(p.conf, 'utf8').replace('\tpolicy_server', '\tpolicies = no\n\tpolicy_server'));
		await pass(p, 90000);
		const before = web.asked.length;
		await serving(p, async (d) => {
			await asked(p);
			assert.equal(d.role('visitor').length, 0);
		});
		assert.equal(web.asked.length, before);
	} finally {
		await dns.stop();
		await web.stop();
	}
});
