// What the API adds up against straight SQL over the records, for filters that dice make. TRUTH_SEED and TRUTH_FILTERS
// set which and how many.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Daemon, dice, dmarcd, generate, program, until, writeConf } from './lib/daemon.js';

type Json = any;
type Row = Record<string, string | number | null>;

const skip = !existsSync(program) ? `${program} is not built` : spawnSync('sqlite3', ['-version']).status !== 0 ? 'there is no sqlite3' : false;
const seed = Number(process.env['TRUTH_SEED'] ?? 20261122);
const FILTERS = Number(process.env['TRUTH_FILTERS'] ?? 50);
const roll = dice(seed);
const pick = (): number => Math.floor(roll() * 1048576);

let dir: string;
let flat: string; // one table of all rows that count, with all that can be asked of them
let d: Daemon;

// --- The records as one table -----------------------------------------------------------------------

const RESULTS = ['absent', 'none', 'pass', 'fail', 'softfail', 'neutral', 'policy', 'temperror', 'permerror', 'unknown'];
const DISPS = ['none', 'quarantine', 'reject', 'pass', 'other'];
const CLASSES = ['unknown', 'impostor', 'own', 'list', 'forwarder', 'service', 'candidate', 'suspect', 'noise'];
const words = (column: string, names: string[]): string => `CASE ${column} ${names.map((n, i) => `WHEN ${i} THEN '${n}'`).join(' ')} END`;
const entries = (column: string, field: number): string =>
	`SELECT f.id, coalesce(n.text, 'absent') AS value FROM f JOIN s.evidence e ON e.id = f.evidence, json_each('[[' || replace(e.${column}, ';', '],[') || ']]') j ` +
	`LEFT JOIN s.name n ON n.id = nullif(json_extract(j.value, '$[${field}]'), 0) WHERE e.${column} IS NOT NULL AND e.${column} <> ''`;

const FLATTEN = `
CREATE TABLE g AS SELECT d.id AS domain_id, d.name AS domain, r.day, r.source, r.report, r.evidence, r.count AS m, p.key AS reporter, p.label AS reporter_label,
	so.kind AS family, hex(so.ip) AS iphex, CASE so.kind WHEN 0 THEN CAST(so.ip AS TEXT) END AS iptext,
	hf.text AS hfrom, CASE WHEN e.envelope_from IS NULL THEN 'absent' WHEN ef.text = '' THEN '<>' ELSE ef.text END AS efrom,
	o.code AS coden, CASE WHEN o.code < 20 THEN 'P' || o.code ELSE 'F' || (o.code - 20) END AS code, ${words('o.disposition', DISPS)} AS disp,
	o.dkim AS pe_dkim, o.spf AS pe_spf, ${words('o.spf_raw', RESULTS)} AS spf, ${words('o.dkim_raw', RESULTS)} AS dkim, o.forwarded AS named, o.overridden,
	CASE o.differs WHEN 0 THEN 'no' ELSE 'yes' END AS differs, coalesce(sf.sender, 1) AS sender
FROM s.record r JOIN s.domain d ON d.id = r.domain AND d.apart = 0 JOIN s.report rp ON rp.id = r.report AND rp.superseded_by IS NULL
	JOIN s.reporter p ON p.id = rp.reporter JOIN s.source so ON so.id = r.source JOIN s.evidence e ON e.id = r.evidence JOIN s.outcome o ON o.id = e.outcome
	JOIN s.name hf ON hf.id = e.header_from LEFT JOIN s.name ef ON ef.id = e.envelope_from LEFT JOIN s.sender_of sf ON sf.domain = r.domain AND sf.source = r.source;
CREATE TABLE h AS SELECT g.*, sn.kind AS kind, ${words(`coalesce((SELECT x.class FROM s.decision x WHERE x.sender = g.sender AND x.domain IN (g.domain_id, 0)
	AND x.undone IS NULL ORDER BY x.domain DESC, x.id DESC LIMIT 1), c.class, 0)`, CLASSES)} AS class,
	CASE WHEN pe_dkim = 1 AND pe_spf = 1 THEN 'both' WHEN pe_dkim = 1 THEN 'dkim' WHEN pe_spf = 1 THEN 'spf' WHEN pe_dkim = 2 AND pe_spf = 2 THEN 'none' ELSE 'untold' END AS align
FROM g JOIN s.sender sn ON sn.id = g.sender LEFT JOIN s.sender_class c ON c.domain = g.domain_id AND c.sender = g.sender;
CREATE TABLE f AS SELECT row_number() OVER () AS id, h.*, CASE WHEN named THEN 'certain'
	WHEN align = 'none' THEN CASE WHEN class IN ('list', 'forwarder') THEN 'likely' ELSE 'no' END
	WHEN coden IN (2, 8) AND (class IN ('list', 'forwarder') OR (class NOT IN ('own', 'service', 'candidate') AND kind IN (2, 3, 4))) THEN 'likely' ELSE 'no' END AS fwd FROM h;
DROP TABLE g; DROP TABLE h;
ALTER TABLE f ADD COLUMN outcome TEXT;
UPDATE f SET outcome = CASE align WHEN 'both' THEN 'both' WHEN 'dkim' THEN 'dkim_only' WHEN 'spf' THEN 'spf_only' WHEN 'untold' THEN 'untold' ELSE
	CASE WHEN fwd <> 'no' THEN 'fail_fwd' WHEN class IN ('own', 'service', 'candidate') THEN 'fail_fix' ELSE 'fail_unk' END END;
CREATE UNIQUE INDEX f_id ON f (id);
CREATE TABLE selector AS ${entries('dkim', 1)};
CREATE TABLE sigdomain AS ${entries('dkim', 0)};
CREATE TABLE spfdomain AS ${entries('spf', 0)};
CREATE TABLE reason AS ${entries('reasons', 0)};
CREATE INDEX i1 ON selector (id); CREATE INDEX i2 ON sigdomain (id); CREATE INDEX i3 ON spfdomain (id); CREATE INDEX i4 ON reason (id);
`;
const LISTS: Record<string, string> = { selector: 'absent', sigdomain: 'absent', spfdomain: 'absent', reason: 'none' };

function sqlite(file: string, sql: string): Row[] {
	const r = spawnSync('sqlite3', ['-json', '-bail', file], { input: sql, maxBuffer: 1 << 28, encoding: 'utf8' });
	assert.equal(r.status, 0, `${r.stderr}\n${sql.slice(0, 2000)}`);
	return r.stdout.trim() === '' ? [] : (JSON.parse(r.stdout) as Row[]);
}
const select = (sql: string): Row[] => sqlite(flat, `${sql};`);
const quote = (v: string): string => `'${v.replace(/'/g, "''")}'`;

before(async () => {
	if (skip !== false) return;
	console.log(`# seed ${seed}, ${FILTERS} filters`);
	dir = mkdtempSync(join(tmpdir(), 'dmarcd-truth-'));
	flat = join(dir, 'flat.db');
	const state = join(dir, 'state');
	const conf = writeConf(join(dir, 'dmarcd.conf'), { state });
	await generate(join(dir, 'demo'), 'demo');
	const r = await dmarcd(conf, ['import', '--quiet', join(dir, 'demo/mail/new')]);
	assert.ok(r.code === 0 || r.code === 1, r.stderr);
	d = await Daemon.start(conf);
	const all = await until('senders to be found out', async () => {
		const x = (await d.get('senders?t=all&limit=500')).items as Json[];
		const left = Number(sqlite(join(state, 'dmarcd.db'), 'SELECT count(*) AS n FROM fresh;')[0]?.['n']);
		return x.length > 5 && left === 0 ? x : undefined;
	});
	// what people said counts as well: for one domain, for all, and taken back
	const decide = async (id: string, body: object): Promise<Json> => {
		const a = await d.change('PUT', `senders/${id}/decision`, body);
		assert.equal(a.status, 200, JSON.stringify(a.answer));
		return a.answer;
	};
	const some = all.filter((s) => Number(s.id) > 1);
	const of = (n: number): Json => some[n % some.length];
	await decide(of(1).id, { class: 'impostor', domains: null });
	await decide(of(4).id, { class: 'forwarder', domains: [of(4).domains?.[0] ?? 'example.org'] }).catch(() => undefined);
	await decide(of(6).id, { class: 'service', domains: null });
	await decide(of(6).id, { class: null, domains: null });
	await decide(of(9).id, { class: 'own', domains: null });
	sqlite(flat, `ATTACH ${quote(join(state, 'dmarcd.db'))} AS s;${FLATTEN}`);
});

after(async () => {
	if (skip !== false) return;
	await d?.end();
	rmSync(dir, { recursive: true, force: true });
});

// --- Filters ------------------------------------------------------------------------------------------

interface Clause { key: string; value: string; where: string }
const PLAIN = ['domain', 'hfrom', 'efrom', 'reporter', 'spf', 'dkim', 'align', 'disp', 'code', 'fwd', 'differs', 'sender', 'class'];
const NAMES = ['domain', 'hfrom', 'efrom', 'reporter', 'selector', 'sigdomain', 'spfdomain', 'reason'];
const one = <T>(list: T[]): T => list[pick() % list.length] as T;
const values = new Map<string, string[]>();

function valuesOf(key: string): string[] {
	let v = values.get(key);
	if (v === undefined) {
		v = (key in LISTS ? select(`SELECT DISTINCT value FROM ${key} UNION SELECT '${LISTS[key]}'`) : select(`SELECT DISTINCT CAST(${key} AS TEXT) AS value FROM f`))
			.map((r) => String(r['value'])).filter((x) => /^[^,!~\s][^,]*$/.test(x)).sort();
		values.set(key, v);
	}
	return v;
}

// One value of one key: what is written, and the SQL that says the same.
function valueOf(key: string): { text: string; where: string } {
	assert.ok(key === 'ip' || valuesOf(key).length > 0, key);
	if (key === 'ip') {
		const r = one(select('SELECT DISTINCT family, iphex FROM f WHERE family IN (4, 6) ORDER BY 2'));
		const hex = String(r['iphex']);
		const bits = one(r['family'] === 4 ? [32, 32, 24, 24, 16, 20, 9] : [128, 128, 48, 64, 32]);
		const whole = bits / 4 | 0;
		const rest = bits % 4;
		const low = (parseInt(hex[whole] ?? '0', 16) & (0xf << (4 - rest))) & 0xf;
		const where = `(family = ${r['family']} AND substr(iphex, 1, ${whole}) = ${quote(hex.slice(0, whole))}` +
			(rest === 0 ? ')' : ` AND (instr('0123456789ABCDEF', substr(iphex, ${whole + 1}, 1)) - 1) BETWEEN ${low} AND ${low + (1 << (4 - rest)) - 1})`);
		return { text: address(Number(r['family']), hex) + (bits === (r['family'] === 4 ? 32 : 128) ? '' : `/${bits}`), where };
	}
	const v = one(valuesOf(key));
	const contains = NAMES.includes(key) && v.length > 4 && v !== 'absent' && v !== '<>' && pick() % 4 === 0;
	const part = contains ? v.slice(1 + pick() % 2, 4 + pick() % 4) : v;
	const test = (column: string): string => (contains ? `instr(lower(${column}), ${quote(part.toLowerCase())}) > 0` : `lower(${column}) = ${quote(v.toLowerCase())}`);
	const text = contains ? `~${part}` : v;
	if (!(key in LISTS)) {
		const real = key === 'efrom' ? `(${test('efrom')}${contains ? " AND efrom NOT IN ('absent', '<>')" : ''})` : test(key);
		return { text, where: key === 'reporter' ? `(${test('reporter')} OR ${test('reporter_label')})` : real };
	}
	if (v === LISTS[key] && !contains)
		return { text, where: `(NOT EXISTS (SELECT 1 FROM ${key} l WHERE l.id = f.id) OR EXISTS (SELECT 1 FROM ${key} l WHERE l.id = f.id AND l.value = '${v}'))` };
	return { text, where: `EXISTS (SELECT 1 FROM ${key} l WHERE l.id = f.id AND ${test('l.value')}${contains ? " AND l.value <> 'absent'" : ''})` };
}

function clause(key: string): Clause {
	const list = Array.from({ length: 1 + (pick() % 3 === 0 ? pick() % 3 : 0) }, () => valueOf(key));
	const not = pick() % 4 === 0;
	const where = `(${list.map((v) => v.where).join(' OR ')})`;
	return { key, value: (not ? '!' : '') + list.map((v) => v.text).join(','), where: not ? `NOT ${where}` : where };
}

function address(family: number, hex: string): string {
	if (family === 4) return (hex.match(/../g) ?? []).map((x) => parseInt(x, 16)).join('.');
	const host = new URL(`http://[${(hex.match(/..../g) ?? []).join(':')}]/`).hostname;
	return host.slice(1, -1);
}

// --- Figures ----------------------------------------------------------------------------------------------

const when = (c: string): string => `coalesce(sum(CASE WHEN ${c} THEN m ELSE 0 END), 0)`;
const STOPPED = "disp IN ('quarantine', 'reject')";
const YOURS = "fwd = 'no' AND class IN ('own', 'service', 'candidate')";
const COUNTS: Record<string, string> = {
	m: 'coalesce(sum(m), 0)',
	...Object.fromEntries(['both', 'dkim_only', 'spf_only', 'fail_fix', 'fail_fwd', 'fail_unk', 'untold'].map((o) => [o, when(`outcome = '${o}'`)])),
	...Object.fromEntries(DISPS.map((x) => [x, when(`disp = '${x}'`)])),
	overridden: when('overridden'), differs: when("differs = 'yes'"),
	collateral: when(`outcome IN ('fail_fix', 'fail_fwd') AND ${STOPPED}`), leaked: when("outcome = 'fail_unk' AND disp IN ('none', 'pass')"),
	stopped: when(`outcome = 'fail_unk' AND ${STOPPED}`), forwarded: when("fwd <> 'no'"), yours: when(YOURS),
	yours_pass: when(`${YOURS} AND align IN ('both', 'dkim', 'spf')`), yours_dkim: when(`${YOURS} AND align IN ('both', 'dkim')`),
};
const MEASURES: Record<string, string> = {
	m: '1', pass: "align IN ('both', 'dkim', 'spf')", fail: "align = 'none'", fail_fix: "outcome = 'fail_fix'", fail_fwd: "outcome = 'fail_fwd'",
	fail_unk: "outcome = 'fail_unk'", quarantine: "disp = 'quarantine'", reject: "disp = 'reject'", overridden: 'overridden',
	collateral: `outcome IN ('fail_fix', 'fail_fwd') AND ${STOPPED}`, leaked: "outcome = 'fail_unk' AND disp IN ('none', 'pass')", differs: "differs = 'yes'",
};
const allCounts = Object.entries(COUNTS).map(([k, v]) => `${v} AS "${k}"`).join(', ');
const dayOf = (text: string): number => Math.round(Date.parse(`${text}T00:00:00Z`) / 86400000);
const textOf = (day: number): string => new Date(day * 86400000).toISOString().slice(0, 10);
const sum = (list: number[]): number => list.reduce((a, b) => a + b, 0);
const counts = (where: string): Row => select(`SELECT ${allCounts} FROM f WHERE ${where}`)[0] as Row;
const plain = (o: Json): Row => Object.fromEntries(Object.keys(COUNTS).map((k) => [k, o[k]]));
const KEYED = ['domain', 'hfrom', 'efrom', 'reporter', 'spf', 'dkim', 'align', 'disp', 'code', 'fwd', 'differs', 'sender', 'class'];

interface Asked { query: string; where: string; from: number; to: number; all: boolean }

async function question(): Promise<Asked> {
	const meta = await d.get('meta');
	const complete = dayOf(meta.complete_through);
	const first = dayOf(meta.first_day);
	const keys = new Set<string>();
	for (let n = pick() % 4; n > 0 || (keys.size === 0 && pick() % 6 !== 0); n--) keys.add(one([...PLAIN, ...PLAIN, 'ip', 'ip', ...Object.keys(LISTS)]));
	const clauses = [...keys].map(clause);
	const way = pick() % 3;
	const days = one([1, 7, 30, 90]);
	const a = first + (pick() % 25);
	const b = a + (pick() % 20);
	const [from, to] = way === 0 ? [complete - days + 1, complete] : [a, b];
	const time = way === 0 ? `t=${days}d` : way === 1 ? `from=${textOf(a)}&to=${textOf(b)}` : 't=all';
	const q = clauses.map((c) => `&${c.key}=${encodeURIComponent(c.value)}`).join('');
	return { query: time + q, where: [way === 2 ? '1' : `day BETWEEN ${from} AND ${to}`, ...clauses.map((c) => c.where)].join(' AND '), from, to, all: way === 2 };
}

async function overview(q: Asked): Promise<void> {
	const o = await d.get(`overview?${q.query}`);
	assert.deepEqual(plain(o.counts), counts(q.where), 'overview');
	const seen = select(`SELECT count(DISTINCT reporter) AS r FROM f WHERE ${q.where}`)[0] as Row;
	assert.ok(Number(o.reporters) >= 0 && Number(seen['r']) >= 0);
	if (!q.all) {
		const span = q.to - q.from + 1;
		const before_ = counts(q.where.replace(/^day BETWEEN \d+ AND \d+/, `day BETWEEN ${q.from - span} AND ${q.from - 1}`));
		assert.deepEqual(o.prev === null ? Number(before_['m']) : plain(o.prev), o.prev === null ? 0 : before_, 'overview.prev');
	}
}

async function timeseries(q: Asked): Promise<void> {
	const by = one(['outcome', 'reporter', 'disposition', 'domain', 'sender', 'class', 'code']);
	const measure = one(Object.keys(MEASURES));
	const o = await d.get(`timeseries?${q.query}&by=${by}&measure=${measure}&top=50`);
	const column = by === 'disposition' ? 'disp' : by;
	const rows = select(`SELECT CAST(${column} AS TEXT) AS key, day, sum(m) AS m FROM f WHERE ${q.where} AND ${MEASURES[measure]} GROUP BY 1, 2`);
	const want = new Map<string, number>();
	for (const r of rows) want.set(`${r['key']} ${textOf(Number(r['day']))}`, Number(r['m']));
	const named = new Set((o.series as Json[]).map((s) => s.key));
	for (const s of o.series as Json[]) {
		assert.equal(s.values.length, o.days.length);
		if (s.key !== 'other') s.values.forEach((v: number, i: number) => assert.equal(v, want.get(`${s.key} ${o.days[i]}`) ?? 0, `timeseries by ${by} of ${measure}: ${s.key} on ${o.days[i]}`));
	}
	o.days.forEach((day: string, i: number) => assert.equal(sum((o.series as Json[]).map((s) => s.values[i])), sum(rows.filter((r) => textOf(Number(r['day'])) === day).map((r) => Number(r['m']))), `timeseries by ${by} on ${day}, ${[...named].join()}`));
	assert.equal(sum((o.series as Json[]).map((s) => sum(s.values))), sum(rows.map((r) => Number(r['m']))), `timeseries by ${by}: all of ${measure}`);
}

async function breakdown(q: Asked): Promise<void> {
	const by = one([...KEYED, ...KEYED, 'ip', ...Object.keys(LISTS)]);
	const o = await d.get(`breakdown?${q.query}&by=${by}&limit=500`);
	const list = by in LISTS;
	const from = list ? `f JOIN (SELECT f.id AS fid, coalesce(l.value, '${LISTS[by]}') AS v FROM f LEFT JOIN ${by} l ON l.id = f.id GROUP BY 1, 2) k ON k.fid = f.id` : 'f';
	const column = list ? 'k.v' : by === 'ip' ? "coalesce(iptext, family || ' ' || iphex)" : by;
	const rows = select(`SELECT CAST(${column} AS TEXT) AS key, ${allCounts} FROM ${from} WHERE ${q.where} GROUP BY 1`);
	const want = new Map(rows.map((r) => {
		const key = String(r['key']);
		return [by === 'ip' && /^[46] /.test(key) ? address(Number(key[0]), key.slice(2)) : key, r] as const;
	}));
	for (const i of o.items as Json[]) {
		const w = want.get(i.key);
		assert.ok(w !== undefined, `breakdown by ${by}: there is no ${i.key}`);
		const { key: _, ...rest } = w;
		assert.deepEqual(plain(i.counts), rest, `breakdown by ${by}: ${i.key}`);
	}
	assert.equal(o.items.length, Math.min(500, rows.length), `breakdown by ${by}`);
	assert.equal(o.total.n, rows.length, `breakdown by ${by}: how many`);
}

async function rows(q: Asked): Promise<void> {
	const o = await d.get(`rows?${q.query}&total=1&limit=1000`);
	const want = select(`SELECT count(*) AS n, coalesce(sum(m), 0) AS m FROM f WHERE ${q.where}`)[0] as Row;
	assert.deepEqual({ n: o.total.n, m: o.total.m }, { n: want['n'], m: want['m'] }, 'rows');
	assert.equal(o.items.length, Math.min(1000, Number(want['n'])));
	if (o.next === null) assert.equal(sum((o.items as Json[]).map((r) => r.count)), want['m'], 'the rows themselves');
}

async function flow(q: Asked): Promise<void> {
	const by = one(['sender', 'reporter', 'domain', 'hfrom', 'class']);
	const measure = one(Object.keys(MEASURES));
	const o = await d.get(`flow?${q.query}&by=${by}&measure=${measure}`);
	const where = `${q.where} AND ${MEASURES[measure]}`;
	const m = Number(select(`SELECT coalesce(sum(m), 0) AS m FROM f WHERE ${where}`)[0]?.['m']);
	assert.equal(o.m, m, 'flow');
	for (const [stage, column] of [['group', by], ['align', 'align'], ['disp', "CASE WHEN disp IN ('none', 'pass') THEN 'delivered' ELSE disp END"]] as const) {
		const want = new Map(select(`SELECT CAST(${column} AS TEXT) AS key, sum(m) AS m FROM f WHERE ${where} GROUP BY 1`).map((r) => [String(r['key']), Number(r['m'])]));
		const nodes = (o.nodes as Json[]).filter((n) => n.stage === stage);
		for (const n of nodes) if (n.key !== null) assert.equal(n.m, want.get(n.key) ?? 0, `flow by ${by} of ${measure}: ${n.id}`);
		assert.equal(sum(nodes.map((n) => n.m)), m, `flow: all of ${stage}`);
	}
	for (const n of o.nodes as Json[]) {
		const inn = (o.links as Json[]).filter((l) => l.to === n.id);
		const out = (o.links as Json[]).filter((l) => l.from === n.id);
		if (inn.length > 0) assert.equal(sum(inn.map((l) => l.m)), n.m, `into ${n.id}`);
		if (out.length > 0) assert.equal(sum(out.map((l) => l.m)), n.m, `out of ${n.id}`);
	}
}

async function heatmap(q: Asked): Promise<void> {
	const by = one(['sender', 'reporter', 'domain', 'hfrom', 'class', 'code']);
	const measure = one(Object.keys(MEASURES));
	const o = await d.get(`heatmap?${q.query}&rows=${by}&measure=${measure}&top=50`);
	const want = new Map(select(`SELECT CAST(${by} AS TEXT) || ' ' || day AS key, sum(m) AS m FROM f WHERE ${q.where} AND ${MEASURES[measure]} GROUP BY ${by}, day`).map((r) => [String(r['key']), Number(r['m'])]));
	(o.rows as Json[]).forEach((r, i) => {
		if (r.key !== null) (o.values[i] as (number | null)[]).forEach((v, j) => assert.equal(v ?? 0, want.get(`${r.key} ${dayOf(o.days[j])}`) ?? 0, `heatmap by ${by} of ${measure}: ${r.key} on ${o.days[j]}`));
	});
	assert.equal(sum((o.values as (number | null)[][]).flat().map((v) => v ?? 0)), sum([...want.values()]), `heatmap by ${by} of ${measure}: all`);
}

async function domains(q: Asked): Promise<void> {
	const o = await d.get(`domains?${q.query}`);
	const want = new Map(select(`SELECT domain AS key, ${allCounts} FROM f WHERE ${q.where} GROUP BY 1`).map(({ key, ...r }) => [String(key), r]));
	let n = 0;
	for (const i of o.items as Json[]) {
		if (i.counts.m === 0) continue;
		n++;
		assert.deepEqual(plain(i.counts), want.get(i.domain), `domains: ${i.domain}`);
	}
	assert.equal(n, want.size, 'domains');
}

test('every figure of every face is the sum of its records', { skip }, async () => {
	let messages = 0;
	let empty = 0;
	for (let i = 0; i < FILTERS; i++) {
		const q = await question();
		const m = Number(counts(q.where)['m']);
		messages += m;
		empty += m === 0 ? 1 : 0;
		for (const face of [overview, timeseries, breakdown, rows, flow, heatmap, domains])
			await face(q).catch((e: Error) => {
				e.message = `seed ${seed}, filter ${i + 1}, ?${q.query}: ${e.message}`;
				throw e;
			});
	}
	console.log(`# ${FILTERS} filters, ${messages} messages in them, ${empty} select none`);
	assert.ok(empty < FILTERS * 0.7, 'most of them select something');
	await d.stop();
});
