// Hostile content: the set of lib/content through `dmarcd import` and through a daemon, with a good report before each
// kind. Each gets what it has to, each good report counts to the message, no process needs much, no face passes on what
// it was sent, and nothing outside of the state directory is touched because of what stands in a mail.
//
// CONTENT_FULL=1 (make hostile): the large ones too, and reports cut at every offset. Then import gives a
// message an hour, but for those of which computing time is to be the end: a machine that has other things to do is slow. CONTENT_ONLY: a pattern of names.
// CONTENT_KEEP=DIR: the set is written there, with a manifest, and stays.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { writeCuts, writeManifest, writeSet, type Cut, type Input } from './lib/content/set.js';
import { build, Daemon, dmarcd, inSpool, program, run, sleep, until, writeConf } from './lib/daemon.js';

const full = (process.env['CONTENT_FULL'] ?? '') !== '';
const only = process.env['CONTENT_ONLY'] === undefined ? undefined : new RegExp(process.env['CONTENT_ONLY']);
const skip = existsSync(program) ? false : `${program} is not built`;
// a sanitizer build is slow and large: there only what comes of it is looked at
const measured = existsSync(program) && !readFileSync(program).includes('__asan_init');
const batch = full ? 1 : 16;
const mostMemory = 128 * 1000, mostTime = 20; // KB and seconds of any process for one input

let dir: string, files: string, state: string, conf: string, patient: string;
let set: Input[];
let good: Input[]; // inputs whose good report has been stored
const outcome = new Map<string, { expect: string; result: string; messages: number; reports: { domain: string; report_id: string; messages: number }[] }>();

before(() => {
	if (skip !== false) return;
	dir = mkdtempSync(join(process.env['CONTENT_DIR'] ?? tmpdir(), 'dmarcd-content-'));
	chmodSync(dir, 0o700);
	files = join(process.env['CONTENT_KEEP'] ?? dir, 'set');
	state = join(dir, 'import/state');
	conf = writeConf(join(dir, 'import/dmarcd.conf'), { state });
	patient = full ? writeConf(join(dir, 'import/patient.conf'), { state, limits: { seconds: 3600 } }) : conf;
	set = writeSet(files, full, only);
	writeManifest(files, set);
	good = set;
});

after(() => {
	if (skip === false) rmSync(dir, { recursive: true, force: true });
});

const jsonLines = (s: string): any[] => s.split('\n').filter((l) => l !== '').map((l) => JSON.parse(l));

/** The sound reports, row by row. */
async function goodRows(c: string, what: Input[]): Promise<void> {
	const of = async (command: string): Promise<any[]> => {
		const r = await dmarcd(c, [command, '--domain', 'good.example', '--t', 'all', '--limit', '0', '--format', 'json']);
		assert.equal(r.code, 0, r.stderr);
		return jsonLines(r.stdout);
	};
	const name = new Map<string, string>((await of('reports')).map((r) => [r.id, r.report_id]));
	const found = (await of('records')).map((r) => `${name.get(r.report_id) ?? '?'} ${r.ip} ${r.count}`).sort();
	assert.deepEqual(found, what.flatMap(({ good: g }) => g.rows.map(([ip, n]) => `${g.id} ${ip} ${n}`)).sort());
}

/** Why this is not what was expected; undefined: it is. */
function deviation(expect: string, result: string, code: string | null, messages: number): string | undefined {
	const counts = result === 'stored' || result === 'partial';
	const fits = expect.split('|').some((e) => {
		const [word, ...rest] = e.split(' '), n = rest.filter((x) => /^\d+$/.test(x))[0], why = rest.filter((x) => !/^\d+$/.test(x))[0];
		return word === result && (n === undefined || !counts || Number(n) === messages) && (why === undefined || why === code) && (counts || n === undefined);
	});
	return fits ? undefined : `expected ${expect}, got ${[result, code ?? '', counts ? messages : ''].join(' ')}`;
}

// --- import ------------------------------------------------------------------------

test('import: each kind gets what it has to, in the memory and the time that there is', { skip }, async (t) => {
	const wrong: string[] = [], cost: { name: string; kb: number; seconds: number; all: number }[] = [];
	// one by one, or several at once, who then have to do with what there is for one
	for (let k = 0, lines: any[] = [], stderr = ''; k < set.length; k++) {
		const i = set[k]!;
		if (k % batch === 0) {
			const these = set.slice(k, k + batch);
			// wait4 tells of all processes: the decoders are waited for
			const r = await run(join(build, 'tests/bench/measure'), ['-m', program, '-c', / too-slow/.test(i.kind.expect) ? conf : patient, '-q', 'import', '--format', 'json', ...these.flatMap((x) => [x.good.file, x.file])]);
			lines = jsonLines(r.stdout);
			stderr = r.stderr;
			const m = lines.pop(), name = these.length === 1 ? i.kind.name : `${i.kind.name} to ${these.at(-1)?.kind.name}`;
			// of the process that had most; what the samples missed is the last moment of it
			const seconds = Math.max(...m.processes.map((p: { cpu: number }) => p.cpu));
			cost.push({ name, kb: m.max_kb, seconds, all: m.user + m.sys });
			if (measured && m.max_kb >= mostMemory) wrong.push(`${name}: a process had ${m.max_kb} KB`);
			if (measured && seconds >= mostTime) wrong.push(`${name}: ${seconds.toFixed(1)} s of computing time`);
		}
		const them = lines.filter((l) => l.path === i.file), last = them.at(-1);
		const reports = them.flatMap((l) => l.reports) as { domain: string; report_id: string; messages: number }[];
		const messages = reports.reduce((n, x) => n + (x.messages ?? 0), 0);
		const why = deviation(i.kind.expect, last?.result ?? 'nothing', last?.result === 'ignored' ? null : last?.reason_code ?? null, messages);
		if (why !== undefined) wrong.push(`${i.kind.name}: ${why} (${last?.reason})`);
		if (lines.find((l) => l.path === i.good.file)?.result !== 'stored') wrong.push(`${i.kind.name}: the good report before it was not stored`);
		if (/[\x00-\x09\x0b-\x1f\x7f]/.test(stderr)) wrong.push(`${i.kind.name}: standard error has control characters`);
		outcome.set(i.file, { expect: i.kind.expect, result: `${last?.result} ${last?.reason_code ?? ''}`, messages, reports });
	}
	for (const by of ['kb', 'seconds'] as const)
		t.diagnostic(`most ${by}: ${[...cost].sort((a, b) => b[by] - a[by]).slice(0, 8).map((c) => `${c.name} ${c.kb} KB ${c.seconds.toFixed(2)} s, all processes ${c.all.toFixed(2)} s`).join('; ')}`);
	t.diagnostic(`${set.length} kinds, ${set.reduce((n, i) => n + i.bytes, 0)} bytes`);
	assert.deepEqual(wrong, []);
});

test('import: the good reports between them are stored, to the message', { skip }, async () => {
	await goodRows(conf, good);
	const r = await dmarcd(conf, ['verify']);
	assert.equal(r.code, 0, r.stdout + r.stderr);
});

test('import: reports cut at every offset count whole or not at all', { skip: skip === false && only !== undefined ? 'CONTENT_ONLY' : skip }, async (t) => {
	const at = join(dir, 'cuts'), cuts: Cut[] = writeCuts(at, full ? 1 : 29), c = writeConf(join(dir, 'cut/dmarcd.conf'), { state: join(dir, 'cut/state') });
	const r = await dmarcd(c, ['-q', 'import', '--format', 'json', at]);
	const lines = jsonLines(r.stdout);
	assert.equal(lines.length, cuts.reduce((n, x) => n + x.files.length, 0));
	for (const { form, messages, files: them } of cuts) {
		const all = lines.filter((l) => l.path.startsWith(join(at, `cut-${form}/`))).sort((a, b) => (a.path < b.path ? -1 : 1));
		const counted = all.filter((l) => l.reports.length > 0);
		assert.ok(counted.some((l) => l.path === them.at(-1)), `${form}: the whole one was not stored`);
		for (const l of counted) assert.deepEqual(l.reports.map((x: any) => [x.messages, x.records]), [[messages, 2]], `${l.path}: counted in part`);
		// something is said about each, from the first bytes of the report on
		for (const l of all) assert.ok(['stored', 'duplicate', 'rejected', 'ignored'].includes(l.result), `${l.path}: ${l.result}`);
		const last = all.findIndex((l) => l.reports.length > 0), silent = all.slice(all.length >> 1, last).find((l) => l.result !== 'rejected');
		assert.equal(silent, undefined, `${form}: more than half of it is there, and it was passed over`);
	}
	const rows = jsonLines((await dmarcd(c, ['reports', '--t', 'all', '--limit', '0', '--format', 'json'])).stdout);
	assert.deepEqual(rows.map((x) => [x.domain, x.messages]).sort(), cuts.map((x) => [x.domain, x.messages]).sort());
	t.diagnostic(`${lines.length} cuts of ${cuts.length} forms`);
});

// --- The faces ------------------------------------------------------------------------

// what moves a cursor, colours, turns text round, or is not to be seen
const unprintable = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\u{e0000}-\u{e007f}]/u;

function near(s: string, at: number): string {
	return JSON.stringify(s.slice(Math.max(0, at - 60), at + 20));
}

function checkTerminal(out: string, what: string, wrong: string[]): void {
	const m = unprintable.exec(out);
	if (m !== null) wrong.push(`${what}: U+${m[0].codePointAt(0)?.toString(16)} near ${near(out, m.index)}`);
}

/** RFC 4180; no cell that a spreadsheet would compute. */
function checkCsv(out: string, what: string, wrong: string[]): void {
	for (const [, quoted, bare] of out.matchAll(/(?:^|,|\n)(?:"((?:[^"]|"")*)"|([^",\r\n]*))/g)) {
		const cell = quoted?.replace(/""/g, '"') ?? bare ?? '';
		if (/^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/.test(cell) && !/^-?\d+(\.\d+)?$/.test(cell)) return void wrong.push(`${what}: a formula: ${JSON.stringify(cell.slice(0, 60))}`);
	}
	const m = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/.exec(out);
	if (m !== null) wrong.push(`${what}: U+${m[0].charCodeAt(0).toString(16)} near ${near(out, m.index)}`);
}

async function checkCli(c: string, wrong: string[]): Promise<void> {
	const ask = async (args: string[], formats = ['table', 'json', 'csv']): Promise<void> => {
		for (const format of formats) {
			const r = await dmarcd(c, [...args, '--format', format]), what = `${args.join(' ')} --format ${format}`;
			if (r.code !== 0) wrong.push(`${what}: exit code ${r.code}: ${r.stderr}`);
			if (format === 'csv') checkCsv(r.stdout, what, wrong);
			else checkTerminal(r.stdout, what, wrong);
			checkTerminal(r.stderr, `${what}: stderr`, wrong);
			if (format === 'json') jsonLines(r.stdout);
		}
	};
	await ask(['reports', '--t', 'all', '--limit', '0', '--all']);
	await ask(['records', '--t', 'all', '--limit', full ? '20000' : '3000']);
	for (const by of ['ip', 'domain', 'hfrom', 'efrom', 'reporter', 'spf', 'dkim', 'align', 'disp', 'reason', 'selector', 'sigdomain', 'code', 'fwd'])
		await ask(['sources', '--by', by, '--t', 'all', '--limit', '2000']);
	await ask(['domains']);
	await ask(['reports', '--type', 'failures', '--t', 'all']);
	await ask(['reports', '--type', 'tls', '--t', 'all']);
	await ask(['senders', '--t', 'all', '--limit', '1000']);
	for (const type of ['failures', 'tls'])
		for (const r of jsonLines((await dmarcd(c, ['reports', '--type', type, '--t', 'all', '--format', 'json'])).stdout).slice(0, 20)) await ask(['report', String(r.id)], full ? undefined : ['table']);
	const reports = jsonLines((await dmarcd(c, ['reports', '--t', 'all', '--limit', '0', '--format', 'json'])).stdout);
	for (const r of reports.filter((x) => /(texts|cdata|domains|elements|domain)-|errors|bytes-all|utf|ip-/.test(`${x.report_id} ${x.domain}`))) await ask(['report', r.id, '--limit', '20'], full ? undefined : ['table']);
}

/** Quarantine, which import does not use. */
async function checkList(c: string, wrong: string[]): Promise<void> {
	for (const format of ['table', 'json', 'csv']) {
		const r = await dmarcd(c, ['quarantine', 'list', '--format', format]);
		assert.equal(r.code, 0, r.stderr);
		(format === 'csv' ? checkCsv : checkTerminal)(r.stdout, `quarantine list --format ${format}`, wrong);
	}
}

async function checkApi(d: Daemon, wrong: string[]): Promise<void> {
	const ask = async (path: string): Promise<any> => {
		const a = await fetch(`${d.url}/api/v1/${path}`), text = await a.text();
		// what goes through millions of rows may take longer than a question may; then the answer says what to do
		const large = full && /^(breakdown|rows)\?/.test(path) && a.status === 503 && /fewer days/.test(text);
		if (a.status !== 200 && !large) wrong.push(`${path}: ${a.status} ${text.slice(0, 200)}`);
		if (!/^application\/(problem\+)?json\b/.test(a.headers.get('content-type') ?? '') || a.headers.get('x-content-type-options') !== 'nosniff' ||
			!/default-src 'none'|default-src 'self'/.test(a.headers.get('content-security-policy') ?? '')) wrong.push(`${path}: headers`);
		const m = /[\x00-\x08\x0b-\x1f]/.exec(text);
		if (m !== null) wrong.push(`${path}: U+${m[0].charCodeAt(0).toString(16)} near ${near(text, m.index)}`);
		return JSON.parse(text);
	};
	for (const p of ['meta', 'overview?t=all', 'timeseries?from=2025-12-01&to=2026-01-31', 'rows?t=all', 'domains?t=all', 'reports?t=all', 'reporters?t=all', 'ingest',
		'senders?t=all', 'tls/reports?t=all', 'tls/summary?t=all']) await ask(p);
	for (const [list, one] of [['failures?t=all', 'failures'], ['tls/reports?t=all', 'tls/reports']] as const)
		for (const r of ((await ask(list)).items ?? []).slice(0, 20)) await ask(`${one}/${r.id}`);
	for (const by of ['ip', 'hfrom', 'efrom', 'reporter', 'reason', 'selector', 'sigdomain']) await ask(`breakdown?by=${by}&t=all`);
	const reports = jsonLines((await dmarcd(d.conf, ['reports', '--t', 'all', '--limit', '0', '--format', 'json'])).stdout);
	for (const r of reports.filter((x) => /hostile|example/.test(x.domain)).filter((_, i) => full || i % 5 === 0)) await ask(`reports/${r.id}`);
	for (const name of new Set(reports.map((r) => r.domain as string).filter((n) => n.length < 500))) {
		const a = await fetch(`${d.url}/api/v1/domains/${encodeURIComponent(name)}?t=all`);
		if (![200, 400, 404].includes(a.status)) wrong.push(`domains/${name}: ${a.status}`);
		await a.arrayBuffer();
	}
	// a document that a person asks for is given to be saved, not to be shown
	for (const r of reports.slice(0, 20)) {
		const a = await fetch(`${d.url}/api/v1/reports/${r.id}/raw`);
		if (a.status === 200 && (/html|svg|^text\/xml|^application\/xml/.test(a.headers.get('content-type') ?? '') && !/attachment/.test(a.headers.get('content-disposition') ?? '')))
			wrong.push(`reports/${r.id}/raw: ${a.headers.get('content-type')} ${a.headers.get('content-disposition')}`);
		await a.arrayBuffer();
	}
}

test('what import stored is shown by every command without anything that acts', { skip }, async () => {
	const wrong: string[] = [];
	await checkCli(conf, wrong);
	assert.deepEqual(wrong.slice(0, 20), []);
});

// --- The daemon ------------------------------------------------------------------------

/** The most memory that it ever had, in KB. */
function most(pid: number): number {
	try {
		return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
	} catch {
		return 0;
	}
}

/** `dmarcd deliver` from a file, however large. */
function deliver(c: string, file: string): Promise<number> {
	return new Promise((resolve) => {
		const fd = openSync(file, 'r');
		const p = spawn(program, ['-q', '-c', c, 'deliver'], { stdio: [fd, 'ignore', 'ignore'] });
		p.on('exit', (code) => {
			closeSync(fd);
			resolve(code ?? 255);
		});
	});
}

function sha256(file: string, args: string[]): Promise<string> {
	return new Promise((resolve) => {
		const p = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'] }), h = createHash('sha256');
		p.stdout.on('data', (b) => h.update(b)).on('end', () => resolve(h.digest('hex')));
	});
}

/** Some at a time, as mail servers do. */
async function each<T>(list: T[], f: (x: T) => Promise<void>): Promise<void> {
	let n = 0;
	await Promise.all(Array.from({ length: 6 }, async () => {
		while (n < list.length) await f(list[n++]!);
	}));
}

/** What was stored, as lines that can be compared. */
async function stored(c: string): Promise<string[]> {
	const r = await dmarcd(c, ['reports', '--t', 'all', '--limit', '0', '--format', 'json']);
	assert.equal(r.code, 0, r.stderr);
	return jsonLines(r.stdout).map((x) => [x.domain, x.report_id, x.records, x.messages, x.state].join(' ')).sort();
}

test('daemon: the same through the spool; its processes live on, and its log is clean', { skip }, async (t) => {
	const at = join(dir, 'daemon/state'), c = writeConf(join(dir, 'daemon/dmarcd.conf'), { state: at });
	const d = await Daemon.start(c), wrong: string[] = [], refused = new Set<string>(), peak = new Map<string, number>();
	const watch = setInterval(() => {
		for (const p of d.processes()) peak.set(`${p.role} ${p.pid}`, Math.max(peak.get(`${p.role} ${p.pid}`) ?? 0, most(p.pid)));
	}, full ? 50 : 200);
	try {
		const lasting = (): string => ['supervisor', 'ingester', 'http'].flatMap((r) => d.role(r).map((p) => `${r} ${p.pid}`)).join();
		await until('all processes', () => d.role('http').length === 1 && d.role('ingester').length === 1);
		const was = lasting();
		await each(set, async (i) => {
			assert.equal(await deliver(c, i.good.file), 0);
			const code = await deliver(c, i.file), mayRefuse = /refused/.test(i.kind.delivered ?? '');
			if (code !== 0) {
				refused.add(i.file);
				if (!mayRefuse || (code !== 65 && code !== 66)) wrong.push(`${i.kind.name}: deliver gave ${code}`);
			}
		});
		await until(() => `an empty spool\n${d.log.slice(-2000)}`, () => inSpool(at).length === 0, 1200);
		await sleep(200);
		await goodRows(c, good);
		// all that import stored, and nothing else; what was not delivered is missing, and how far those come that are ended is chance
		const missing = new Set(set.filter((i) => refused.has(i.file)).flatMap((i) => outcome.get(i.file)?.reports.map((r) => `${r.domain} ${r.report_id} `) ?? []));
		const ended = set.filter((i) => / too-slow/.test(i.kind.expect)).map((i) => i.kind.name);
		const certain = (l: string): boolean => !ended.some((name) => l.startsWith(name));
		const want = (await stored(conf)).filter((l) => certain(l) && ![...missing].some((m) => l.startsWith(m)));
		assert.deepEqual((await stored(c)).filter(certain), want);
		// quarantine has what was refused, under the same code
		const list = jsonLines((await dmarcd(c, ['quarantine', 'list', '--format', 'json'])).stdout), why = new Map<string, string>();
		await each(list, async (q) => {
			why.set(await sha256(program, ['-c', c, 'quarantine', 'show', '--raw', String(q.id)]), q.reason);
			const shown = await dmarcd(c, ['quarantine', 'show', String(q.id)]);
			checkTerminal(shown.stdout + shown.stderr, `quarantine show ${q.subject}`, wrong);
		});
		for (const i of set.filter((x) => !refused.has(x.file) && !ended.includes(x.kind.name))) {
			const [result, code] = (outcome.get(i.file)?.result ?? '').split(' '), here = why.get(i.sha256);
			if (result === 'rejected' && here !== code) wrong.push(`${i.kind.name}: import says ${code}, quarantine ${here ?? 'nothing'}`);
			if (result !== 'rejected' && result !== 'partial' && here !== undefined) wrong.push(`${i.kind.name}: is in quarantine, ${here}`);
		}
		await checkApi(d, wrong);
		await checkList(c, wrong);
		for (const p of d.processes()) peak.set(`${p.role} ${p.pid}`, Math.max(peak.get(`${p.role} ${p.pid}`) ?? 0, most(p.pid)));
		assert.equal(lasting(), was, d.log.slice(-2000));
		for (const l of d.log.split('\n')) {
			checkTerminal(l, 'log', wrong);
			if (/crashed|no decoder sends|went away|killed by signal/.test(l)) wrong.push(`log: ${l}`);
		}
		t.diagnostic(`memory: ${[...peak].sort((a, b) => b[1] - a[1]).slice(0, 5).map(([n, kb]) => `${n} ${kb} KB`).join(', ')}`);
		if (measured) for (const [n, kb] of peak) if (kb >= mostMemory) wrong.push(`${n}: ${kb} KB`);
		assert.deepEqual(wrong.slice(0, 20), []);
		await d.stop();
	} finally {
		clearInterval(watch);
		await d.end();
	}
});

// --- Traced --------------------------------------------------------------------------------

const strace = measured && spawnSync('strace', ['-f', '-qq', '-e', 'trace=none', 'true']).status === 0;
const untraced = skip !== false ? skip : !measured ? 'a sanitizer build has no sandbox' : strace ? false : 'strace is not installed, or may not trace';

/** System calls that name something, each once: what of it lies in the state directory or is an input says only that. */
function calls(trace: string, places: [string, string][]): Set<string> {
	const found = new Set<string>(), part = new Map<string, string>();
	for (let line of readFileSync(trace, 'latin1').split('\n')) {
		let m = /^(\d+) +(.*)$/.exec(line);
		if (m === null) continue;
		const pid = m[1] ?? '';
		line = m[2] ?? '';
		// a call that another process interrupts comes in two pieces
		if (line.endsWith(' <unfinished ...>')) {
			part.set(pid, line.slice(0, -17));
			continue;
		}
		if ((m = /^<\.\.\. \w+ resumed>(.*)$/.exec(line)) !== null) line = (part.get(pid) ?? '') + (m[1] ?? '');
		if ((m = /^(\w+)\((.*)\)\s+= /.exec(line)) === null) continue;
		const call = m[1] ?? '';
		let args = (m[2] ?? '').replace(/, \{st_mode.*$/, '').replace(/<(socket|pipe|anon_inode|UNIX|TCP|UNIX-\w+|TCPv6)[^>]*>/g, '');
		// a path below an open directory is told from there
		args = args.replace(/^(?:AT_FDCWD|\d+)<([^>]*)>, "([^"]*)"/, (_, at: string, p: string) => `"${p.startsWith('/') ? p : p === '' ? at : join(at, p)}"`)
			.replace(/^AT_FDCWD, /, '').replace(/^\d+<([^>]*)>/, '"$1"');
		for (const [real, name] of places) args = args.split(real).join(name);
		args = args.replace(/"(STATE|SET)[^"]*"/g, '"$1"').replace(/\/proc\/(self|\d+)/g, '/proc/self').replace(/0x[0-9a-f]+/g, '0x')
			.replace(/"[^"]*"|\b\d+\b/g, (x) => (x.startsWith('"') ? x : 'N'));
		if (/"(STATE|SET|CONF)/.test(args)) continue; // its own
		if (/^(sendto|sendmsg|recvmsg|recvfrom|shutdown|getsockopt|setsockopt)$/.test(call) && !/sa_family|sin_/.test(args)) continue; // along sockets that are there
		found.add(`${call}(${args})`);
	}
	return found;
}

async function trace(out: string, args: string[], done: (p: ReturnType<typeof spawn>) => Promise<void>): Promise<void> {
	const p = spawn('strace', ['-f', '-qq', '-y', '-s', '4096', '--seccomp-bpf', '-e', 'trace=%file,%network', '-e', 'signal=none', '-o', out, program, ...args], { detached: true, stdio: ['ignore', 'ignore', 'ignore'] });
	const ended = new Promise((r) => p.once('exit', r));
	try {
		await done(p);
		await ended;
	} finally {
		try {
			process.kill(-(p.pid ?? 0), 'SIGKILL');
		} catch {
			// it has gone
		}
	}
}

/** What a run with the set does and one with good reports alone does not. */
function difference(hostile: Set<string>, harmless: Set<string>): string[] {
	return [...hostile].filter((x) => !harmless.has(x)).sort();
}

function onlyOurs(found: Set<string>): void {
	for (const c of found) {
		assert.doesNotMatch(c, /^connect\(|sin_addr=inet_addr\("(?!127\.0\.0\.1")|sin6_addr/, 'a connection');
		if (/^socket\(/.test(c)) assert.match(c, /^socket\(AF_INET, SOCK_STREAM/, 'a socket that is not the listener\'s');
		if (/^socketpair\(/.test(c)) assert.match(c, /^socketpair\(AF_UNIX/);
		assert.doesNotMatch(c, /resolv\.conf|nsswitch|\/etc\/hosts|\/etc\/(passwd|shadow)/);
	}
}

test('traced: import of the set touches nothing that import of good reports does not', { skip: untraced }, async (t) => {
	const found: Set<string>[] = [];
	for (const which of ['good', 'hostile']) {
		const at = join(dir, `traced-${which}`), c = writeConf(join(at, 'dmarcd.conf'), { state: join(at, 'state') });
		const what = which === 'good' ? set.slice(0, 60).map((i) => i.good.file) : [files];
		await trace(join(at, 'trace'), ['-c', c, '-q', 'import', '--progress', 'never', ...what], async () => undefined);
		found.push(calls(join(at, 'trace'), [[join(at, 'state'), 'STATE'], [files, 'SET'], [at, 'CONF']]));
		if (which === 'hostile') await goodRows(c, good);
	}
	found.forEach(onlyOurs);
	assert.deepEqual(difference(found[1]!, found[0]!), []);
	t.diagnostic(`${found[0]!.size} calls in both: ${[...found[0]!].filter((x) => !/\/lib|\/gconv/.test(x)).slice(0, 30).join('; ')}`);
});

if (full) test('traced: a daemon that reads the set from its spool touches nothing that it does not for good reports', { skip: untraced }, async (t) => {
	const found: Set<string>[] = [];
	for (const which of ['good', 'hostile']) {
		const at = join(dir, `traced-daemon-${which}`), st = join(at, 'state'), c = writeConf(join(at, 'dmarcd.conf'), { state: st });
		for (const i of set) {
			if (which === 'hostile') await deliver(c, i.file);
			if (which === 'hostile' || set.indexOf(i) < 40) assert.equal(await deliver(c, i.good.file), 0);
		}
		// so that quarantine is used in both
		const cut = join(at, 'cut');
		writeFileSync(cut, 'Subject: x\r\nContent-Type: text/xml\r\n\r\n<feedback><record>');
		assert.equal(await deliver(c, cut), 0);
		await trace(join(at, 'trace'), ['-c', c, 'serve'], async (p) => {
			await until('an empty spool', () => existsSync(join(st, 'dmarcd.db')) && inSpool(st).length === 0, 1200);
			await sleep(500);
			const own = spawnSync('pgrep', ['-P', String(p.pid)], { encoding: 'utf8' }).stdout.trim().split('\n').map(Number)[0];
			process.kill(own ?? p.pid ?? 0, 'SIGTERM');
		});
		found.push(calls(join(at, 'trace'), [[st, 'STATE'], [at, 'CONF']]));
		await goodRows(c, which === 'hostile' ? good : set.slice(0, 40));
	}
	found.forEach(onlyOurs);
	assert.deepEqual(difference(found[1]!, found[0]!), []);
	t.diagnostic(`${found[0]!.size} calls in both`);
});
