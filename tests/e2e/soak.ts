// make soak: the long form of daemon.test.ts, with figures.
//
//   fetch   10,000 mails, one of 30 MB, by all four ways: exact; a second run takes no body; a change of UIDVALIDITY
//   kills   kill -9 at 20 random moments of that for each kind of process: exact in the end
//   giant   a report of 100 MB with 150,000 records: exact, and the most memory that any process had
//   kill9   one state directory, 5,000 mails by fetch and 5,000 files by import, 200 kills of any process, connections that
//           break in the middle of a message, and (as root) a disk that fills up: exact, nothing left over, verify is content
//   disk    (as root) the disk fills while mail is fetched: nothing lost, and all goes on once there is room
//
// SOAK names the parts (all); SOAK_MAILS, SOAK_KILLS (of each kind), SOAK_KILL9 (kills of that part), SOAK_KILL9_MAILS and
// SOAK_SEED change the numbers. Exit code 0: all is right.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { makeCerts, type Certs } from './lib/certs.js';
import {
	build, compare, compareState, contents, Daemon, dice, dmarcd, generate, inQuarantine, inSpool, killed, memory, program, run, sleep,
	statusOf, until, writeConf, type Corpus, type MailboxConf, type Manifest,
} from './lib/daemon.js';
import { Dovecot, dovecotPath, password } from './lib/dovecot.js';
import { live } from './lib/story.js';

const parts = (process.env['SOAK'] ?? '').split(/\s+/).filter((p) => p !== '');
const nMails = Number(process.env['SOAK_MAILS'] ?? 10000);
const nKills = Number(process.env['SOAK_KILLS'] ?? 20);
const seed = Number(process.env['SOAK_SEED'] ?? Date.now() % 1000000);
const ways = ['imaps', 'imap', 'pop3s', 'pop3'] as const;
type Way = (typeof ways)[number];

const dir = mkdtempSync(join(process.env['SOAK_DIR'] ?? tmpdir(), 'dmarcd-soak-'));
const summary: string[] = [];
let certs: Certs;
let dovecot: Dovecot;
let users = 0;

function say(line: string): void {
	process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
}

function result(line: string): void {
	say(line);
	summary.push(line);
}

/** What is to be undone when somebody ends us. */
const undo: (() => void)[] = [];

const megabytes = (bytes: number): string => `${(bytes / 1048576).toFixed(1)} MB`;

function newUser(files: string[]): string {
	const user = `user${++users}`;
	dovecot.addUser(user);
	dovecot.deliver(user, contents(files));
	return user;
}

function box(user: string, way: Way, more: Partial<MailboxConf> = {}): MailboxConf {
	return {
		name: user, protocol: way.startsWith('imap') ? 'imap' : 'pop3', port: dovecot.ports[way],
		tls: way.endsWith('s') ? 'implicit' : 'starttls', tls_ca_file: certs.ca, user, password_file: join(dir, 'password'), ...more,
	};
}

interface Measured {
	exit: number;
	seconds: number;
	processes: { name: string; kb: number }[];
	stderr: string;
}

/** A command, and the most memory that each of its processes had. */
async function measure(args: string[]): Promise<Measured> {
	const r = await run(join(build, 'tests/bench/measure'), ['-m', program, ...args]);
	const last = r.stdout.trim().split('\n').pop() ?? '';
	const m = JSON.parse(last) as Omit<Measured, 'stderr'>;
	return { ...m, processes: m.processes.map((p) => ({ ...p, name: / -x (\w+)/.exec(p.name)?.[1] ?? 'dmarcd' })), stderr: r.stderr };
}

/** The peak of each role, in MB. */
function peaks(list: { name: string; kb: number }[]): string {
	const most = new Map<string, number>();
	for (const p of list) most.set(p.name, Math.max(most.get(p.name) ?? 0, p.kb));
	return [...most].map(([n, kb]) => `${n} ${(kb / 1024).toFixed(1)}`).join(', ');
}

const highest = (list: { kb: number }[]): number => Math.max(...list.map((p) => p.kb));

/** Watches the memory of a daemon's processes. */
class Watch {
	readonly list = new Map<number, { name: string; kb: number }>();
	private readonly timer: NodeJS.Timeout;

	constructor(d: () => Daemon) {
		this.timer = setInterval(() => {
			for (const p of d().processes()) {
				const { peak } = memory(p.pid);
				if (peak > (this.list.get(p.pid)?.kb ?? 0)) this.list.set(p.pid, { name: p.role, kb: peak });
			}
		}, 100);
	}

	end(): { name: string; kb: number }[] {
		clearInterval(this.timer);
		return [...this.list.values()];
	}
}

async function corpusOf(name: string, options: string[]): Promise<Corpus> {
	const c = await generate(join(dir, name), 'bulk', options);
	say(`${name}: ${c.manifest.mails} mails, ${megabytes(c.manifest.bytes)}, ${c.manifest.totals.reports} reports, ` +
		`${c.manifest.totals.records} records, ${c.manifest.totals.messages} messages`);
	return c;
}

let shared: { corpus: Corpus; user: string } | undefined;

/** The 10,000 mails, in a mailbox that keeps them. */
async function mails(): Promise<{ corpus: Corpus; user: string }> {
	if (shared === undefined) {
		const corpus = await corpusOf('mails', ['--reports', String(nMails - 1), '--big-mail', '30']);
		assert.equal(corpus.manifest.mails, nMails);
		shared = { corpus, user: newUser(corpus.files) };
	}
	return shared;
}

// --- fetch ---------------------------------------------------------------------

async function fetchPart(): Promise<void> {
	const { corpus, user } = await mails();
	for (const way of ways) {
		const state = join(dir, `fetch-${way}`, 'state');
		const conf = writeConf(join(dir, `fetch-${way}`, 'dmarcd.conf'), { state, mailboxes: [box(user, way)] });
		const before = dovecot.bodies(user);
		const first = await measure(['-c', conf, 'fetch', '--progress', 'never']);
		assert.equal(first.exit, 0, first.stderr);
		assert.equal(dovecot.bodies(user) - before, nMails);
		await compareState(state, corpus);
		const second = await dmarcd(conf, ['fetch']);
		assert.equal(second.code, 0, second.stderr);
		assert.equal(dovecot.bodies(user) - before, nMails, 'a body was transferred again');
		await compareState(state, corpus);
		result(`fetch ${way}: ${nMails} mails, exact, in ${first.seconds.toFixed(1)} s; the second run took 0 bodies; ` +
			`peak MB: ${peaks(first.processes)}`);
	}
	for (const way of ['imaps', 'pop3s'] as const) {
		await sleep(1100); // Dovecot takes the clock's seconds for it
		dovecot.forget(user);
		const state = join(dir, `fetch-${way}`, 'state');
		const r = await dmarcd(join(dir, `fetch-${way}`, 'dmarcd.conf'), ['fetch']);
		assert.equal(r.code, 0, r.stderr);
		await compareState(state, corpus, true);
		assert.deepEqual(inQuarantine(state), []);
		result(`UIDVALIDITY changed, ${way}: ${r.stderr.trim().split('\n').pop() ?? ''}; figures as before`);
	}
	// how much an idle daemon takes that has stored all this and answered
	const state = join(dir, 'fetch-imaps', 'state');
	const d = await Daemon.start(join(dir, 'fetch-imaps', 'dmarcd.conf'));
	try {
		await d.settled(state, [user], Math.floor(Date.now() / 1000) - 1);
		for (const p of ['overview', 'rows', 'reports']) await d.get(`${p}?t=90d`);
		await until('rest', () => d.role('decoder').length === 0);
		const all = d.processes().map((p) => ({ role: p.role, ...memory(p.pid) }));
		const sum = all.reduce((n, p) => n + p.pss, 0);
		assert.ok(sum < 40 << 10, `${sum} KB while idle`);
		result(`idle: ${(sum / 1024).toFixed(1)} MB in all (${all.map((p) =>
			`${p.role} ${(p.pss / 1024).toFixed(1)}`).join(', ')}); ended ${await d.stop()} ms after SIGTERM`);
	} finally {
		await d.end();
	}
	for (const way of ways) rmSync(join(dir, `fetch-${way}`), { recursive: true, force: true });
}

// --- kills ---------------------------------------------------------------------

async function killPart(): Promise<void> {
	const { corpus, user } = await mails();
	const random = dice(seed);
	let rounds = 0;
	for (const kind of ['fetcher', 'ingester', 'decoder', 'http', 'supervisor']) {
		let kills = 0;
		const how = new Set<string>();
		while (kills < nKills) {
			const way = ways[rounds % ways.length] ?? 'imaps';
			// every other round settles, with mail of its own
			const after = rounds % 2 === 0 ? 'keep' : way === 'imaps' || way === 'imap' ? 'move' : 'delete';
			const who = after === 'keep' ? user : newUser(corpus.files);
			const state = join(dir, `kill-${++rounds}`, 'state');
			const conf = writeConf(join(dir, `kill-${rounds}`, 'dmarcd.conf'), {
				state, decoders: 2, mailboxes: [box(who, way, { after, ...(after === 'move' ? { after_folder: 'Done' } : {}) })],
			});
			let d = await Daemon.start(conf);
			let since = Math.floor(Date.now() / 1000);
			const done = (): boolean => {
				const s = statusOf(state, who);
				return s?.state === 'idle' && (s.last_success ?? 0) >= since && inSpool(state).length === 0;
			};
			let here = 0;
			try {
				// few in each round: what is killed again and again is started again later and later
				while (here < 5 && kills < nKills && !done()) {
					await sleep(random() * 1200);
					const them = d.role(kind);
					if (done()) break;
					if (kind === 'supervisor') {
						await d.kill();
						d = await Daemon.start(conf);
						since = Math.floor(Date.now() / 1000);
					} else if (them.length === 0 || !killed(them[Math.floor(random() * them.length)]!)) continue;
					here++;
					kills++;
				}
				await d.settled(state, [who], since, 1800);
				await until('an answer', () => fetch(`${d.url}/healthz`).then((a) => a.ok, () => false));
				await compare(d, corpus, true);
				assert.deepEqual(inQuarantine(state), []);
				await d.stop();
			} catch (e) {
				throw new Error(`${kind}, round ${rounds}, ${way}, after = ${after}, seed ${seed}: ${(e as Error).message}\n${d.log.slice(-3000)}`);
			} finally {
				await d.end();
			}
			how.add(`${way}/${after}`);
			rmSync(join(dir, `kill-${rounds}`), { recursive: true, force: true });
			if (who !== user) rmSync(dovecot.folder(who), { recursive: true, force: true });
			say(`kill -9 ${kind}: ${kills} of ${nKills}`);
		}
		result(`kill -9 of the ${kind} at ${kills} random moments (${[...how].join(', ')}): exact, spool and quarantine empty`);
	}
	result(`kills: seed ${seed}, ${rounds} rounds of ${nMails} mails`);
}

// --- kill9 ---------------------------------------------------------------------

async function kill9Part(): Promise<void> {
	const n = Number(process.env['SOAK_KILL9_MAILS'] ?? 5000);
	const both = Math.floor(n / 5);
	const corpus = await corpusOf('kill9', ['--reports', String(2 * n - both - 1), '--big-mail', '10']);
	const at = join(dir, 'story');
	mkdirSync(at);
	say(`kill9: SOAK_SEED=${seed}`);
	const told = await live({
		dir: at, dovecot, certs, passwordFile: join(dir, 'password'), corpus, mails: n, both, kills: Number(process.env['SOAK_KILL9'] ?? 200),
		seed, mb: 300, pause: 1500, say,
	});
	const all = [...told.kinds.values()].reduce((a, b) => a + b, 0);
	result(`kill9: ${all} kills (${[...told.kinds].map(([k, v]) => `${k} ${v}`).join(', ')}) during fetch of ${n} mails and import of ${n} files, ` +
		`${both} of them the same; ${told.daemons} daemons, ${told.imports} imports, ${told.broken} connections broken in the middle of a message, ` +
		`${told.full === 0 ? 'the full disk left out (only root may mount one)' : `the disk full ${told.full} times`}: exact, quarantine and spool empty, ` +
		`no file and no process left over, ${told.words}; ${told.seconds.toFixed(0)} s, seed ${seed}`);
	rmSync(at, { recursive: true, force: true });
}

// --- giant ---------------------------------------------------------------------

async function giantPart(): Promise<void> {
	const path = join(dir, 'giant', 'manifest.json');
	const options = ['bulk', '--giant-records', '150000', '--until', new Date(Date.now() - 86400000).toISOString().slice(0, 10)];
	mkdirSync(join(dir, 'giant'));
	const g = await run(join(build, 'tests/gen/dmarcd-gen'), [...options, '--out', 'xml', join(dir, 'giant/xml'), '--manifest', path]);
	assert.equal(g.code, 0, g.stderr);
	const file = join(dir, 'giant/xml', readdirSync(join(dir, 'giant/xml'))[0] ?? '');
	const size = statSync(file).size;
	const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest;
	// what a reporter would mail: gzip, in base64
	const packed = gzipSync(readFileSync(file));
	const mail = join(dir, 'giant', 'mail.eml');
	writeFileSync(mail, 'From: dmarcreport@outmail.example\r\nTo: rua@example.com\r\nSubject: Report Domain: brand0000.test\r\nMIME-Version: 1.0\r\n' +
		'Content-Type: application/gzip; name="report.xml.gz"\r\nContent-Transfer-Encoding: base64\r\n\r\n' +
		`${packed.toString('base64').replace(/.{76}/g, '$&\r\n')}\r\n`);
	const corpus: Corpus = { path, manifest, files: [mail] };
	const state = join(dir, 'giant', 'state');
	const m = await measure(['--state', state, 'import', '--progress', 'never', file]);
	assert.equal(m.exit, 0, m.stderr);
	await compareState(state, corpus);
	result(`giant: import of ${megabytes(size)} with ${manifest.totals.records} records: exact, ${m.seconds.toFixed(1)} s, peak MB: ${peaks(m.processes)}`);
	assert.ok(highest(m.processes) < 64 << 10, 'a process had 64 MB or more');

	// the same by mail, through the daemon, and looked at
	const state2 = join(dir, 'giant2', 'state');
	const who = newUser(corpus.files);
	const d = await Daemon.start(writeConf(join(dir, 'giant2', 'dmarcd.conf'), { state: state2, mailboxes: [box(who, 'imaps')] }));
	const watch = new Watch(() => d);
	try {
		await d.settled(state2, [who]);
		await compare(d, corpus);
		for (const p of ['rows', 'reports', 'domains']) await d.get(`${p}?t=90d`);
		await sleep(300);
		const list = watch.end();
		result(`giant: the same as mail of ${megabytes(statSync(mail).size)} in a mailbox: exact, peak MB: ${peaks(list)}`);
		assert.ok(highest(list) < 64 << 10, 'a process had 64 MB or more');
		await d.stop();
	} finally {
		watch.end();
		await d.end();
	}
}

// --- disk ----------------------------------------------------------------------

async function diskPart(): Promise<void> {
	if (process.getuid?.() !== 0) {
		result('disk: left out: only root may mount a small file system');
		return;
	}
	const { corpus, user } = await mails();
	const mount = join(dir, 'small');
	mkdirSync(mount);
	try {
		execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=200m,mode=700', 'tmpfs', mount], { stdio: 'pipe' });
	} catch (e) {
		result(`disk: left out: mount: ${String((e as { stderr?: Buffer }).stderr ?? '').trim()}`);
		return;
	}
	try {
		undo.push(() => execFileSync('umount', ['-l', mount], { stdio: 'ignore' }));
		for (const [way, room] of [['pop3s', 20], ['imaps', 3]] as const) {
			const state = join(mount, 'state');
			const ballast = join(mount, 'ballast');
			writeFileSync(ballast, Buffer.alloc((200 - room) << 20));
			const conf = writeConf(join(dir, `disk-${way}`, 'dmarcd.conf'), { state, mailboxes: [box(user, way)] });
			const d = await Daemon.start(conf);
			const supervisor = d.pid;
			try {
				const full = (): boolean => /No space left|full/i.test(d.log);
				await until(() => `a word about the full disk:\n${d.log}`, full);
				// it goes on trying: said again later
				const said = d.log.length;
				await until('another try', () => d.log.length > said && full());
				const post = await dmarcd(conf, ['deliver'], Buffer.alloc(30 << 20, 'From: x\n'));
				assert.equal(post.code, 75, post.stderr);
				const answered = await fetch(`${d.url}/healthz`).then((a) => a.status, () => 0);
				assert.deepEqual(inQuarantine(state), []);
				say(`  full: status ${statusOf(state, user)?.state ?? 'none'}, ${inSpool(state).length} files in the spool`);
				rmSync(ballast);
				await d.settled(state, [user], 0, 1800);
				await compare(d, corpus, true);
				assert.deepEqual(inQuarantine(state), []);
				assert.equal(d.pid, supervisor);
				const words = d.log.split('\n').filter((l) => /No space|full/i.test(l));
				result(`disk full at ${room} MB, ${way}: ${words.length} words about it, deliver gave 75, the web server answered ${answered}; ` +
					'after room was made: exact, spool and quarantine empty');
				say(`  "${words[0] ?? ''}"`);
				await d.stop();
			} catch (e) {
				const ingest = await d.get('ingest').catch(() => ({}));
				throw new Error(`${(e as Error).message}\n${JSON.stringify([ingest.days, ingest.database, ingest.spool])}\n${d.log.slice(-4000)}`);
			} finally {
				await d.end();
			}
			rmSync(state, { recursive: true });
		}
	} finally {
		undo.pop()?.();
	}
}

// --- all of it -------------------------------------------------------------------

const all: [string, () => Promise<void>][] = [['giant', giantPart], ['fetch', fetchPart], ['disk', diskPart], ['kill9', kill9Part], ['kills', killPart]];
let failed = 0;

for (const p of parts)
	if (!all.some(([name]) => name === p)) throw new Error(`SOAK: there is no part "${p}", but ${all.map(([n]) => n).join(', ')}`);
if (dovecotPath === undefined || !existsSync(program)) {
	say(`left out: ${dovecotPath === undefined ? 'dovecot is not installed' : `${program} is not built`}`);
	process.exit(77);
}
chmodSync(dir, 0o755); // Dovecot's own users must get in
certs = makeCerts(join(dir, 'certs'));
writeFileSync(join(dir, 'password'), `${password}\n`, { mode: 0o600 });
dovecot = await Dovecot.start(join(dir, 'dovecot'), certs);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
	process.once(signal, () => {
		Daemon.endAll();
		for (const f of undo) f();
		void dovecot.stop().then(() => {
			rmSync(dir, { recursive: true, force: true });
			process.exit(1);
		});
	});
try {
	for (const [name, part] of all) {
		if (parts.length > 0 && !parts.includes(name)) continue;
		try {
			await part();
		} catch (e) {
			failed++;
			result(`FAILED ${name}: ${(e as Error).stack ?? String(e)}`);
		}
	}
} finally {
	await dovecot.stop();
	rmSync(dir, { recursive: true, force: true });
}
process.stdout.write(`\n${summary.join('\n')}\n${failed === 0 ? 'all is right' : `${failed} failed`}\n`);
process.exit(failed === 0 ? 0 : 1);
