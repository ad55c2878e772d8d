// Runs the fetcher: by default the role alone (fetch_driver). FETCH_DRIVER names another program of the same manners.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const driver = process.env['FETCH_DRIVER'] ?? join(process.env['E2E_BUILD'] ?? '.', 'tests/e2e/fetch_driver');

/** AddressSanitizer keeps freed memory for a while: how much is resident means nothing then. */
export const sanitized = existsSync(driver) && readFileSync(driver).includes('__asan_init');

export interface Mailbox {
	name: string;
	protocol: 'imap' | 'pop3';
	host: string;
	port: number;
	tls: 'implicit' | 'starttls' | 'none';
	tls_ca_file?: string;
	user: string;
	folder?: string;
	after: 'keep' | 'seen' | 'move' | 'delete';
	after_folder?: string;
	poll?: number;
	timeout?: number;
}

export interface Run {
	code: number;
	new: number;
	skipped: number;
	error: string | null;
	stderr: string;
	peakKb: number;
	progress: { planned: number; done: number }[];
}

export interface Options {
	password: string;
	state: string;
	once?: boolean;
	limits?: Record<string, number>;
	log?: number;
}

const running = new Set<Fetcher>();

/** As stopAll of servers.ts. */
export function killAll(): void {
	for (const f of running) f.kill();
}

export class Fetcher {
	readonly exited: Promise<number>;
	pid = 0;
	peakKb = 0;
	stderr = '';
	readonly said: Record<string, unknown>[] = [];
	private readonly child: ChildProcessWithoutNullStreams;
	private readonly conf: string;
	private watcher: NodeJS.Timeout | undefined;

	constructor(mailbox: Mailbox, o: Options) {
		mkdirSync(o.state, { recursive: true });
		this.conf = join(o.state, `driver-${process.pid}-${Math.random().toString(36).slice(2)}.json`);
		writeFileSync(this.conf, JSON.stringify({
			mailbox, password: o.password, state_dir: o.state, once: o.once ?? true, log: o.log ?? 2, limits: o.limits ?? {},
		}));
		this.child = spawn(driver, [this.conf]);
		running.add(this);
		this.child.stdin.on('error', () => undefined);
		let rest = '';
		this.child.stdout.setEncoding('utf8').on('data', (d: string) => {
			const lines = (rest + d).split('\n');
			rest = lines.pop() ?? '';
			for (const l of lines) this.hear(JSON.parse(l) as Record<string, unknown>);
		});
		this.child.stderr.setEncoding('utf8').on('data', (d: string) => { this.stderr += d; });
		this.exited = new Promise((resolve) => this.child.once('close', (code, signal) => {
			clearInterval(this.watcher);
			running.delete(this);
			rmSync(this.conf, { force: true });
			resolve(code ?? (signal === null ? -1 : 255));
		}));
	}

	private hear(o: Record<string, unknown>): void {
		this.said.push(o);
		if (o['op'] === 'pid') {
			this.pid = Number(o['pid']);
			this.watcher = setInterval(() => this.look(), 10);
		}
	}

	private look(): void {
		try {
			const m = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'));
			this.peakKb = Math.max(this.peakKb, Number(m?.[1] ?? 0));
		} catch {
			// it has gone
		}
	}

	say(o: object): void {
		this.child.stdin.write(`${JSON.stringify(o)}\n`);
	}

	/** As when the parent dies: the link is closed. */
	abandon(): void {
		this.child.stdin.end();
	}

	kill(): void {
		try {
			process.kill(this.pid, 'SIGKILL');
		} catch {
			// it has gone
		}
	}

	async result(): Promise<Run> {
		const code = await this.exited;
		const done = this.said.find((o) => o['op'] === 'done');
		return {
			code,
			new: Number(done?.['new'] ?? -1),
			skipped: Number(done?.['skipped'] ?? -1),
			error: (done?.['error'] ?? null) as string | null,
			stderr: this.stderr,
			peakKb: this.peakKb,
			progress: this.said.filter((o) => o['op'] === 'progress').map((o) => ({
				planned: Number(o['planned']), done: Number(o['done']),
			})),
		};
	}
}

export async function fetchOnce(mailbox: Mailbox, o: Options): Promise<Run> {
	return await new Fetcher(mailbox, { ...o, once: true }).result();
}

/** Line ends do not count: POP3 and Maildir disagree about them. */
export function digest(m: Buffer): string {
	return createHash('sha256').update(Buffer.from(m.toString('latin1').replace(/\r\n/g, '\n'), 'latin1')).digest('hex');
}

const mark = Buffer.from('dmarcd-bundle 1\n');

/** The messages of one spool file: itself, or what the table at the end of a bundle says (src/spool/bundle.h). */
function messages(file: Buffer): Buffer[] {
	if (!file.subarray(-mark.length).equals(mark)) return [file];
	const n = Number(file.readBigUInt64LE(file.length - mark.length - 8));
	const table = file.length - mark.length - 8 - 17 * n;
	return Array.from({ length: n }, (_, i) => {
		const at = Number(file.readBigUInt64LE(table + 17 * i));
		return file.subarray(at, at + Number(file.readBigUInt64LE(table + 17 * i + 8)));
	});
}

/** Every message in the spool, in order of arrival. */
export function spooled(state: string): Buffer[] {
	const at = join(state, 'spool', 'new');
	return existsSync(at) ? readdirSync(at).sort().flatMap((f) => messages(readFileSync(join(at, f)))) : [];
}

export function digests(state: string): string[] {
	return spooled(state).map(digest);
}

export function status(state: string, name: string): Record<string, unknown> {
	return JSON.parse(readFileSync(join(state, 'spool', 'state', `${name}.status`), 'utf8')) as Record<string, unknown>;
}

/** Mail that differs in every message, with the oddities that matter on the wire. */
export function makeMail(n: number, bytes = 0): Buffer {
	const head = `From: reports@reporter.example\r\nTo: rua@example.com\r\nSubject: report ${n}\r\nMessage-ID: <${n}@reporter.example>\r\n\r\n`;
	const odd = '.\r\n..\r\n.dot first\r\n) FLAGS (\\Seen)\r\n+OK not an answer\r\n* 1 EXISTS\r\n';
	const line = 'The quick brown fox jumps over the lazy dog, and over and over again.\r\n';
	const wanted = bytes > 0 ? bytes : 200 + ((n * 7919) % 9000);
	let body = odd;
	const fill = Math.max(0, wanted - head.length - odd.length);
	body += line.repeat(Math.floor(fill / line.length)) + `${n}\r\n`;
	return Buffer.from((head + body).replace(/\r\n/g, n % 2 === 0 ? '\r\n' : '\n'), 'latin1');
}
