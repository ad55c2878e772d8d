// Decisions about senders, asked for over HTTP and on the command line of a running daemon that is killed at any time:
// nothing is lost, nothing is done twice, and who asked learns what became of it.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Daemon, dice, dmarcd, generate, killed, program, sleep, until, writeConf, type Said } from './lib/daemon.js';

const skip = existsSync(program) ? false : `${program} is not built`;

let dir: string;
let state: string;
let conf: string;

before(async () => {
	if (skip !== false) return;
	dir = mkdtempSync(join(tmpdir(), 'dmarcd-decide-'));
	state = join(dir, 'state');
	conf = join(dir, 'dmarcd.conf');
	writeConf(conf, { state });
	const demo = await generate(join(dir, 'demo'), 'demo');
	const r = await dmarcd(conf, ['import', '--quiet', join(dir, 'demo/mail/new')]);
	assert.ok(r.code === 0 || r.code === 1, r.stderr);
	assert.ok(demo.files.length > 0);
});

after(() => {
	if (skip === false) rmSync(dir, { recursive: true, force: true });
});

const waiting = (): string[] => (existsSync(join(state, 'requests')) ? readdirSync(join(state, 'requests')).filter((n) => !n.startsWith('.')) : []);

const decide = (d: Daemon, id: string, body: object): Promise<Said> => d.change('PUT', `senders/${id}/decision`, body);
const undo = (d: Daemon, token: string): Promise<Said> => d.change('POST', `senders/decisions/${token}/undo`);

async function senders(d: Daemon): Promise<any[]> {
	const list = await until('senders to be found out', async () => {
		const items = (await d.get('senders?t=all&limit=500')).items;
		const all = items.filter((s: any) => Number(s.id) > 1);
		// 0: mail that nobody has looked at yet
		return all.length > 5 && !items.some((s: any) => s.id === '0') ? all : undefined;
	});
	return list;
}

test('a decision is done when it is answered, changes what failing mail counts as, and can be taken back', { skip }, async () => {
	const d = await Daemon.start(conf);
	try {
		const all = await senders(d);
		const bad = all.find((s) => ['suspect', 'unknown', 'candidate'].includes(s.class) && s.counts.fail_unk > 0) ?? all.find((s) => s.counts.fail_unk > 0);
		assert.ok(bad !== undefined, 'a sender that fails');
		const before = (await d.get('overview?t=all')).rates.unreviewed;
		const now = (await d.get(`senders/${bad.id}?t=all`)).counts;
		const r = await decide(d, bad.id, { class: 'own', note: 'Anna', seen: bad.last_decision });
		assert.equal(r.status, 200, JSON.stringify(r.answer));
		if (r.answer.state === 'done') assert.deepEqual(r.answer.items.map((x: any) => [x.class, x.class_by]), [['own', 'user']]);
		const later = await d.get(`senders/${bad.id}?t=all`);
		assert.deepEqual([later.class, later.class_by], ['own', 'user']);
		assert.equal(later.note, 'Anna');
		assert.equal(later.counts.fail_fix, now.fail_fix + now.fail_unk);
		assert.equal(later.counts.fail_unk, 0);
		assert.equal(later.counts.m, now.m);
		if (['suspect', 'unknown', 'candidate'].includes(bad.class)) assert.ok((await d.get('overview?t=all')).rates.unreviewed < before);

		// who has not seen that does not decide over it
		assert.equal((await decide(d, bad.id, { class: 'impostor', seen: bad.last_decision })).status, 409);
		assert.equal((await decide(d, bad.id, { class: 'impostor', seen: later.last_decision })).status, 200);
		assert.equal((await decide(d, bad.id, { class: 'own', domains: ['nobody.example'] })).status, 422);

		const log = (await d.get(`senders/decisions?sender=${bad.id}`)).items;
		assert.deepEqual(log.map((x: any) => [x.class, x.was, x.was_by, x.holds]), [['impostor', 'own', 'user', true], ['own', bad.class, 'auto', false]]);
		for (const x of log) assert.equal((await undo(d, x.undo)).status, 200);
		assert.equal((await undo(d, log[0].undo)).status, 422, 'only once');
		const end = await d.get(`senders/${bad.id}?t=all`);
		assert.deepEqual([end.class, end.class_by, end.counts], [bad.class, 'auto', now]);
		await until('nothing to wait', () => waiting().length === 0);

		// the command line asks the same daemon
		const c = await dmarcd(conf, ['senders', 'decide', bad.id, 'service', '--note', 'from here']);
		assert.equal(c.code, 0, c.stderr);
		const token = /undo (\d+)/.exec(c.stderr)?.[1] ?? '';
		assert.equal((await d.get(`senders/${bad.id}?t=all`)).class, 'service');
		const shown = await dmarcd(conf, ['senders', 'log', bad.id, '--format', 'json']);
		assert.equal(JSON.parse(shown.stdout.split('\n')[0] ?? '{}').note, 'from here');
		assert.match(JSON.parse(shown.stdout.split('\n')[0] ?? '{}').who, /^cli, /);
		assert.equal((await dmarcd(conf, ['senders', 'undo', token])).code, 0);
		assert.equal((await dmarcd(conf, ['senders', 'undo', token])).code, 2);
		assert.equal((await dmarcd(conf, ['senders', 'decide', '999999', 'own'])).code, 2);
		assert.equal((await d.get(`senders/${bad.id}?t=all`)).class, bad.class);
		await d.stop();
	} finally {
		await d.end();
	}
});

test('without a daemon the command line does it, and what a killed one has left too', { skip }, async () => {
	const d = await Daemon.start(conf);
	let id = '';
	try {
		id = (await senders(d))[0].id;
		await d.stop();
	} finally {
		await d.end();
	}
	// asked for by a web server whose ingester was killed, and one that makes no sense
	const left = { who: 'web, 127.0.0.1', at: 1780000000, decisions: [{ sender: Number(id), domain: null, class: 'list', note: null }] };
	writeFileSync(join(state, 'requests', '1780000000000000000-1152921504606846977.decide'), JSON.stringify(left));
	writeFileSync(join(state, 'requests', '1780000000000000001-1152921504606846978.decide'), '{"who":"x","at":1,"decisions":[{}]}');
	writeFileSync(join(state, 'requests', '.1.part'), '{');
	const c = await dmarcd(conf, ['senders', 'decide', id, 'own']);
	assert.equal(c.code, 0, c.stderr);
	assert.deepEqual(waiting(), []);
	const lines = (await dmarcd(conf, ['senders', 'log', id, '--format', 'json'])).stdout.trim().split('\n').map((l) => JSON.parse(l));
	assert.deepEqual(lines.slice(0, 2).map((x) => [x.class, x.was]), [['own', 'list'], ['list', lines[1].was]], 'in the order in which it was asked');
	for (const x of lines.slice(0, 2)) assert.equal((await dmarcd(conf, ['senders', 'undo', x.undo])).code, 0);
	const text = await dmarcd(conf, ['senders', 'log']);
	assert.match(text.stdout, /undone/);
});

test('the ingester and the web server are killed again and again: each decision is carried out, and once', { skip }, async () => {
	const roll = dice(Number(process.env['E2E_SEED'] ?? 7));
	const rnd = (n: number): number => Math.floor(roll() * n);
	const d = await Daemon.start(conf);
	try {
		const ids = (await senders(d)).map((s) => s.id);
		const before = (await d.get('senders/decisions?limit=500')).items.length;
		const asked: string[] = [];
		let sent = 0;
		let kills = 0;
		let done = false;
		let web = 4; // whoever ends more often in a short time is started after ever longer pauses
		const killer = (async (): Promise<void> => {
			while (!done) {
				await sleep(40 + rnd(160));
				const role = rnd(4) === 0 && web-- > 0 ? 'http' : 'ingester';
				for (const p of d.role(role)) kills += killed(p) ? 1 : 0;
				await sleep(200 + rnd(400));
			}
		})();
		for (let i = 0; i < 60; i++) {
			const note = `n${i}`;
			// a web server that is killed has said nothing: the note tells whether it was asked for
			for (let tries = 0; tries < 40; tries++) {
				const r = await d.ask('PUT', `senders/${ids[i % ids.length] ?? ''}/decision`, { class: i % 2 === 0 ? 'own' : 'impostor', note }).catch(() => undefined);
				if (r !== undefined && (r.status === 200 || r.status === 202)) {
					asked.push(r.answer.request);
					sent++;
					break;
				}
				await sleep(150);
				const known = await d.get('senders/decisions?limit=500').catch(() => undefined);
				if (known?.items.some((x: any) => x.note === note) || waiting().some((n) => readFileSync(join(state, 'requests', n), 'utf8').includes(`"${note}"`))) {
					sent++;
					break;
				}
			}
		}
		done = true;
		await killer;
		assert.equal(sent, 60);
		assert.ok(kills > 3, `${kills} kills`);
		await until('all of them to be carried out', () => waiting().length === 0);
		const log = await until('the log', async () => d.get('senders/decisions?limit=500').catch(() => undefined));
		const mine = log.items.slice(0, log.items.length - before);
		const count = new Map<string, number>();
		for (const x of mine) count.set(x.note, (count.get(x.note) ?? 0) + 1);
		for (let i = 0; i < 60; i++) assert.ok((count.get(`n${i}`) ?? 0) >= 1, `n${i} was lost`);
		// asked twice is done twice only when the first answer was lost with the web server
		assert.ok(mine.length <= 60 + kills, `${mine.length} lines`);
		assert.equal(new Set(mine.map((x: any) => x.undo)).size, mine.length, 'none was done twice');
		for (const token of asked) {
			const o = await d.get(`requests/${token}`);
			assert.equal(o.state, 'done', token);
			assert.equal(mine.filter((x: any) => x.undo === token).length, 1, token);
		}
		for (const x of mine.filter((y: any) => y.undone === null)) assert.equal((await undo(d, x.undo)).status, 200);
		const clean = await dmarcd(conf, ['verify']);
		assert.equal(clean.code, 0, clean.stderr + clean.stdout);
		await d.stop();
	} finally {
		await d.end();
	}
});
