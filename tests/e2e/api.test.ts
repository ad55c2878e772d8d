// Every endpoint of a running daemon against schema/openapi.yaml, with what
// people ask and with what they should not.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { Client, startDriver, type Answer, type Server } from './lib/http.js';
import { Spec, type Parameter } from './lib/openapi.js';

type Json = any;

const API = '/api/v1';
const spec = new Spec(process.env['OPENAPI'] ?? join(process.env['E2E_DIR'] ?? 'tests/e2e', '../../schema/openapi.yaml'));
// DMARCD_URL: a running daemon that has data. Else our own, with a store made for tests.
const running = process.env['DMARCD_URL'];
const driver = running === undefined ? process.env['HTTP_DRIVER'] ?? join(process.env['E2E_BUILD'] ?? '.', 'tests/e2e/http_driver') : undefined;
let server: Server | undefined;
let c: Client;

before(async () => {
	if (driver !== undefined) server = await startDriver(driver, []);
	c = new Client(server?.url ?? running ?? '');
});

after(async () => {
	if (server !== undefined) assert.equal(await server.stop(), 0, 'the server ends with 0');
});

// --- What every answer must be ------------------------------------------------

const CSP =
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; " +
	"base-uri 'self'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'";

function checkHeaders(a: Answer, what: string, csp = CSP): void {
	assert.equal(a.headers['content-security-policy'], csp, what);
	assert.equal(a.headers['x-content-type-options'], 'nosniff', what);
	assert.equal(a.headers['referrer-policy'], 'no-referrer', what);
	assert.equal(a.headers['cross-origin-opener-policy'], 'same-origin', what);
	assert.equal(a.headers['permissions-policy'], 'camera=(), geolocation=(), microphone=()', what);
	assert.ok(a.headers['cache-control'] !== undefined, what);
	assert.equal(a.headers['access-control-allow-origin'], undefined, what);
	assert.equal(a.headers['server'], undefined, what);
}

function parse(a: Answer): Json {
	return JSON.parse(a.body.toString('utf8'));
}

// The template of a path: /domains/{domain} for /domains/shop.example
function template(path: string): string {
	const segments = path.split('/');
	const hit = [...spec.paths, ...spec.posts, ...spec.puts].find((p) => {
		const t = p.split('/');
		return t.length === segments.length && t.every((s, i) => s.startsWith('{') || s === segments[i]);
	});
	assert.ok(hit !== undefined, `${path} is in openapi.yaml`);
	return hit;
}

async function get(path: string, params: Record<string, string> = {}, want = 200): Promise<Json> {
	const query = new URLSearchParams(params).toString();
	const url = (path === '/healthz' ? '' : API) + path + (query === '' ? '' : `?${query}`);
	const a = await c.ask(url);
	assert.equal(a.status, want, `${url}: ${a.status} ${a.body.toString().slice(0, 400)}`);
	checkHeaders(a, url);
	const body = parse(a);
	assert.deepEqual(spec.faults(template(path), a.status, a.headers['content-type'], body), [], url);
	if (want !== 200) checkProblem(a, want, url);
	return body;
}

function checkProblem(a: Answer, status: number, what: string): Json {
	assert.equal(a.status, status, `${what}: ${a.body.toString().slice(0, 400)}`);
	checkHeaders(a, what);
	assert.equal(a.headers['content-type'], 'application/problem+json', what);
	assert.equal(a.headers['etag'], undefined, what);
	assert.equal(a.headers['cache-control'], 'no-store', what);
	const p = parse(a);
	assert.equal(p.status, status, what);
	assert.ok(p.title.length > 0 && p.detail.length > 0 && p.request_id.length > 0 && Array.isArray(p.errors), what);
	return p;
}

async function refused(path: string, params: Record<string, string>, name: string): Promise<void> {
	const p = await get(path, params, 400);
	assert.equal(p.errors[0]?.pointer, `/query/${name.replace(/~/g, '~0').replace(/\//g, '~1')}`, JSON.stringify(p));
	assert.equal(p.errors[0]?.args?.name, name);
	if (/^[ -~]+$/.test(name) && name.length < 60) assert.ok(p.detail.includes(name), p.detail);
}

// --- Words of the data itself, to ask with ---------------------------------------

interface Sample {
	domain: string;
	ip: string;
	report: string;
	row: string;
	failure: string;
	sender: string;
	day: string;
	values: Record<string, string>;
}
let found: Sample | undefined;

async function sample(): Promise<Sample> {
	if (found !== undefined) return found;
	const rows = (await get('/rows', { t: 'all', limit: '1000' })).items;
	assert.ok(rows.length > 0, 'the daemon under test has data');
	const row = rows.find((r: Json) => r.ip !== null && r.dkim.length > 0 && r.spf.length > 0 && r.efrom) ?? rows[0];
	const signed = rows.find((r: Json) => r.dkim.some((d: Json) => d.selector !== null))?.dkim.find((d: Json) => d.selector !== null);
	found = {
		domain: row.domain,
		ip: row.ip ?? '192.0.2.1',
		report: row.report_id,
		row: row.id,
		failure: (await get('/failures', { limit: '1' })).items[0]?.id ?? '',
		sender: (await get('/senders', { limit: '1', t: 'all' })).items[0]?.id ?? '',
		day: row.day,
		values: {
			domain: row.domain,
			hfrom: row.hfrom ?? row.domain,
			efrom: row.efrom ?? 'example.com',
			ip: row.ip ?? '192.0.2.1',
			reporter: row.reporter.key,
			org: row.reporter.key,
			reason: row.policy_eval.reasons[0]?.type ?? 'none',
			selector: signed?.selector ?? 's1',
			sigdomain: signed?.domain ?? 'example.com',
			spf: row.spf[0]?.result ?? 'absent',
			dkim: row.dkim[0]?.result ?? 'absent',
			align: 'both',
			disp: row.policy_eval.disp,
			code: row.code,
			fwd: row.fwd,
			differs: row.differs ? 'yes' : 'no',
		},
	};
	return found;
}

const WORDS: Record<string, string[]> = {
	spf: ['pass', 'fail', 'softfail', 'neutral', 'none', 'policy', 'temperror', 'permerror', 'unknown', 'absent'],
	dkim: ['pass', 'fail', 'softfail', 'neutral', 'none', 'policy', 'temperror', 'permerror', 'unknown', 'absent'],
	align: ['both', 'dkim', 'spf', 'none', 'untold'],
	disp: ['none', 'quarantine', 'reject', 'pass', 'other'],
	code: [...Array.from({ length: 11 }, (_, i) => `P${i + 1}`), ...Array.from({ length: 12 }, (_, i) => `F${i + 1}`)],
	fwd: ['certain', 'likely', 'no'],
	health: ['good', 'one_leg', 'mixed', 'failing', 'quiet', 'none'],
	differs: ['yes', 'no'],
};
const TEXT = ['domain', 'hfrom', 'efrom', 'reporter', 'org', 'reason', 'selector', 'sigdomain', 'spfdomain'];
const DATA = ['/overview', '/timeseries', '/breakdown', '/flow', '/heatmap', '/rows', '/domains', '/reports', '/reporters', '/explain', '/senders'];

// What an endpoint cannot do without.
const needed = (path: string): Record<string, string> => (path === '/breakdown' ? { by: 'ip' } : path === '/search' ? { q: 'example' } : {});

async function concrete(path: string): Promise<string> {
	const s = await sample();
	if (path.startsWith('/ingest/items/')) return path.replace('{id}', '1');
	const id = path.startsWith('/tls/') ? 't1' : path.startsWith('/failures/') ? s.failure : path.startsWith('/senders/') ? s.sender :
		path.startsWith('/rows/') ? encodeURIComponent(s.row) : s.report;
	return path.replace('{domain}', encodeURIComponent(s.domain)).replace('{id}', id);
}

// --- Each endpoint, each parameter ---------------------------------------------------

// What is no JSON; looked at by tests of their own.
const isFile = (path: string): boolean => path.endsWith('/raw') || path === '/export';

test('every endpoint answers without parameters', async () => {
	for (const path of spec.paths) {
		if (isFile(path) || path.startsWith('/requests/') || (driver === undefined && path.startsWith('/ingest/items/'))) continue;
		const p = await concrete(path);
		if (p !== '/failures/' && !p.startsWith('/senders//') && p !== '/senders/') await get(p, needed(p));
	}
});

test('every word that a parameter may be', async () => {
	const geo: unknown = (await get('/meta')).features.geo;	// built without data of countries: it says so instead
	for (const path of spec.paths) {
		if (isFile(path)) continue;
		const p = await concrete(path);
		if (p === '/failures/' || p === '/senders/' || p.startsWith('/senders//')) continue;
		for (const param of spec.parameters(path))
			if (param.in === 'query')
				for (const word of param.schema.enum ?? []) if (geo || !['country', 'asn'].includes(String(word))) await get(p, { ...needed(p), t: 'all', [param.name]: String(word) });
	}
});

test('numbers within their bounds, and not beyond', async () => {
	for (const path of spec.paths)
		for (const param of spec.parameters(path)) {
			const { type, minimum, maximum } = param.schema;
			if (param.in !== 'query' || type !== 'integer' || minimum === undefined || maximum === undefined) continue;
			const time: Record<string, string> = spec.parameters(path).some((x) => x.name === 't') ? { t: 'all' } : {};
			for (const ok of [minimum, maximum]) await get(path, { ...needed(path), ...time, [param.name]: String(ok) });
			for (const bad of [minimum - 1, maximum + 1, 'x', '', '1.5', '-0', '+5', '0x10', '1e3', ' 1', '99999999999999999999'])
				await refused(path, { ...needed(path), ...time, [param.name]: String(bad) }, param.name);
		}
});

test('every filter with a value of the data, negated, several, contained', async () => {
	const s = await sample();
	for (const path of DATA)
		for (const [key, value] of Object.entries(s.values)) {
			const base = { ...needed(path), t: 'all' };
			await get(path, { ...base, [key]: value });
			await get(path, { ...base, [key]: `!${value}` });
			await get(path, { ...base, [key]: `${value},${value}` });
			if (TEXT.includes(key)) await get(path, { ...base, [key]: `~${value.slice(0, 3)}` });
		}
	for (const [key, words] of Object.entries(WORDS)) {
		for (const word of words) await get('/rows', { t: 'all', limit: '5', [key]: word });
		for (const path of DATA) await get(path, { ...needed(path), t: 'all', [key]: words.join(',') });
		await refused('/rows', { [key]: 'nonsense' }, key);
		await refused('/overview', { [key]: `${words[0] ?? ''},nonsense` }, key);
	}
});

test('filters select what they say', async () => {
	const s = await sample();
	const rows = async (params: Record<string, string>): Promise<Json[]> => (await get('/rows', { t: 'all', limit: '1000', ...params })).items;
	const checks: [string, (r: Json) => string | null][] = [
		['domain', (r) => r.domain], ['hfrom', (r) => r.hfrom], ['reporter', (r) => r.reporter.key], ['ip', (r) => r.ip],
		['disp', (r) => r.policy_eval.disp], ['code', (r) => r.code], ['fwd', (r) => r.fwd], ['differs', (r) => (r.differs ? 'yes' : 'no')],
	];
	for (const [key, of] of checks) {
		const value = s.values[key] ?? '';
		const kept = await rows({ [key]: value });
		assert.ok(kept.length > 0, `${key}=${value}`);
		for (const r of kept) assert.equal(of(r), value, `${key}=${value}: ${JSON.stringify(r)}`);
		for (const r of await rows({ [key]: `!${value}` })) assert.notEqual(of(r), value, `${key}=!${value}: ${JSON.stringify(r)}`);
	}
	for (const r of await rows({ report: s.report, sort: 'seq' })) assert.equal(r.report_id, s.report);
	for (const r of await rows({ from: s.day, to: s.day })) assert.equal(r.day, s.day);
});

test('networks and addresses', async () => {
	for (const ok of ['192.0.2.0/24', '0.0.0.0/0', '::/0', '2001:db8::/32', '203.0.113.7/32', '2001:DB8::1', '192.0.2.1,198.51.100.0/24', '!10.0.0.0/8'])
		await get('/breakdown', { by: 'ip', t: 'all', ip: ok });
	for (const bad of ['192.0.2.0/33', '::/129', '192.0.2', '192.0.2.0/', '/24', '192.0.2.256', 'fe80::1%eth0', '192.0.2.0/-1', '192.0.2.0/2x', 'example.com'])
		await refused('/breakdown', { by: 'ip', t: 'all', ip: bad }, 'ip');
});

test('time', async () => {
	const s = await sample();
	for (const path of DATA) {
		await get(path, { ...needed(path), from: s.day, to: s.day });
		for (const ok of ['1d', '7d', '30d', '90d', '365d', '800d', 'all']) await get(path, { ...needed(path), t: ok });
		for (const bad of ['0d', '801d', '30', 'd', '-1d', '1.5d', '7w', 'everything', '999999999999999999999d']) await refused(path, { ...needed(path), t: bad }, 't');
		await refused(path, { ...needed(path), from: '2026-02-30', to: s.day }, 'from');
		await refused(path, { ...needed(path), from: s.day, to: 'yesterday' }, 'to');
		for (const q of [{ from: '2020-01-01', to: '2026-01-01' }, { from: '2026-05-02', to: '2026-05-01' }]) {
			const p = await get(path, { ...needed(path), ...q }, 400);
			assert.match(p.detail, /day|range|from/i);
		}
	}
	await get('/overview', { from: '2024-01-01', to: '2026-03-10' }); // 800 days
	const far = await get('/rows', { from: '1971-01-01', to: '1971-12-31' });
	assert.deepEqual(far.items, []);
});

test('a key that is not known is named, in whatever dress', async () => {
	for (const path of [...DATA, '/meta', '/ingest'])
		for (const key of ['doman', 'Domain', 'domain[]', 'domain.x', '__proto__', 'constructor', "a'b", 'a/b~c', 'sql;--', '\u202edomain', 'x'.repeat(200)])
			await refused(path, { ...needed(path), [key]: '1' }, key);
	const s = await sample();
	await refused(`/domains/${s.domain}`, { nonsense: '1' }, 'nonsense');
	await refused(`/reports/${s.report}`, { nonsense: '1' }, 'nonsense');
	await refused(`/reports/${s.report}/raw`, { nonsense: '1' }, 'nonsense');
	await refused('/rows', { by: 'ip' }, 'by');
	await refused('/overview', { cursor: 'x' }, 'cursor');
});

test('hostile values are text or an error, never a fault', async () => {
	const hostile = [
		"' OR 1=1 --", '"; DROP TABLE record; --', '%', '_', '%%%%', '\\', "''", '<script>alert(1)</script>', '../../etc/passwd',
		'${jndi:ldap://x}', '\u202e\u2066', '\u{1f4a9}', 'a'.repeat(3900), '!'.repeat(200), '~~~~', '!~', '!', '~', ',', ',,,,', '*', '?', '[a-z]*', '\ufffe',
		'\u0130', 'xn--a', 'NULL', '-1', '1e999', 'é'.repeat(900),
	];
	for (const path of DATA)
		for (const value of hostile)
			for (const key of ['domain', 'hfrom', 'ip', 'code', 'selector', 'cursor', 'sort', 'report', 't', 'reason']) {
				const query = new URLSearchParams({ ...needed(path), [key]: value }).toString();
				const a = await c.ask(`${API}${path}?${query}`);
				const what = `${path} ${key}=${value.slice(0, 40)}: ${a.body.toString().slice(0, 300)}`;
				assert.ok([200, 400, 414].includes(a.status), what);
				if (a.status === 200) assert.deepEqual(spec.faults(path, 200, a.headers['content-type'], parse(a)), [], what);
				else checkProblem(a, a.status, what);
			}
	// % and _ are letters, not patterns
	assert.deepEqual((await get('/rows', { t: 'all', domain: '%' })).items, []);
	assert.deepEqual((await get('/rows', { t: 'all', domain: '~%' })).items, []);
	assert.deepEqual((await get('/rows', { t: 'all', domain: '~\\' })).items, []);
});

test('encodings that are none', async () => {
	for (const q of ['domain=%', 'domain=%4', 'domain=%zz', 'domain=%00', 'domain=a%0d%0aX:%20y', 'domain=%c0%af', 'domain=%ed%a0%80', 'domain=%ff', '=1', 't=7d&t=30d', 't=7d&%74=30d', '%00=1'])
		checkProblem(await c.ask(`${API}/rows?${q}`), 400, q);
	// pairs without content and escapes of what needs none are fine
	for (const q of ['', '&', '&&', '%74=30%64', 't=30d&'])
		assert.equal((await c.ask(`${API}/rows?${q}`)).status, 200, q);
});

// --- The figures hang together -----------------------------------------------------

function checkCounts(k: Json, what: string): void {
	assert.equal(k.both + k.dkim_only + k.spf_only + k.fail_fix + k.fail_fwd + k.fail_unk + k.untold, k.m, `${what}: outcomes`);
	assert.equal(k.none + k.quarantine + k.reject + k.pass + k.other, k.m, `${what}: dispositions`);
}

function checkLegs(item: Json, what: string): void {
	for (const leg of [item.legs.spf, item.legs.dkim])
		assert.equal(leg.pass + leg.fail + leg.none + leg.error + leg.absent, item.counts.m, `${what}: legs`);
	assert.equal(item.legs.spf.aligned, item.counts.both + item.counts.spf_only, `${what}: aligned spf`);
	assert.equal(item.legs.dkim.aligned, item.counts.both + item.counts.dkim_only, `${what}: aligned dkim`);
}

test('totals are the same wherever they stand', async () => {
	const s = await sample();
	for (const q of [{ t: 'all' }, { t: 'all', domain: s.domain }, { t: 'all', disp: 'none', align: '!both' }] as Record<string, string>[]) {
		const what = JSON.stringify(q);
		const o = await get('/overview', q);
		checkCounts(o.counts, what);
		assert.equal(o.domains.reduce((n: number, d: Json) => n + d.counts.m, 0), o.counts.m, `${what}: domains`);
		for (const d of o.domains) checkCounts(d.counts, `${what} ${d.domain}`);
		const rows = await get('/rows', { ...q, total: '1', limit: '1' });
		assert.equal(rows.total.m, o.counts.m, `${what}: rows`);
		for (const by of ['outcome', 'reporter', 'disposition', 'domain', 'code'])
			for (const step of ['day', 'week']) {
				const ts = await get('/timeseries', { ...q, by, step, top: '3' });
				for (const line of ts.series) assert.equal(line.values.length, ts.days.length, `${what}: ${by} by ${step}`);
				const sum = ts.series.reduce((n: number, l: Json) => n + l.values.reduce((a: number, b: number) => a + b, 0), 0);
				assert.equal(sum, o.counts.m, `${what}: series by ${by}, ${step}`);
			}
		for (const by of ['ip', 'domain', 'hfrom', 'efrom', 'reporter', 'spf', 'dkim', 'align', 'disp', 'code', 'fwd', 'prefix', 'sender', 'class', 'health', 'differs', 'trust']) {
			const b = await get('/breakdown', { ...q, by, limit: '500' });
			assert.equal(b.total.m, o.counts.m, `${what}: total by ${by}`);
			assert.equal(b.items.reduce((n: number, i: Json) => n + i.counts.m, 0) + b.other.m, b.total.m, `${what}: sum by ${by}`);
			assert.equal(b.items.length + b.other.n, b.total.n, `${what}: number by ${by}`);
			for (const i of b.items) {
				checkCounts(i.counts, `${what}: ${by}=${i.key}`);
				checkLegs(i, `${what}: ${by}=${i.key}`);
				assert.equal(i.detail !== undefined, by === 'ip');
			}
		}
	}
});

test('a report is the sum of its rows', async () => {
	const list = (await get('/reports', { t: 'all', limit: '20' })).items;
	for (const item of list) {
		const r = await get(`/reports/${item.id}`);
		checkCounts(r.counts, item.id);
		checkLegs(r, item.id);
		assert.equal(r.m, r.counts.m);
		if (item.m > 0 && item.records <= 1000) {
			const rows = (await get('/rows', { t: 'all', report: item.id, limit: '1000', sort: 'seq' })).items;
			assert.equal(rows.reduce((n: number, x: Json) => n + x.count, 0), item.m, item.id);
		}
	}
});

// --- Pages ----------------------------------------------------------------------------

async function walk(path: string, params: Record<string, string>, key: (i: Json) => string): Promise<string[]> {
	const all: string[] = [];
	let cursor: string | null = null;
	do {
		const page: Json = await get(path, cursor === null ? params : { ...params, cursor });
		all.push(...page.items.map(key));
		assert.ok(page.items.length <= Number(params['limit']));
		assert.ok(page.next === null || page.items.length > 0);
		cursor = page.next;
		assert.ok(all.length < 5000, `${path} ends`);
	} while (cursor !== null);
	return all;
}

test('pages follow each other without a gap', async () => {
	const s = await sample();
	const kinds: [string, string[], Record<string, string>, (i: Json) => string][] = [
		['/rows', ['m', '-m', 'day', '-day'], { t: 'all', domain: s.domain, reporter: s.values['reporter'] ?? '' }, (i) => i.id],
		['/rows', ['seq', '-seq'], { t: 'all', report: s.report }, (i) => i.id],
		['/reports', ['received', '-received', 'm', '-m', 'day', '-day'], { t: 'all', domain: s.domain }, (i) => i.id],
		['/breakdown', ['m', '-m', 'fail', '-fail', 'pass', '-pass', 'key', '-key', 'first', '-first', 'last', '-last'], { t: 'all', by: 'ip', domain: s.domain }, (i) => i.key],
		['/breakdown', ['-m', 'key'], { t: 'all', by: 'selector' }, (i) => i.key],
	];
	for (const [path, sorts, params, key] of kinds)
		for (const sort of sorts) {
			const max = path === '/rows' ? '1000' : '500';
			const whole = await walk(path, { ...params, sort, limit: max }, key);
			const pieces = await walk(path, { ...params, sort, limit: String(Math.max(1, Math.ceil(whole.length / 7))) }, key);
			assert.deepEqual(pieces, whole, `${path} sort=${sort}`);
			assert.equal(new Set(whole).size, whole.length, `${path} sort=${sort}: nothing twice`);
		}
});

test('cursors are checked', async () => {
	for (const path of ['/rows', '/reports', '/breakdown'])
		for (const cursor of ['x', '-1', '0', '%', '..', 'AAAA', '1,2,3', '9'.repeat(100), "' OR 1=1", 'a'.repeat(200)]) {
			const a = await c.ask(`${API}${path}?${new URLSearchParams({ ...needed(path), t: 'all', cursor }).toString()}`);
			assert.ok(a.status === 400 || a.status === 200, `${path} cursor=${cursor}: ${a.status}`);
			if (a.status === 400) checkProblem(a, 400, cursor);
		}
});

// --- Flow and heat map ------------------------------------------------------------------

test('nothing is lost on the way from senders to dispositions', async () => {
	const s = await sample();
	for (const q of [{ t: 'all' }, { t: 'all', domain: s.domain, top: '1' }, { t: 'all', by: 'ip', top: '20' }, { t: 'all', by: 'prefix' }] as Record<string, string>[])
		for (const [measure, keys] of [['m', ['m']], ['fail', ['fail_fix', 'fail_fwd', 'fail_unk']], ['pass', ['both', 'dkim_only', 'spf_only']]] as const) {
			const { by, top, ...filter } = q;
			const counts = (await get('/overview', filter)).counts;
			const want = keys.reduce((n, k) => n + counts[k], 0);
			const f = await get('/flow', { ...q, measure });
			const what = `${JSON.stringify(q)} ${measure} ${by ?? ''} ${top ?? ''}`;
			assert.equal(f.m, want, what);
			for (const stage of ['group', 'auth', 'align', 'disp'])
				assert.equal(f.nodes.filter((n: Json) => n.stage === stage).reduce((a: number, n: Json) => a + n.m, 0), want, `${what}: ${stage}`);
			for (const n of f.nodes) {
				const sum = (end: string): number => f.links.filter((l: Json) => l[end] === n.id).reduce((a: number, l: Json) => a + l.m, 0);
				if (n.stage !== 'group') assert.equal(sum('to'), n.m, `${what}: into ${n.id}`);
				if (n.stage !== 'disp') assert.equal(sum('from'), n.m, `${what}: out of ${n.id}`);
			}
			for (const o of ['both', 'fail_fwd', 'fail_unk'])
				if (measure === 'm')
					assert.equal(f.links.filter((l: Json) => l.outcome === o).reduce((a: number, l: Json) => a + l.m, 0), 3 * counts[o], `${what}: ${o} thrice`);
		}
	for (const by of ['selector', 'reason', 'spfdomain']) for (const p of ['/flow', '/heatmap']) await refused(p, { by }, 'by');
	await refused('/flow', { measure: 'pass_rate' }, 'measure');
});

test('a heat map adds up to the totals', async () => {
	const s = await sample();
	for (const by of ['sender', 'reporter', 'domain', 'ip', 'hfrom'])
		for (const step of ['day', 'week']) {
			const o = await get('/overview', { t: 'all', align: '!untold' });
			const h = await get('/heatmap', { t: 'all', align: '!untold', rows: by, step, top: '5' });
			assert.equal(h.by, by);
			assert.equal(h.values.length, h.rows.length);
			const sum = h.values.flat().reduce((a: number, v: number | null) => a + (v ?? 0), 0);
			assert.equal(sum, o.counts.m, by);
			for (const [i, row] of h.rows.entries()) {
				assert.equal(h.values[i].length, h.days.length);
				assert.equal(h.values[i].reduce((a: number, v: number | null) => a + (v ?? 0), 0), row.value);
			}
		}
	const rate = await get('/heatmap', { t: 'all', measure: 'pass_rate', domain: s.domain });
	for (const v of rate.values.flat()) assert.ok(v === null || (v >= 0 && v <= 1));
	const none = await get('/heatmap', { from: '1971-01-01', to: '1971-01-03' });
	assert.deepEqual([none.rows, none.days.length], [[], 3]);
});

test('what fails because it was forwarded is what the filter finds', async () => {
	const o = await get('/overview', { t: 'all' });
	const rows = await get('/rows', { t: 'all', align: 'none', fwd: 'certain,likely', total: '1', limit: '1' });
	assert.equal(rows.total.m, o.counts.fail_fwd);
	assert.equal((await get('/rows', { t: 'all', fwd: 'likely,certain', total: '1', limit: '1' })).total.m, o.counts.forwarded);
});

// --- Explanations -----------------------------------------------------------------------

test('each row is explained, and no place in it is empty', async () => {
	const codes = new Set<string>();
	for (const sort of ['m', '-m', 'day', '-day'])
		for (const row of (await get('/rows', { t: 'all', limit: '60', sort })).items) {
			const x = await get(`/rows/${encodeURIComponent(row.id)}/explain`);
			assert.equal(x.id, row.id);
			/* the made-up store draws codes at random: row.code is none of the row's */
			assert.equal(x.m, row.count);
			assert.ok(x.do !== null || (x.do_yours !== null && x.do_not_yours !== null), row.id);
			for (const s of [x.title, x.why, x.do, x.do_yours, x.do_not_yours, ...x.legs, ...x.notes, ...x.treatment.map((t: Json) => t.text)])
				if (s !== null) assert.ok(s.length > 5 && !/[{}]|undefined/.test(s), `${row.id}: ${s}`);
			codes.add(x.code);
		}
	assert.ok(codes.size > 3);
});

test('the causes of failing mail add up to it', async () => {
	const causes = await get('/explain', { t: 'all', limit: '200' });
	const failing = await get('/rows', { t: 'all', align: 'none', total: '1', limit: '1' });
	assert.equal(causes.m, failing.total.m);
	assert.equal(causes.items.reduce((n: number, x: Json) => n + x.m, 0) + causes.other_m, causes.m);
	for (let i = 1; i < causes.items.length; i++) assert.ok(causes.items[i - 1].m >= causes.items[i].m);
	for (const x of causes.items.slice(0, 20)) {
		assert.equal((await get(`/rows/${encodeURIComponent(x.example)}/explain`)).code, x.code);
		assert.equal(x.treatment.reduce((n: number, s: Json) => n + s.m, 0), x.m, `${x.example}: each message was treated somehow`);
	}
	const s = await sample();
	const all = await get('/explain', { t: 'all', ip: s.ip, align: 'both,dkim,spf,none,untold', limit: '200' });
	assert.equal(all.m, (await get('/rows', { t: 'all', ip: s.ip, total: '1', limit: '1' })).total.m);
	assert.deepEqual((await get('/explain', { from: '1971-01-01', to: '1971-12-31' })).items, []);
});

test('sentences in the language that is asked for', async () => {
	const s = await sample();
	for (const url of [`${API}/rows/${encodeURIComponent(s.row)}/explain`, `${API}/explain?t=all&limit=3`]) {
		const etags = new Set<string>();
		for (const [header, want] of [['en', 'en'], ['de', 'de'], ['pt-BR, en;q=0.5', 'pt'], ['cs', 'cs'], ['ru', 'ru']] as const) {
			const a = await c.ask(url, { 'Accept-Language': header });
			assert.equal(a.status, 200);
			assert.equal(a.headers['vary'], 'Accept-Language');
			assert.equal(a.headers['content-language'], want, header);
			assert.equal(parse(a).lang, want);
			etags.add(a.headers['etag'] ?? '');
			assert.equal((await c.ask(url, { 'Accept-Language': header, 'If-None-Match': a.headers['etag'] ?? '' })).status, 304);
		}
		assert.equal(etags.size, 5, 'each language has its ETag');
		for (const header of ['', ';;,', 'xx', 'a'.repeat(2000), 'en;q='])
			assert.equal((await c.ask(url, { 'Accept-Language': header })).headers['content-language'], 'en', header);
	}
});

test('the text for a vendor: the language asked for, what was seen, what is wanted, and nobody is named', async () => {
	const list = (await get('/senders', { t: 'all', sort: '-fail', limit: '20' })).items.filter((x: Json) => Number(x.id) > 1);
	assert.ok(list.length > 0);
	for (const x of list) {
		const full = await get(`/senders/${x.id}`, { t: 'all' });
		assert.equal(full.pairs.items.reduce((n: number, p: Json) => n + p.counts.m, full.pairs.other.m), full.counts.m, 'each message is in one pair');
		const texts = new Set<string>();
		for (const lang of ['en', 'de', 'cs', 'pt', 'ru']) {
			const v = await get(`/senders/${x.id}/vendor`, { t: 'all', lang });
			assert.equal(v.lang, lang);
			assert.ok(v.text.includes(String(x.counts.m)) && v.text.includes(v.domain) && v.subject.includes(v.domain), v.text);
			assert.doesNotMatch(v.text, /[^ ]@[^ ]|\{[a-z_]+\}|[\u202a-\u202e\u2066-\u2069]/, 'no address of a person, nothing left open, nothing that acts');
			texts.add(v.text);
		}
		assert.equal(texts.size, 5);
		const a = await c.ask(`${API}/senders/${x.id}/vendor?t=all`, { 'Accept-Language': 'cs' });
		assert.equal(a.headers['content-language'], 'cs');
	}
	await refused(`/senders/${list[0].id}/vendor`, { lang: 'xx' }, 'lang');
	checkProblem(await c.ask(`${API}/senders/999999/vendor`), 404, 'no such sender');
});

test('rows that are none', async () => {
	const s = await sample();
	for (const id of ['0%230', '1', '1%23', '%231', 'a%23b', '-1%231', `${s.report}%230`, `${s.report}%2399999999`, '999999999%231', `${s.report}%231x`, '99999999999999999999%231'])
		checkProblem(await c.ask(`${API}/rows/${id}/explain`), 404, id);
	await refused('/explain', { sort: 'm' }, 'sort');
	await refused('/explain', { cursor: 'x' }, 'cursor');
});

// --- Caching ----------------------------------------------------------------------------

test('an ETag comes back as 304, and says what was asked', async () => {
	const seen = new Map<string, string>();
	for (const path of spec.paths) {
		if (path.startsWith('/ingest') || path.startsWith('/requests/') || path === '/healthz' || path === '/export' || ['/me', '/users', '/audit', '/metrics', '/views', '/alerts', '/settings'].includes(path)) continue;
		const url = API + (await concrete(path)) + (path === '/breakdown' ? '?by=ip' : path === '/search' ? '?q=example' : path.endsWith('/raw') && !path.startsWith('/failures/') ? '?as=original' : '');
		const a = await c.ask(url);
		if (path.endsWith('/raw') && a.status === 404) continue;
		const etag = a.headers['etag'] ?? '';
		assert.match(etag, /^W\/"[0-9]+-[0-9a-f]{16}"$/, url);
		assert.equal(a.headers['cache-control'], 'private, no-cache');
		assert.ok(!seen.has(etag), `${url} and ${seen.get(etag) ?? ''} have one ETag`);
		seen.set(etag, url);
		for (const inm of [etag, etag.slice(2), `"x", ${etag}`, '*']) {
			const n = await c.ask(url, { 'If-None-Match': inm });
			assert.equal(n.status, 304, `${url} with ${inm}`);
			assert.equal(n.body.length, 0);
			assert.equal(n.headers['etag'], etag);
			assert.equal(n.headers['content-type'], undefined);
			assert.equal(n.headers['cache-control'], 'private, no-cache');
		}
		for (const inm of ['"x"', 'x', `W/"0-${'0'.repeat(16)}"`, '', '"'])
			assert.equal((await c.ask(url, { 'If-None-Match': inm })).status, a.status, `${url} with ${inm}`);
	}
	const one = await c.ask(`${API}/rows?t=7d&limit=5`);
	assert.equal((await c.ask(`${API}/rows?limit=5&t=7d`)).headers['etag'], one.headers['etag'], 'order does not matter');
	assert.equal((await c.ask(`${API}/rows?limit=%35&t=%37d`)).headers['etag'], one.headers['etag'], 'nor do escapes');
	assert.notEqual((await c.ask(`${API}/rows?limit=6&t=7d`)).headers['etag'], one.headers['etag']);
});

test('what changes without the store has no ETag', async () => {
	for (const url of ['/healthz', `${API}/ingest`]) {
		const a = await c.ask(url);
		assert.equal(a.headers['etag'], undefined);
		assert.equal(a.headers['cache-control'], 'no-store');
		assert.equal((await c.ask(url, { 'If-None-Match': '*' })).status, 200);
	}
});

// --- TLS reports ------------------------------------------------------------------------------

test('TLS reports: sums, lists, one report', async () => {
	const sum = await get('/tls/summary', { t: 'all' });
	const sessions = (x: Json): number => x.types.reduce((n: number, t: Json) => n + t.successful + t.failed, 0);
	assert.ok(sum.reports > 0 && sum.ready.length > 0, 'the daemon under test has TLS reports');
	for (const t of sum.types) {
		const series = sum.series.find((x: Json) => x.policy_type === t.policy_type);
		assert.equal(series.successful.length, sum.days.length);
		assert.equal(series.successful.reduce((a: number, b: number) => a + b, 0), t.successful, t.policy_type);
		assert.equal(series.failed.reduce((a: number, b: number) => a + b, 0), t.failed, t.policy_type);
	}
	const expired = sum.results.find((r: Json) => r.result === 'certificate-expired');
	assert.ok(expired.failed > 0 && expired.remedy.includes('Renew') && expired.key === 'tls.certificate_expired');
	assert.equal(sum.failures.filter((f: Json) => f.result === 'certificate-expired').reduce((n: number, f: Json) => n + f.failed, 0), expired.failed);
	// parts add up to the whole
	let parts = 0;
	for (const domain of new Set<string>(sum.ready.map((r: Json) => r.domain))) parts += sessions(await get('/tls/summary', { t: 'all', domain }));
	assert.equal(parts, sessions(sum));
	parts = 0;
	for (const policy_type of ['sts', 'tlsa', 'no-policy-found', 'other']) parts += sessions(await get('/tls/summary', { t: 'all', policy_type }));
	assert.equal(parts, sessions(sum));
	assert.equal(sessions(await get('/tls/summary', { t: 'all', policy_type: '!sts,tlsa,no-policy-found,other' })), 0);
	assert.equal(sessions(await get('/tls/summary', { t: 'all', apart: 'yes' })), 0);
	// the list, page by page, and a report of it
	const failing = await get('/tls/reports', { t: 'all', result: 'certificate-expired', limit: '500', total: '1' });
	assert.equal(failing.total.n, failing.items.length);
	let n = 0, cursor: string | null = '';
	while (cursor !== null) {
		const page: Json = await get('/tls/reports', { t: 'all', limit: '50', ...(cursor === '' ? {} : { cursor }) });
		n += page.items.length;
		cursor = page.next;
	}
	assert.equal(n, sum.reports);
	const one = await get(`/tls/reports/${failing.items[0].id}`);
	assert.ok(one.elements.some((e: Json) => e.details.some((d: Json) => d.result === 'certificate-expired' && d.mx !== null)));
	assert.equal(one.advice[0].key, 'tls.certificate_expired');
	const file = await c.ask(`${API}/tls/reports/${one.id}/raw?as=json`);
	if (file.status !== 404) {	// what is in the originals of seeded data is not this report
		assert.equal(file.status, 200);
		assert.equal(file.headers['content-disposition'], `attachment; filename="tls-report-${one.id.slice(1)}.json"`);
	}
	await refused('/tls/summary', { policy_type: 'spf' }, 'policy_type');
	await refused('/tls/reports', { result: 'certificate' }, 'result');
	await refused('/tls/reports', { ip: '192.0.2.1' }, 'ip');
	await refused(`/tls/reports/${one.id}/raw`, { as: 'xml' }, 'as');
	await get('/tls/reports/t999999', {}, 404);
	await get('/tls/reports/x1', {}, 404);
});

// --- Methods, bodies, paths ---------------------------------------------------------------

test('HEAD is GET without the body', async () => {
	for (const path of ['/healthz', `${API}/meta`, `${API}/overview`, `${API}/nothing`, '/', '/assets/nothing']) {
		const g = await c.ask(path), h = await c.ask(path, {}, 'HEAD');
		assert.equal(h.status, g.status, path);
		assert.equal(h.body.length, 0, path);
		for (const name of ['content-length', 'content-type', 'etag', 'cache-control', 'content-security-policy'] as const)
			if (!(g.status >= 400 && name === 'content-length')) assert.equal(h.headers[name], g.headers[name], `${path} ${name}`);
	}
});

test('only GET and HEAD', async () => {
	for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'])
		for (const path of [`${API}/meta`, '/', '/healthz', `${API}/nothing`]) {
			const a = await c.ask(path, { Connection: 'close' }, method);
			checkProblem(a, 405, `${method} ${path}`);
			assert.equal(a.headers['allow'], 'GET, HEAD');
		}
	checkProblem(await c.ask(`${API}/meta`, { 'Content-Length': '7' }, 'POST', 'a=b&c=d'), 405, 'POST with a body');
	checkProblem(await c.ask(`${API}/meta`, { 'Content-Length': '1' }, 'GET', 'x'), 413, 'GET with a body');
	assert.match(await c.raw(`GET ${c.base}${API}/meta HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`), /^HTTP\/1.1 413 /);
	// a body may hide a second request: the connection ends with the first
	const two = await c.raw(`GET ${c.base}${API}/meta HTTP/1.1\r\nHost: localhost\r\nContent-Length: 43\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n\r\n`);
	assert.equal(two.match(/HTTP\/1\.1 /g)?.length, 1);
	assert.equal((await c.ask(`${API}/meta`, { 'Content-Length': '0' })).status, 200);
});

test('paths that are none', async () => {
	const s = await sample();
	for (const path of ['', '/', '/Meta', '/meta/', '/meta/x', '//meta', '/reports/', '/reports//raw', `/reports/${s.report}/`, `/reports/${s.report}/raw/`, `/reports/${s.report}/xml`, '/domains/', '/domains/a/b', '/rows/1', '/openapi.yaml', '/me%74a'])
		checkProblem(await c.ask(API + path), 404, path);
	checkProblem(await c.ask('/api'), 404, '/api');
	checkProblem(await c.ask('/api/'), 404, '/api/');
	checkProblem(await c.ask('/api/v2/meta'), 404, '/api/v2');
	for (const id of ['0', '-1', 'x', '1.0', '99999999999999999999', '9223372036854775807', '1%20', "1'", '%31%00'])
		for (const rest of ['', '/raw', '/raw?as=original', '/raw?as=mail']) {
			const a = await c.ask(`${API}/reports/${id}${rest}`);
			checkProblem(a, id.includes('%00') ? 400 : 404, `report ${id}${rest}`);
		}
	for (const d of ['nothing.example', "x'--", '%25', '*', '\u{1f4a9}', 'a%2Fb', 'x'.repeat(900)])
		checkProblem(await c.ask(`${API}/domains/${encodeURI(d)}`), 404, `domain ${d}`);
	for (const d of ['..', '.', '%2e%2e', '%2E', '%ff', '%00', '%', '%c0%ae%c0%ae'])
		checkProblem(await c.ask(`${API}/domains/${d}`), 400, `domain ${d}`);
});

test('no way to other files', async () => {
	for (const path of [
		'/../../../etc/passwd', '/assets/../../../etc/passwd', '/assets/..%2f..%2f..%2fetc%2fpasswd', '/assets/%2e%2e/%2e%2e/etc/passwd',
		'/assets//etc/passwd', '/assets/....//etc/passwd', '/assets/..\\..\\etc\\passwd', '/assets/%00', '/assets/', '/assets/.', '/assets/index.html',
		'/..%c0%af..%c0%afetc/passwd', '//etc/passwd', '/etc/passwd', '/dmarcd.db', '/.git/config',
	]) {
		const a = await c.ask(path);
		checkHeaders(a, path);
		assert.doesNotMatch(a.body.toString('latin1'), /root:|SQLite format|\[core\]/, path);
		if (path.startsWith('/assets/')) checkProblem(a, 404, path);
		else {
			assert.equal(a.status, 200, path); // the page, which then says that it knows no such place
			assert.match(a.headers['content-type'] ?? '', /^text\/html/, path);
		}
	}
});

// --- Limits ------------------------------------------------------------------------------

test('long addresses and headers', async () => {
	const pad = (n: number): string => `domain=${'a'.repeat(n - 7)}`;
	assert.ok([200, 400].includes((await c.ask(`${API}/rows?${pad(4096)}`)).status));
	checkProblem(await c.ask(`${API}/rows?${pad(4097)}`), 414, '4097 bytes of query');
	checkProblem(await c.ask(`/${'a'.repeat(8000)}`), 414, 'a long path');
	checkProblem(await c.ask(`${API}/rows?${Array.from({ length: 65 }, (_, i) => `k${i}=1`).join('&')}`), 400, '65 parameters');
	assert.match(await c.raw(`GET ${c.base}${API}/rows?${'a&'.repeat(2000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`), /^HTTP\/1.1 414 /);
	assert.match(await c.raw(`GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`), /^(HTTP\/1.1 414 |$)/);
	const head = `GET ${c.base}/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n`;
	assert.match(await c.raw(`${head}X: ${'a'.repeat(30_000)}\r\n\r\n`), /^HTTP\/1.1 200 /);
	assert.match(await c.raw(`${head}X: ${'a'.repeat(33_000)}\r\n\r\n`), /^HTTP\/1.1 431 [^]*problem\+json/);
	assert.match(await c.raw(`${head}X: ${'a'.repeat(200_000)}\r\n\r\n`), /^(HTTP\/1.1 431 |$)/);
	assert.match(await c.raw(`${head}${'a: b\r\n'.repeat(10_000)}\r\n`), /^(HTTP\/1.1 431 |$)/);
	assert.equal((await c.ask('/healthz')).status, 200, 'and it still answers');
});

test('requests that are none', async () => {
	const h = 'Host: localhost\r\nConnection: close\r\n';
	for (const [bytes, want] of [
		[`GET ${c.base}/healthz HTTP/1.1\r\nConnection: close\r\n\r\n`, /^HTTP\/1.1 400 /],
		[`GET ${c.base}/healthz HTTP/1.1\r\n${h}Host: localhost\r\n\r\n`, /^HTTP\/1.1 400 /],
		[`GET ${c.base}/healthz HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n`, /^HTTP\/1.1 4(00|21) /],
		[`GET ${c.base}/healthz HTTP/1.0\r\n\r\n`, /^HTTP\/1.[01] 200 /],
		[`GET http://evil.example/ HTTP/1.1\r\n${h}\r\n`, /^HTTP\/1.1 400 /],
		[`GET http://localhost/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`, /^HTTP\/1.1 4(00|21) /],
		[`GET healthz HTTP/1.1\r\n${h}\r\n`, /^HTTP\/1.1 400 /],
		[`OPTIONS * HTTP/1.1\r\n${h}\r\n`, /^HTTP\/1.1 40[05] /],
		[`GET / HTTP/9.9\r\n${h}\r\n`, /^HTTP\/1.1 505 /],
		[`GET ${c.base}/healthz HTTP/1.1\r\n${h}Content-Length: -1\r\n\r\n`, /^HTTP\/1.1 4(00|13) /],
		[`GET ${c.base}/healthz HTTP/1.1\r\n${h}Content-Length: 99999999999999999999\r\n\r\n`, /^HTTP\/1.1 4(00|13) /],
	] as [string, RegExp][])
		assert.match(await c.raw(bytes), want, JSON.stringify(bytes));
	const many = await c.raw(`${`GET ${c.base}/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(30)}GET ${c.base}/healthz HTTP/1.1\r\n${h}\r\n`);
	assert.equal(many.match(/HTTP\/1\.1 200 /g)?.length, 31, 'pipelined requests are answered in order');
});

test('names that are not ours', async () => {
	for (const host of ['evil.example', 'evil.example:80', 'localhost.evil.example', '127.0.0.1.evil.example', '0.0.0.0', '[::]', 'LOCALHOST.', '2130706433', 'localhost evil.example', '192.0.2.1'])
		for (const path of ['/', `${API}/overview`, '/healthz', '/assets/x']) {
			const a = await c.ask(path, { Host: host });
			checkProblem(a, 421, `Host: ${host}`);
		}
	for (const host of ['localhost', 'LocalHost:1234', '127.0.0.1', '127.0.0.1:9', '[::1]', '[::1]:80'])
		assert.equal((await c.ask(`${API}/meta`, { Host: host })).status, 200, host);
});

// --- Originals -----------------------------------------------------------------------------

test('originals are files that no browser runs', async () => {
	const list = (await get('/reports', { t: 'all', limit: '20' })).items;
	let checked = 0;
	for (const item of list) {
		const r = await get(`/reports/${item.id}`);
		for (const as of ['xml', 'original', 'mail'] as const) {
			const a = await c.ask(`${API}/reports/${item.id}/raw?as=${as}`);
			if (!r.raw[as]) {
				assert.equal(a.status, 404, `${item.id} as=${as}: ${a.body.toString().slice(0, 300)}`);
				continue;
			}
			assert.equal(a.status, 200, `${item.id} as=${as}: ${a.body.toString().slice(0, 300)}`);
			checkHeaders(a, as, "sandbox; default-src 'none'");
			assert.match(a.headers['content-disposition'] ?? '', new RegExp(`^attachment; filename="dmarc-report-${item.id}\\.[a-z0-9]+"$`));
			assert.equal(Number(a.headers['content-length']), a.body.length);
			const inline = await c.ask(`${API}/reports/${item.id}/raw?as=${as}&inline=1`);
			assert.equal(inline.headers['content-disposition'], undefined);
			assert.deepEqual(inline.body, a.body);
			if (as === 'xml') {
				assert.equal(a.headers['content-type'], 'text/xml; charset=utf-8');
				assert.ok(a.body.toString('utf8').includes('<'), 'it is XML');
			}
			checked++;
		}
	}
	assert.ok(checked > 0 || list.length === 0, 'some original was kept');
	const s = await sample();
	await refused(`/reports/${s.report}/raw`, { as: 'html' }, 'as');
	await refused(`/reports/${s.report}/raw`, { inline: '2' }, 'inline');
});

// --- Exports -----------------------------------------------------------------------------------

test('exports are files, and hold what the pages hold', async () => {
	const csv = await c.ask(`${API}/export?t=all`);
	assert.equal(csv.status, 200);
	checkHeaders(csv, 'export', "sandbox; default-src 'none'");
	assert.equal(csv.headers['content-type'], 'text/csv; charset=utf-8');
	assert.equal(csv.headers['content-disposition'], 'attachment; filename="dmarcd-records.csv"');
	assert.equal(csv.headers['cache-control'], 'no-store');
	assert.equal(csv.headers['transfer-encoding'], 'chunked');
	const lines = async (q: string): Promise<Json[]> => {
		const a = await c.ask(`${API}/export?format=ndjson&${q}`);
		assert.equal(a.status, 200, `${q}: ${a.body.toString().slice(0, 200)}`);
		assert.equal(a.headers['content-type'], 'application/x-ndjson');
		return a.body.toString('utf8').split('\n').filter((l) => l !== '').map((l) => JSON.parse(l));
	};
	const rows = await lines('t=all');
	const total = (await get('/rows', { t: 'all', limit: '1', total: '1' })).total;
	assert.deepEqual({ n: rows.length, m: rows.reduce((a, r) => a + r.count, 0) }, total);
	const month = (await get('/rows', { limit: '1', total: '1' })).total;
	assert.equal((await lines('')).length, month.n, 'without t: as everywhere');
	const s = await sample();
	const some = (await get('/rows', { t: 'all', limit: '1000', total: '1', domain: s.domain, align: 'none' }));
	const same = await lines(`t=all&domain=${encodeURIComponent(s.domain)}&align=none`);
	assert.equal(same.length, some.total.n);
	for (const r of some.items) {
		const mine = same.find((x) => x.id === r.id);
		assert.ok(mine !== undefined && mine.count === r.count && mine.code === r.code, r.id);
	}
	const reports = (await get('/reports', { t: 'all', limit: '1', total: '1' })).total;
	assert.equal((await lines('t=all&kind=reports')).length, reports.n);
	assert.equal((await lines('t=all&kind=tls')).length, (await get('/tls/reports', { t: 'all', limit: '1', total: '1' })).total.n);
	const failures = await lines('t=all&kind=failures');
	assert.equal(failures.length, (await get('/failures', { t: 'all', limit: '1', total: '1' })).total.n);
	assert.ok(failures.every((f) => f.masked === true));
	const pm = await c.ask(`${API}/export?t=all&format=parsedmarc-json`);
	assert.equal(JSON.parse(pm.body.toString('utf8')).length, reports.n);
	assert.equal((await c.ask(`${API}/export?t=all&domain=nowhere.example&format=ndjson`)).body.length, 0);
	await refused('/export', { kind: 'x' }, 'kind');
	await refused('/export', { format: 'html' }, 'format');
	await refused('/export', { by: 'ip' }, 'by');
	checkProblem(await c.ask(`${API}/export?kind=tls&code=F1`), 400, 'a filter that has no meaning');
	checkProblem(await c.ask(`${API}/export?kind=tls&format=parsedmarc-csv`), 400, 'a layout that is none');
});

// --- The page ------------------------------------------------------------------------------

// --- Quarantine ----------------------------------------------------------------------

const own = { 'X-Dmarcd-Action': '1' };

test('quarantine: all that is known of a message, and the rows that can be read', { skip: driver === undefined }, async () => {
	const i = await get('/ingest');
	assert.deepEqual(i.quarantined, { n: 3, bytes: 3111, limit: 1048576, keep_s: 7776000 });
	assert.deepEqual(i.quarantine.map((q: Json) => q.id), ['3', '2', '1']);
	const one = i.quarantine[2];
	assert.deepEqual(one, { id: '1', received: '2026-05-01T00:00:00Z', mailbox: 'reports', bytes: 111, reason: 'not-well-formed',
		text: 'line 7: it ends there', part: 2, entry: 'a.xml', line: 7, byte: 900, sender: 'Reports <r@rep.example>',
		subject: 'Report Domain: example.com', tried: '2026-05-02T00:00:00Z' });
	const two = i.quarantine[1];
	assert.equal(two.subject, '<img src=x onerror=alert(1)>\u202e');
	assert.deepEqual([two.part, two.entry, two.line, two.byte, two.tried], [null, null, null, null, null]);
	assert.deepEqual(i.removed, [{ at: '2026-05-03T00:00:00Z', rule: 'size', n: 4, bytes: 4000, oldest: '2026-04-01T00:00:00Z', newest: '2026-04-02T00:00:00Z' }]);
	assert.deepEqual(i.actions.map((a: Json) => [a.item, a.action, a.state, a.result, a.reports]), [
		['9', 'retry', 'done', 'missing', 0], ['8', 'discard', 'done', 'discarded', 0], ['7', 'retry', 'done', 'stored', 2]]);
	const d = await get('/ingest/items/1');
	assert.equal(d.file, true);
	assert.equal(d.documents.length, 1);
	assert.equal(d.documents[0].rows, 2);
	assert.deepEqual(d.documents[0].items[0], { seq: 1, ip: '192.0.2.1', count: 3, hfrom: 'example.com', disp: 'none', dkim: 'pass', spf: 'fail' });
	const lost = await get('/ingest/items/3');
	assert.equal(lost.file, false);
	assert.deepEqual(lost.documents, []);
});

test('quarantine: the message as it came, as a file that no browser runs', { skip: driver === undefined }, async () => {
	const a = await c.ask(`${API}/ingest/items/2/raw`);
	assert.equal(a.status, 200);
	checkHeaders(a, 'raw', "sandbox; default-src 'none'");
	assert.equal(a.headers['content-type'], 'application/octet-stream');
	assert.equal(a.headers['content-disposition'], 'attachment; filename="dmarc-quarantine-2.eml"');
	assert.equal(a.body.toString(), 'Subject: <img src=x onerror=alert(1)>\r\n\r\n<html><script>alert(1)</script>\n');
	checkProblem(await c.ask(`${API}/ingest/items/3/raw`), 404, 'its file is missing');
	for (const id of ['4711', '0', '-1', 'x', '1x', '99999999999999999999', '1%2fraw'])
		for (const rest of ['', '/raw']) checkProblem(await c.ask(`${API}/ingest/items/${id}${rest}`), 404, id + rest);
	await refused('/ingest/items/1', { as: 'xml' }, 'as');
});

test('quarantine: retry and discard are asked for by our own page only', { skip: driver === undefined }, async () => {
	const ask = (what: string, headers: Record<string, string>, body?: string): Promise<Answer> => c.ask(`${API}/ingest/items/${what}`, headers, 'POST', body);
	const waiting = async (): Promise<Json[]> => (await get('/ingest')).actions.filter((a: Json) => a.state === 'waiting');
	const here = `http://${c.host}:${c.port}`;
	for (const headers of [
		{}, { 'X-Dmarcd-Action': '' }, { 'X-Dmarcd-Action': '2' }, { ...own, 'Sec-Fetch-Site': 'cross-site' }, { ...own, 'Sec-Fetch-Site': 'same-site' },
		{ ...own, Origin: 'https://evil.example' }, { ...own, Origin: 'null' }, { ...own, Origin: `${here}.evil.example` },
		{ ...own, Origin: `http://${c.host}:1` }, { 'Sec-Fetch-Site': 'same-origin' }, { Origin: here },
	] as Record<string, string>[])
		checkProblem(await ask('1/discard', headers), 403, JSON.stringify(headers));
	checkProblem(await ask('1/discard', { ...own, Host: 'evil.example' }), 421, 'another name');
	checkProblem(await ask('1/discard', { ...own, 'Content-Length': '1' }, 'x'), 413, 'a body');
	for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']) {
		const a = await c.ask(`${API}/ingest/items/1/retry`, { ...own, Connection: 'close' }, method);
		assert.equal(a.status, 405, method);
		assert.equal(a.headers['allow'], method === 'GET' || method === 'HEAD' ? 'POST' : 'GET, HEAD', method);
	}
	for (const id of ['4711', '0', 'x']) checkProblem(await ask(`${id}/retry`, own), 404, id);
	assert.deepEqual(await waiting(), [], 'nothing of that was asked for');

	for (const headers of [own, { ...own, 'Sec-Fetch-Site': 'same-origin', Origin: 'https://proxy.example' }, { ...own, Origin: here }]) {
		const a = await ask('1/retry', headers);
		assert.equal(a.status, 202, a.body.toString());
		checkHeaders(a, 'retry');
		assert.deepEqual(spec.faults('/ingest/items/{id}/retry', 202, a.headers['content-type'], parse(a), 'post'), []);
		const { request, ...rest } = parse(a);
		assert.deepEqual(rest, { item: '1', action: 'retry', state: 'waiting' });
		assert.equal((await get(`/requests/${request}`)).state, 'waiting');
	}
	assert.equal((await ask('2/discard', own)).status, 202);
	assert.deepEqual((await waiting()).map((a) => [a.item, a.action, a.done, a.result]), [['1', 'retry', null, null], ['2', 'discard', null, null]]);
	assert.equal((await get('/ingest')).quarantine.length, 3, 'this process writes nothing to the store');
});

test('decisions: refused unless asked for by our own page, with a body that makes sense', { skip: driver === undefined }, async () => {
	const json = { ...own, 'Content-Type': 'application/json' };
	const put = (path: string, body: unknown, headers: Record<string, string> = json, method = 'PUT'): Promise<Answer> => {
		const text = typeof body === 'string' ? body : JSON.stringify(body);
		return c.ask(API + path, { ...headers, 'Content-Length': String(Buffer.byteLength(text)) }, method, text);
	};
	const one = { class: 'own' };
	for (const headers of [{ 'Content-Type': 'application/json' }, { ...json, 'Sec-Fetch-Site': 'cross-site' }, { ...json, Origin: 'https://evil.example' }] as Record<string, string>[]) {
		checkProblem(await put('/senders/3/decision', one, headers), 403, 'put');
		checkProblem(await put('/senders/decisions', { decisions: [{ sender: '3', ...one }] }, headers, 'POST'), 403, 'post');
		checkProblem(await c.ask(`${API}/senders/decisions/1/undo`, headers, 'POST'), 403, 'undo');
	}
	checkProblem(await put('/senders/3/decision', one, { ...own, 'Content-Type': 'text/plain' }), 415, 'text');
	checkProblem(await put('/senders/3/decision', one, own), 415, 'no type');
	checkProblem(await c.ask(`${API}/senders/3/decision`, { ...json, 'Transfer-Encoding': 'chunked' }, 'PUT', '{}'), 411, 'no length');
	checkProblem(await c.ask(`${API}/senders/3/decision`, { ...json, 'Content-Length': '300000', Connection: 'close' }, 'PUT'), 413, 'too long');
	checkProblem(await put('/senders/decisions/1/undo', one, json, 'POST'), 413, 'an undo has no body');
	for (const [method, path, allow] of [['GET', '/senders/3/decision', 'PUT'], ['POST', '/senders/3/decision', 'GET, HEAD'], ['PUT', '/senders/decisions', 'GET, HEAD'],
		['GET', '/senders/decisions/1/undo', 'POST'], ['DELETE', '/senders/3/decision', 'GET, HEAD']] as const) {
		const a = await c.ask(API + path, { ...own, Connection: 'close' }, method);
		assert.equal(a.status, 405, `${method} ${path}`);
		assert.equal(a.headers['allow'], allow, `${method} ${path}`);
	}
	for (const [body, at] of [['{', ''], ['', ''], ['[]', '/body'], ['null', ''], [{}, '/body/class'], [{ class: 'noise' }, '/body/class'], [{ class: 'suspect' }, '/body/class'],
		[{ class: 7 }, '/body/class'], [{ class: 'own', colour: 'blue' }, '/body/'], [{ class: 'own', sender: '4' }, '/body/'], [{ class: 'own', note: 7 }, '/body/note'],
		[{ class: 'own', note: 'x'.repeat(501) }, '/body/note'], [{ class: 'own', domains: [] }, '/body/domains'], [{ class: 'own', domains: 'a.test' }, '/body/domains'],
		[{ class: 'own', domains: [7] }, '/body/domains'], [{ class: 'own', seen: 'x' }, '/body/seen'], ['{"class":"own","class":"list"}', ''], ['{"class":"own","note":"\\u0000"}', ''],
		['{"class":"own","note":"\\ud800"}', '']] as [unknown, string][]) {
		const p = checkProblem(await put('/senders/3/decision', body), 400, JSON.stringify(body));
		if (at !== '') assert.equal(p.errors[0]?.pointer, at, JSON.stringify(body));
	}
	for (const body of [{}, { decisions: [] }, { decisions: {} }, { decisions: [7] }, { decisions: [one] }, { decisions: [{ sender: '3', ...one }], x: 1 },
		{ decisions: Array.from({ length: 501 }, () => ({ sender: 3, ...one })) }])
		checkProblem(await put('/senders/decisions', body, json, 'POST'), 400, JSON.stringify(body).slice(0, 80));
	for (const id of ['4711', '0', 'x', '-1', '99999999999999999999']) checkProblem(await put(`/senders/${id}/decision`, one), 404, id);
	checkProblem(await put('/senders/1/decision', one), 422, 'noise is nobody');
	checkProblem(await put('/senders/3/decision?t=all', one), 400, 'a parameter');
	checkProblem(await put('/senders/decisions', { decisions: [{ sender: 3, ...one }, { sender: '4711', ...one }] }, json, 'POST'), 404, 'all of them or none');
	for (const q of ['sender=x', 'limit=0', 'limit=501', 'cursor=x', 'domain=example.com']) checkProblem(await c.ask(`${API}/senders/decisions?${q}`), 400, q);
	for (const id of ['7', 'x', '0']) checkProblem(await c.ask(`${API}/requests/${id}`), 404, id);
});

test('decisions: asked for, waited for, refused, and in the log', { skip: driver === undefined }, async () => {
	const state = mkdtempSync(join(tmpdir(), 'decisions-'));
	const mine = await startDriver(driver ?? '', ['--state', state, '--seed']);
	const b = new Client(mine.url);
	const json = { ...own, 'Content-Type': 'application/json' };
	const ask = async (path: string, body?: unknown, method: 'POST' | 'PUT' = 'PUT'): Promise<Answer> => {
		const text = body === undefined ? undefined : JSON.stringify(body);
		return b.ask(API + path, text === undefined ? own : { ...json, 'Content-Length': String(Buffer.byteLength(text)) }, method, text);
	};
	const settle = (token: string, result: number, text = ''): Promise<void> =>
		mine.sql(`INSERT INTO request VALUES (${token}, 2, 'test', 1, 2, ${result}, 1, '${text}'); UPDATE meta SET value = value + 1 WHERE key = 'generation'`);
	try {
		const log = parse(await b.ask(`${API}/senders/decisions`));
		assert.deepEqual(spec.faults('/senders/decisions', 200, 'application/json', log), []);
		assert.deepEqual(log.items.map((d: Json) => [d.id, d.sender, d.class, d.holds, d.undone !== null]), [
			['6', '5', null, true, false], ['5', '5', 'forwarder', false, false], ['4', '4', 'impostor', false, true], ['3', '4', 'service', true, false],
			['2', '3', 'impostor', true, false], ['1', '3', 'own', true, false]]);
		const page = parse(await b.ask(`${API}/senders/decisions?limit=2`));
		assert.equal(page.next, '5');
		assert.equal(parse(await b.ask(`${API}/senders/decisions?limit=2&cursor=5`)).items[0].id, '4');
		assert.deepEqual(parse(await b.ask(`${API}/senders/decisions?sender=3`)).items.map((d: Json) => d.id), ['2', '1']);

		// nobody carries it out here: it waits, and this says so
		let a = await ask('/senders/3/decision', { class: 'service', note: '<b>Anna</b>', domains: null, seen: '2' });
		assert.equal(a.status, 202, a.body.toString());
		checkHeaders(a, 'decision');
		let d = parse(a);
		assert.deepEqual(spec.faults('/senders/{id}/decision', 202, a.headers['content-type'], d, 'put'), []);
		assert.equal(d.undo, d.request);
		assert.equal(parse(await b.ask(`${API}/requests/${d.request}`)).state, 'waiting');
		await settle(d.request, 0);
		const done = parse(await b.ask(`${API}/requests/${d.request}`));
		assert.deepEqual(spec.faults('/requests/{token}', 200, 'application/json', done), []);
		assert.equal(done.state, 'done');

		// carried out while it is waited for
		const names = (): string[] => readdirSync(`${state}/requests`).filter((n) => !n.startsWith('.'));
		const before = names();
		const carryOut = async (answer: Promise<Answer>, result: number, text = ''): Promise<Answer> => {
			for (;;) {
				const m = /-([0-9]+)\.[a-z]+$/.exec(names().find((n) => !before.includes(n)) ?? '');
				if (m?.[1] === undefined) {
					await new Promise((r) => setTimeout(r, 10));
					continue;
				}
				before.push(...names());
				await settle(m[1], result, text);
				return answer;
			}
		};
		a = await carryOut(ask('/senders/decisions', { decisions: [{ sender: '3', class: null }, { sender: 4, class: 'own', domains: ['x.test', 'y.test'] }] }, 'POST'), 0);
		assert.equal(a.status, 200, a.body.toString());
		d = parse(a);
		assert.deepEqual(spec.faults('/senders/decisions', 200, a.headers['content-type'], d, 'post'), []);
		assert.deepEqual(d.items.map((x: Json) => x.id), ['3', '4']);
		const asked = parse({ body: readFileSync(`${state}/requests/${names().at(-1)}`) } as Answer);
		assert.deepEqual(asked.decisions.map((x: Json) => [x.sender, x.domain, x.class]), [[3, null, null], [4, 'x.test', 'own'], [4, 'y.test', 'own']]);
		assert.match(asked.who, /^web, 127\.0\.0\.1$/);

		const refusedText = checkProblem(await carryOut(ask('/senders/3/decision', { class: 'own' }), 1, 'no such domain'), 422, 'refused');
		assert.equal(refusedText.detail, 'no such domain');
		checkProblem(await carryOut(ask('/senders/3/decision', { class: 'own' }), 2, 'meanwhile'), 409, 'stale');
		a = await carryOut(ask('/senders/decisions/3/undo', undefined, 'POST'), 0);
		assert.equal(a.status, 200);
		d = parse(a);
		assert.deepEqual(spec.faults('/senders/decisions/{undo}/undo', 200, a.headers['content-type'], d, 'post'), []);
		assert.deepEqual([d.undo, d.items.map((x: Json) => x.id)], [null, ['4']]);
	} finally {
		assert.equal(await mine.stop(), 0);
		rmSync(state, { recursive: true, force: true });
	}
});

test('the page stands at every address that is not the API', async () => {
	const a = await c.ask('/');
	assert.equal(a.status, 200);
	checkHeaders(a, '/');
	assert.match(a.headers['content-type'] ?? '', /^text\/html; charset=utf-8$/i);
	assert.equal(a.headers['cache-control'], 'no-cache');
	assert.match(a.headers['vary'] ?? '', /accept-encoding/i);
	const etag = a.headers['etag'] ?? '';
	assert.notEqual(etag, '');
	for (const path of ['/domains', '/domains/shop.example', '/explore?x=<script>', '/index.html'])
		assert.deepEqual((await c.ask(path)).body, a.body, path);
	const same = await c.ask('/', { 'If-None-Match': etag });
	assert.equal(same.status, 304);
	assert.equal(same.body.length, 0);
	const zipped = await c.ask('/', { 'Accept-Encoding': 'gzip, br' });
	if (zipped.headers['content-encoding'] === 'gzip') assert.deepEqual(gunzipSync(zipped.body), a.body);
	else assert.deepEqual(zipped.body, a.body);
	assert.equal((await c.ask('/', { 'Accept-Encoding': 'gzip;q=0' })).headers['content-encoding'], undefined);
	const html = a.body.toString('utf8');
	// the page without the web app has addresses from the root
	assert.match(html, html.includes('<base') ? new RegExp(`<base href="${c.base}/">`) : new RegExp(`href="${c.base}/assets/`));
	for (const m of html.matchAll(/(?:src|href)="([^"]*assets\/[^"]+)"/g)) {
		const url = new URL(m[1] ?? '', `http://localhost${c.base}/`).pathname;
		assert.ok(url.startsWith(`${c.base}/assets/`), url);
		for (const coding of ['identity', 'gzip']) {
			const f = await c.askRoot(url, { 'Accept-Encoding': coding });
			assert.equal(f.status, 200, url);
			checkHeaders(f, url);
			const hashed = /-[A-Za-z0-9]{8,}\.[a-z0-9]+$/.test(url);
			assert.equal(f.headers['cache-control'], hashed ? 'public, max-age=31536000, immutable' : 'no-cache', url);
			assert.match(f.headers['content-type'] ?? '', /^(text\/javascript|text\/css|image\/svg\+xml)/, url);
			assert.match(f.headers['vary'] ?? '', /accept-encoding/i);
		}
	}
});

test('below a base path everything is below it', async (t) => {
	if (c.base === '' && driver === undefined) return t.skip('neither a base path nor the driver');
	const own = c.base === '' && driver !== undefined ? await startDriver(driver, ['--base-path', '/mail/dmarc']) : undefined;
	const b = own === undefined ? c : new Client(own.url);
	try {
		assert.notEqual(b.base, '');
		assert.equal((await b.ask(`${API}/meta`)).status, 200);
		assert.equal((await b.ask('/healthz')).status, 200);
		assert.equal((await b.askRoot('/healthz')).status, 200, 'for what watches');
		assert.match((await b.ask('/')).body.toString(), new RegExp(`href="${b.base}/(">|assets/)`));
		checkProblem(await b.askRoot(`${API}/meta`), 404, 'outside');
		checkProblem(await b.askRoot(`${b.base}x/api/v1/meta`), 404, 'beside');
		for (const path of ['/', b.base]) {
			const a = await b.askRoot(path);
			assert.equal(a.status, 307, path);
			assert.equal(a.headers['location'], `${b.base}/`);
		}
	} finally {
		if (own !== undefined) assert.equal(await own.stop(), 0);
	}
});

// --- Without a database, and in a crowd ---------------------------------------------------------

test('no database is a 503 that says so, until there is one', async (t) => {
	if (driver === undefined) return t.skip('needs the driver');
	const own = await startDriver(driver, ['--empty']);
	const b = new Client(own.url);
	try {
		for (const path of ['/healthz', `${API}/overview`, `${API}/rows`]) {
			const a = await b.ask(path);
			checkProblem(a, 503, path);
			assert.match(a.headers['retry-after'] ?? '', /^[0-9]+$/);
		}
		assert.equal((await b.ask('/')).status, 200, 'the page is there');
	} finally {
		assert.equal(await own.stop(), 0);
	}
});

test('a database that comes later is found', async (t) => {
	if (driver === undefined) return t.skip('needs the driver');
	const dir = mkdtempSync(join(tmpdir(), 'dmarcd-api-'));
	const first = await startDriver(driver, ['--state', dir]);
	try {
		const b = new Client(first.url);
		checkProblem(await b.ask(`${API}/meta`), 503, 'before');
		const second = await startDriver(driver, ['--state', dir, '--seed']);
		assert.equal((await new Client(second.url).ask(`${API}/meta`)).status, 200);
		assert.equal(await second.stop(), 0);
		let status = 0;
		for (let i = 0; i < 100 && status !== 200; i++) {
			status = (await b.ask(`${API}/meta`)).status;
			if (status !== 200) await new Promise((r) => setTimeout(r, 100));
		}
		assert.equal(status, 200);
	} finally {
		assert.equal(await first.stop(), 0);
		rmSync(dir, { recursive: true });
	}
});

test('what the DNS says became something else: a marker on charts, of the domains that are asked for', async (t) => {
	if (driver === undefined) return t.skip('needs the driver');
	const own = await startDriver(driver, []);
	try {
		const b = new Client(own.url);
		const at = parse(await b.ask(`${API}/meta`)).complete_through as string;
		const when = Date.parse(`${at}T10:00:00Z`) / 1000;
		await own.sql("INSERT INTO dns (id, kind, name, domain, own, mail, wanted, met, due, state, texts, more, tries, failure) VALUES " +
			"(901, 1, '_dmarc.example.com', 'example.com', 1, 0, 1, 1, 1, 1, 'v=DMARC1; p=reject', 0, 0, 0), (902, 1, '_dmarc.example', 'example', 0, 0, 1, 1, 1, 1, 'v=DMARC1; p=none', 0, 0, 0)");
		await own.sql(`INSERT INTO dns_was VALUES (901, ${when - 7200}, 1, 3, ''), (901, ${when}, ${when - 7200}, 1, 'v=DMARC1; p=none' || char(10)), (902, ${when}, 1, 3, '')`);
		await own.sql("UPDATE meta SET value = value + 1 WHERE key = 'generation'");
		const events = async (q: string): Promise<Json[]> => {
			const a = await b.ask(`${API}/timeseries?${q}`);
			assert.deepEqual(spec.faults('/timeseries', a.status, a.headers['content-type'], parse(a)), []);
			return (parse(a).events as Json[]).filter((e) => e.kind === 'dns');
		};
		const both = [{ day: at, kind: 'dns', record: 'dmarc', name: '_dmarc.example.com', domain: 'example.com', old: 'v=DMARC1; p=none', new: 'v=DMARC1; p=reject', reporters: 0 },
			{ day: at, kind: 'dns', record: 'dmarc', name: '_dmarc.example.com', domain: 'example.com', old: null, new: 'v=DMARC1; p=none', reporters: 0 }];
		assert.deepEqual(await events('t=30d'), both);
		assert.deepEqual(await events('t=all&domain=example.com'), both);
		assert.deepEqual(await events('t=all&domain=example.org'), []);
		assert.deepEqual(await events('t=all&domain=!example.com'), []);
		assert.deepEqual(await events('from=2020-01-01&to=2020-02-01'), []);
	} finally {
		assert.equal(await own.stop(), 0);
	}
});

test('a commit is seen at once: another ETag, another answer', async (t) => {
	if (driver === undefined) return t.skip('needs the driver');
	const own = await startDriver(driver, []);
	try {
		const b = new Client(own.url);
		const id = parse(await b.ask(`${API}/reports?t=all&limit=1`)).items[0].id;
		const url = `${API}/reports/${id}`;
		const before = await b.ask(url);
		const etag = before.headers['etag'] ?? '';
		assert.notEqual(parse(before).duplicates, 77);
		assert.equal((await b.ask(url, { 'If-None-Match': etag })).status, 304);
		await own.sql(`UPDATE report SET duplicates = 77 WHERE id = ${id}; UPDATE meta SET value = value + 1 WHERE key = 'generation'`);
		const after = await b.ask(url, { 'If-None-Match': etag });
		assert.equal(after.status, 200);
		assert.notEqual(after.headers['etag'], etag);
		assert.equal(parse(after).duplicates, 77);
	} finally {
		assert.equal(await own.stop(), 0);
	}
});

test('fifty at once', async () => {
	const s = await sample();
	const urls = [`${API}/overview`, `${API}/rows?t=all`, `${API}/breakdown?by=ip&t=all`, '/healthz', '/', `${API}/domains/${s.domain}`];
	const all = await Promise.all(Array.from({ length: 50 }, (_, i) => c.ask(urls[i % urls.length] ?? '/')));
	for (const a of all) assert.equal(a.status, 200);
	// the same question from many sides, some of them without patience
	for (let round = 0; round < 5; round++) {
		const url = `${API}/breakdown?by=ip&t=all&limit=${100 + round}`;
		const gone = Array.from({ length: 10 }, () => {
			const k = connect(c.port, c.host);
			k.on('error', () => undefined);
			k.write(`GET ${c.base}${url} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
			setTimeout(() => k.destroy(), round);
			return k;
		});
		const same = await Promise.all(Array.from({ length: 20 }, () => c.ask(url)));
		for (const a of same) {
			assert.equal(a.status, 200);
			assert.deepEqual(a.body, same[0]?.body);
			assert.equal(a.headers['etag'], same[0]?.headers['etag']);
		}
		for (const k of gone) k.destroy();
	}
	assert.equal((await c.ask('/healthz')).status, 200);
});

test('a refusal is read, told in the language of the page, and kept nowhere', async () => {
	const ask = async (text: unknown, headers: Record<string, string> = own): Promise<Answer> => {
		const body = JSON.stringify(typeof text === 'string' ? { text } : text);
		return c.ask(`${API}/decode`, { ...headers, 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(body)) }, 'POST', body);
	};
	const told = parse(await ask("550-5.7.26 Unauthenticated email from example.com is not accepted due to domain's\r\n550 5.7.26 DMARC policy. 192.0.2.7"));
	assert.deepEqual(spec.faults('/decode', 200, 'application/json', told, 'post'), []);
	assert.deepEqual([told.matches.map((m: Json) => m.key), told.domain, told.ip], [['dmarc'], 'example.com', '192.0.2.7']);
	const header = parse(await ask('Authentication-Results: mx.example.net; dmarc=fail (p=none) header.from=example.com; spf=fail smtp.mailfrom=example.com\nReceived-SPF: fail client-ip=192.0.2.9\n',
		{ ...own, 'Accept-Language': 'de' }));
	assert.deepEqual(spec.faults('/decode', 200, 'application/json', header, 'post'), []);
	assert.equal(header.checks.code, 'F7');
	assert.match(header.checks.why, /192\.0\.2\.9/);
	assert.equal(header.lang, 'de');
	assert.equal((await ask('x'.repeat(65537))).status, 400);
	assert.equal((await ask('x'.repeat(65536))).status, 200);
	assert.equal((await ask({ text: 1 })).status, 400);
	assert.equal((await ask({ text: 'a', more: 'b' })).status, 400);
	assert.equal((await ask('a', {})).status, 403);
});

test('what is called so: of every kind, exact names first, never too many', async () => {
	const found = async (q: string): Promise<Json[]> => (await get('/search', { q })).items as Json[];
	const first = async (q: string): Promise<string> => `${(await found(q))[0]?.kind} ${(await found(q))[0]?.key}`;
	const domain = (await get('/domains', { t: 'all' })).items[0].domain as string;
	assert.equal(await first(domain), `domain ${domain}`);
	assert.equal(await first(`  ${domain.toUpperCase()} `), `domain ${domain}`);
	assert.ok((await found(domain.slice(1, -1))).some((h) => h.kind === 'domain' && h.key === domain));
	const report = (await get('/reports', { t: 'all' })).items[0];
	assert.ok((await found(report.report_id as string)).some((h) => h.kind === 'report' && h.key === report.id && h.label === report.report_id && h.day === report.day), report.report_id);
	assert.equal(await first(report.id as string), `report ${report.id}`);
	const reporter = (await get('/reporters', { t: 'all' })).items[0];
	assert.ok((await found(reporter.label as string)).some((h) => h.kind === 'reporter' && h.key === reporter.key));
	const ips = (await get('/breakdown', { by: 'ip', t: 'all', limit: '500' })).items.map((g: Json) => g.key as string) as string[];
	for (const ip of ips.filter((x) => /[.:]/.test(x)).slice(0, 10)) {
		assert.ok((await found(ip)).some((h) => h.kind === 'address' && h.key === ip), ip);
		for (let n = ip.length - 1; n > 4; n--) {
			const part = ip.slice(0, n);
			const want = ips.filter((x) => x.startsWith(part));
			const have = (await found(part)).filter((h) => h.kind === 'address').map((h) => h.key as string);
			assert.ok(have.every((x) => want.includes(x)), `${part}: ${have.join()}`);
			if (/[.:]/.test(part) && !part.includes('::')) assert.equal(have.length, Math.min(6, want.length), `${part}: ${have.join()} of ${want.join()}`);
		}
	}
	for (const q of ['e', '.', ':', '0', '1.', '%', '_', "'", '\\', '<', '\u202e', 'ü', 'x'.repeat(253), '999999999999999999999', 'f0', 't-1', '1.2.3.4.5', '::::', '300.', 'e'.repeat(400)]) {
		const a = await get('/search', { q });
		assert.ok(a.items.length <= 20, q);
		for (const kind of new Set(a.items.map((h: Json) => h.kind))) assert.ok(a.items.filter((h: Json) => h.kind === kind).length <= 7, `${q} ${kind}`);
	}
	assert.deepEqual((await get('/search', { q: ' ' })).items, []);
	await refused('/search', {}, 'q');
	await refused('/search', { q: 'a', domain: 'b' }, 'domain');
});

test('an API that is described is an API that is there', () => {
	const names = spec.paths.map((p: string) => p);
	assert.deepEqual(names.sort(), [
		'/alerts', '/audit', '/me', '/settings', '/users',
		'/breakdown', '/domains', '/domains/{domain}', '/explain', '/export', '/failures', '/failures/{id}', '/failures/{id}/raw', '/flow', '/healthz', '/heatmap', '/ingest', '/ingest/items/{id}',
		'/ingest/items/{id}/raw', '/meta', '/overview', '/reporters', '/reports', '/reports/{id}', '/reports/{id}/raw', '/requests/{token}', '/rows', '/search',
		'/rows/{id}/explain', '/senders', '/senders/decisions', '/senders/{id}', '/senders/{id}/vendor', '/timeseries',
		'/tls/reports', '/tls/reports/{id}', '/tls/reports/{id}/raw', '/tls/summary',
		'/tasks', '/views', '/watches',
	].sort());
	assert.deepEqual(spec.posts.sort(), ['/decode', '/failures/{id}/raw', '/failures/{id}/reveal', '/ingest/items/{id}/discard', '/ingest/items/{id}/retry', '/login', '/logout', '/senders/decisions', '/senders/decisions/{undo}/undo', '/upload', '/views', '/watches',
		'/alerts/mute', '/alerts/unmute', '/tokens', '/tokens/{name}/revoke', '/users', '/users/{name}/remove'].sort());
	assert.deepEqual(spec.puts, ['/senders/{id}/decision']);
	const filters = (p: string): string[] => spec.parameters(p).filter((x: Parameter) => x.in === 'query').map((x) => x.name);
	for (const p of DATA) for (const key of Object.keys(WORDS)) assert.ok(filters(p).includes(key), `${p} ${key}`);
});
