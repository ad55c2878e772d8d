// Users, tokens and mutes changed over HTTP, and what lives in the configuration file: who may, what it takes, who is
// refused, and that a kill at any moment loses nothing and does nothing twice.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { aggregate, ask, asJson, login, secretWords, Session, tryLogin, type Answer } from './lib/access.js';
import { carriedOut, Daemon, dmarcd, killed, sleep, until } from './lib/daemon.js';
import { Spec } from './lib/openapi.js';

type Json = any;

const API = '/api/v1';
const spec = new Spec(process.env['OPENAPI'] ?? join(process.env['E2E_DIR'] ?? 'tests/e2e', '../../schema/openapi.yaml'));
const own_password = secretWords;
const other = 'another long password';

let dir: string;
let state: string;
let conf: string;
let d: Daemon;
let url: string;

const json = (a: Answer): Json => JSON.parse(a.text);
const waiting = (): string[] => readdirSync(join(state, 'requests')).filter((n) => !n.startsWith('.'));
const users = (): string => readFileSync(join(state, 'users'), 'utf8');
const stampOf = (name: string): string => new RegExp(`^user ${name} \\w+ (\\w+)`, 'm').exec(users())?.[1] ?? '';
const audit = (): string[][] => readFileSync(join(state, 'http/audit'), 'utf8').trim().split('\n').map((l) => l.split('\t'));

async function user(name: string, role: string): Promise<void> {
	const r = await dmarcd(conf, ['-q', 'user', 'add', name, '--role', role], Buffer.from(`${secretWords}\n`));
	assert.equal(r.code, 0, r.stderr);
}

// Until it is done; who is not signed in any more is not for that reason.
async function post(s: Session, path: string, body: object, method = 'POST'): Promise<Answer> {
	const a = await s.act(`${API}${path}`, method, JSON.stringify(body));
	return { ...a, status: await carriedOut(a.status, a.status === 202 ? json(a).request : undefined, async (t) => {
		const o = await s.get(`${API}/requests/${t}`).catch(() => undefined);
		return o?.status === 200 ? json(o) : o?.status === 401 ? { state: 'done' } : undefined;
	}) };
}

// What is wrong, by the place in the body.
const at = (a: Answer): string => json(a).errors?.[0]?.pointer ?? '';
const described = (path: string, a: Answer, method: 'post' | 'patch' = 'post'): void =>
	assert.deepEqual(spec.faults(path, a.status, a.headers['content-type'], json(a), method), [], `${path}: ${a.text}`);

before(async () => {
	dir = mkdtempSync(join(tmpdir(), 'dmarcd-people-'));
	state = join(dir, 'state');
	conf = join(dir, 'dmarcd.conf');
	mkdirSync(join(dir, 'conf.d'));
	mkdirSync(join(dir, 'mail'));
	writeFileSync(join(dir, 'secret'), 'not to be shown\n', { mode: 0o600 });
	writeFileSync(conf, `state = "${state}"
decoders = 1
http {
	listen = "127.0.0.1:0"
	proxies = { "127.0.0.1" }
	proxy_user_header = "X-Remote-User"
}
resolver { enabled = no }
include("conf.d/*.conf")
`);
	writeFileSync(join(dir, 'conf.d/more.conf'), `mailbox "reports" {
	host = "127.0.0.1"
	port = 1
	tls = none
	user = "dmarc@example.org"
	password_command = "echo hushhush"
	interval = 7d
}
alerts {
	webhook = "https://hooks.example.com/hushhush/token"
	webhook_secret_file = "${join(dir, 'secret')}"
	command = "/bin/true --key hushhush"
	interval = 1d
	mute = { "a5 example.net" }
}
`);
	writeFileSync(join(dir, 'mail/1.eml'), aggregate({ domain: 'own.example', reporter: 'big.test', n: 1, ip: '192.0.2.1', day: new Date(Date.now() - 2 * 86400000).toISOString().slice(0, 10), selector: 's' }));
	const r = await dmarcd(conf, ['-q', 'import', join(dir, 'mail')]);
	assert.equal(r.code, 0, r.stderr);
	d = await Daemon.start(conf);
	url = d.url;
});

after(async () => {
	Daemon.endAll();
	rmSync(dir, { recursive: true, force: true });
});

const adding = (name: string, more: object = {}): object => ({ name, role: 'viewer', password: other, own_password, ...more });

test('without users nobody makes one over HTTP: the command does', async () => {
	for (const [path, body] of [['/users', adding('eve', { role: 'admin' })], ['/tokens', { name: 'eve', role: 'admin', own_password }]] as const) {
		const text = JSON.stringify(body);
		const a = await ask(url, API + path, { method: 'POST', headers: { ...asJson, 'Content-Length': String(text.length) }, body: text });
		assert.equal(a.status, 403);
		assert.match(json(a).detail, /dmarcd user add NAME --role admin/);
	}
	assert.ok(!existsSync(join(state, 'users')));
	await user('root', 'admin');
	await user('victor', 'viewer');
});

test('users are made, changed and removed, and each change ends their sessions', async () => {
	const root = await login(url, 'root');
	const made = await post(root, '/users', adding('bob', { domains: ['Own.example', 'a.example.org'] }));
	assert.equal(made.status, 200, made.text);
	described('/users', made);
	const bob = await login(url, 'bob', other);
	assert.deepEqual(bob.me.domains, ['a.example.org', 'own.example']);
	for (const [what, body, password] of [
		['a role', { role: 'admin' }, other], ['domains', { role: 'viewer', domains: ['own.example'] }, other], ['a password', { password: 'yet another password' }, 'yet another password'],
		['all', { role: 'viewer', domains: null, password: other }, other],
	] as const) {
		const before = await login(url, 'bob', what === 'a password' || what === 'all' ? (what === 'all' ? 'yet another password' : other) : other);
		const a = await post(root, '/users/bob', { ...body, own_password }, 'PATCH');
		assert.equal(a.status, 200, `${what}: ${a.text}`);
		described('/users/{name}', a, 'patch');
		assert.equal((await before.get(`${API}/me`)).status, 401, what);
		assert.equal((await login(url, 'bob', password)).me.role, 'role' in body && body.role === 'admin' ? 'admin' : 'viewer');
	}
	const last = await login(url, 'bob', other);
	assert.equal(last.me.domains, null);
	const gone = await post(root, '/users/bob/remove', { own_password });
	assert.equal(gone.status, 200, gone.text);
	described('/users/{name}/remove', gone);
	assert.equal((await last.get(`${API}/me`)).status, 401);
	assert.equal((await tryLogin(url, 'bob', other)).status, 401);
	assert.equal((await post(root, '/users/bob/remove', { own_password })).status, 404);
	assert.equal((await post(root, '/users/bob', { role: 'admin', own_password }, 'PATCH')).status, 404);
	assert.deepEqual(audit().filter((l) => l[4]?.startsWith('bob') && l[1]?.startsWith('user_')).map((l) => [l[1], l[2], l[3], l[4]]), [
		['user_added', 'root', '127.0.0.1', 'bob viewer a.example.org own.example'], ['user_role', 'root', '127.0.0.1', 'bob admin'],
		['user_role', 'root', '127.0.0.1', 'bob viewer own.example'], ['user_password', 'root', '127.0.0.1', 'bob'],
		['user_role', 'root', '127.0.0.1', 'bob viewer'], ['user_password', 'root', '127.0.0.1', 'bob'], ['user_removed', 'root', '127.0.0.1', 'bob'],
	]);
	await until('a line in the log', () => /root from 127\.0\.0\.1 has asked for user_add bob, viewer, and it is done/.test(d.log));
	await until('nothing to wait', () => waiting().length === 0);
});

test('who changes his own password stays, and his other sessions end', async () => {
	await user('anna', 'admin');
	const here = await login(url, 'anna');
	const there = await login(url, 'anna');
	const a = await post(here, '/users/anna', { password: other, own_password }, 'PATCH');
	assert.equal(a.status, 200, a.text);
	assert.equal((await there.get(`${API}/me`)).status, 401);
	assert.equal((await here.get(`${API}/me`)).status, 401, 'the cookie is another one');
	const cookie = (a.headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '';
	const me = await ask(url, `${API}/me`, { headers: { Cookie: cookie } });
	assert.equal(json(me).user, 'anna');
	const again = new Session(url, '', cookie, '', me.text);
	assert.equal((await post(again, '/users/anna/remove', { own_password: other })).status, 200);
	assert.equal((await again.get(`${API}/me`)).status, 401);
});

test('what it takes: an admin, a session, the token against forged requests, his own password', async () => {
	const root = await login(url, 'root');
	const victor = await login(url, 'victor');
	const before = users();
	const paths: [string, string, object][] = [['POST', '/users', adding('eve')], ['PATCH', '/users/victor', { role: 'admin', own_password }], ['POST', '/users/victor/remove', { own_password }],
		['POST', '/tokens', { name: 'eve', role: 'admin', own_password }], ['POST', '/tokens/none/revoke', { own_password }], ['POST', '/alerts/mute', { rule: 'A5' }], ['POST', '/alerts/unmute', { rule: 'A5' }]];
	const admin = (await dmarcd(conf, ['-q', 'token', 'add', 'writer', '--role', 'admin'])).stdout.trim();
	const kept = users();
	for (const [method, path, body] of paths) {
		const text = JSON.stringify(body);
		const raw = (headers: Record<string, string>): Promise<Answer> => ask(url, API + path, { method, headers: { 'Content-Length': String(text.length), ...headers }, body: text });
		assert.equal((await victor.act(API + path, method, text)).status, 403, `a viewer, ${path}`);
		assert.equal((await raw(asJson)).status, 401, `nobody, ${path}`);
		for (const [what, headers] of Object.entries({ 'no token': {}, 'a wrong one': { 'X-CSRF-Token': '0'.repeat(64) }, 'another session\'s': { 'X-CSRF-Token': victor.me.csrf ?? '' } }))
			assert.equal((await raw({ ...asJson, ...root.headers, ...headers })).status, 403, `CSRF, ${what}, ${path}`);
		assert.equal((await raw({ ...asJson, ...root.headers, 'X-CSRF-Token': root.me.csrf ?? '', Origin: 'https://evil.example' })).status, 403);
		if (path.startsWith('/alerts')) continue;
		// programs and proxies are not people with a password
		const byToken = await raw({ ...asJson, Authorization: `Bearer ${admin}` });
		assert.equal(byToken.status, 403, path);
		assert.match(json(byToken).detail, /signed in here with a password/);
		const me = json(await ask(url, `${API}/me`, { headers: { 'X-Remote-User': 'root' } }));
		assert.equal(me.how, 'proxy');
		assert.equal((await raw({ ...asJson, 'X-Remote-User': 'root', 'X-CSRF-Token': me.csrf as string })).status, 403);
		// in an address a password is not taken
		assert.equal((await root.act(`${API}${path}?own_password=x`, method, text)).status, 400);
		for (const [wrong, want] of [[{ ...body, own_password: undefined }, 400], [{ ...body, own_password: '' }, 400], [{ ...body, own_password: 7 }, 400], [{ ...body, more: 1 }, 400]] as const)
			assert.equal((await post(root, path, wrong, method)).status, want, path);
	}
	assert.equal(users(), kept);
	assert.equal(kept.replace(/^token writer.*\n/m, ''), before);
	assert.equal((await dmarcd(conf, ['token', 'revoke', 'writer'])).code, 0);
	assert.deepEqual(waiting(), []);
});

test('what is wrong is said at its field', async () => {
	const root = await login(url, 'root');
	for (const [body, status, place] of [
		[adding('<b>x</b>'), 400, '/body/name'], [adding(''), 400, '/body/name'], [adding('x'.repeat(65)), 400, '/body/name'], [adding('-x'), 400, '/body/name'],
		[adding('victor'), 409, '/body/name'], [adding('x', { role: 'king' }), 400, '/body/role'], [adding('x', { role: undefined }), 400, '/body/role'],
		[adding('x', { domains: [] }), 400, '/body/domains'], [adding('x', { domains: ['no domain'] }), 400, '/body/domains'], [adding('x', { domains: 'own.example' }), 400, '/body/domains'],
		[adding('x', { role: 'admin', domains: ['own.example'] }), 400, '/body/domains'], [adding('x', { password: 'short' }), 400, '/body/password'],
		[adding('long-enough', { password: 'Long-Enough' }), 400, '/body/password'], [adding('x', { password: undefined }), 400, '/body/password'],
		[adding('x', { own_password: 'wrong wrong wrong' }), 403, '/body/own_password'],
	] as const) {
		const a = await post(root, '/users', body);
		assert.equal(a.status, status, `${JSON.stringify(body)}: ${a.text}`);
		assert.equal(at(a), place, a.text);
		described('/users', a);
		assert.ok(!a.text.includes(other) && !a.text.includes('wrong wrong'));
	}
	assert.equal((await post(root, '/users/victor', { own_password }, 'PATCH')).status, 400);
	assert.equal(at(await post(root, '/users/victor', { domains: ['own.example'], own_password }, 'PATCH')), '/body/role');
	for (const name of ['..%2fusers', '%00', 'x'.repeat(400), 'a%20b']) assert.ok([400, 404].includes((await post(root, `/users/${name}/remove`, { own_password })).status), name);
	assert.ok(audit().some((l) => l[1] === 'check_failed' && l[2] === 'root'));
});

test('the last admin stays one', async () => {
	const root = await login(url, 'root');
	for (const a of [await post(root, '/users/root/remove', { own_password }), await post(root, '/users/root', { role: 'viewer', own_password }, 'PATCH'),
		await post(root, '/users/root', { role: 'viewer', domains: ['own.example'], password: other, own_password }, 'PATCH')]) {
		assert.equal(a.status, 422, a.text);
		assert.match(json(a).errors[0].key, /last_admin/);
	}
	assert.equal((await root.get(`${API}/me`)).status, 200);
	// two admins who remove each other at the same time: one is left
	await user('twin', 'admin');
	const twin = await login(url, 'twin');
	const [one, two] = await Promise.all([post(root, '/users/twin/remove', { own_password }), post(twin, '/users/root/remove', { own_password })]);
	assert.equal([one.status, two.status].filter((s) => s === 200).length, 1, `${one.text} ${two.text}`);
	assert.equal((users().match(/^user \S+ admin /gm) ?? []).length, 1);
	if (two.status === 200) {
		await user('root', 'admin');
		assert.equal((await dmarcd(conf, ['-q', 'user', 'remove', 'twin'])).code, 0);
	}
});

test('tokens: shown once, kept as a hash, revoked at once', async () => {
	const root = await login(url, 'root');
	const a = await post(root, '/tokens', { name: 'grafana', role: 'read', domains: ['own.example'], own_password });
	assert.equal(a.status, 200, a.text);
	described('/tokens', a);
	assert.equal(a.headers['cache-control'], 'no-store');
	const text = json(a).token as string;
	assert.match(text, /^dmarcd_[0-9a-f]{64}$/);
	const as = (): Promise<Answer> => ask(url, `${API}/me`, { headers: { Authorization: `Bearer ${text}` } });
	assert.deepEqual(json(await as()).domains, ['own.example']);
	assert.ok(!users().includes(text) && !users().includes(text.slice(7)));
	assert.doesNotMatch((await root.get(`${API}/users`)).text, /dmarcd_|\$y\$/);
	assert.equal(at(await post(root, '/tokens', { name: 'grafana', role: 'read', own_password })), '/body/name');
	assert.equal(at(await post(root, '/tokens', { name: 'x', role: 'viewer', own_password })), '/body/role');
	const b = await post(root, '/tokens/grafana/revoke', { own_password });
	assert.equal(b.status, 200, b.text);
	described('/tokens/{name}/revoke', b);
	assert.equal((await as()).status, 401);
	assert.equal((await post(root, '/tokens/grafana/revoke', { own_password })).status, 404);
	assert.deepEqual(audit().filter((l) => l[4]?.startsWith('grafana')).map((l) => [l[1], l[2], l[4]]), [['token_added', 'root', 'grafana read own.example'], ['token_revoked', 'root', 'grafana']]);
	// nowhere in the clear
	const all = readdirSync(join(state, 'http')).map((n) => readFileSync(join(state, 'http', n), 'utf8')).join('') + users() + d.log;
	for (const secret of [text.slice(7), other, secretWords]) assert.ok(!all.includes(secret), secret.slice(0, 12));
});

test('who has a session guesses its password slowly', async () => {
	await user('mallory', 'admin');
	const s = await login(url, 'mallory');
	// from elsewhere, so that this machine's address keeps its free guesses
	const guess = (own: string): Promise<Answer> => {
		const body = JSON.stringify(adding('eve', { own_password: own }));
		return ask(url, `${API}/users`, { method: 'POST', body, headers: { ...s.headers, ...asJson, 'X-CSRF-Token': s.me.csrf ?? '', 'X-Forwarded-For': '192.0.2.66', 'Content-Length': String(body.length) } });
	};
	let braked: Answer | undefined;
	let n = 0;
	for (; n < 20 && braked === undefined; n++) {
		const a = await guess(`guess number ${n}`);
		if (a.status === 429) braked = a;
		else assert.equal(a.status, 403, a.text);
	}
	assert.ok(n > 5 && n < 20, `${n} guesses`);
	assert.match(String(braked?.headers['retry-after']), /^[0-9]+$/);
	described('/users', braked as Answer);
	// many at once are no way round: they are looked at one after another
	const many = await Promise.all(Array.from({ length: 12 }, (_, i) => guess(`many ${i}`)));
	for (const m of many) assert.ok(m.status === 429 || m.status === 403, String(m.status));
	assert.ok(many.some((m) => m.status === 429));
	assert.doesNotMatch(users(), /^user eve /m);
	assert.equal((await dmarcd(conf, ['-q', 'user', 'remove', 'mallory'])).code, 0);
});

test('mutes: the same as the command, once, also while alerts are being sent', async () => {
	const root = await login(url, 'root');
	const day = new Date(Date.now() + 5 * 86400000).toISOString().slice(0, 10);
	for (const [body, place] of [[{}, '/body/domain'], [{ rule: 'A99' }, '/body/rule'], [{ rule: '*' }, '/body/rule'], [{ rule: 'A5 example.org' }, '/body/rule'], [{ rule: 'A5', domain: 'no domain' }, '/body/domain'],
		[{ rule: 'A5', until: '2020-01-01' }, '/body/until'], [{ rule: 'A5', until: 'x' }, '/body/until'], [{ rule: 7 }, '/body/rule'], [{ rule: 'A5', more: 1 }, '/body/']] as const) {
		const a = await post(root, '/alerts/mute', body);
		assert.equal(a.status, 400, JSON.stringify(body));
		assert.equal(at(a), place);
	}
	const one = await post(root, '/alerts/mute', { rule: 'A5', domain: 'Own.example', until: day });
	assert.equal(one.status, 200, one.text);
	described('/alerts/mute', one);
	assert.equal((await post(root, '/alerts/mute', { rule: null, domain: 'b.example' })).status, 200);
	const shown = await root.get(`${API}/alerts`);
	assert.deepEqual(spec.faults('/alerts', 200, shown.headers['content-type'], json(shown)), []);
	assert.deepEqual(json(shown).mutes.map((m: Json) => [m.rule, m.domain, m.until, m.by]), [['A5', 'own.example', `${new Date(Date.parse(day) + 86400000).toISOString().slice(0, 10)}T00:00:00Z`, 'root'], [null, 'b.example', null, 'root']]);
	assert.deepEqual(json(shown).letters, []);
	assert.ok(!('letters' in json(await (await login(url, 'victor')).get(`${API}/alerts`))), 'addresses are for admins');
	assert.match((await dmarcd(conf, ['alert', 'list', '--mutes'])).stdout, /own\.example .*\broot\b/);
	assert.equal((await post(root, '/alerts/unmute', { rule: 'A5', domain: 'own.example' })).status, 200);
	assert.equal((await post(root, '/alerts/unmute', { rule: 'A5', domain: 'own.example' })).status, 422);
	assert.equal((await post(root, '/alerts/unmute', { rule: null, domain: 'b.example' })).status, 200);
	assert.deepEqual(audit().filter((l) => l[1]?.startsWith('alert_')).map((l) => [l[1], l[2], l[4]]), [['alert_muted', 'root', 'A5 own.example'], ['alert_muted', 'root', '* b.example'], ['alert_unmuted', 'root', 'A5 own.example'], ['alert_unmuted', 'root', '* b.example']]);
	// somebody ended the mute before its request, which was carried out, was taken away
	const token = '1152921504606846999';
	writeFileSync(join(dir, 'mute'), JSON.stringify({ who: 'web, root, 192.0.2.1', at: 1780000000, mute: { on: true, rule: 'A6', domain: null, until: 0 } }));
	const list = async (): Promise<Json[]> => json(await root.get(`${API}/alerts`)).mutes as Json[];
	renameSync(join(dir, 'mute'), join(state, 'requests', `1780000000000000000-${token}.mute`));
	await until('it is mute', async () => (await list()).length === 1 && waiting().length === 0);
	assert.equal((await dmarcd(conf, ['alert', 'unmute', 'A6'])).code, 0);
	const at2 = JSON.parse(readFileSync(join(state, 'notify/alerts.json'), 'utf8')).asked as number[];
	assert.ok(at2.length >= 5);
	assert.deepEqual(await list(), []);
});

test('what lives in the file, where it stands, and no secret', async () => {
	const root = await login(url, 'root');
	const a = await root.get(`${API}/settings`);
	assert.deepEqual(spec.faults('/settings', 200, a.headers['content-type'], json(a)), []);
	assert.doesNotMatch(a.text, /hushhush|not to be shown/);
	const s = json(a);
	assert.equal(s.file, conf);
	const key = (section: string, name: string): Json => (s.sections as Json[]).find((x) => x.section === section)?.keys.find((k: Json) => k.key === name);
	const more = join(dir, 'conf.d/more.conf');
	assert.deepEqual(key('', 'decoders'), { key: 'decoders', value: '1', how: 'plain', set: true, cut: false, file: conf, line: 2 });
	assert.deepEqual(key('http', 'session_idle'), { key: 'session_idle', value: '12h', how: 'plain', set: false, cut: false, file: null, line: null });
	assert.deepEqual(key('mailbox', 'password_command'), { key: 'password_command', value: null, how: 'command', set: true, cut: false, file: more, line: 6 });
	assert.deepEqual(key('alerts', 'webhook'), { key: 'webhook', value: 'https://hooks.example.com:443/...', how: 'part', set: true, cut: false, file: more, line: 10 });
	assert.equal(key('alerts', 'command').value, '/bin/true ...');
	assert.equal(key('alerts', 'webhook_secret_file').how, 'file');
	assert.equal(key('alerts', 'mute').value, '{ "a5 example.net" }');
	assert.equal((s.sections as Json[]).find((x) => x.section === 'mailbox').title, 'reports');
	assert.equal((s.sections as Json[]).find((x) => x.section === 'alerts').line, 9);
	for (const name of ['', 'mailbox', 'http', 'store', 'resolver', 'geo', 'trust', 'smtp', 'alerts', 'limits']) assert.ok(s.sections.some((x: Json) => x.section === name), name);
	// as it is read again
	writeFileSync(conf, readFileSync(conf, 'utf8').replace('decoders = 1', '\ndecoders = 2'));
	d.signal('SIGHUP');
	await until('the other value', async () => {
		const b = await root.get(`${API}/settings`).catch(() => undefined);
		return b?.status === 200 && json(b).sections[0].keys.find((k: Json) => k.key === 'decoders').line === 3;
	}, 60);
});

// --- Kills -----------------------------------------------------------------------------------------

test('killed between the request and the end of it: nothing is lost, nothing is done twice', async () => {
	const root = await login(url, 'root');
	await d.stop();
	// what a web server whose ingester was killed has left: the hash of victor's password is as good as any
	const hash = / (\$y\$\S+)$/m.exec(users())?.[1] ?? '';
	const by = { by: 'root', by_stamp: stampOf('root'), from: '192.0.2.7' };
	let n = 0;
	const leave = (people: object): string => {
		const name = `17800000000000000${String(++n).padStart(2, '0')}-11529215046068470${String(n).padStart(2, '0')}.people`;
		// at once, as who asks does: half a file is none
		writeFileSync(join(dir, 'left'), JSON.stringify({ who: 'web, root, 192.0.2.7', at: 1780000000 + n, people: { rights: false, role: 'viewer', domains: null, hash: null, seen: '', fresh: '', ...by, ...people } }));
		renameSync(join(dir, 'left'), join(state, 'requests', name));
		return name;
	};
	const add = { act: 'user_add', name: 'carol', rights: true, hash, fresh: '0123456789abcdef' };
	leave(add);
	d = await Daemon.start(conf);
	url = d.url;
	await until('it is done', () => waiting().length === 0);
	assert.equal(stampOf('carol'), '0123456789abcdef');
	const lines = (): number => audit().filter((l) => l[4]?.startsWith('carol')).length;
	assert.equal(lines(), 1);
	// the same again, as after a kill before its file went, and one before the store knew of it
	n--;
	leave(add);
	await until('it is put away', () => waiting().length === 0);
	await d.stop();
	const file = users();
	n--;
	const again = leave(add);
	const fresh = again.replace(/-115292150460684/, '-115292150460685');
	copyFileSync(join(state, 'requests', again), join(state, 'requests', fresh));
	// a later change that was carried out by a command meanwhile is not undone by an old request
	leave({ act: 'user_remove', name: 'carol', seen: 'ffffffffffffffff' });
	leave({ act: 'user_change', name: 'carol', seen: 'ffffffffffffffff', fresh: 'eeeeeeeeeeeeeeee', rights: true, role: 'admin' });
	// and what makes no sense, or is asked by one who may not, is refused
	leave({ act: 'user_add', name: 'x y', rights: true, hash, fresh: '1111111111111111' });
	leave({ act: 'user_add', name: 'plain', rights: true, hash: 'a password in the clear', fresh: '1111111111111111' });
	leave({ act: 'user_add', name: 'dave', rights: true, role: 'admin', hash, fresh: '2222222222222222', by: 'victor', by_stamp: stampOf('victor') });
	leave({ act: 'user_add', name: 'dave', rights: true, role: 'admin', hash, fresh: '2222222222222222', by_stamp: '3333333333333333' });
	leave({ act: 'user_remove', name: 'root', seen: stampOf('root') });
	leave({ act: 'token_add', name: 'dave', rights: true, hash: 'short', fresh: '222222222222' });
	d = await Daemon.start(conf);
	url = d.url;
	await until('they are settled', () => waiting().length === 0);
	assert.equal(users(), file);
	assert.equal(lines(), 1, 'and written down once');
	const outcome = async (token: string): Promise<Json> => json(await new Session(url, '', root.cookie, '', JSON.stringify(root.me)).get(`${API}/requests/${token}`));
	assert.equal((await outcome('1152921504606847002')).state, 'stale');
	assert.equal((await outcome('1152921504606847007')).state, 'refused');
	assert.equal((await outcome('1152921504606847006')).action, 'people');

	// killed again and again while users come and go
	const s = await login(url, 'root');
	let done = false;
	let kills = 0;
	const killer = (async (): Promise<void> => {
		while (!done) {
			await sleep(120);
			for (const p of d.role('ingester')) kills += killed(p) ? 1 : 0;
			await sleep(500);
		}
	})();
	for (let i = 0; i < 8; i++) {
		const a = await s.act(`${API}/users`, 'POST', JSON.stringify(adding(`u${i}`)));
		assert.ok(a.status === 200 || a.status === 202, a.text);
		if (i % 2 === 1) {
			await until(`u${i} is there`, () => stampOf(`u${i}`) !== '');
			const b = await s.act(`${API}/users/u${i}/remove`, 'POST', JSON.stringify({ own_password }));
			assert.ok(b.status === 200 || b.status === 202, b.text);
		}
	}
	done = true;
	await killer;
	await until('all of them are carried out', () => waiting().length === 0);
	assert.ok(kills > 1, `${kills} kills`);
	assert.deepEqual([...users().matchAll(/^user (u\d) /gm)].map((m) => m[1]), ['u0', 'u2', 'u4', 'u6']);
	for (let i = 0; i < 8; i++) {
		const mine = audit().filter((l) => l[4]?.split(' ')[0] === `u${i}` && l[1]?.startsWith('user_')).map((l) => l[1]);
		assert.deepEqual(mine, i % 2 === 1 ? ['user_added', 'user_removed'] : ['user_added'], `u${i}`);
	}
	await d.stop();
});
