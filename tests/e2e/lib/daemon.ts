// The whole program: `dmarcd serve` and the other commands, with a configuration of their own on loopback.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const build = process.env['E2E_BUILD'] ?? '.';
export const program = join(build, 'dmarcd');
export const generator = join(build, 'tests/gen/dmarcd-gen');
const comparison = join(process.env['E2E_DIR'] ?? 'tests/e2e', '../bench/compare_manifest.mjs');

export const sleep = (ms: number): Promise<void> => new Promise((r) => setTimeout(r, ms));

/** Waits for f to say something. The time is only there so that a broken program does not hang the tests. */
export async function until<T>(what: string | (() => string), f: () => Promise<T | undefined | false> | T | undefined | false, seconds = 300): Promise<T> {
	for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(50)) {
		const v = await f();
		if (v !== undefined && v !== false) return v;
	}
	throw new Error(`${typeof what === 'string' ? what : what()}: not within ${seconds} s`);
}

/**
 * The status of a change that was asked for. The web server waits a moment for it and then says 202: what it would have said
 * a moment later. outcome: GET /requests/{token}; undefined: there is no answer now.
 */
export async function carriedOut(status: number, token: string | undefined, outcome: (token: string) => Promise<{ state: string } | undefined>): Promise<number> {
	if (status !== 202 || token === undefined) return status;
	const o = await until(`what was asked for as ${token}`, async () => {
		const x = await outcome(token);
		return x === undefined || x.state === 'waiting' ? undefined : x;
	});
	return o.state === 'done' ? 200 : o.state === 'stale' ? 409 : 422;
}

export interface Said {
	status: number;
	type: string;
	answer: any;
}

/** The same numbers for the same seed: what fails can be tried again. */
export function dice(n: number): () => number {
	let s = n >>> 0;
	return () => {
		s = (s + 0x6d2b79f5) >>> 0;
		let t = Math.imul(s ^ (s >>> 15), s | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
}

// --- Configuration ------------------------------------------------------------

export interface MailboxConf {
	name: string;
	protocol: 'imap' | 'pop3';
	port: number;
	tls: 'implicit' | 'starttls' | 'none';
	user: string;
	password_file: string;
	host?: string;
	tls_ca_file?: string;
	folder?: string;
	after?: 'keep' | 'seen' | 'move' | 'delete';
	after_folder?: string;
	interval?: string;
	timeout?: string;
}

export interface Conf {
	state: string;
	mailboxes?: MailboxConf[];
	decoders?: number;
	limits?: Record<string, number | string>;
	resolver?: string; // a section; none: nothing is asked
	more?: string; // other sections
}

export function configuration(c: Conf): string {
	const q = (v: number | string): string => (typeof v === 'number' ? String(v) : `"${v.replace(/["\\]/g, '\\$&')}"`);
	const lines = (o: object): string =>
		Object.entries(o).filter(([k]) => k !== 'name').map(([k, v]) => `\t${k} = ${q(v as number | string)}\n`).join('');
	return `state = ${q(c.state)}\n` + (c.decoders === undefined ? '' : `decoders = ${c.decoders}\n`) +
		'http { listen = "127.0.0.1:0" }\n' + (c.resolver ?? 'resolver { enabled = no }\n') + (c.more ?? '') + (c.limits === undefined ? '' : `limits {\n${lines(c.limits)}}\n`) +
		(c.mailboxes ?? []).map((m) => `mailbox ${q(m.name)} {\n${lines({ host: 'localhost', ...m })}}\n`).join('');
}

export function writeConf(path: string, c: Conf): string {
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(path, configuration(c));
	return path;
}

// --- Commands -------------------------------------------------------------------

export interface Ran {
	code: number;
	stdout: string;
	stderr: string;
}

export function run(file: string, args: string[], input?: Buffer): Promise<Ran> {
	return new Promise((resolve) => {
		const c = execFile(file, args, { maxBuffer: 1 << 28 }, (e, stdout, stderr) =>
			resolve({ code: e === null ? 0 : typeof e.code === 'number' ? e.code : 255, stdout, stderr }));
		c.stdin?.on('error', () => undefined);
		c.stdin?.end(input);
	});
}

export const dmarcd = (conf: string, args: string[], input?: Buffer): Promise<Ran> => run(program, ['-c', conf, ...args], input);

// --- Mail -------------------------------------------------------------------------

export interface Manifest {
	mails: number;
	bytes: number;
	duplicates: number;
	ignored: number;
	rejected: number;
	totals: { reports: number; records: number; messages: number };
}

export interface Corpus {
	path: string; // of the manifest
	manifest: Manifest;
	files: string[];
}

/** Report mail of `dmarcd-gen SCENARIO OPTIONS` up to yesterday, in dir/mail. */
export async function generate(dir: string, scenario: 'bulk' | 'demo', options: string[] = []): Promise<Corpus> {
	const path = join(dir, 'manifest.json');
	const yesterday = new Date(Date.now() - 86400000).toISOString().slice(0, 10);
	mkdirSync(dir, { recursive: true });
	const r = await run(generator, [scenario, '--until', yesterday, '--out', 'maildir', join(dir, 'mail'), '--manifest', path, ...options]);
	assert.equal(r.code, 0, r.stderr);
	return {
		path,
		manifest: JSON.parse(readFileSync(path, 'utf8')) as Manifest,
		files: readdirSync(join(dir, 'mail/new')).sort().map((f) => join(dir, 'mail/new', f)),
	};
}

export function* contents(files: string[]): Generator<Buffer> {
	for (const f of files) yield readFileSync(f);
}

// --- State directories --------------------------------------------------------------

export function inSpool(state: string): string[] {
	return ['new', 'tmp'].flatMap((d) => {
		const at = join(state, 'spool', d);
		return existsSync(at) ? readdirSync(at) : [];
	});
}

export function inQuarantine(state: string): string[] {
	const at = join(state, 'quarantine');
	return existsSync(at) ? readdirSync(at) : [];
}

export interface Status {
	state: string;
	last_success: number | null;
	new: number;
	error: { text: string; remedy: string | null } | null;
}

/** What the fetcher of a mailbox says of itself. */
export function statusOf(state: string, mailbox: string): Status | undefined {
	try {
		return JSON.parse(readFileSync(join(state, 'spool/state', `${mailbox}.status`), 'utf8')) as Status;
	} catch {
		return undefined;
	}
}

// --- Processes -------------------------------------------------------------------------

export interface Proc {
	pid: number;
	parent: number;
	group: number;
	start: string;
	role: string; // supervisor, ingester, decoder, fetcher, http
}

function procs(): Proc[] {
	const all: Proc[] = [];
	for (const d of readdirSync('/proc')) {
		if (!/^\d+$/.test(d)) continue;
		try {
			const stat = readFileSync(`/proc/${d}/stat`, 'utf8');
			const f = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
			if (f[0] === 'Z') continue;
			const args = readFileSync(`/proc/${d}/cmdline`, 'utf8').split('\0');
			all.push({
				pid: Number(d), parent: Number(f[1]), group: Number(f[2]), start: f[19] ?? '',
				role: args[1] === '-x' ? args[2] ?? '' : 'supervisor',
			});
		} catch {
			// it has gone
		}
	}
	return all;
}

/** All processes of a process group; that is how a daemon's are known even when their parent has died. */
export const groupOf = (group: number): Proc[] => procs().filter((p) => p.group === group);

export function killed(p: Proc): boolean {
	try {
		// the number may belong to somebody else by now
		if (!procs().some((x) => x.pid === p.pid && x.start === p.start)) return false;
		process.kill(p.pid, 'SIGKILL');
		return true;
	} catch {
		return false;
	}
}

/** Memory in KB: what this process adds to the machine's, and the most it ever had. */
export function memory(pid: number): { pss: number; peak: number } {
	const of = (file: string, key: string): number => {
		try {
			return Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/${file}`, 'utf8'))?.[1] ?? 0);
		} catch {
			return 0;
		}
	};
	return { pss: of('smaps_rollup', 'Pss'), peak: of('status', 'VmHWM') };
}

// --- The daemon ---------------------------------------------------------------------------

export class Daemon {
	url = '';
	log = '';
	readonly pid: number;
	private readonly child: ChildProcess;
	private readonly ended: Promise<number>;
	private over = false;
	private static readonly all = new Set<Daemon>();

	private constructor(readonly conf: string, more: string[]) {
		// a process group of its own, so that those left behind can be found
		this.child = spawn(program, ['-c', conf, ...more, 'serve'], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
		this.pid = this.child.pid ?? -1;
		Daemon.all.add(this);
		const hear = (d: string): void => {
			this.log += d;
			this.url = /dmarcd is ready: (https?:\/\/\S+)\//.exec(this.log)?.[1] ?? '';
		};
		this.child.stdout?.setEncoding('utf8').on('data', hear);
		this.child.stderr?.setEncoding('utf8').on('data', hear);
		this.ended = new Promise((resolve) => this.child.once('exit', (code) => {
			this.over = true;
			Daemon.all.delete(this);
			resolve(code ?? 255);
		}));
	}

	static async start(conf: string, more: string[] = []): Promise<Daemon> {
		const d = new Daemon(conf, more);
		await until('dmarcd is ready', () => {
			if (d.over) throw new Error(`dmarcd has ended:\n${d.log}`);
			return d.url !== '';
		});
		return d;
	}

	processes(): Proc[] {
		return groupOf(this.pid);
	}

	role(name: string): Proc[] {
		return this.processes().filter((p) => p.role === name);
	}

	async get(path: string): Promise<any> {
		const a = await fetch(`${this.url}/api/v1/${path}`);
		assert.equal(a.status, 200, `${path}: ${a.status}`);
		return await a.json();
	}

	/** Asks for a change; when that takes longer than a moment, it waits to be done. */
	async ask(method: string, path: string, body?: object): Promise<Said> {
		const a = await fetch(`${this.url}/api/v1/${path}`, {
			method, headers: { 'X-Dmarcd-Action': '1', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) }, ...(body === undefined ? {} : { body: JSON.stringify(body) }),
		});
		return { status: a.status, type: a.headers.get('content-type') ?? '', answer: await a.json() };
	}

	/** Asks for a change, and is back when it is done or refused. */
	async change(method: string, path: string, body?: object): Promise<Said> {
		return await this.done(await this.ask(method, path, body));
	}

	async done(said: Said): Promise<Said> {
		return { ...said, status: await carriedOut(said.status, said.answer.request, (t) => this.get(`requests/${t}`).catch(() => undefined)) };
	}

	signal(name: NodeJS.Signals): void {
		this.child.kill(name);
	}

	/** How long it took, in ms. */
	async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number> {
		const begun = Date.now();
		this.signal(signal);
		let timer: NodeJS.Timeout | undefined;
		const late = new Promise((r) => { timer = setTimeout(() => r('did not end'), 60000); });
		const code = await Promise.race([this.ended, late]);
		clearTimeout(timer);
		const took = Date.now() - begun;
		assert.equal(code, 0, `${signal}: ${this.log.slice(-2000)}`);
		// the daemon promises five seconds; a busy machine is given as many again
		assert.ok(took < 10000, `${signal}: ${took} ms`);
		assert.deepEqual(this.processes(), [], 'processes are left');
		return took;
	}

	/** kill -9, of the supervisor alone; what it started has to notice. */
	async kill(): Promise<void> {
		this.child.kill('SIGKILL');
		await this.gone();
	}

	/** After somebody has killed it. */
	async gone(): Promise<void> {
		await until(`the end of process ${this.pid}`, () => this.over, 60);
	}

	/** When the tests themselves are told to end. */
	static endAll(): void {
		for (const d of Daemon.all) for (const p of d.processes()) killed(p);
	}

	/** For the end of a test, however it went. */
	async end(): Promise<void> {
		try {
			if (!this.over) process.kill(-this.pid, 'SIGKILL');
		} catch {
			// it has gone
		}
		for (const p of this.processes()) killed(p);
		await this.ended;
	}

	/** Until the mailboxes have been looked into and all is stored. since: seconds; only looks from then on count. */
	async settled(state: string, mailboxes: string[], since = 0, seconds = 600): Promise<void> {
		await until(() => `all mail stored (log:\n${this.log.slice(-1500)})`, () => mailboxes.every((m) => {
			const s = statusOf(state, m);
			return s !== undefined && s.state === 'idle' && (s.last_success ?? 0) >= since;
		}) && inSpool(state).length === 0, seconds);
	}
}

/**
 * Every figure of the manifest: of each domain, each day, each reporter. replayed: mails may have been taken
 * more than once, so that how many were duplicates says nothing.
 */
export async function compare(d: Daemon, corpus: Corpus, replayed = false): Promise<void> {
	const r = await run(process.execPath, [comparison, corpus.path, d.url]);
	const lines = (r.stdout + r.stderr).split('\n').filter((l) => l !== '');
	const wrong = lines.filter((l) => !/figures agree/.test(l) && !(replayed && l.startsWith('mails duplicate')));
	assert.deepEqual(wrong.slice(0, 12), []);
}

/** The same for a state directory that no daemon runs on. */
export async function compareState(state: string, corpus: Corpus, replayed = false): Promise<void> {
	const d = await Daemon.start(writeConf(join(dirname(state), 'looker.conf'), { state }));
	try {
		await compare(d, corpus, replayed);
		await d.stop();
	} finally {
		await d.end();
	}
}
