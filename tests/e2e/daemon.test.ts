// The whole program: mail in a real Dovecot in, exact figures out, whatever happens in between.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { makeCerts, type Certs } from './lib/certs.js';
import {
	compare, compareState, contents, Daemon, dice, dmarcd, generate, inQuarantine, inSpool, killed, memory, program, run, sleep, statusOf,
	until, writeConf, type Corpus, type MailboxConf,
} from './lib/daemon.js';
import { Dovecot, dovecotPath, password } from './lib/dovecot.js';
import { makeMail } from './lib/fetcher.js';
import { Imap, Pop3, type Behaviour, type Scripted } from './lib/servers.js';

const skip = dovecotPath === undefined ? 'dovecot is not installed' : !existsSync(program) ? `${program} is not built` : false;
const ways = ['imaps', 'imap', 'pop3s', 'pop3'] as const;
type Way = (typeof ways)[number];

let dir: string;
let certs: Certs;
let dovecot: Dovecot;
let corpus: Corpus; // 700 reports and one mail of 3 MB
let demo: Corpus;
let users = 0;
let seed = Number(process.env['E2E_SEED'] ?? 0);

before(async () => {
	if (skip !== false) return;
	dir = mkdtempSync(join(tmpdir(), 'dmarcd-daemon-'));
	chmodSync(dir, 0o755); // Dovecot's own users must get in
	certs = makeCerts(join(dir, 'certs'));
	writeFileSync(join(dir, 'password'), `${password}\n`, { mode: 0o600 });
	dovecot = await Dovecot.start(join(dir, 'dovecot'), certs);
	corpus = await generate(join(dir, 'bulk'), 'bulk', ['--reports', '700', '--big-mail', '3']);
	demo = await generate(join(dir, 'demo'), 'demo');
});

after(async () => {
	if (skip !== false) return;
	await dovecot.stop();
	rmSync(dir, { recursive: true, force: true });
});

/** A user with mail, and a state directory. */
function newUser(files: string[] = corpus.files): { user: string; state: string; conf: string } {
	const user = `user${++users}`;
	dovecot.addUser(user);
	dovecot.deliver(user, contents(files));
	return { user, state: newState(user), conf: join(dir, `${user}.conf`) };
}

function newState(name = `none${++users}`): string {
	const state = join(dir, `state-${name}`, 'state');
	mkdirSync(join(dir, `state-${name}`));
	return state;
}

function box(user: string, way: Way, more: Partial<MailboxConf> = {}): MailboxConf {
	return {
		name: user, protocol: way.startsWith('imap') ? 'imap' : 'pop3', port: dovecot.ports[way],
		tls: way.endsWith('s') ? 'implicit' : 'starttls', tls_ca_file: certs.ca, user, password_file: join(dir, 'password'), ...more,
	};
}

async function serving(conf: string, f: (d: Daemon) => Promise<void>): Promise<void> {
	const d = await Daemon.start(conf);
	try {
		await f(d);
		await d.stop();
	} finally {
		await d.end();
	}
}

const answers = (d: Daemon): Promise<boolean> => fetch(`${d.url}/healthz`).then((a) => a.ok, () => false);

// --- dmarcd fetch ----------------------------------------------------------------

for (const way of ways)
	test(`fetch, ${way}: exact figures; the second run transfers no body`, { skip }, async () => {
		const { user, state, conf } = newUser();
		writeConf(conf, { state, mailboxes: [box(user, way)] });
		const first = await dmarcd(conf, ['fetch']);
		assert.equal(first.code, 0, first.stderr);
		assert.match(first.stderr, /^dmarcd: 701 new messages, 701 stored/m);
		assert.equal(dovecot.bodies(user), 701);
		assert.deepEqual(inSpool(state), []);
		await compareState(state, corpus);
		const second = await dmarcd(conf, ['fetch']);
		assert.equal(second.code, 0, second.stderr);
		assert.match(second.stderr, /^dmarcd: 0 new messages$/m);
		assert.equal(dovecot.bodies(user), 701, 'a body was transferred again');
		await compareState(state, corpus);
	});

test('fetch: after a change of UIDVALIDITY nothing counts twice', { skip }, async () => {
	const { user, state, conf } = newUser();
	writeConf(conf, { state, mailboxes: [box(user, 'imaps')] });
	assert.equal((await dmarcd(conf, ['fetch'])).code, 0);
	await sleep(1100); // Dovecot takes the clock's seconds for it
	dovecot.forget(user);
	const r = await dmarcd(conf, ['fetch']);
	assert.equal(r.code, 0, r.stderr);
	assert.match(r.stderr, /UIDVALIDITY/);
	assert.match(r.stderr, /^dmarcd: 701 new messages, 701 here already$/m);
	await compareState(state, corpus, true);
	assert.deepEqual(inQuarantine(state), []);
});

for (const way of ['seen', 'move', 'delete'] as const)
	test(`fetch: after = ${way}`, { skip }, async () => {
		const { user, state, conf } = newUser();
		writeConf(conf, { state, mailboxes: [box(user, 'imaps', { after: way, ...(way === 'move' ? { after_folder: 'Done' } : {}) })] });
		const r = await dmarcd(conf, ['fetch']);
		assert.equal(r.code, 0, r.stderr);
		await compareState(state, corpus);
		const left = dovecot.flags(user);
		assert.equal(left.length, way === 'seen' ? 701 : 0);
		assert.ok(left.every((f) => f.includes('S')));
		if (way === 'move') assert.equal(dovecot.flags(user, '.Done').length, 701);
		assert.match((await dmarcd(conf, ['fetch'])).stderr, /^dmarcd: 0 new messages$/m);
	});

test('fetch while the daemon runs: the daemon stores it', { skip }, async () => {
	const { user, state, conf } = newUser();
	await serving(writeConf(`${conf}.daemon`, { state }), async (d) => {
		writeConf(conf, { state, mailboxes: [box(user, 'pop3s')] });
		// ready to be asked is not yet ready to store: then its ingester holds the spool
		await until('an ingester of the daemon', async () => (await run('flock', ['-n', join(state, 'spool', 'lock'), 'true'])).code === 1);
		const r = await dmarcd(conf, ['fetch']);
		assert.equal(r.code, 0, r.stderr);
		assert.match(r.stderr, /^dmarcd: 701 new messages; the running daemon stores what came$/m);
		await until('an empty spool', () => inSpool(state).length === 0);
		await compare(d, corpus);
	});
});

test('fetch: a mailbox in trouble does not hold up the other', { skip }, async () => {
	const { user, state, conf } = newUser();
	const broken = box(user, 'imaps', { name: 'broken', port: 1 });
	writeConf(conf, { state, mailboxes: [broken, box(user, 'imap')] });
	const r = await dmarcd(conf, ['fetch']);
	assert.equal(r.code, 75, r.stderr);
	assert.match(r.stderr, /mailbox broken: .*; remedy: /);
	assert.match(r.stderr, /^dmarcd: 701 new messages, 701 stored$/m);
	await compareState(state, corpus);
	const other = await dmarcd(conf, ['fetch', user]);
	assert.equal(other.code, 0, other.stderr);
	assert.equal((await dmarcd(conf, ['fetch', 'brokn'])).code, 2);
});

test('fetch: Ctrl-C ends it, and the next run does the rest', { skip }, async () => {
	const { user, state, conf } = newUser();
	writeConf(conf, { state, mailboxes: [box(user, 'imaps')] });
	for (let i = 0; i < 3; i++) {
		const r = await run('timeout', ['-s', 'INT', String(0.1 + 0.15 * i), program, '-c', conf, 'fetch']);
		assert.ok([124, 0, 75].includes(r.code), r.stderr);
	}
	const r = await dmarcd(conf, ['fetch']);
	assert.equal(r.code, 0, r.stderr);
	await compareState(state, corpus, true);
});

// Servers that must not be trusted. fetch.test.ts has the same for the role alone; here the sentence and the exit code arrive.
const untrusted: [string, (c: Certs) => Behaviour, number, RegExp][] = [
	['expired certificate', (c) => ({ cert: c.expired }), 2, /expired on 2021-01-01; remedy: renew it/],
	['wrong host name', (c) => ({ cert: c.wrongName }), 2, /for mail\.example\.net, imap\.example\.net, not for localhost; remedy: set host/],
	['unknown authority', (c) => ({ cert: c.strange }), 2, /not trusted here \(CN=Test authority unknown\); remedy: set tls_ca_file/],
	['TLS 1.1 only', (c) => ({ cert: c.good, maxVersion: 'TLSv1.1' }), 2, /offers no TLS 1\.2 or newer .*; remedy: /],
	['STARTTLS not offered', (c) => ({ cert: c.good, tls: 'starttls' }), 2, /does not offer (STARTTLS|STLS), so nothing was sent; remedy: /],
	['cut off', (c) => ({ cert: c.good, greet: (x) => x.close() }), 75, /; remedy: /],
];
for (const [what, how, code, sentence] of untrusted)
	for (const protocol of ['imap', 'pop3'] as const)
		test(`fetch, ${protocol}: ${what}: a sentence, exit code ${code}, no password sent`, { skip }, async () => {
			const secret = 'never-to-be-seen';
			const s: Scripted = await new (protocol === 'imap' ? Imap : Pop3)(how(certs)).start();
			const state = newState();
			const conf = `${state}.conf`;
			const file = `${state}.password`;
			writeFileSync(file, `${secret}\n`, { mode: 0o600 });
			writeConf(conf, { state, mailboxes: [{
				name: 'rua', protocol, port: s.port, tls: s.how.tls ?? 'implicit', tls_ca_file: certs.ca, user: 'rua@example.com',
				password_file: file, timeout: '5s',
			}] });
			try {
				const r = await dmarcd(conf, ['fetch']);
				assert.equal(r.code, code, r.stderr);
				const line = r.stderr.split('\n').find((l) => /^dmarcd: mailbox rua: /.test(l)) ?? '';
				assert.match(line, sentence, r.stderr);
				assert.ok(s.connections > 0);
				for (const form of [secret, Buffer.from(`\0rua@example.com\0${secret}`).toString('base64'), Buffer.from(secret).toString('base64')]) {
					assert.ok(!s.received.includes(form), 'the password was sent');
					assert.ok(!(r.stdout + r.stderr).includes(form), 'the password was shown');
				}
			} finally {
				await s.stop();
			}
		});

// --- dmarcd serve -------------------------------------------------------------------

test('serve: all processes start, answer, and end on SIGTERM and SIGINT', { skip }, async () => {
	for (const signal of ['SIGTERM', 'SIGINT'] as const) {
		const { user, state, conf } = newUser();
		writeConf(conf, { state, decoders: 2, mailboxes: [box(user, 'imaps'), box(user, 'pop3', { name: 'again' })] });
		const d = await Daemon.start(conf);
		try {
			await until('all processes', () => d.role('decoder').length === 2 && d.role('fetcher').length === 2);
			assert.equal(d.role('ingester').length, 1);
			assert.equal(d.role('http').length, 1);
			if (/sandbox: system calls are filtered/.test(d.log))
				await until('all of them are locked in', () => ['decoder', 'fetcher', 'ingester', 'http'].every((r) =>
					d.role(r).every(({ pid }) => /^NoNewPrivs:\t1$[^]*^Seccomp:\t2$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')))));
			// the first time in the middle of its work, the second time when it rests
			if (signal === 'SIGINT') {
				await d.settled(state, [user, 'again']);
				await compare(d, corpus, true);
			}
			await d.stop(signal);
		} finally {
			await d.end();
		}
	}
});

test('serve: mail that is delivered while the daemon runs; a broken mailbox beside it', { skip }, async () => {
	const { user, state, conf } = newUser(corpus.files.slice(0, 350));
	const rest = corpus.files.slice(350);
	writeConf(conf, { state, mailboxes: [box(user, 'imaps', { name: 'broken', user: 'nobody', port: 1 }), box(user, 'imaps')] });
	await serving(conf, async (d) => {
		for (const f of rest) {
			const r = await dmarcd(conf, ['-q', 'deliver'], readFileSync(f));
			assert.equal(r.code, 0, r.stderr);
		}
		await d.settled(state, [user]);
		await compare(d, corpus);
		assert.equal(statusOf(state, 'broken')?.state, 'error');
		const ingest = await d.get('ingest');
		const broken = ingest.mailboxes.find((m: { name: string }) => m.name === 'broken');
		assert.equal(broken.state, 'error');
		assert.match(broken.error.text, /mailbox broken: /);
	});
});

test('decoders that hang are killed by the supervisor and cost no figure', { skip }, async () => {
	const { state, conf } = newUser([]);
	writeConf(conf, { state, decoders: 2, limits: { seconds: 2 } });
	await serving(conf, async (d) => {
		const deliver = async (files: string[]): Promise<void> => {
			for (const f of files) assert.equal((await dmarcd(conf, ['-q', 'deliver'], readFileSync(f))).code, 0);
		};
		const stored = (n: number) => until(`${n} reports`, async () => {
			const i = await d.get('ingest');
			return i.database.reports + i.duplicates === n;
		});
		await deliver(corpus.files.slice(0, 1));
		await stored(1);
		const hung = d.role('decoder').map((p) => p.pid);
		assert.equal(hung.length, 2);
		for (const pid of hung) process.kill(pid, 'SIGSTOP');
		await deliver(corpus.files.slice(1, 9));
		await stored(9);
		await until('an end of one that hung', () => d.role('decoder').some((p) => !hung.includes(p.pid)));
		await until('a word about it', () => /a decoder took longer than 2 seconds/.test(d.log));
		assert.deepEqual(inQuarantine(state), []);
	});
});

test('a cut report goes to quarantine, with the reason, and counts nothing', { skip }, async () => {
	const { state, conf } = { state: newState(), conf: join(dir, 'quarantine.conf') };
	writeConf(conf, { state });
	const xml = gzipSync(Buffer.from(`<feedback>${'<record/>'.repeat(1000)}</feedback>`));
	const mail = Buffer.from('From: reports@reporter.example\r\nTo: rua@example.com\r\nSubject: Report domain: example.com\r\n' +
		'MIME-Version: 1.0\r\nContent-Type: application/gzip; name="reporter.example!example.com!1!2.xml.gz"\r\n' +
		`Content-Transfer-Encoding: base64\r\n\r\n${xml.subarray(0, xml.length - 20).toString('base64')}\r\n`);
	await serving(conf, async (d) => {
		assert.equal((await dmarcd(conf, ['deliver'], mail)).code, 0);
		const item = await until('a row in quarantine', async () => (await d.get('ingest')).quarantine[0]);
		assert.match(JSON.stringify(item), /gzip/);
		await until('an empty spool', () => inSpool(state).length === 0);
		const files = inQuarantine(state);
		assert.equal(files.length, 1);
		assert.deepEqual(readFileSync(join(state, 'quarantine', files[0] ?? '')), mail);
		const { database, days } = await d.get('ingest');
		assert.equal(database.reports, 0);
		assert.equal(days.at(-1).rejected, 1);
	});
	const fetched = newUser([]);
	dovecot.deliver(fetched.user, [mail, makeMail(1), ...contents(corpus.files)]);
	writeConf(fetched.conf, { state: fetched.state, mailboxes: [box(fetched.user, 'imaps')] });
	const r = await dmarcd(fetched.conf, ['fetch']);
	assert.equal(r.code, 1, r.stderr);
	assert.match(r.stderr, /^dmarcd: 703 new messages, 701 stored, 1 no report, 1 not readable, in quarantine$/m);
	assert.equal(inQuarantine(fetched.state).length, 1);
});

test('B7 AX28 the rows of a cut report can be looked at; the web app has messages read again and discarded', { skip }, async () => {
	const { state, conf } = { state: newState(), conf: join(dir, 'again.conf') };
	const row = (n: number): string => `<record><row><source_ip>192.0.2.${n}</source_ip><count>${n}</count><policy_evaluated><disposition>none` +
		'</disposition><dkim>pass</dkim><spf>fail</spf></policy_evaluated></row><identifiers><header_from>example.com</header_from></identifiers></record>';
	const report = (id: string, rows: number): string => '<feedback><report_metadata><org_name>reporter.example</org_name><email>a@reporter.example</email>' +
		`<report_id>${id}</report_id><date_range><begin>1767225600</begin><end>1767311999</end></date_range></report_metadata><policy_published>` +
		`<domain>example.com</domain><p>none</p></policy_published>${Array.from({ length: rows }, (_, i) => row(i + 1)).join('')}</feedback>`;
	const limited = (n: number): void => {
		writeConf(conf, { state });
		writeFileSync(conf, `${readFileSync(conf, 'utf8')}\nlimits {\n\trecords = ${n}\n}\n`);
	};
	limited(2);
	await serving(conf, async (d) => {
		const api = `${d.url}/api/v1/`;
		const ask = (id: string, what: string): Promise<Response> => fetch(`${api}ingest/items/${id}/${what}`, { method: 'POST', headers: { 'X-Dmarcd-Action': '1' } });
		const done = (id: string): Promise<any> => until('the end of it', async () => (await d.get('ingest')).actions.find((a: any) => a.item === id && a.state === 'done'));
		const put = async (text: string | Buffer): Promise<any> => {
			const before = (await d.get('ingest')).quarantined.n;
			assert.equal((await dmarcd(conf, ['deliver'], Buffer.from(text))).code, 0);
			return until('a message more in quarantine', async () => {
				const i = await d.get('ingest');
				return i.quarantined.n === before + 1 ? i.quarantine[0] : undefined;
			});
		};
		const cut = await put(report('cut', 2).slice(0, -30));
		assert.deepEqual([cut.reason, cut.part, cut.line], ['cut-short', 1, 1]);
		assert.ok(cut.byte > 500, String(cut.byte));
		const seen = await d.get(`ingest/items/${cut.id}`);
		assert.deepEqual(seen.documents.map((x: any) => [x.org_name, x.domain, x.report_id, x.rows, x.m]), [['reporter.example', 'example.com', 'cut', 1, 1]]);
		assert.deepEqual(seen.documents[0].items, [{ seq: 1, ip: '192.0.2.1', count: 1, hfrom: 'example.com', disp: 'none', dkim: 'pass', spf: 'fail' }]);
		const zipped = await put(gzipSync(Buffer.from(report('cut2', 2000))).subarray(0, 1500));
		assert.ok((await d.get(`ingest/items/${zipped.id}`)).documents[0].rows > 1);
		assert.equal((await d.get('ingest')).database.reports, 0, 'nothing of it counts');

		assert.equal((await ask(cut.id, 'retry')).status, 202);
		const still = await done(cut.id);
		assert.deepEqual([still.result, still.reports], ['rejected', 0]);
		assert.match(still.text, /line 1/);
		assert.equal((await ask(zipped.id, 'discard')).status, 202);
		assert.equal((await done(zipped.id)).result, 'discarded');
		await until('its file to go', () => inQuarantine(state).length === 1);

		const over = await put(report('over', 3));
		assert.equal(over.reason, 'over-limit');
		const raw = await fetch(`${api}ingest/items/${over.id}/raw`);
		assert.equal(await raw.text(), report('over', 3));
		limited(1000);
		d.signal('SIGHUP');
		await until('the new limit', async () => {
			await sleep(300); // the processes start anew: for a moment nobody answers
			return ask(over.id, 'retry').then((r) => r.status === 404, () => false);
		});
		const good = await until('a result', async () => (await d.get('ingest')).actions.find((a: any) => a.item === over.id && a.result === 'stored'));
		assert.equal(good.reports, 1);
		const { database, quarantine, actions } = await d.get('ingest');
		assert.equal(database.reports, 1);
		assert.deepEqual(quarantine.map((q: any) => q.id), [cut.id]);
		assert.ok(quarantine[0].tried !== null);
		assert.ok(!actions.some((a: any) => a.state === 'waiting'));
		await until('its file to go', () => inQuarantine(state).length === 1);
	});
	const listed = await dmarcd(conf, ['quarantine', 'show', '1']);
	assert.match(listed.stdout, /^rows that can be read, of a report that counts nothing: 1, messages in them: 1$/m);
	assert.match(listed.stdout, /192\.0\.2\.1/);
});

test('SIGHUP: a mailbox is added; a file with faults changes nothing', { skip }, async () => {
	const { user, state, conf } = newUser();
	writeConf(conf, { state });
	await serving(conf, async (d) => {
		const { url } = d;
		assert.equal(d.role('fetcher').length, 0);
		writeConf(conf, { state, mailboxes: [box(user, 'imaps')] });
		d.signal('SIGHUP');
		await until('a fetcher', () => d.role('fetcher').length === 1);
		await d.settled(state, [user]);
		await until('an answer', () => answers(d));
		await compare(d, corpus);
		const before = d.role('fetcher')[0]?.pid;
		writeFileSync(conf, readFileSync(conf, 'utf8').replace('protocol', 'protocoll'));
		d.signal('SIGHUP');
		await until('a word about the fault', () => /has faults, the old one goes on/.test(d.log));
		await until('where it is', () => new RegExp(`${conf}:\\d+: .*protocoll.*protocol`).test(d.log));
		await compare(d, corpus);
		assert.equal(d.role('fetcher')[0]?.pid, before);
		assert.equal(d.url, url, 'a port of the system\'s choice has changed');
	});
});

// --- kill -9 ------------------------------------------------------------------------

for (const [way, settle] of [['imaps', 'delete'], ['imaps', 'keep'], ['pop3', 'delete'], ['imap', 'move']] as const)
	test(`kill -9 of everything, ${way}, after = ${settle}: exact figures in the end`, { skip }, async (t) => {
		if (seed === 0) seed = Date.now() % 1000000;
		t.diagnostic(`E2E_SEED=${seed}`);
		const random = dice(seed++);
		const { user, state, conf } = newUser();
		writeConf(conf, { state, decoders: 2, mailboxes: [box(user, way, { after: settle, ...(settle === 'move' ? { after_folder: 'Done' } : {}) })] });
		const kinds = ['fetcher', 'ingester', 'decoder', 'http', 'supervisor', 'decoder', 'ingester', 'fetcher', 'http'];
		let d = await Daemon.start(conf);
		let since = Math.floor(Date.now() / 1000);
		try {
			for (const kind of kinds) {
				await sleep(random() * random() * 300);
				const them = d.role(kind);
				if (kind === 'supervisor') {
					await d.kill();
					d = await Daemon.start(conf);
					since = Math.floor(Date.now() / 1000);
				} else if (them.length > 0) killed(them[Math.floor(random() * them.length)]!);
			}
			await d.settled(state, [user], since);
			await until('an answer', () => answers(d));
			await compare(d, corpus, true);
			assert.deepEqual(inQuarantine(state), []);
			if (settle !== 'keep') assert.equal(dovecot.flags(user).length, 0);
			await d.stop();
		} finally {
			await d.end();
		}
	});

// --- A full disk ----------------------------------------------------------------------

test('the disk fills while mail is fetched and stored: it goes on trying; exact figures once there is room', { skip }, async (t) => {
	if (process.getuid?.() !== 0) return t.skip('only root may mount a small file system');
	const { user, conf } = newUser();
	const mount = join(dir, 'small');
	const state = join(mount, 'state');
	mkdirSync(mount);
	if ((await run('mount', ['-t', 'tmpfs', '-o', 'size=64m,mode=700', 'tmpfs', mount])).code !== 0) return t.skip('tmpfs cannot be mounted here');
	try {
		// too little for the mail, for the mail and the originals, and for all but the last
		for (const room of [3, 6, 8]) {
			writeFileSync(join(mount, 'ballast'), Buffer.alloc((64 - room) << 20));
			await serving(writeConf(conf, { state, mailboxes: [box(user, 'imaps')] }), async (d) => {
				await until(() => `a word about the full disk:\n${d.log}`, () => /No space left|disk is full/.test(d.log));
				rmSync(join(mount, 'ballast'));
				await d.settled(state, [user]);
				await compare(d, corpus, true);
				assert.deepEqual(inQuarantine(state), []);
			});
			rmSync(state, { recursive: true });
		}
	} finally {
		await run('umount', ['-l', mount]);
	}
});

// --- Memory ----------------------------------------------------------------------------

test('an idle daemon with the demo month: less than 40 MB in all', { skip }, async (t) => {
	const { user, state, conf } = newUser(demo.files);
	writeConf(conf, { state, mailboxes: [box(user, 'imaps')] });
	await serving(conf, async (d) => {
		await d.settled(state, [user]);
		await compare(d, demo);
		for (const path of ['overview', 'rows', 'reports', 'domains/example.com']) await d.get(`${path}?t=90d`);
		let said = '';
		const look = (when: string): number => {
			const all = d.processes().map((p) => ({ role: p.role, ...memory(p.pid) }));
			assert.ok(all.every((p) => p.pss > 0));
			const sum = all.reduce((n, p) => n + p.pss, 0);
			said = `${when}: ${sum} KB: ${all.map((p) => `${p.role} ${p.pss} (peak ${p.peak})`).join(', ')}`;
			return sum;
		};
		look('after its work');
		t.diagnostic(said);
		// after half a minute without mail the decoders are let go, and then what the ingester needed for them
		await until('rest', () => d.role('decoder').length === 0);
		await until(() => `less than 40 MB (${said})`, () => look('at rest') < 40 << 10, 60);
		t.diagnostic(said);
	});
});
