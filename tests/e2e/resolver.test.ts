// Host names of addresses, from a real name server on loopback that answers, refuses, is silent, lies and goes round in circles.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compare, Daemon, dmarcd, generate, killed, memory, program, until, type Corpus } from './lib/daemon.js';
import { Dns, reverse, wireName } from './lib/dns.js';
import { imported, Places, report as reportOf, serving, sql, type Place } from './lib/place.js';

const skip = existsSync(program) ? false : `${program} is not built`;
const places = new Places('resolver');

/** A report of yesterday: each of these addresses has sent so many messages. */
const report = (id: string, rows: [ip: string, m: number][], spf = 'fail'): string =>
	reportOf('example.com', rows.map(([ip, m]) => ({ ip, m, ...(spf === 'pass' ? { spf: 'example.com' } : {}) })), '', id);

interface Source {
	key: string;
	ptr: { state: string; name: string | null; names: string[]; more: number; refused: number } | null;
}

const sources = async (d: Daemon): Promise<Map<string, Source>> =>
	new Map(((await d.get('breakdown?by=ip&t=all&limit=500')).items as Source[]).map((s) => [s.key, s]));

interface State {
	enabled: boolean;
	known: number;
	waiting: number;
	failing_since: number | null;
}

const state = async (d: Daemon): Promise<State> => (await d.get('ingest')).resolver as State;

/** Everything a name server can do with a question. */
function allKinds(dns: Dns): [string, number][] {
	dns.host('192.0.2.1', ['mail.mailer.example']);
	dns.host('2001:db8::25', ['six.mailer.example']);
	dns.host('192.0.2.2', ['liar.bank.example'], ['203.0.113.9']);
	dns.zone.set(reverse('192.0.2.3'), {}); // no records
	// 192.0.2.4: no such name
	dns.zone.set(reverse('192.0.2.5'), { fault: 'refused' });
	dns.zone.set(reverse('192.0.2.6'), { fault: 'servfail' });
	dns.zone.set(reverse('192.0.2.7'), { fault: 'silent' });
	dns.zone.set(reverse('192.0.2.8'), { fault: 'garbage' });
	dns.zone.set(reverse('192.0.2.9'), { fault: 'wrongid', ptr: ['forged.bank.example'] });
	dns.zone.set('forged.bank.example', { a: ['192.0.2.9'] });
	dns.zone.set(reverse('192.0.2.10'), { cname: reverse('192.0.2.11') });
	dns.zone.set(reverse('192.0.2.11'), { cname: reverse('192.0.2.10') });
	dns.zone.set(reverse('192.0.2.12'), { many: 2000 });
	dns.zone.set('0.0.crowd.example', { a: ['192.0.2.12'] });
	dns.zone.set(reverse('192.0.2.17'), { many: 4000 });
	// delegated without a class: RFC 2317
	dns.zone.set(reverse('192.0.2.13'), { cname: '13.0-25.2.0.192.in-addr.arpa' });
	dns.zone.set('13.0-25.2.0.192.in-addr.arpa', { ptr: ['classless.mailer.example'] });
	dns.zone.set('classless.mailer.example', { a: ['192.0.2.13', '192.0.2.99'] });
	dns.zone.set(reverse('192.0.2.14'), { raw: [
		wireName('<script>alert(1)</script>.example'), wireName('under_score.example'), wireName('single'), wireName(''),
		Buffer.from([3, 0x1b, 0x5b, 0x41, 7, ...Buffer.from('example'), 0]), Buffer.from([5, 0x61, 0x2e, 0x62, 0x2e, 0x63, 4, ...Buffer.from('test'), 0]),
	] });
	dns.host('192.0.2.15', ['b.two.example', 'a.two.example', 'c.two.example', 'd.two.example', 'e.two.example'], ['192.0.2.15']);
	dns.zone.set('a.two.example', { a: ['203.0.113.1'] });
	dns.zone.set(reverse('192.0.2.16'), { ptr: ['dead.forward.example'] });
	dns.zone.set('dead.forward.example', { fault: 'servfail' });
	// those that nobody answers come last: they make libunbound wait longer for this server
	const late = [5, 6, 7, 8, 9, 16];
	return [...Array.from({ length: 17 }, (_, i): [string, number] => [`192.0.2.${i + 1}`, late.includes(i + 1) ? 10 : 1000 - i]), ['2001:db8::25', 5000]];
}

const expected: Record<string, [state: string, name: string | null]> = {
	'192.0.2.1': ['confirmed', 'mail.mailer.example'],
	'2001:db8::25': ['confirmed', 'six.mailer.example'],
	'192.0.2.2': ['unconfirmed', 'liar.bank.example'],
	'192.0.2.3': ['none', null],
	'192.0.2.4': ['none', null],
	'192.0.2.5': ['waiting', null],
	'192.0.2.6': ['waiting', null],
	'192.0.2.7': ['waiting', null],
	'192.0.2.8': ['waiting', null],
	'192.0.2.9': ['waiting', null],
	'192.0.2.12': ['confirmed', '0.0.crowd.example'],
	'192.0.2.13': ['confirmed', 'classless.mailer.example'],
	'192.0.2.14': ['none', null],
	'192.0.2.15': ['confirmed', 'b.two.example'],
	'192.0.2.16': ['unconfirmed', 'dead.forward.example'],
	'192.0.2.17': ['none', null],
};

async function allKnown(p: Place): Promise<void> {
	await until('an answer for every address', async () => (await sql(p, 'SELECT count(*) > 0 AND sum(due < 0) = 0 FROM host')) === '1');
}

test('every kind of answer: what is shown of it', { skip }, async () => {
	const dns = await new Dns().start();
	const p = places.make(dns, '', '', 10);
	await imported(p, report('kinds', allKinds(dns)));
	try {
		await serving(p, async (d) => {
			await allKnown(p);
			const all = await sources(d);
			for (const [ip, [st, name]] of Object.entries(expected)) {
				const s = all.get(ip);
				assert.deepEqual([s?.ptr?.state, s?.ptr?.name], [st, name], ip);
			}
			// a circle is no name, whichever way the resolver says so
			for (const ip of ['192.0.2.10', '192.0.2.11']) assert.equal(all.get(ip)?.ptr?.name, null, ip);
			assert.equal(all.get('192.0.2.12')?.ptr?.more, 1997);
			assert.equal(all.get('192.0.2.17')?.ptr?.more, 65535);
			assert.equal(all.get('192.0.2.12')?.ptr?.names.length, 3);
			assert.ok(dns.asked.some((q) => q.tcp), 'a cut answer is asked for by TCP');
			assert.ok(dns.asked.filter((q) => q.name.endsWith('crowd.example')).length <= 20, 'a crowd is not asked for one by one');
			assert.equal(all.get('192.0.2.14')?.ptr?.refused, 6);
			assert.match((await dmarcd(p.conf, ['config', 'check'])).stdout, /^host names: of 1[123] addresses known, 5 of them confirmed; [567] wait; latest answer 20/m);
			assert.deepEqual(all.get('192.0.2.15')?.ptr?.names, ['b.two.example', 'a.two.example', 'c.two.example']);
			assert.equal(all.get('192.0.2.15')?.ptr?.more, 2);
			assert.equal(await sql(p, "SELECT count(*) FROM host WHERE name LIKE '%forged%' OR name LIKE '%<%'"), '0');
		});
	} finally {
		await dns.stop();
	}
});

test('a restart keeps what is known: it is not asked for again', { skip }, async () => {
	const dns = await new Dns().start();
	const p = places.make(dns, '', '', 10);
	await imported(p, report('kept', allKinds(dns)));
	try {
		await serving(p, () => allKnown(p));
		const before = dns.asked.length;
		dns.host('198.51.100.77', ['late.mailer.example']);
		await imported(p, report('later', [['198.51.100.77', 3]]));
		await serving(p, async (d) => {
			// it is the lightest of all: what else is due has been asked for by then
			await until('a name for the new address', async () => (await sources(d)).get('198.51.100.77')?.ptr?.name === 'late.mailer.example');
			const all = await sources(d);
			for (const [ip, [st, name]] of Object.entries(expected)) assert.deepEqual([all.get(ip)?.ptr?.state, all.get(ip)?.ptr?.name], [st, name], ip);
			assert.deepEqual(new Set(dns.asked.slice(before).map((q) => q.name)), new Set([reverse('198.51.100.77'), 'late.mailer.example']));
		});
	} finally {
		await dns.stop();
	}
});

interface Sender {
	label: string;
	evidence: { how: string; what: string }[];
}

const senderOf = async (d: Daemon, ip: string): Promise<Sender | undefined> =>
	((await d.get(`senders?t=all&ip=${ip}`)).items as Sender[])[0];

test('a confirmed name tells who it is; when it changes, the domain is judged again; one that lies tells nothing', { skip }, async () => {
	const dns = await new Dns().start();
	const p = places.make(dns, '', '', 2);
	dns.host('192.0.2.1', ['mail.mailer.example']);
	dns.host('198.51.100.2', ['www.bank.example'], ['203.0.113.9']);
	await imported(p, report('who', [['192.0.2.1', 400], ['198.51.100.2', 300]]));
	try {
		await serving(p, async (d) => {
			await until('the sender by its name', async () => (await senderOf(d, '192.0.2.1'))?.label === 'mailer.example');
			assert.equal((await senderOf(d, '198.51.100.2'))?.label, '198.51.100.0/24');
			const s = await senderOf(d, '192.0.2.1');
			assert.ok(s !== undefined && JSON.stringify(s).includes('mail.mailer.example'), JSON.stringify(s));
		});
		dns.zone.clear();
		dns.host('192.0.2.1', ['mx.other.example']);
		await sql(p, 'UPDATE host SET due = 1');
		await serving(p, async (d) => {
			await until('the sender by its new name', async () => (await senderOf(d, '192.0.2.1'))?.label === 'other.example');
		});
		dns.zone.clear();
		await sql(p, 'UPDATE host SET due = 1');
		await serving(p, async (d) => {
			await until('the sender without a name', async () => (await senderOf(d, '192.0.2.1'))?.label === '192.0.2.0/24');
			assert.equal((await dmarcd(p.conf, ['verify'])).code, 0);
		});
	} finally {
		await dns.stop();
	}
});

/** So many addresses, each with a name that leads back to it. */
function many(dns: Dns, count: number): [string, number][] {
	return Array.from({ length: count }, (_, i) => {
		const ip = `198.51.100.${i % 250 + 1}`.replace('198.51.100', ['198.51.100', '203.0.113', '192.0.2'][Math.floor(i / 250)] ?? '192.0.2');
		dns.host(ip, [`h${i}.mailer.example`]);
		return [ip, count - i];
	});
}

test('the resolver is killed again and again: nothing is lost, nobody else is harmed', { skip }, async () => {
	const dns = await new Dns().start();
	const p = places.make(dns, '', '', 2);
	const rows = many(dns, 400);
	await imported(p, report('kills', rows));
	try {
		await serving(p, async (d) => {
			const others = d.processes().filter((x) => ['ingester', 'http', 'supervisor'].includes(x.role)).map((x) => x.pid).sort();
			for (let i = 0; i < 4; i++) {
				const asked = dns.asked.length;
				await until('questions', () => dns.asked.length > asked + 20 || sql(p, 'SELECT 1 FROM host WHERE state = 0 LIMIT 1').then((t) => t === ''));
				for (const x of d.role('resolver')) killed(x);
			}
			await until('a name for every address', async () => (await sql(p, 'SELECT count(*) FROM host WHERE state = 1')) === '400');
			assert.deepEqual(d.processes().filter((x) => ['ingester', 'http', 'supervisor'].includes(x.role)).map((x) => x.pid).sort(), others);
			await until('a word about it', () => /resolver: killed by signal 9; it is started again/.test(d.log));
			// the ingester, too: the resolver that goes on learns that there is another one
			await sql(p, 'UPDATE host SET due = 1, answered = 1');
			for (const x of d.role('ingester')) killed(x);
			await until('all of them asked for once more', async () => (await sql(p, 'SELECT count(*) FROM host WHERE answered > 1')) === '400');
			assert.equal((await d.get('breakdown?by=ip&t=all')).total.m, 80200);
		});
		assert.equal((await dmarcd(p.conf, ['verify'])).code, 0);
	} finally {
		await dns.stop();
	}
});

test('no name server answers: mail comes in as ever, few questions are asked; when one does again, names come', { skip }, async (t) => {
	const dns = await new Dns().start();
	const p = places.make(dns, '', '', 2);
	const corpus: Corpus = await generate(join(places.dir, 'corpus'), 'bulk', ['--reports', '150']);
	dns.fault = 'silent';
	try {
		await serving(p, async (d) => {
			for (const f of corpus.files) {
				const r = await dmarcd(p.conf, ['deliver'], readFileSync(f));
				assert.equal(r.code, 0, r.stderr);
			}
			await until('all mail stored', async () => (await state(d)).enabled && (await d.get('ingest')).database.reports >= corpus.manifest.totals.reports);
			await until('the word that nobody answers', async () => (await state(d)).failing_since !== null, 120);
			await compare(d, corpus);
			const s = await state(d);
			assert.ok(s.waiting > 0 && s.known === 0, JSON.stringify(s));
			const names = new Set(dns.asked.map((q) => q.name));
			t.diagnostic(`${names.size} of ${s.waiting} addresses were asked for, ${dns.asked.length} questions`);
			assert.ok(names.size < 100, `${names.size} addresses were asked for while nobody answered`);
			dns.fault = undefined;
			await until('that somebody answers', async () => (await state(d)).failing_since === null, 180);
			await until('answers', async () => (await state(d)).known > 0, 60);
			await compare(d, corpus);
		});
	} finally {
		await dns.stop();
	}
});

test('refused by all, then garbage by all: said so, and no more', { skip }, async () => {
	for (const fault of ['refused', 'servfail', 'garbage'] as const) {
		const dns = await new Dns().start();
		const p = places.make(dns, '', '', 2);
		await imported(p, report(fault, many(dns, 60)));
		dns.fault = fault;
		try {
			await serving(p, async (d) => {
				await until(`${fault}: the word that nobody answers`, async () => (await state(d)).failing_since !== null, 120);
				assert.equal((await state(d)).known, 0);
				assert.equal(d.role('resolver').length, 1);
			});
		} finally {
			await dns.stop();
		}
	}
});

test('more addresses than names are kept of: those with most mail stay; a crowd of names everywhere takes no room', { skip }, async () => {
	const dns = await new Dns().start();
	const p = places.make(dns, '', '\tcache = 100\n', 2);
	const rows = many(dns, 300);
	for (const [ip] of rows) dns.zone.set(reverse(ip), { many: 2000 });
	await imported(p, report('ceiling', rows));
	try {
		await serving(p, async (d) => {
			assert.ok(Number(await sql(p, 'SELECT count(*) FROM host')) <= 300);
			await allKnown(p);
			dns.host('192.0.2.250', ['heavy.mailer.example']);
			await imported(p, report('heavier', [['192.0.2.250', 100000]]));
			await until('a name for the heaviest', async () => (await sources(d)).get('192.0.2.250')?.ptr?.name === 'heavy.mailer.example');
			const [resolver] = d.role('resolver');
			assert.ok(resolver !== undefined && memory(resolver.pid).peak < 96 * 1024, `${memory(resolver?.pid ?? 0).peak} kB`);
		});
		const heaviest = rows.slice(0, 40).map(([ip]) => ip);
		const kept = new Set((await sql(p, 'SELECT source_ip FROM hosts')).split('\n'));
		assert.ok(kept.has('192.0.2.250'));
		assert.deepEqual(heaviest.filter((ip) => !kept.has(ip)), []);
	} finally {
		await dns.stop();
	}
});

test('off: no process, no question; HUP turns it on and off', { skip }, async () => {
	const dns = await new Dns().start();
	dns.host('192.0.2.1', ['mail.mailer.example']);
	const off = places.make(undefined);
	const on = places.make(dns, '', '', 2);
	const p = { state: on.state, conf: join(on.state, '..', 'both.conf') };
	const put = (from: Place): void => writeFileSync(p.conf, readFileSync(from.conf, 'utf8').replace(/^state = .*$/m, `state = "${p.state}"`));
	put(off);
	await imported(p, report('off', [['192.0.2.1', 10]]));
	try {
		await serving(p, async (d) => {
			assert.equal((await state(d)).enabled, false);
			assert.equal(d.role('resolver').length, 0);
			assert.equal((await sources(d)).get('192.0.2.1')?.ptr, null);
			assert.equal(dns.asked.length, 0);
			put(on);
			d.signal('SIGHUP');
			await until('a name', async () => (await sources(d).catch(() => undefined))?.get('192.0.2.1')?.ptr?.name === 'mail.mailer.example');
			assert.equal(d.role('resolver').length, 1);
			put(off);
			d.signal('SIGHUP');
			await until('its end', () => d.role('resolver').length === 0);
			await until('an answer', async () => (await sources(d).catch(() => undefined))?.get('192.0.2.1')?.ptr?.name === 'mail.mailer.example');
		});
		assert.match((await dmarcd(p.conf, ['config', 'check'])).stdout, /^host names: off/m);
		assert.match((await dmarcd(on.conf, ['config', 'check'])).stdout, /^host names: asked of 127\.0\.0\.1@\d+; at most 200 questions a second/m);
		const shown = await dmarcd(p.conf, ['sources', '--t', 'all']);
		assert.match(shown.stdout, /192\.0\.2\.1\s.*mail\.mailer\.example/);
	} finally {
		await dns.stop();
	}
});
