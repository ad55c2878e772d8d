// One state directory that has a hard life: mail comes in by fetch and by import, reports overlap, new mail keeps coming,
// connections break in the middle of a message, the disk fills up and gets room again, and any process may be killed at any
// time. In the end every figure is that of the manifest, and nothing lies about.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync, copyFileSync, ftruncateSync, mkdirSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Certs } from './certs.js';
import {
	build, compare, contents, Daemon, dice, dmarcd, groupOf, inQuarantine, inSpool, killed, program, run, sleep, statusOf, until,
	writeConf, type Corpus, type MailboxConf, type Proc,
} from './daemon.js';
import type { Dovecot } from './dovecot.js';
import { Imap, inSet, Pop3, type Connection } from './servers.js';

export interface Story {
	dir: string; // ours alone
	dovecot: Dovecot;
	certs: Certs;
	passwordFile: string;
	corpus: Corpus;
	mails: number; // of the corpus, come by fetch; the rest, and `both` of these, by import
	both: number;
	kills: number;
	seed: number;
	mb: number; // size of the small disk, when we may mount one
	pause: number; // ms between kills at most
	say: (line: string) => void;
}

export interface Told {
	kinds: Map<string, number>; // kills
	daemons: number;
	imports: number;
	broken: number; // connections, in the middle of a message
	full: number; // times that the disk was full
	seconds: number;
	words: string;
}

/** Ends where a message is under way, sometimes. */
class Breaking {
	broken = 0;
	chance = 1;
	constructor(private readonly random: () => number) {}

	cut(c: Connection, all: Buffer): boolean {
		if (this.random() >= this.chance || all.length < 40) return false;
		this.broken++;
		c.write(all.subarray(0, 20 + Math.floor(this.random() * (all.length - 30))));
		// with a word of goodbye to TCP, or without
		if (this.random() < 0.5) c.close();
		else c.socket.end();
		return true;
	}
}

class SmallDisk {
	private readonly file: string;
	private readonly size: number;
	full = 0;
	private constructor(readonly mount: string, mb: number) {
		this.file = join(mount, 'ballast');
		this.size = mb << 20;
	}

	static async make(mount: string, mb: number): Promise<SmallDisk | undefined> {
		mkdirSync(mount, { recursive: true });
		if (process.getuid?.() !== 0) return undefined;
		const r = await run('mount', ['-t', 'tmpfs', '-o', `size=${mb}m,mode=700`, 'tmpfs', mount]);
		return r.code === 0 ? new SmallDisk(mount, mb) : undefined;
	}

	/** All but so many bytes. */
	fill(room: number): void {
		const chunk = Buffer.alloc(65536);
		const fd = openSync(this.file, 'w');
		let n = 0;
		try {
			while (n < this.size) n += writeSync(fd, chunk);
		} catch {
			// that was the last byte
		}
		ftruncateSync(fd, Math.max(0, n - room));
		closeSync(fd);
		this.full++;
	}

	free(): void {
		rmSync(this.file, { force: true });
	}

	async away(): Promise<void> {
		await run('umount', ['-l', this.mount]);
	}
}

/** dmarcd import, again and again; whoever ends it is not asked. */
class Importer {
	readonly groups: number[] = [];
	runs = 0;
	private running = 0;
	private done: Promise<void> = Promise.resolve();
	readonly wrong: string[] = [];

	constructor(private readonly conf: string, private readonly folder: string, private readonly excused: () => boolean) {}

	get group(): number {
		return this.running;
	}

	start(): void {
		if (this.running !== 0) return;
		const c = spawn(program, ['-c', this.conf, 'import', '--progress', 'never', this.folder], { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
		let words = '';
		c.stderr.setEncoding('utf8').on('data', (x: string) => { words += x; });
		this.running = c.pid ?? -1;
		this.groups.push(this.running);
		this.runs++;
		this.done = new Promise((resolve) => c.once('close', (code, signal) => {
			this.running = 0;
			// 75: the disk was full, or somebody killed its decoders
			if (code !== 0 && signal !== 'SIGKILL' && !(code === 75 && this.excused()))
				this.wrong.push(`import ended with ${code ?? signal}: ${words.slice(-500)}`);
			resolve();
		}));
	}

	async ended(): Promise<void> {
		await this.done;
	}
}

/** All files below a folder, by their path in it. */
function below(dir: string, at = ''): string[] {
	return readdirSync(join(dir, at), { withFileTypes: true }).flatMap((f) =>
		f.isDirectory() ? below(dir, join(at, f.name)) : [join(at, f.name)]);
}

/** What may lie in a state directory that nobody works on: all else is left over. */
async function leftOver(state: string, mailboxes: string[]): Promise<string[]> {
	const r = await run(join(build, 'tests/unit/dbsql'), [join(state, 'dmarcd.db'), 'SELECT name FROM pack']);
	assert.equal(r.code, 0, r.stderr);
	const mine = new Set([
		'dmarcd.db', 'dmarcd.db-wal', 'dmarcd.db-shm', 'spool/lock', 'notify/alerts.json', 'notify/alerts.lock',
		...r.stdout.split('\n').filter((n) => n !== '').map((n) => `originals/${n}`),
		...mailboxes.flatMap((m) => [`spool/state/${m}`, `spool/state/${m}.status`]),
	]);
	return below(state).filter((f) => !mine.has(f));
}

export async function live(o: Story): Promise<Told> {
	const begun = Date.now();
	const random = dice(o.seed);
	const pick = <T>(list: T[]): T => list[Math.floor(random() * list.length)] as T;
	const disk = await SmallDisk.make(join(o.dir, 'disk'), o.mb);
	const state = join(o.dir, 'disk', 'state');
	const conf = join(o.dir, 'dmarcd.conf');
	const folder = join(o.dir, 'import');
	mkdirSync(folder);
	// largest first, so that some connection breaks within it
	const mails = o.corpus.files.slice(0, o.mails).sort((a, b) => statSync(b).size - statSync(a).size);
	const files = o.corpus.files.slice(o.mails - o.both);

	const breaking = new Breaking(random);
	const imap: Imap = await new Imap({ cert: o.certs.good, command: (c, _tag, verb, rest) => {
		if (verb !== 'UID FETCH' || !rest.includes('BODY')) return false;
		const set = rest.split(' ')[0] ?? '';
		const all = imap.messages.flatMap((m, i) => (inSet(set, m.uid) ? [imap.bodyOf(m, i + 1)] : []));
		return random() < 0.6 && breaking.cut(c, Buffer.concat(all));
	} }).start();
	const pop3: Pop3 = await new Pop3({ cert: o.certs.good, command: (c, _tag, verb, rest) =>
		verb === 'RETR' && random() < 0.05 && breaking.cut(c, Buffer.concat([
			Buffer.from('+OK\r\n'), pop3.messages[Number(rest) - 1] ?? Buffer.alloc(0), Buffer.from('\r\n.\r\n')])) }).start();
	const box = (name: string, protocol: 'imap' | 'pop3', port: number, tls: 'implicit' | 'starttls', more: Partial<MailboxConf> = {}): MailboxConf =>
		({ name, protocol, port, tls, tls_ca_file: o.certs.ca, user: name, password_file: o.passwordFile, interval: '30s', timeout: '20s', ...more });
	const p = o.dovecot.ports;
	const u = (n: number): string => `${basename(o.dir)}${n}`;
	const boxes = [
		box(u(0), 'imap', p.imaps, 'implicit', { after: 'delete' }), box(u(1), 'pop3', p.pop3s, 'implicit', { after: 'delete' }),
		box(u(2), 'imap', p.imap, 'starttls', { after: 'move', after_folder: 'Done' }), box(u(3), 'pop3', p.pop3, 'starttls'),
		box(u(4), 'imap', p.imaps, 'implicit', { after: 'seen' }),
		box('breaks-imap', 'imap', imap.port, 'implicit'), box('breaks-pop3', 'pop3', pop3.port, 'implicit'),
	];
	const names = boxes.map((b) => b.name);
	for (const n of names.slice(0, 5)) o.dovecot.addUser(n);
	// all kinds of processes there are: those that ask the DNS and look at policies get no answer, and alerts go nowhere
	writeConf(conf, {
		state, decoders: 2, mailboxes: boxes, resolver: 'resolver { servers = "127.0.0.1:9" }\n', more: 'alerts { command = "/bin/true" }\n',
	});

	let mailed = 0;
	const deliver = (n: number): void => {
		for (; n > 0 && mailed < mails.length; n--, mailed++) {
			const to = mailed % boxes.length;
			const m = contents([mails[mailed] ?? '']);
			if (to < 5) o.dovecot.deliver(names[to] ?? '', m);
			else if (to === 5) imap.messages.push({ uid: imap.messages.length + 1, body: [...m][0] ?? Buffer.alloc(0) });
			else pop3.messages.push([...m][0] ?? Buffer.alloc(0));
		}
	};
	let given = 0;
	const give = (n: number): void => {
		for (; n > 0 && given < files.length; n--, given++) copyFileSync(files[given] ?? '', join(folder, basename(files[given] ?? '')));
	};

	const weights: Record<string, number> = { fetcher: 2, ingester: 3, decoder: 6, import: 4, 'import decoder': 6 };
	const kinds = new Map<string, number>();
	const daemons: number[] = [];
	let isFull = false;
	let bothered = 0; // decoders of import that were killed, and the full disk: that excuses one that gives up
	let d: Daemon | undefined;
	let log = '';
	const importer = new Importer(conf, folder, () => bothered > 0);
	const serve = async (): Promise<Daemon> => {
		const x = await Daemon.start(conf);
		daemons.push(x.pid);
		return x;
	};
	const excuse = (): string => `seed ${o.seed}; log:\n${(log + (d?.log ?? '')).slice(-6000)}`;

	try {
		deliver(Math.ceil(mails.length / 4));
		give(Math.ceil(files.length / 4));
		d = await serve();
		let kills = 0;
		// twice the disk is full for a while
		const bounds = [0.3, 0.42, 0.65, 0.77].map((x) => Math.floor(x * o.kills));
		while (kills < o.kills) {
			if (disk !== undefined && kills < o.kills) {
				const full = (kills >= bounds[0]! && kills < bounds[1]!) || (kills >= bounds[2]! && kills < bounds[3]!);
				if (full && !isFull) disk.fill(Math.floor(random() * 600000));
				else if (!full && isFull) disk.free();
				isFull = full;
			}
			if (isFull) bothered++;
			deliver(Math.ceil((1.5 * mails.length) / o.kills * random()));
			give(Math.ceil((1.5 * files.length) / o.kills * random()));
			importer.start();
			// whoever waits for its time to come is called
			if (random() < 0.4) d.signal('SIGHUP');
			await sleep(random() * random() * o.pause);
			// one that has been forked and is not yet what it will be looks like its parent
			const daemon = d.pid;
			const them: [string, Proc][] = [
				...groupOf(daemon).map((x): [string, Proc] => [x.role === 'supervisor' && x.pid !== daemon ? 'newborn' : x.role, x]),
				...(importer.group === 0 ? [] : groupOf(importer.group).map((x): [string, Proc] =>
					[x.pid === importer.group ? 'import' : 'import decoder', x])),
			];
			// those who are there for a moment only come more often
			const there = [...new Set(them.map(([k]) => k))].flatMap((k) => Array<string>(weights[k] ?? 1).fill(k));
			if (there.length === 0) continue;
			const kind = pick(there);
			const [, victim] = pick(them.filter(([k]) => k === kind));
			if (kind === 'import decoder') bothered++;
			if (!killed(victim)) continue;
			kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
			kills++;
			if (kind === 'supervisor') {
				await d.gone();
				log = (log + d.log).slice(-20000);
				d = await serve();
			}
			if (kills % 25 === 0) o.say(`  ${kills} kills; ${mailed} mails, ${given} files, ${importer.runs} imports, ${breaking.broken} broken connections` +
				`${isFull ? ', the disk is full' : ''}`);
		}

		// nobody is killed any more, no connection breaks, there is room
		disk?.free();
		breaking.chance = 0;
		deliver(mails.length);
		give(files.length);
		await importer.ended();
		bothered = 0;
		importer.start();
		// A look that was under way may have listed the mailbox before the last mail came: the one after it counts. Times are whole seconds.
		for (const round of ['a look', 'another look']) {
			const since = Math.floor(Date.now() / 1000);
			let called = 0;
			await until(() => `${round}, all mail stored: ${JSON.stringify(names.map((n) => statusOf(state, n)))} ${JSON.stringify(inSpool(state))} ${excuse()}`, () => {
				const idle = names.filter((n) => statusOf(state, n)?.state === 'idle' && (statusOf(state, n)?.last_success ?? 0) > since);
				if (idle.length === names.length && inSpool(state).length === 0) return true;
				if (Date.now() - called > 2000 && names.every((n) => statusOf(state, n)?.state !== 'fetching')) {
					called = Date.now();
					d?.signal('SIGHUP');
				}
				return false;
			}, 600);
		}
		await importer.ended();
		assert.deepEqual(importer.wrong, [], excuse());
		const now = d;
		await until('an answer', () => fetch(`${now.url}/healthz`).then((a) => a.ok, () => false));
		await compare(d, o.corpus, true).catch((e: Error) => { throw new Error(`${e.message}\n${excuse()}`); });
		assert.deepEqual(inQuarantine(state), [], excuse());
		for (const n of [0, 1, 2]) assert.equal(o.dovecot.flags(names[n] ?? '').length, 0, `mailbox ${n} is not empty`);
		await d.stop();
		assert.deepEqual([...daemons, ...importer.groups].flatMap((g) => groupOf(g)), [], 'processes are left');
		assert.deepEqual(await leftOver(state, names), [], `files are left; ${excuse()}`);
		const v = await dmarcd(conf, ['verify', '--originals', '--progress', 'never']);
		assert.equal(v.code, 0, `${v.stdout}${v.stderr}\n${excuse()}`);
		return {
			kinds, daemons: daemons.length, imports: importer.runs, broken: breaking.broken, full: disk?.full ?? 0,
			seconds: (Date.now() - begun) / 1000, words: v.stderr.trim(),
		};
	} finally {
		await d?.end();
		for (const g of importer.groups) for (const x of groupOf(g)) killed(x);
		await importer.ended();
		await imap.stop();
		await pop3.stop();
		await disk?.away();
	}
}
