// Who may see what: users, sessions, tokens, proxies, HTTPS; and what those try who are none of them.
import assert from 'node:assert/strict';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { aggregate, ask, asJson, doing, failure, login, secretWords, Session, tls, tryLogin, type Answer } from './lib/access.js';
import { makeCerts, type Certs } from './lib/certs.js';
import { carriedOut, Daemon, dmarcd, run, program, sleep, until, type Ran } from './lib/daemon.js';
import { Spec } from './lib/openapi.js';

type Json = any;

const API = '/api/v1';
const spec = new Spec(process.env['OPENAPI'] ?? join(process.env['E2E_DIR'] ?? 'tests/e2e', '../../schema/openapi.yaml'));
const today = Date.now();
const daysAgo = (n: number): string => new Date(today - n * 86400000).toISOString().slice(0, 10);

let dir: string;
let certs: Certs;
let full: string; // a configuration: state with ours and others' mail, and users
let alone: string; // the same with our mail only, without users
let d: Daemon;
let url: string;
let copies = 0;

// --- What there is --------------------------------------------------------------------------

const OURS = 'own.example';
const THEIRS = 'zzother.example'; // "zzother" stands in everything that is about others
const shared = 'bigmail.example'; // reports about both
const theirReporter = 'zzother-reporter.test';

function ourMail(): string[] {
	const mails: string[] = [];
	for (let i = 1; i <= 12; i++) {
		mails.push(aggregate({ domain: OURS, reporter: shared, n: i, ip: '192.0.2.10', day: daysAgo(i + 1), selector: 'ours', fails: i % 3 === 0 }));
		mails.push(aggregate({ domain: OURS, reporter: 'small.test', n: 100 + i, ip: '198.51.100.20', day: daysAgo(i + 1), selector: 'second' }));
	}
	mails.push(failure({ domain: OURS, reporter: shared, n: 1, ip: '192.0.2.10', day: daysAgo(3), selector: '' }));
	mails.push(tls({ domain: OURS, reporter: shared, n: 1, ip: '192.0.2.30', day: daysAgo(3), selector: '' }));
	return mails;
}

function theirMail(): string[] {
	const mails: string[] = [];
	for (let i = 1; i <= 20; i++) {
		mails.push(aggregate({ domain: THEIRS, reporter: shared, n: i, ip: '203.0.113.10', day: daysAgo(i), selector: 'zzothersel', fails: i % 2 === 0 }));
		mails.push(aggregate({ domain: `a.${THEIRS}`, reporter: theirReporter, n: 100 + i, ip: '203.0.113.20', day: daysAgo(i), selector: 'zzothersel2' }));
	}
	// a name that ends like ours, but is not below it
	mails.push(aggregate({ domain: `zzother${OURS}`, reporter: theirReporter, n: 5, ip: '203.0.113.40', day: daysAgo(2), selector: 'zzothersel3' }));
	mails.push(failure({ domain: THEIRS, reporter: theirReporter, n: 1, ip: '203.0.113.10', day: daysAgo(2), selector: '' }));
	mails.push(tls({ domain: THEIRS, reporter: theirReporter, n: 1, ip: '203.0.113.30', day: daysAgo(2), selector: '' }));
	// one that is about both: its sums and names are not ours to see
	mails.push(tls({ domain: THEIRS, reporter: shared, n: 7, ip: '203.0.113.31', day: daysAgo(2), selector: '' }, [`zzother2.example`]));
	mails.push('From: x@zzother.example\nSubject: zzother nonsense\nContent-Type: text/xml\n\n<feedback><zzother></feedback>\n');
	return mails;
}

async function imported(conf: string, name: string, mails: string[]): Promise<void> {
	const at = join(dir, name);
	mkdirSync(at, { recursive: true });
	mails.forEach((m, i) => writeFileSync(join(at, `${String(i).padStart(3, '0')}.eml`), m));
	const r = await dmarcd(conf, ['-q', 'import', at]);
	assert.ok(r.code <= 1, r.stderr);
}

function confOf(name: string, http = '', file = name): string {
	const path = join(dir, `${file}.conf`);
	writeFileSync(path, `state = "${join(dir, name)}"\ndecoders = 1\nhttp {\n\tlisten = "127.0.0.1:0"\n${http}}\nresolver { enabled = no }\n`);
	return path;
}

/** Another daemon needs another state directory: the same mail and users. */
function copyOf(name: string, http: string): { conf: string; state: string } {
	const at = `${name}-copy${++copies}`;
	cpSync(join(dir, name), join(dir, at), { recursive: true });
	return { conf: confOf(at, http), state: join(dir, at) };
}

async function user(conf: string, args: string[], password = secretWords): Promise<Ran> {
	return await dmarcd(conf, ['-q', 'user', ...args], Buffer.from(`${password}\n`));
}

async function addUser(conf: string, name: string, ...more: string[]): Promise<void> {
	const r = await user(conf, ['add', name, ...more]);
	assert.equal(r.code, 0, r.stderr);
}

async function token(conf: string, name: string, ...more: string[]): Promise<string> {
	const r = await dmarcd(conf, ['-q', 'token', 'add', name, ...more]);
	assert.equal(r.code, 0, r.stderr);
	return r.stdout.trim();
}

const json = (a: Answer): Json => JSON.parse(a.text);

async function sendersFound(conf: string): Promise<void> {
	const x = await Daemon.start(conf);
	await until('senders are found out', async () => ((await x.get('senders?t=all')).items as Json[]).some((s) => s.class !== 'unknown'), 60).catch(() => undefined);
	await sleep(300);
	await x.stop();
}

before(async () => {
	dir = mkdtempSync(join(tmpdir(), 'dmarcd-login-'));
	certs = makeCerts(join(dir, 'certs'));
	full = confOf('full');
	alone = confOf('alone');
	// ours first: the same ids and times in both
	await imported(alone, 'ours', ourMail());
	await sendersFound(alone);
	cpSync(join(dir, 'alone'), join(dir, 'full'), { recursive: true });
	await imported(full, 'theirs', theirMail());
	await sendersFound(full);
	await addUser(full, 'root', '--role', 'admin');
	await addUser(full, 'victor');
	await addUser(full, 'lisa', '--domain', OURS);
	await addUser(full, 'nobodys', '--domain', 'nothing.example');
	d = await Daemon.start(full);
	url = d.url;
});

after(async () => {
	Daemon.endAll();
	rmSync(dir, { recursive: true, force: true });
});

// --- Nothing without a sign-in ------------------------------------------------------------------

// Real ids, so that a refusal is not for want of one.
async function concrete(path: string, who: Session): Promise<string> {
	const first = async (list: string, more = ''): Promise<string> => json(await who.get(`${API}${list}?limit=1${more}`)).items[0]?.id ?? '1';
	const id = path.startsWith('/tls/') ? await first('/tls/reports') : path.startsWith('/failures/') ? await first('/failures') :
		path.startsWith('/senders/') ? await first('/senders', '&t=all') : path.startsWith('/rows/') ? encodeURIComponent(await first('/rows', '&t=all')) :
		path.startsWith('/reports/') ? await first('/reports', '&t=all') : '1';
	return path.replace('{domain}', OURS).replace(/\{\w+\}/, id);
}

test('no endpoint and no page without a sign-in', async () => {
	const root = await login(url, 'root');
	for (const path of spec.paths) {
		const a = await ask(url, (path === '/healthz' ? '' : API) + (await concrete(path, root)));
		if (path === '/healthz') {
			assert.deepEqual(json(a), { status: 'ok', generation: null });
			continue;
		}
		assert.equal(a.status, 401, `${path}: ${a.status} ${a.text.slice(0, 200)}`);
		assert.equal(a.headers['www-authenticate'], 'Bearer realm="dmarcd"');
		assert.deepEqual(spec.faults(path, a.status, a.headers['content-type'], json(a)), []);
		assert.doesNotMatch(a.text, /example/, path);
	}
	for (const path of spec.posts) {
		if (path === '/login') continue;
		for (const method of ['POST', 'PUT']) {
			const a = await ask(url, API + (await concrete(path, root)), { method, headers: doing });
			assert.ok(a.status === 401 || a.status === 405, `${method} ${path}: ${a.status}`);
		}
	}
	for (const path of ['/api/v1/nothing', '/api/v1', '/api', '/api/v2/meta']) assert.equal((await ask(url, path)).status, 401, path);
	for (const path of ['/', '/senders', '/domains/own.example', '/settings', '/index.html', '/nothing', '/signin/x']) {
		const a = await ask(url, path);
		assert.equal(a.status, 303, path);
		assert.match(a.headers.location ?? '', /^\/signin(\?back=|$)/, path);
		assert.equal(a.headers['cache-control'], 'no-store');
		assert.equal(a.text, '');
	}
	assert.equal((await ask(url, '/senders?t=7d&ip=2001:db8::/32')).headers.location, '/signin?back=/senders%3Ft%3D7d%26ip%3D2001%3Adb8%3A%3A/32');
	// the page of the sign-in, and what it is made of
	const page = await ask(url, '/signin');
	assert.equal(page.status, 200);
	for (const asset of page.text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)) assert.equal((await ask(url, asset[1] ?? '')).status, 200);
	// a condition is not a way round
	const etag = (await root.get(`${API}/overview`)).headers.etag ?? '';
	assert.notEqual(etag, '');
	for (const tag of [etag, '*']) assert.equal((await ask(url, `${API}/overview`, { headers: { 'If-None-Match': tag } })).status, 401);
	assert.equal((await ask(url, `${API}/overview`, { method: 'HEAD' })).status, 401);
});

test('without users: this machine only, and nothing to sign in to', async () => {
	const x = await Daemon.start(copyOf('alone', '\tproxies = { "127.0.0.1" }\n').conf);
	try {
		assert.equal(json(await ask(x.url, `${API}/me`)).how, 'open');
		assert.equal((await ask(x.url, `${API}/overview`)).status, 200);
		assert.equal((await tryLogin(x.url, 'root', secretWords)).status, 409);
		// behind a proxy that is named, somebody from elsewhere is told why not
		for (const from of ['192.0.2.77', '192.0.2.77, 127.0.0.1', '10.0.0.1', '2001:db8::1', '"[2001:db8::1]:4000"'])
			for (const path of ['/', `${API}/overview`, '/healthz', `${API}/me`]) {
				const a = await ask(x.url, path, { headers: { 'X-Forwarded-For': from } });
				assert.equal(a.status, 403, `${from} ${path}`);
				assert.match(a.text, /There are no users yet/);
			}
		assert.equal((await ask(x.url, `${API}/overview`, { headers: { 'X-Forwarded-For': '127.0.0.1' } })).status, 200);
		await x.stop();
	} finally {
		await x.end();
	}
});

// --- Signing in and out ----------------------------------------------------------------------------

test('a sign-in, its cookie, and its end', async () => {
	const s = await login(url, 'root');
	assert.match(s.setCookie, /^dmarcd=[0-9a-f]{64}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict$/);
	assert.deepEqual({ ...s.me, csrf: '' }, { user: 'root', role: 'admin', domains: null, csrf: '', how: 'session' });
	assert.match(s.me.csrf ?? '', /^[0-9a-f]{64}$/);
	const me = await s.get(`${API}/me`);
	assert.equal(me.headers['cache-control'], 'no-store');
	assert.deepEqual(json(me), s.me);
	assert.deepEqual(spec.faults('/me', 200, me.headers['content-type'], json(me)), []);
	assert.equal((await s.get('/')).status, 200);
	// only hashes are kept
	const kept = readFileSync(join(dir, 'full/http/sessions'), 'utf8') + readFileSync(join(dir, 'full/users'), 'utf8') + readFileSync(join(dir, 'full/http/audit'), 'utf8');
	assert.ok(!kept.includes(s.cookie.slice(7)) && !kept.includes(secretWords) && !kept.includes(s.me.csrf ?? '-'));
	const out = await s.act(`${API}/logout`);
	assert.equal(out.status, 204);
	assert.match(out.headers['set-cookie']?.[0] ?? '', /^dmarcd=; Path=\/; Max-Age=0; HttpOnly; SameSite=Strict$/);
	assert.equal((await s.get(`${API}/me`)).status, 401, 'the old cookie is worth nothing');
	assert.equal((await s.act(`${API}/logout`)).status, 401);
});

test('wrong names and passwords are one and the same', async () => {
	const answers: Answer[] = [];
	for (const [u, p] of [['root', 'wrong password'], ['carol', secretWords], ['', ''], ['root', ''], ['x'.repeat(300), 'y'.repeat(3000)]] as const)
		answers.push(await tryLogin(url, u, p));
	for (const a of answers) {
		assert.equal(a.status, 401);
		assert.equal(a.headers['set-cookie'], undefined);
		assert.deepEqual({ ...json(a), request_id: '' }, { ...json(answers[0] as Answer), request_id: '' });
	}
});

test('bodies that are none', async () => {
	const post = (body: string, headers: Record<string, string> = {}): Promise<Answer> =>
		ask(url, `${API}/login`, { method: 'POST', headers: { ...asJson, 'Content-Length': String(Buffer.byteLength(body)), ...headers }, body });
	for (const body of ['', '{', 'null', '[]', '"x"', '{}', '{"user":"root"}', '{"user":1,"password":"x"}', '{"user":"root","password":null}',
		'{"user":"root","password":"x","more":1}', '{"user":"root","user":"root","password":"x"}', '{"user":"ro\\u0000ot","password":"x"}',
		`{"user":${'['.repeat(2000)}`])
		assert.equal((await post(body)).status, 400, body.slice(0, 60));
	assert.equal((await post('{"user":"root","password":"x"}', { 'Content-Type': 'text/plain' })).status, 415);
	assert.equal((await post('user=root&password=x', { 'Content-Type': 'application/x-www-form-urlencoded' })).status, 415);
	assert.equal((await post(`{"user":"root","password":"${'x'.repeat(5000)}"}`)).status, 413);
	const chunked = await ask(url, `${API}/login`, { method: 'POST', headers: { ...asJson, 'Transfer-Encoding': 'chunked' }, body: '{}' });
	assert.equal(chunked.status, 411);
	// a password is never taken from an address
	assert.equal((await ask(url, `${API}/login?user=root&password=x`, { method: 'GET' })).status, 401);
	const body = '{"user":"root","password":"x"}';
	assert.equal((await ask(url, `${API}/login?user=root`, { method: 'POST', headers: { ...asJson, 'Content-Length': String(body.length) }, body })).status, 400);
});

test('a secret that was there before is not taken (session fixation)', async () => {
	const planted = 'a'.repeat(64);
	const a = await tryLogin(url, 'victor', secretWords, { Cookie: `dmarcd=${planted}` });
	assert.equal(a.status, 200);
	const got = (a.headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '';
	assert.notEqual(got, `dmarcd=${planted}`);
	assert.equal((await ask(url, `${API}/me`, { headers: { Cookie: `dmarcd=${planted}` } })).status, 401);
	// one who signs in again, perhaps as somebody else, leaves nothing behind
	const s = await login(url, 'victor');
	const b = await tryLogin(url, 'root', secretWords, { Cookie: s.cookie });
	const again = (b.headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '';
	assert.notEqual(again, s.cookie);
	assert.equal((await s.get(`${API}/me`)).status, 401, 'the one before has ended');
	assert.equal(json(await ask(url, `${API}/me`, { headers: { Cookie: again } })).user, 'root');
	// a failed attempt changes nothing
	assert.equal((await tryLogin(url, 'root', 'wrong password', { Cookie: again })).status, 401);
	assert.equal((await ask(url, `${API}/me`, { headers: { Cookie: again } })).status, 200);
	// two cookies of our name: somebody else has set one
	for (const c of [`${again}; dmarcd=${planted}`, `dmarcd=${planted}; ${again}`]) assert.equal((await ask(url, `${API}/me`, { headers: { Cookie: c } })).status, 401);
	for (const c of [`x=1; ${again}; y=2`, `${again};`, ` ${again}`]) assert.equal((await ask(url, `${API}/me`, { headers: { Cookie: c } })).status, 200, c);
	for (const c of ['dmarcd=', 'dmarcd', 'dmarcd=x', `dmarcd=${'0'.repeat(64)}`, `dmarcd=${'a'.repeat(5000)}`, `xdmarcd=${planted}`, `${again}0`, again.slice(0, -1)])
		assert.equal((await ask(url, `${API}/me`, { headers: { Cookie: c } })).status, 401, c.slice(0, 80));
});

test('what changes something wants more than a cookie (CSRF)', async () => {
	const s = await login(url, 'root');
	const other = await login(url, 'root');
	const action = `${API}/senders/1/decision`;
	const body = '{"class":"own"}';
	const length = { 'Content-Length': String(body.length) };
	const put = (headers: Record<string, string>): Promise<Answer> => ask(url, action, { method: 'PUT', headers: { ...s.headers, ...length, ...headers }, body });
	const csrf = { 'X-CSRF-Token': s.me.csrf ?? '' };
	for (const [what, headers] of Object.entries({
		'no headers': { 'Content-Type': 'application/json' },
		'a form': { 'Content-Type': 'application/x-www-form-urlencoded', ...csrf },
		'no token': asJson,
		'an empty token': { ...asJson, 'X-CSRF-Token': '' },
		'a wrong token': { ...asJson, 'X-CSRF-Token': '0'.repeat(64) },
		'the token of another session': { ...asJson, 'X-CSRF-Token': other.me.csrf ?? '' },
		'the token alone': { 'Content-Type': 'application/json', ...csrf },
		'another site': { ...asJson, ...csrf, 'Sec-Fetch-Site': 'cross-site' },
		'a site beside ours': { ...asJson, ...csrf, 'Sec-Fetch-Site': 'same-site' },
		'another origin': { ...asJson, ...csrf, Origin: 'https://evil.example' },
		'no origin at all': { ...asJson, ...csrf, Origin: 'null' },
	})) {
		const a = await put(headers);
		assert.ok(a.status === 403 || a.status === 415, `${what}: ${a.status} ${a.text}`);
		assert.equal(a.headers['access-control-allow-origin'], undefined);
	}
	assert.equal((await ask(url, `${API}/logout`, { method: 'POST', headers: { ...s.headers, ...doing } })).status, 403);
	assert.equal((await s.get(`${API}/me`)).status, 200, 'nobody was signed out by that');
	const good = await s.act(action, 'PUT', body);
	assert.ok(good.status === 200 || good.status === 202 || good.status === 422, good.text);
	assert.equal((await ask(url, action, { method: 'OPTIONS', headers: { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'PUT' } })).status, 405);
	// somebody else's page cannot sign a visitor in as its own user either
	assert.equal((await tryLogin(url, 'victor', secretWords, { 'Sec-Fetch-Site': 'cross-site' })).status, 403);
	assert.equal((await tryLogin(url, 'victor', secretWords, { Origin: 'https://evil.example' })).status, 403);
});

test('a session ends with the password, the role and the user; not with the daemon', async () => {
	await addUser(full, 'erin', '--role', 'admin');
	const ends: [string, string[]][] = [['a new password', ['passwd', 'erin']], ['another role', ['role', 'erin', 'viewer']], ['fewer domains', ['role', 'erin', 'viewer', '--domain', OURS]]];
	for (const [what, args] of ends) {
		const s = await login(url, 'erin');
		const root = await login(url, 'root');
		assert.equal((await s.get(`${API}/me`)).status, 200);
		assert.equal((await user(full, args)).code, 0);
		assert.equal((await s.get(`${API}/me`)).status, 401, what);
		assert.equal((await root.get(`${API}/me`)).status, 200, `${what}: others stay`);
	}
	const s = await login(url, 'erin');
	assert.deepEqual(s.me.domains, [OURS]);
	d.signal('SIGHUP');
	await until('the daemon has read its configuration again', async () => {
		const a = await s.get(`${API}/me`).catch(() => undefined);
		return a?.status === 200 && d.log.includes('the configuration was read again');
	}, 60);
	await d.stop();
	d = await Daemon.start(full);
	url = d.url;
	const back = new Session(url, '', s.cookie, '', JSON.stringify(s.me));
	assert.equal((await back.get(`${API}/me`)).status, 200, 'a restart signs nobody out');
	assert.deepEqual(json(await back.get(`${API}/me`)), s.me, 'and forms that are open still work');
	assert.equal((await user(full, ['remove', 'erin'])).code, 0);
	assert.equal((await back.get(`${API}/me`)).status, 401);
	assert.equal((await tryLogin(url, 'erin', secretWords)).status, 401);
	// the same name again is another user
	await addUser(full, 'erin');
	assert.equal((await back.get(`${API}/me`)).status, 401);
});

test('a damaged file of users lets nobody in', async () => {
	const file = join(dir, 'full/users');
	const s = await login(url, 'root');
	copyFileSync(file, `${file}.good`);
	writeFileSync(file, `${readFileSync(file, 'utf8')}user eve admin\n`);
	for (const a of [await s.get(`${API}/me`), await ask(url, `${API}/overview`), await tryLogin(url, 'root', secretWords)]) assert.equal(a.status, 401);
	assert.match((await dmarcd(full, ['user', 'list'])).stderr, /users:\d+: the line is damaged/);
	copyFileSync(`${file}.good`, file);
	assert.equal((await s.get(`${API}/me`)).status, 401, 'the session was ended');
	assert.equal((await tryLogin(url, 'root', secretWords)).status, 200);
});

// --- Guessing ----------------------------------------------------------------------------------------

test('who guesses waits, whether there is such a user or not (brute force)', async () => {
	const copy = copyOf('full', '\tproxies = { "127.0.0.1" }\n');
	const x = await Daemon.start(copy.conf);
	try {
		const from = (ip: string): Record<string, string> => ({ 'X-Forwarded-For': ip, 'X-Forwarded-Proto': 'http' });
		for (const [name, net] of [['victor', '192.0.2'], ['carol', '198.51.100']] as const) {
			let refused = 0;
			let braked: Answer | undefined;
			for (let i = 1; i <= 12 && braked === undefined; i++) {
				const a = await tryLogin(x.url, name, `guess number ${i}`, from(`${net}.${i}`)); // from everywhere
				if (a.status === 429) braked = a;
				else assert.equal(a.status, 401);
				refused = i;
			}
			assert.equal(refused, 6, name);
			assert.match(String(braked?.headers['retry-after']), /^[0-9]+$/);
			assert.deepEqual(spec.faults('/login', 429, braked?.headers['content-type'], json(braked as Answer), 'post'), []);
		}
		// the right password does not help meanwhile; others are not held up
		const now = await tryLogin(x.url, 'victor', secretWords, from('192.0.2.99'));
		assert.ok(now.status === 429 || now.status === 200);
		const others = [(await tryLogin(x.url, 'root', secretWords, from('192.0.2.98'))).status];
		// one address that goes through names
		let n = 0;
		while (n < 40 && (await tryLogin(x.url, `name${n}`, 'one password for all', from('203.0.113.5'))).status === 401) n++;
		assert.ok(n >= 10 && n < 40, `${n} guesses`);
		others.push((await tryLogin(x.url, 'lisa', secretWords, from('203.0.113.6'))).status);
		// counters are shared by chance, once in a thousand runs: not by both
		assert.ok(others.includes(200) && others.every((o) => o === 200 || o === 429), String(others));
		// it may say whatever it likes in front of what the proxy says
		assert.equal((await tryLogin(x.url, 'name99', 'one password for all', from('192.0.2.50, 203.0.113.5'))).status, 429);
		// many at once cost one hash at a time, and everybody else is answered
		const s = await login(x.url, 'root');
		void s;
		const many = Promise.all(Array.from({ length: 60 }, (_, i) => tryLogin(x.url, `many${i}`, 'guess guess guess', from(`198.51.100.${100 + i}`)).then((a) => a.status)));
		assert.equal((await ask(x.url, '/healthz')).status, 200);
		const statuses = await many;
		for (const st of statuses) assert.ok([401, 429, 503].includes(st), String(st));
		await x.stop();
	} finally {
		await x.end();
	}
	const log = readFileSync(join(copy.state, 'http/audit'), 'utf8');
	assert.match(log, /\tlogin_failed\tvictor\t192\.0\.2\.\d+\t/);
	assert.match(log, /\tlogin_braked\t/);
});

// --- Roles ----------------------------------------------------------------------------------------------

// For admins; everything else is for viewers, too.
const ADMIN = ['/users', '/audit', '/settings', '/ingest/items/{id}/raw', '/requests/{id}', '/requests/{token}'];

test('a viewer reads, an admin may do all', async () => {
	const viewer = await login(url, 'victor');
	const root = await login(url, 'root');
	for (const path of spec.paths) {
		const at = (path === '/healthz' ? '' : API) + (await concrete(path, root)) + (path === '/breakdown' ? '?by=ip' : '');
		const a = await viewer.get(at);
		const b = await root.get(at);
		assert.notEqual(b.status, 403, path);
		assert.notEqual(b.status, 401, path);
		if (ADMIN.includes(path)) assert.equal(a.status, 403, `${path}: ${a.status}`);
		else assert.equal(a.status, b.status, path);
	}
	for (const path of spec.posts) {
		if (['/login', '/logout', '/decode', '/views'].includes(path)) continue;
		const at = API + (await concrete(path, root));
		const a = await viewer.act(at);
		assert.equal(a.status, 403, `${path}: ${a.status}`);
	}
	assert.equal((await viewer.act(`${API}/senders/1/decision`, 'PUT', '{"class":"own"}')).status, 403);
	assert.equal((await viewer.act(`${API}/tasks/0123456789abcdef`, 'PATCH', '{"state":"snoozed"}')).status, 403);
	assert.equal((await viewer.act(`${API}/watches`, 'POST', '{"sender":"2","code":"F1"}')).status, 403);
	assert.equal((await viewer.act(`${API}/watches/1`, 'DELETE')).status, 403);
	// views are each one's own
	const lisa = await login(url, 'lisa');
	const saved = await lisa.act(`${API}/views`, 'POST', '{"name":"mine","page":"/senders","query":"t=7d"}');
	const doneFor = async (a: Answer): Promise<number> => carriedOut(a.status, json(a).request, async (t) => json(await lisa.get(`${API}/requests/${t}`)));
	assert.equal(await doneFor(saved), 200, saved.text);
	const mine = json(await lisa.get(`${API}/views`)).items as Json[];
	assert.equal(mine.length, 1);
	const id = mine[0].id as string;
	if (json(saved).state === 'done') assert.equal(json(saved).item.id, id);
	for (const who of [viewer, root]) {
		assert.deepEqual(json(await who.get(`${API}/views`)).items, []);
		assert.equal((await who.act(`${API}/views/${id}`, 'DELETE')).status, 404);
	}
	assert.equal(await doneFor(await lisa.act(`${API}/views/${id}`, 'DELETE')), 200);
	// whole mails are for admins
	const report = json(await root.get(`${API}/reports?limit=1`)).items[0].id as string;
	assert.equal((await root.get(`${API}/reports/${report}/raw?as=mail`)).status, 200);
	for (const as of ['mail', 'original']) assert.equal((await viewer.get(`${API}/reports/${report}/raw?as=${as}`)).status, 403, as);
	assert.equal((await viewer.get(`${API}/reports/${report}/raw?as=xml`)).status, 200);
	assert.deepEqual(json(await viewer.get(`${API}/reports/${report}`)).raw, { xml: true, original: false, mail: false });
	assert.deepEqual(json(await root.get(`${API}/reports/${report}`)).raw, { xml: true, original: true, mail: true });
});

test('the log of who did what', async () => {
	const root = await login(url, 'root');
	const f = json(await root.get(`${API}/failures?limit=1`)).items[0].id as string;
	assert.equal((await root.act(`${API}/failures/${f}/reveal`)).status, 200);
	const a = await root.get(`${API}/audit`);
	assert.deepEqual(spec.faults('/audit', 200, a.headers['content-type'], json(a)), []);
	const items = json(a).items as Json[];
	const last = items[0];
	assert.equal(last.event, 'reveal');
	assert.equal(last.who, 'root');
	assert.match(last.what, new RegExp(f));
	for (const e of ['login', 'login_failed', 'logout', 'user_added', 'user_password', 'user_role', 'user_removed']) assert.ok(items.some((i) => i.event === e), e);
	const users = await root.get(`${API}/users`);
	assert.deepEqual(spec.faults('/users', 200, users.headers['content-type'], json(users)), []);
	assert.doesNotMatch(users.text, /\$y\$/, 'no hash comes out');
	assert.match(json(await root.get(`${API}/failures/${f}`)).reveals?.[0]?.who ?? 'web, root, ', /^web, root, /);
});

// --- Some domains only ---------------------------------------------------------------------------------------

// What tells of others, wherever it stands.
const foreign = /zzother|203\.0\.113\./i;

// All GET requests worth trying: every endpoint, with parameters that change how it looks for its answer.
async function questions(who: (path: string) => Promise<Answer>): Promise<string[]> {
	const ids = async (path: string): Promise<string[]> => {
		const a = await who(path);
		return a.status === 200 ? (json(a).items as Json[]).map((i) => i.id as string) : [];
	};
	const reports = await ids('/reports?t=all&limit=500');
	const rows = await ids('/rows?t=all&limit=1000');
	const lists: Record<string, string[]> = {
		'/domains/{domain}': [OURS, THEIRS, `a.${THEIRS}`, `zzother${OURS}`, 'nothing.example'].map((x) => `/domains/${x}`),
		'/reports/{id}': Array.from({ length: 80 }, (_, i) => `/reports/${i + 1}`),
		'/reports/{id}/raw': Array.from({ length: 80 }, (_, i) => [`/reports/${i + 1}/raw`, `/reports/${i + 1}/raw?as=original`, `/reports/${i + 1}/raw?as=mail`]).flat(),
		'/rows/{id}/explain': [...rows.slice(0, 30), ...Array.from({ length: 80 }, (_, i) => `${i + 1}#1`)].map((r) => `/rows/${encodeURIComponent(r)}/explain`),
		'/failures/{id}': ['f1', 'f2', 'f3'].map((f) => `/failures/${f}`),
		'/senders/{id}': Array.from({ length: 30 }, (_, i) => [`/senders/${i + 1}`, `/senders/${i + 1}?t=all`]).flat(),
		'/senders/{id}/vendor': Array.from({ length: 30 }, (_, i) => `/senders/${i + 1}/vendor?t=all`),
		'/tls/reports/{id}': ['t1', 't2', 't3', 't4'].map((t) => `/tls/reports/${t}`),
		'/tls/reports/{id}/raw': ['t1', 't2', 't3', 't4'].flatMap((t) => [`/tls/reports/${t}/raw`, `/tls/reports/${t}/raw?as=original`]),
		'/failures/{id}/raw': ['f1', 'f2', 'f3'].map((f) => `/failures/${f}/raw`),
		'/ingest/items/{id}': ['/ingest/items/1'],
		'/ingest/items/{id}/raw': ['/ingest/items/1/raw'],
		'/requests/{id}': ['/requests/1'],
		'/requests/{token}': ['/requests/1'],
	};
	const bys = ['ip', 'domain', 'hfrom', 'efrom', 'reporter', 'spf', 'dkim', 'align', 'disp', 'reason', 'selector', 'sigdomain', 'sender', 'class', 'code', 'fwd'];
	const all: string[] = [];
	for (const path of spec.paths) {
		if (path === '/me' || path === '/healthz') continue;
		if (path.includes('{')) {
			assert.ok(lists[path] !== undefined, `${path} is new: say here which ids to try`);
			all.push(...(lists[path] ?? []));
			continue;
		}
		const has = (name: string): boolean => spec.parameters(path).some((p) => p.name === name);
		const base = path === '/export' ? ['records', 'reports', 'failures', 'tls'].flatMap((k) => ['csv', 'ndjson', 'parsedmarc-json', 'parsedmarc-csv'].map((f) => `?kind=${k}&format=${f}`)) : path === '/search' ? ['zzother', 'own', '203.0.', '192.0.2.', 'small', 'bigmail', 'f', 't', ...Array.from({ length: 30 }, (_, i) => String(i)), 'f1', 'f2', 't1', 't2', 't3', 't4'].map((q) => `?q=${q}`) : path === '/breakdown' ? bys.map((b) => `?by=${b}`) : path === '/timeseries' ? ['?', ...['outcome', 'reporter', 'disposition', 'domain', 'sender', 'class', 'code'].map((b) => `?by=${b}`)] : ['?'];
		for (const b of base) {
			all.push(path + b);
			if (!has('t')) continue;
			all.push(`${path}${b}&t=all`, `${path}${b}&t=7d`, `${path}${b}&from=${daysAgo(30)}&to=${daysAgo(0)}`);
			for (const [key, value] of [['domain', THEIRS], ['domain', `!${OURS}`], ['domain', '~zzother'], ['domain', OURS], ['apart', 'all'], ['reporter', shared],
				['reporter', theirReporter], ['ip', '203.0.113.0/24'], ['ip', '192.0.2.0/24'], ['selector', 'zzothersel'], ['sigdomain', '~zzother'], ['hfrom', '~zzother'],
				['align', 'none'], ['sender', '1,2,3,4,5,6,7,8,9,10']] as const)
				if (has(key)) all.push(`${path}${b}&t=all&${key}=${encodeURIComponent(value)}`);
			if (has('total')) all.push(`${path}${b}&t=all&total=1`);
			if (has('cmp')) all.push(`${path}${b}&cmp=prev`);
			if (has('report')) for (const r of [...reports.slice(0, 2), '30', '40']) all.push(`${path}${b}&report=${r}`);
		}
	}
	return all;
}

// What may differ between a store with all mail and one with ours alone: the count of changes, and that whole files and letters are for others.
function told(v: Json): Json {
	return JSON.parse(JSON.stringify(v, (k, x) => (k === 'generation' || k === 'request_id' || k === 'original' || k === 'mail' || k === 'letters' || k === 'dropped' ? undefined : x)));
}

test('a viewer of some domains sees what there would be without the others, on every endpoint', async () => {
	const lisa = await login(url, 'lisa');
	assert.deepEqual(lisa.me.domains, [OURS]);
	const bearer = { Authorization: `Bearer ${await token(full, 'limited', '--domain', OURS)}` };
	const x = await Daemon.start(alone);
	try {
		let same = 0;
		let refused = 0;
		const different: string[] = [];
		const asked = await questions((p) => lisa.get(`${API}${p}`));
		// also what an admin would find to ask for
		const root = await login(url, 'root');
		const more = (await questions((p) => root.get(`${API}${p}`))).filter((p) => !asked.includes(p));
		for (const path of [...asked, ...more]) {
			const a = await lisa.get(`${API}${path}`);
			const b = await ask(url, `${API}${path}`, { headers: bearer });
			assert.doesNotMatch(a.text.replaceAll(encodeURIComponent(path), ''), path.includes('zzother') || path.includes('203.0.113') ? /zzothersel2|zzother-reporter/ : foreign, path);
			for (const [k, h] of Object.entries(a.headers)) assert.doesNotMatch(String(h), foreign, `${path} ${k}`);
			assert.equal(a.status, b.status, path);
			assert.ok(a.status < 500, `${path}: ${a.status} ${a.text}`);
			if (a.status === 403) {
				assert.match(path, /^\/(ingest|users|audit|settings|requests|metrics)|as=(original|mail)/, `${path} is refused`);
				refused++;
				continue;
			}
			const own = await ask(x.url, `${API}${path}`);
			if (own.headers['content-type'] !== a.headers['content-type'] || own.status !== a.status) {
				different.push(`${path}: ${a.status} ${a.headers['content-type']}, alone ${own.status} ${own.headers['content-type']}`);
				continue;
			}
			if (a.status >= 400 || (a.headers['content-type'] === 'application/json' && !path.includes('/raw'))) {
				const [p, q] = [JSON.stringify(told(json(a))), JSON.stringify(told(json(own)))];
				if (p !== q) {
					let i = 0;
					while (p[i] === q[i]) i++;
					different.push(`${path}: ...${p.slice(Math.max(0, i - 60), i + 100)}... alone: ...${q.slice(Math.max(0, i - 60), i + 100)}...`);
				}
			} else if (a.text !== own.text) different.push(`${path}: another document`);
			same++;
		}
		assert.deepEqual(different.slice(0, 12), [], `${different.length} of ${same}`);
		assert.ok(same > 400 && refused > 5, `${same} compared, ${refused} refused`);
		await x.stop();
	} finally {
		await x.end();
	}
});

test('an answer for one is none for another: caches and ETags', async () => {
	const lisa = await login(url, 'lisa');
	const root = await login(url, 'root');
	const nobodys = await login(url, 'nobodys');
	for (const path of ['/overview', '/domains', '/senders?t=all', '/meta', '/reports?t=all', '/tls/summary', '/failures']) {
		const a = await root.get(API + path);
		const b = await lisa.get(API + path);
		const c = await nobodys.get(API + path);
		assert.equal(a.status, 200);
		assert.notEqual(a.headers.etag, b.headers.etag, path);
		assert.notEqual(b.headers.etag, c.headers.etag, path);
		assert.notEqual(a.text, b.text, path);
		assert.doesNotMatch(c.text, /own\.example|zzother|192\.0\.2|203\.0\.113/, path);
		// what the other was given is not "unchanged"
		assert.equal((await lisa.get(API + path, { 'If-None-Match': a.headers.etag ?? '' })).status, 200, path);
		assert.equal((await lisa.get(API + path, { 'If-None-Match': b.headers.etag ?? '' })).status, 304, path);
		for (const x of [a, b, c]) assert.match(x.headers['cache-control'] ?? '', /private, no-cache|no-store/);
	}
});

test('many viewers of different domains at once', async () => {
	const domains = [OURS, THEIRS, `a.${THEIRS}`, `zzother${OURS}`, 'nothing.example', `sub.${OURS}`];
	const tokens = await Promise.all(domains.map(async (_, i) => i)).then(async (list) => {
		const out: string[] = [];
		for (const i of list) out.push(await token(full, `many${i}`, '--domain', domains[i] ?? ''));
		return out;
	});
	const want: Record<string, string[]> = {
		[OURS]: [OURS], [THEIRS]: [`a.${THEIRS}`, THEIRS], [`a.${THEIRS}`]: [`a.${THEIRS}`], [`zzother${OURS}`]: [`zzother${OURS}`], 'nothing.example': [], [`sub.${OURS}`]: [],
	};
	await Promise.all(Array.from({ length: 120 }, async (_, n) => {
		const i = n % domains.length;
		const a = await ask(url, `${API}/domains?t=all`, { headers: { Authorization: `Bearer ${tokens[i]}` } });
		assert.equal(a.status, 200);
		assert.deepEqual((json(a).items as Json[]).map((x) => x.domain).sort(), want[domains[i] ?? '']);
	}));
});

// --- API tokens --------------------------------------------------------------------------------------------------

test('API tokens: what they may, their end, their last use', async () => {
	const read = await token(full, 'reader');
	const admin = await token(full, 'writer', '--role', 'admin');
	assert.match(read, /^dmarcd_[0-9a-f]{64}$/);
	const as = (t: string, path: string, o: { method?: string; headers?: Record<string, string>; body?: string } = {}): Promise<Answer> =>
		ask(url, API + path, { ...o, headers: { Authorization: `Bearer ${t}`, ...o.headers } });
	assert.equal((await as(read, '/overview')).status, 200);
	assert.equal(json(await as(read, '/me')).user, 'token:reader');
	assert.equal((await as(read, '/users')).status, 403);
	assert.equal((await as(admin, '/users')).status, 200);
	// no browser sends it by itself: no token against forged requests is asked for
	assert.equal((await as(read, '/senders/1/decision', { method: 'PUT', headers: { ...asJson, 'Content-Length': '2' }, body: '{}' })).status, 403);
	assert.notEqual((await as(admin, '/senders/1/decision', { method: 'PUT', headers: { ...asJson, 'Content-Length': '2' }, body: '{}' })).status, 403);
	const root = await login(url, 'root');
	for (const bad of ['', 'dmarcd_', `dmarcd_${'0'.repeat(64)}`, read.slice(0, -1), `${read}0`, read.toUpperCase(), 'Basic cm9vdDp4']) {
		const a = await ask(url, `${API}/overview`, { headers: { Authorization: bad.startsWith('Basic') ? bad : `Bearer ${bad}`, ...root.headers } });
		assert.equal(a.status, 401, `"${bad}": a wrong token is not made good by a cookie`);
	}
	assert.ok(json(await as(admin, '/users')).tokens.find((t: Json) => t.name === 'reader').used !== null);
	assert.equal((await dmarcd(full, ['token', 'revoke', 'reader'])).code, 0);
	assert.equal((await as(read, '/overview')).status, 401);
	assert.equal((await as(admin, '/overview')).status, 200);
	assert.ok(!readFileSync(join(dir, 'full/users'), 'utf8').includes(admin));
});

// --- Behind a proxy ----------------------------------------------------------------------------------------------------

test('a proxy that is named is believed, and nobody else', async () => {
	const header = { 'X-Remote-User': 'root' };
	assert.equal((await ask(url, `${API}/me`, { headers: header })).status, 401, 'without the setting it is any header');
	const one = copyOf('full', '\tproxies = { "127.0.0.1", "192.0.2.0/24" }\n\tproxy_user_header = "X-Remote-User"\n\tnames = { "reports.example.com" }\n');
	const two = copyOf('full', '\tproxies = { "127.0.0.2" }\n\tproxy_user_header = "X-Remote-User"\n');
	const x = await Daemon.start(one.conf);
	const y = await Daemon.start(two.conf);
	try {
		const me = json(await ask(x.url, `${API}/me`, { headers: header }));
		assert.equal(me.user, 'root');
		assert.equal(me.how, 'proxy');
		const csrf = { 'X-CSRF-Token': me.csrf as string };
		assert.equal((await ask(x.url, `${API}/me`)).status, 401);
		assert.equal((await ask(x.url, `${API}/me`, { headers: { 'X-Remote-User': 'lisa' } })).status, 200);
		assert.equal(json(await ask(x.url, `${API}/me`, { headers: { 'X-Remote-User': 'lisa' } })).domains[0], OURS);
		const stranger = await ask(x.url, `${API}/me`, { headers: { 'X-Remote-User': 'mallory"\\' } });
		assert.equal(stranger.status, 403);
		assert.match(json(stranger).detail, /no user here/);
		assert.equal((await ask(x.url, `${API}/me`, { headers: { 'X-Remote-User': ['root', 'lisa'] } })).status, 400);
		// CSRF holds here, too
		const put = (h: Record<string, string>): Promise<Answer> => ask(x.url, `${API}/senders/1/decision`, { method: 'PUT', headers: { ...header, ...asJson, 'Content-Length': '2', ...h }, body: '{}' });
		assert.equal((await put({})).status, 403);
		assert.notEqual((await put(csrf)).status, 403);
		assert.equal((await ask(x.url, `${API}/logout`, { method: 'POST', headers: { ...header, ...doing, ...csrf } })).status, 409);
		// the name that browsers use; others not
		assert.equal((await ask(x.url, '/signin', { headers: { Host: 'reports.example.com' } })).status, 200);
		assert.equal((await ask(x.url, '/signin', { headers: { Host: 'Reports.Example.com:443' } })).status, 200);
		assert.equal((await ask(x.url, '/signin', { headers: { Host: 'evil.example' } })).status, 421);
		// through a proxy it is HTTPS, unless it says otherwise
		assert.match((await tryLogin(x.url, 'root', secretWords)).headers['set-cookie']?.[0] ?? '', /^__Host-dmarcd=.*; Secure$/);
		assert.match((await tryLogin(x.url, 'root', secretWords, { 'X-Forwarded-Proto': 'http' })).headers['set-cookie']?.[0] ?? '', /^dmarcd=[^;]+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/);
		// from an address that is not named it is any header; so is what it says of others
		assert.equal((await ask(y.url, `${API}/me`, { headers: header })).status, 401);
		await tryLogin(y.url, 'root', 'wrong password', { 'X-Forwarded-For': '192.0.2.200' });
		assert.doesNotMatch(readFileSync(join(two.state, 'http/audit'), 'utf8'), /192\.0\.2\.200/);
		await tryLogin(x.url, 'root', 'wrong password', { 'X-Forwarded-For': 'evil, 203.0.113.9, 192.0.2.7' });
		assert.match(readFileSync(join(one.state, 'http/audit'), 'utf8'), /\troot\t203\.0\.113\.9\t/);
		await x.stop();
		await y.stop();
	} finally {
		await x.end();
		await y.end();
	}
});

test('below a path prefix', async () => {
	const x = await Daemon.start(copyOf('full', '\tbase_path = "/dmarc/reports"\n').conf);
	try {
		const at = x.url.replace('/dmarc/reports', '');
		const base = '/dmarc/reports';
		assert.equal((await ask(at, `${base}/senders`)).headers.location, `${base}/signin?back=/senders`);
		assert.equal((await ask(at, `${base}/`)).headers.location, `${base}/signin`);
		assert.equal((await ask(at, `${base}${API}/meta`)).status, 401);
		assert.equal((await ask(at, `${API}/meta`)).status, 401);
		const s = await login(at, 'root', secretWords, base);
		assert.match(s.setCookie, /; Path=\/dmarc\/reports\/;/);
		assert.equal((await s.get(`${API}/meta`)).status, 200);
		assert.equal((await s.act(`${API}/logout`)).status, 204);
		await x.stop();
	} finally {
		await x.end();
	}
});

// --- HTTPS -----------------------------------------------------------------------------------------------------------

test('HTTPS: versions, cookies, new files', async () => {
	const at = join(dir, 'pair');
	mkdirSync(at);
	const put = (p: { cert: string; key: string }): void => {
		copyFileSync(p.cert, join(at, 'cert.pem'));
		copyFileSync(p.key, join(at, 'key.pem'));
	};
	put(certs.good);
	const { conf } = copyOf('full', `\ttls_certificate = "${at}/cert.pem"\n\ttls_key = "${at}/key.pem"\n`);
	const ca = readFileSync(certs.ca);
	const x = await Daemon.start(conf);
	try {
		assert.match(x.url, /^https:/);
		const s = await login(x.url, 'root', secretWords, '', ca);
		assert.match(s.setCookie, /^__Host-dmarcd=[0-9a-f]{64}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict; Secure$/);
		assert.equal((await s.get(`${API}/meta`)).status, 200);
		assert.equal((await ask(x.url, '/healthz', { ca, maxVersion: 'TLSv1.2' })).status, 200);
		await assert.rejects(ask(x.url, '/healthz', { ca, maxVersion: 'TLSv1.1' }));
		// plain HTTP gets nothing
		await assert.rejects(ask(x.url.replace('https:', 'http:'), '/healthz'));
		// the name of a cookie is that of HTTPS: one that was set without is none
		assert.equal((await ask(x.url, `${API}/me`, { ca, headers: { Cookie: s.cookie.replace('__Host-', '') } })).status, 401);
		// a file that is no good changes nothing; a good one is taken, and nobody is signed out
		writeFileSync(join(at, 'cert.pem'), 'nonsense\n');
		x.signal('SIGHUP');
		await until('the fault is said', () => x.log.includes('holds no certificate in PEM form'), 60);
		assert.equal((await s.get(`${API}/meta`)).status, 200);
		put(certs.strange);
		x.signal('SIGHUP');
		await until('the other certificate is shown', async () => (await s.get('/healthz').catch((e: NodeJS.ErrnoException) => e.code)) === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 60);
		put(certs.good);
		x.signal('SIGHUP');
		await until('the first one is back', async () => (await s.get(`${API}/me`).catch(() => undefined))?.status === 200, 60);
		await x.stop();
	} finally {
		await x.end();
	}
});

test('config check says what is wrong with certificate and key', async () => {
	const check = async (certificate: string, key: string, more = ''): Promise<Ran> =>
		run(program, ['-c', confOf('checked', `\ttls_certificate = "${certificate}"\n\ttls_key = "${key}"\n${more}`), 'config', 'check']);
	const nothing = join(dir, 'nothing.pem');
	const empty = join(dir, 'empty.pem');
	writeFileSync(empty, '');
	assert.equal((await check(certs.good.cert, certs.good.key)).code, 0);
	for (const [c, k, want] of [
		[nothing, certs.good.key, `checked.conf:5: tls_certificate "${nothing}" is not there`],
		[certs.good.cert, nothing, `checked.conf:6: tls_key "${nothing}" is not there`],
		[empty, certs.good.key, `checked.conf:5: tls_certificate "${empty}" holds no certificate in PEM form`],
		[certs.good.key, certs.good.key, `checked.conf:5: tls_certificate "${certs.good.key}" holds no certificate in PEM form`],
		[certs.good.cert, certs.good.cert, `checked.conf:6: tls_key "${certs.good.cert}" holds no private key in PEM form`],
		[certs.good.cert, certs.strange.key, 'do not belong together'],
		[dir, certs.good.key, 'is a directory'],
	] as const) {
		const r = await check(c, k);
		assert.equal(r.code, 2, r.stderr);
		assert.ok(r.stderr.includes(want), `${want} in ${r.stderr}`);
	}
	const expired = await check(certs.expired.cert, certs.expired.key);
	assert.equal(expired.code, 0);
	assert.match(expired.stderr, /checked\.conf:5: warning: tls_certificate ".*" expired on 2021-01-01T00:00:00Z/);
	const name = await check(certs.good.cert, certs.good.key, '\tnames = { "reports.example.com" }\n');
	assert.match(name.stderr, /warning: tls_certificate ".*" is not for reports\.example\.com/);
	const open = confOf('open');
	writeFileSync(open, readFileSync(open, 'utf8').replace('127.0.0.1:0', '192.0.2.1:8377'));
	const r = await run(program, ['-c', open, 'config', 'check']);
	assert.equal(r.code, 2);
	assert.match(r.stderr, /open\.conf:4: listen "192\.0\.2\.1" is not a loopback address/);
});

// --- Rough handling ------------------------------------------------------------------------------------------------------

function raw(bytes: string | Buffer): Promise<string> {
	const u = new URL(url);
	return new Promise((resolve) => {
		const s = connect(Number(u.port), u.hostname);
		let text = '';
		s.setTimeout(30000, () => s.destroy());
		s.on('data', (b) => (text += b.toString('latin1')));
		s.on('error', () => undefined);
		s.on('close', () => resolve(text));
		s.end(bytes);
	});
}

test('paths that lead out are paths that are none', async () => {
	const root = await login(url, 'root');
	const out = ['/../users', '/assets/../../users', '/assets/%2e%2e/%2e%2e/users', '/assets/..%2f..%2fusers', '/..%2fusers', '/%2e%2e%2fusers', '/assets/....//users',
		'/assets/..\\..\\users', '/assets//etc/passwd', '//etc/passwd', '/assets/%00', '/api/v1/reports/..%2f..%2fusers/raw', '/api/v1/reports/%2e%2e/raw',
		'/api/v1/ingest/items/..%2f..%2fusers/raw', '/api/v1/domains/..%2f..', '/signin/../api/v1/users', '/signin?back=/../../etc/passwd', '/assets/../api/v1/users'];
	for (const path of out)
		for (const cookie of ['', `Cookie: ${root.cookie}\r\n`]) {
			const a = await raw(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n${cookie}Connection: close\r\n\r\n`);
			assert.match(a, /^HTTP\/1\.1 (200|303|400|401|404) /, path);
			assert.doesNotMatch(a, /\$y\$|root:x:|"tokens"/, path);
			if (cookie === '') assert.doesNotMatch(a, /own\.example|zzother/, path);
		}
});

test('requests that are none, and too large ones', async () => {
	const big = 'x'.repeat(40000);
	for (const bytes of ['GET\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', '\0\0\0\0\r\n\r\n', `GET /${big} HTTP/1.1\r\nHost: localhost\r\n\r\n`, `GET / HTTP/1.1\r\nHost: localhost\r\nCookie: ${big}\r\n\r\n`,
		`GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${big}\r\n\r\n`, `GET /?${'a&'.repeat(3000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
		`POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nX-Dmarcd-Action: 1\r\nContent-Type: application/json\r\nContent-Length: 999999999999\r\n\r\n{`,
		`POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nX-Dmarcd-Action: 1\r\nContent-Type: application/json\r\nContent-Length: -1\r\n\r\n{}`,
		`POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nX-Dmarcd-Action: 1\r\nContent-Type: application/json\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} `,
		'GET / HTTP/1.1\r\nHost: localhost\r\n Folded: x\r\n\r\n', 'GET / HTTP/1.1\nHost: localhost\n\n', `${'A'.repeat(100000)}`, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
		`GET / HTTP/1.1\r\n${Array.from({ length: 2000 }, (_, i) => `X-${i}: y`).join('\r\n')}\r\n\r\n`]) {
		const a = await raw(bytes);
		assert.doesNotMatch(a, /^HTTP\/1\.[01] 200 /, bytes.slice(0, 60));
	}
	assert.equal((await ask(url, '/healthz')).status, 200);
	assert.equal(d.role('http').length, 1);
});

test('slow clients and 500 connections hold up nobody', async () => {
	const u = new URL(url);
	const open = (n: number, bytes: string): Promise<Socket[]> => Promise.all(Array.from({ length: n }, () => new Promise<Socket>((resolve) => {
		const s = connect(Number(u.port), u.hostname);
		s.on('error', () => undefined);
		s.on('connect', () => {
			s.write(bytes);
			resolve(s);
		});
		setTimeout(() => resolve(s), 5000);
	})));
	const http = d.role('http')[0]?.pid;
	const slow = [...(await open(40, 'GET /api/v1/overview HTTP/1.1\r\nHost: local')), ...(await open(40,
		'POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nX-Dmarcd-Action: 1\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n{"user"'))];
	const dribble = setInterval(() => { for (const s of slow) if (s.writable) s.write('x'); }, 500);
	const s = await login(url, 'root');
	for (let i = 0; i < 10; i++) assert.equal((await s.get(`${API}/overview`)).status, 200);
	const many = await open(500, 'GET ');
	await sleep(200);
	for (const x of many) x.destroy();
	clearInterval(dribble);
	for (const x of slow) x.destroy();
	await until('it answers as before', async () => (await s.get(`${API}/overview`).catch(() => undefined))?.status === 200, 60);
	assert.equal(d.role('http')[0]?.pid, http, 'and is the same process');
});
