// Alerts on their way: signed webhooks to a real server, mail, a command; servers that are down, slow or not who they say; once each.
import assert from 'node:assert/strict';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeCerts, type Certs } from './lib/certs.js';
import { configuration, Daemon, dmarcd, killed, program, until, type Ran } from './lib/daemon.js';
import { Hook, stopHooks, type Got } from './lib/hook.js';
import { Spec } from './lib/openapi.js';
import { stopAll } from './lib/servers.js';
import { readMail, Smtp } from './lib/smtp.js';

const skip = !existsSync(program) ? `${program} is not built` : false;
const secret = 'a secret, öffentlich nicht';
let dir = '';
let certs: Certs;

before(() => {
	if (skip !== false) return;
	dir = mkdtempSync(join(tmpdir(), 'dmarcd-alerts-'));
	certs = makeCerts(join(dir, 'certs'));
	writeFileSync(join(dir, 'secret'), `${secret}\n`, { mode: 0o600 });
});

after(async () => {
	Daemon.endAll();
	await stopAll();
	await stopHooks();
	if (dir !== '') rmSync(dir, { recursive: true, force: true });
});

/** As a receiver should look at it. */
function signed(g: Got): any {
	const stamp = String(g.headers['dmarcd-timestamp']);
	const want = createHmac('sha256', secret).update(`${stamp}.${g.body}`).digest();
	const [kind, hex] = String(g.headers['dmarcd-signature']).split('=');
	assert.equal(kind, 'sha256');
	assert.ok(timingSafeEqual(want, Buffer.from(hex ?? '', 'hex')), 'signature');
	assert.ok(Math.abs(Number(stamp) - Date.now() / 1000) < 600);
	const j = JSON.parse(g.body);
	assert.equal(j.id, g.headers['dmarcd-id']);
	return j;
}

// --- Something to be told of ------------------------------------------------------------------

let n = 0;

/** A state directory into which mail came that cannot be read, which is A8. */
async function trouble(section: string, more = '', http = ''): Promise<{ conf: string; state: string }> {
	const name = `s${++n}`;
	const state = join(dir, name);
	const conf = join(dir, `${name}.conf`);
	writeFileSync(conf, configuration({ state }).replace('http {', `http { ${http}`) + `alerts {\n${section}}\n${more}`);
	const files = [1, 2, 3].map((i) => join(dir, `${name}-${i}.xml`));
	files.forEach((f, i) => { writeFileSync(f, `<feedback><report_metadata><org_name>o${i}</org_name>`); });
	const r = await dmarcd(conf, ['-q', 'import', '--progress', 'never', ...files]);
	assert.equal(r.code, 1, r.stderr);
	return { conf, state };
}

const hook = (h: Hook, more = '', scheme = 'https'): string => `\twebhook = "${scheme}://localhost:${h.port}/in?token=abc"\n\twebhook_secret_file = "${join(dir, 'secret')}"\n` +
	`\twebhook_ca_file = "${certs.ca}"\n\twebhook_timeout = 5s\n${more}`;

const alert = (conf: string, ...args: string[]): Promise<Ran> => dmarcd(conf, ['alert', ...args]);
const rows = (r: Ran): any[] => r.stdout.trim().split('\n').filter((l) => l !== '').map((l) => JSON.parse(l));

/** As if the time of the next try had come. */
function due(state: string): void {
	const path = join(state, 'notify/alerts.json');
	writeFileSync(path, readFileSync(path, 'utf8').replace(/"next": \d+/g, '"next": 1'));
}

// --- Webhook -------------------------------------------------------------------------------------

test('a webhook gets it signed, once, and again with its id when it did not say yes', { skip }, async () => {
	const h = await new Hook(certs.good).start();
	h.answer = (r) => { r.writeHead(500).end('no'); };
	const { conf, state } = await trouble(hook(h), '', 'public_url = "https://dmarc.example.org/x/" ');
	const first = await alert(conf, 'run');
	assert.equal(first.code, 75, first.stderr);
	assert.match(first.stderr, /alert to webhook: webhook at localhost answered 500/);
	assert.ok(!(first.stderr + first.stdout).includes('token=abc'), 'the address may be a secret itself');
	const again = await alert(conf, 'run');	// too early
	assert.equal(again.code, 0, again.stderr);
	assert.equal(h.got.length, 1);
	const waiting = rows(await alert(conf, 'list', '--waiting', '--format', 'json'));
	assert.deepEqual(waiting.map((w) => [w.channel, w.to, w.tries, w.dead]), [['webhook', null, 1, false]]);
	h.answer = (r) => { r.writeHead(200).end('{}'); };
	due(state);
	const third = await alert(conf, 'run');
	assert.equal(third.code, 0, third.stderr);
	assert.equal(h.got.length, 2);
	const [a, b] = h.got.map(signed);
	assert.deepEqual(a, b);
	assert.equal(h.got[0]?.path, '/in?token=abc');
	assert.match(h.got[0]?.headers['content-type'] ?? '', /^application\/json/);
	assert.equal(b.kind, 'alert');
	assert.match(b.subject, /^Urgent: 3 of 3 mails that came on \d+ \w+ could not be read/);
	assert.match(b.text, /Threshold: more than 5/);
	assert.match(b.text, /To hear no more of it: dmarcd alert mute A8/);
	const [x] = b.alerts;
	assert.deepEqual([x.rule, x.domain, x.level, x.findings[0].values.n, x.findings[0].values.of, x.findings[0].values.limit], ['A8', null, 'urgent', 3, 3, 3]);
	assert.match(x.findings[0].link, /^https:\/\/dmarc\.example\.org\/x\/health\?from=/);
	due(state);
	assert.equal((await alert(conf, 'run')).code, 0);
	assert.equal(h.got.length, 2, 'once');
	assert.deepEqual(rows(await alert(conf, 'list', '--waiting', '--dead', '--format', 'json')), []);
	const open = rows(await alert(conf, 'list', '--format', 'json'));
	assert.deepEqual(open.map((o) => [o.rule, o.level, o.domain, o.ended]), [['A8', 'urgent', null, null]]);
	assert.match((await alert(conf, 'list')).stdout, /A8 +urgent/);
	assert.match((await alert(conf, 'list', '--format', 'csv')).stdout, /^rule,level,domain,since,ended,said,text,id,findings\r?\nA8,urgent,,/);
});

test('a certificate that is not right is refused before anything is sent', { skip }, async () => {
	for (const [pair, why] of [[certs.wrongName, /certificate|name|match/i], [certs.expired, /certificate|expired/i], [certs.strange, /certificate|trust/i]] as const) {
		const h = await new Hook(pair).start();
		const { conf } = await trouble(hook(h));
		const r = await alert(conf, 'test', '--channel', 'webhook');
		assert.equal(r.code, 2, r.stdout + r.stderr);
		assert.match(r.stdout, /failed: webhook at localhost: /);
		assert.match(r.stdout, why);
		assert.ok(!r.stdout.includes('its certificate is right'), r.stdout);
		assert.deepEqual(h.got, []);
		await h.stop();
	}
});

test('test tells step by step; a redirect is not followed; an answer without an end and a slow one end', { skip }, async () => {
	const other = await new Hook().start();
	const h = await new Hook(certs.good).start();
	const { conf } = await trouble(hook(h, '\twebhook_timeout = 2s\n').replace('\twebhook_timeout = 5s\n', ''));
	const ok = await alert(conf, 'test');
	assert.equal(ok.code, 0, ok.stdout + ok.stderr);
	assert.match(ok.stdout, /signed with the secret\n.*localhost is 127\.0\.0\.1, port \d+: connected\n.*its certificate is right\n.*it answered 204.*\n.*it took the message\n/s);
	assert.equal(signed(h.got[0] as Got).kind, 'test');
	h.answer = (r) => { r.writeHead(302, { location: `http://localhost:${other.port}/` }).end(); };
	const moved = await alert(conf, 'test');
	assert.equal(moved.code, 2, moved.stdout);
	assert.match(moved.stdout, /redirects are not followed/);
	assert.deepEqual(other.got, []);
	h.answer = (r) => {
		r.writeHead(200);
		const more = (): void => { while (r.write('x'.repeat(65536))); r.once('drain', more); };
		r.on('error', () => undefined);
		more();
	};
	assert.equal((await alert(conf, 'test')).code, 0, 'it said yes');
	h.answer = () => undefined;	// nothing at all
	const slow = await alert(conf, 'test');
	assert.equal(slow.code, 75, slow.stdout);
	assert.match(slow.stdout, /failed: webhook at localhost: .*(timed|time)/i);
	h.answer = (r) => { r.writeHead(422).end(); };
	assert.equal((await alert(conf, 'test')).code, 1);
	await h.stop();
	const gone = await alert(conf, 'test');
	assert.equal(gone.code, 75, gone.stdout);
	assert.match(gone.stdout, /no connection/);
	const none = await alert(conf, 'test', '--channel', 'mail');
	assert.equal(none.code, 2);
	assert.match(none.stderr, /names no such receiver/);
});

test('nobody there: a dead letter, which is sent again when it is asked for', { skip }, async () => {
	const h = await new Hook().start();
	const { port } = h;
	await h.stop();
	const { conf, state } = await trouble(hook(h, '\tattempts = 2\n', 'http'));
	const r = await alert(conf, 'run');
	assert.equal(r.code, 75, r.stderr);
	due(state);
	const last = await alert(conf, 'run');
	assert.match(last.stderr, /it is a dead letter now, 'dmarcd alert retry'/);
	const dead = rows(await alert(conf, 'list', '--dead', '--format', 'json'));
	assert.deepEqual(dead.map((d) => [d.channel, d.tries, d.dead, d.next]), [['webhook', 2, true, null]]);
	assert.match(dead[0].error, /webhook at localhost: /);
	due(state);
	assert.equal((await alert(conf, 'run')).code, 0);
	const back = await new Hook().start(port);
	assert.equal((await alert(conf, 'run')).code, 0);
	assert.equal(back.got.length, 0, 'not by itself');
	assert.equal((await alert(conf, 'retry')).code, 0);
	assert.equal((await alert(conf, 'run')).code, 0);
	assert.equal(back.got.length, 1);
	assert.equal(signed(back.got[0] as Got).id, dead[0].id);
});

// --- Mail, command -----------------------------------------------------------------------------------

test('by mail: as text, in the language that was chosen, to each once, when the server is there', { skip }, async () => {
	const s = await new Smtp({ tls: 'starttls', cert: certs.good }).start();
	s.users = { u: secret };
	let down = true;
	s.last = () => (down ? '451 4.3.0 later' : '250 2.0.0 taken');
	const { conf, state } = await trouble('\tto = { "anna@example.com", "bob@example.com" }\n\tlanguage = de\n',
		`smtp {\n\thost = "localhost"\n\tport = ${s.port}\n\ttls = starttls\n\ttls_ca_file = "${certs.ca}"\n\tuser = "u"\n` +
		`\tpassword_file = "${join(dir, 'secret')}"\n\tfrom = "dmarcd@example.org"\n\ttimeout = 5s\n}\n`);
	const later = await alert(conf, 'run');
	assert.equal(later.code, 75, later.stderr);
	assert.equal(s.mails.length, 0);
	down = false;
	due(state);
	assert.equal((await alert(conf, 'run')).code, 0);
	due(state);
	assert.equal((await alert(conf, 'run')).code, 0);
	assert.deepEqual(s.mails.map((m) => m.to).sort(), ['anna@example.com', 'bob@example.com']);
	const [a, b] = s.mails.map((m) => readMail(m.raw));
	assert.ok(a !== undefined && b !== undefined);
	assert.match(a.headers.get('message-id') ?? '', /^<alert\.[!-~]+@example\.org>$/);
	assert.notEqual(a.headers.get('message-id'), b.headers.get('message-id'));
	assert.equal(a.headers.get('auto-submitted'), 'auto-generated');
	assert.equal(a.headers.get('content-language'), 'de');
	assert.match(a.headers.get('subject') ?? '', /^\[dmarcd\] Dringend: 3 von 3 Mails/);
	assert.deepEqual(a.parts.map((p) => p.type), ['text/plain']);
	assert.match(a.parts[0]?.text ?? '', /Um nichts mehr davon zu hören: dmarcd alert mute A8/);
});

test('by command: without a shell, its words in the error, ended when it is late', { skip }, async () => {
	const script = join(dir, 'on-alert');
	writeFileSync(script, `#!/bin/sh\n[ "$1" = "a b" ] && exit 9\ncase $1 in\nkeep) cat >"$2" ;;\nfail) cat >/dev/null; echo "no \\033[2Jsuch thing" >&2; exit 3 ;;\n` +
		'loud) cat >/dev/null; yes | head -c 5000000 >&2; exit 4 ;;\nslow) sleep 60 ;;\nesac\n');
	chmodSync(script, 0o755);
	const out = join(dir, 'told.json');
	const { conf } = await trouble(`\tcommand = "${script} keep ${out}"\n`);
	const r = await alert(conf, 'run');
	assert.equal(r.code, 0, r.stderr);
	assert.equal(JSON.parse(readFileSync(out, 'utf8')).alerts[0].rule, 'A8');
	const variant = (what: string): string => {
		const path = join(dir, `command-${what}.conf`);
		writeFileSync(path, readFileSync(conf, 'utf8').replace(`keep ${out}`, `${what}"\n\tcommand_timeout = "1s`));
		return path;
	};
	const failed = await alert(variant('fail'), 'test');
	assert.equal(failed.code, 75, failed.stdout);
	assert.match(failed.stdout, /failed: command ".*on-alert fail" failed with exit code 3: no \\x1b\[2Jsuch thing/);
	const loud = await alert(variant('loud'), 'test');
	assert.match(loud.stdout, /exit code 4: y\n/);
	const begun = Date.now();
	const slow = await alert(variant('slow'), 'test');
	assert.match(slow.stdout, /did not end within 1 s and was stopped/);
	assert.ok(Date.now() - begun < 30000);
});

test('mute and unmute, with what is wrong in words', { skip }, async () => {
	const h = await new Hook().start();
	const { conf } = await trouble(hook(h, '\tmute = { "A5 example.net 2099-01-01" }\n', 'http'));
	assert.equal((await alert(conf, 'mute', 'a8', '--until', '2098-05-01')).code, 0);
	assert.equal((await alert(conf, 'mute', 'all', '--domain', 'Example.org')).code, 0);
	const mutes = rows(await alert(conf, 'list', '--mutes', '--format', 'json'));
	assert.deepEqual(mutes.map((m) => [m.rule, m.domain, m.until?.slice(0, 10) ?? null, m.by]),
		[['A8', null, '2098-05-02', 'command'], [null, 'example.org', null, 'command'], ['A5', 'example.net', '2099-01-02', 'configuration']]);
	assert.equal((await alert(conf, 'run')).code, 0);
	assert.equal(h.got.length, 0);
	assert.equal(rows(await alert(conf, 'list', '--format', 'json')).length, 1, 'it is listed');
	assert.equal((await alert(conf, 'unmute', 'A8')).code, 0);
	assert.equal((await alert(conf, 'run')).code, 0);
	assert.equal(h.got.length, 1);
	for (const [args, why] of [[['mute', 'A99'], /is no rule/], [['mute', 'all'], /name a --domain/], [['mute', 'A1', '--until', '2020-01-01'], /past/],
		[['mute', 'A1', '--domain', 'a b'], /no name of a domain/], [['mute'], /takes one rule/], [['list', 'x'], /takes nothing more/], [['x'], /is none of/]] as const) {
		const r = await alert(conf, ...args);
		assert.equal(r.code, 2, args.join(' '));
		assert.match(r.stderr, why);
	}
	assert.equal((await alert(conf, 'unmute', 'A1')).code, 1);
});

// --- The daemon -----------------------------------------------------------------------------------------

test('the daemon tells by all three ways from within its sandbox, and the API has what it found', { skip }, async () => {
	const h = await new Hook(certs.good).start();
	const script = join(dir, 'from-daemon');
	const out = join(dir, 'from-daemon.json');
	const mail = join(dir, 'from-daemon.mail');
	writeFileSync(script, `#!/bin/sh\ncat >"$1.tmp" && mv "$1.tmp" "$1"\n`);
	chmodSync(script, 0o755);
	const { conf, state } = await trouble(hook(h, `\tto = { "anna@example.com" }\n\tcommand = "${script} ${out}"\n`),
		`smtp {\n\tsendmail = "${script} ${mail}"\n\tfrom = "dmarcd@example.org"\n}\n`);
	const d = await Daemon.start(conf);
	await until(() => `all three (log:\n${d.log.slice(-2000)})`, () => h.got.length > 0 && existsSync(out) && existsSync(mail), 60);
	const j = signed(h.got[0] as Got);
	assert.equal(JSON.parse(readFileSync(out, 'utf8')).id, j.id);
	const m = readMail(readFileSync(mail, 'latin1').replace(/\n/g, '\r\n'));
	assert.match(m.headers.get('message-id') ?? '', new RegExp(`^<alert\\.${j.id}\\.`));
	await until('a note of all', () => !readFileSync(join(state, 'notify/alerts.json'), 'utf8').includes('"channel"'), 60);
	const api = await d.get('alerts');
	const spec = new Spec(process.env['OPENAPI'] ?? join(process.env['E2E_DIR'] ?? 'tests/e2e', '../../schema/openapi.yaml'));
	assert.deepEqual(spec.faults('/alerts', 200, 'application/json', api), []);
	assert.deepEqual(api.open.map((a: any) => [a.rule, a.findings[0].values.n]), [['A8', 3]]);
	const ru = await (await fetch(`${d.url}/api/v1/alerts`, { headers: { 'accept-language': 'ru' } })).json() as any;
	assert.match(ru.open[0].findings[0].text, /^3 из 3 писем/);
	// beside a command, too: the daemon has said it
	assert.equal((await alert(conf, 'run')).code, 0);
	await d.stop();
	const again = await Daemon.start(conf);
	await until('a look after a restart', () => again.log.includes('ready') && existsSync(join(state, 'notify/alerts.json')), 60);
	assert.equal((await alert(conf, 'run')).code, 0);
	await again.stop();
	assert.equal(h.got.length, 1);
	assert.ok(!d.log.includes('SIGSYS') && !d.log.includes('sandbox forbids'), d.log);
});

test('killed while a receiver thinks about it: the same message again, and no other', { skip }, async () => {
	const h = await new Hook(certs.good).start();
	h.answer = () => undefined;
	const { conf, state } = await trouble(hook(h));
	const d = await Daemon.start(conf);
	await until(() => `a request (log:\n${d.log.slice(-2000)})`, () => h.got.length === 1, 60);
	h.answer = (r) => { r.writeHead(200).end(); };
	for (const p of d.role('notifier')) killed(p);
	await until(() => `another one (log:\n${d.log.slice(-2000)})`, () => h.got.length === 2, 60);
	await until('a note of it', () => !readFileSync(join(state, 'notify/alerts.json'), 'utf8').includes('"channel"'), 60);
	await d.stop();
	assert.equal(signed(h.got[0] as Got).id, signed(h.got[1] as Got).id);
	assert.equal((await alert(conf, 'run')).code, 0);
	assert.equal(h.got.length, 2);
});
