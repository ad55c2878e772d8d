// What the DNS says of our own domains: asked for by name, kept, walked; from a name server on loopback that does what it likes.
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dmarcd, program, until, type Daemon } from './lib/daemon.js';
import { Dns } from './lib/dns.js';
import { Spec } from './lib/openapi.js';
import { imported, Places, report, serving, sql, type Place } from './lib/place.js';

const skip = existsSync(program) ? false : `${program} is not built`;
const places = new Places('records');

/** Everything has been asked for, and so has all that the answers lead to. */
const settled = async (p: Place): Promise<void> => {
	let last = '';
	await until(() => `all names are asked for: ${last}`, async () => {
		const now = await sql(p, 'SELECT count(*), sum(checked IS NULL) FROM dns');
		const same = now === last && now.endsWith('|0');
		last = now;
		if (!same) await new Promise((r) => setTimeout(r, 3500)); // longer than what comes in is held
		return same;
	}, 120);
};

const key = `v=DKIM1; k=rsa; p=${'A'.repeat(360)}`;

test('names of our domains and of their mail are asked for; what was said stays', { skip }, async () => {
	const dns = await new Dns().start();
	const p = places.make(dns);
	dns.texts('_dmarc.example.com', 'some text', 'v=DMARC1; p=reject; rua=mailto:d@example.com');
	dns.texts('example.com', 'verification=1', 'v=spf1 include:spf.mailer.example -all');
	dns.texts('spf.mailer.example', 'v=spf1 include:two.mailer.example ip4:192.0.2.0/24 -all');
	dns.texts('s1._domainkey.example.com', key);
	dns.zone.set('s2._domainkey.example.com', { cname: 's2.mailer.example' });
	dns.texts('s2.mailer.example', 'v=DKIM1; p=');
	dns.texts('_dmarc.news.example.com', Buffer.from([0x76, 0, 10, 0xff, 0x5c]));
	dns.zone.set('example.org', {});
	dns.zone.set('_dmarc.example.org', { fault: 'servfail' });
	await imported(p, report('example.com', [{ spf: 'bounce.example.com', dkim: ['example.com', 's1'] }, { dkim: ['example.com', 's2'] },
		{ from: 'news.example.com', spf: 'mailer.example', dkim: ['mailer.example', 's9'], pass: false }]));
	await imported(p, report('example.org', [{}]));
	try {
		await serving(p, async () => settled(p));
		const rows = (await sql(p, 'SELECT kind, name, own, state, texts, failure FROM dns_records ORDER BY kind, name')).replaceAll('\n\n', '\n').split('\n')
			.map((l) => l.replace('A'.repeat(360), '...'));
		assert.deepEqual(rows.filter((l) => l !== '|'), [
			'dkim|s1._domainkey.example.com|1|found|v=DKIM1; k=rsa; p=...',
			'dkim|s2._domainkey.example.com|1|found|v=DKIM1; p=',
			'dmarc|_dmarc.bounce.example.com|0|nxdomain||',
			'dmarc|_dmarc.com|0|nxdomain||',
			'dmarc|_dmarc.example.com|1|found|some text',
			'v=DMARC1; p=reject; rua=mailto:d@example.com',
			'dmarc|_dmarc.example.org|1|waiting||servfail',
			'dmarc|_dmarc.news.example.com|1|found|v\\000\\010\\255\\\\',
			'dmarc|_dmarc.org|0|nxdomain||',
			'spf|bounce.example.com|1|nxdomain||',
			'spf|example.com|1|found|v=spf1 include:spf.mailer.example -all',
			'spf|example.org|1|nodata||',
			'spf|spf.mailer.example|0|found|v=spf1 include:two.mailer.example ip4:192.0.2.0/24 -all',
			'spf|two.mailer.example|0|nxdomain||',
			'sts|_mta-sts.example.com|1|nxdomain||',
			'sts|_mta-sts.example.org|1|nxdomain||',
		]);
		await serving(p, async (d) => {
			const spec = new Spec(process.env['OPENAPI'] ?? join(process.env['E2E_DIR'] ?? 'tests/e2e', '../../schema/openapi.yaml'));
			for (const name of ['example.com', 'example.org'])
				assert.deepEqual(spec.faults('/domains/{domain}', 200, 'application/json', await d.get(`domains/${name}`)), []);
			const { dns: says } = await d.get('domains/example.com') as { dns: { dmarc: Record<string, unknown>; spf: Record<string, unknown>; keys: Record<string, unknown>[] } };
			assert.equal(says.dmarc['found'], 'record');
			assert.equal(says.dmarc['differs'], true); // reports say p=none
			assert.equal(says.spf['fault'], 'missing'); // two.mailer.example
			assert.equal(says.spf['fault_at'], 'two.mailer.example');
			assert.deepEqual(says.keys.map((k) => [k['selector'], k['key'], k['m']]), [['s1', 'broken', 10], ['s2', 'revoked', 10]]);
			const more = says as unknown as { walk: unknown; applies: unknown; dmarc: { asks: unknown }; spf: { tree: Record<string, unknown>[] }; changes: unknown[] };
			assert.deepEqual(more.walk, [
				{ domain: 'example.com', found: 'record', texts: ['some text', 'v=DMARC1; p=reject; rua=mailto:d@example.com'] },
				{ domain: 'com', found: 'none', texts: [] }]);
			assert.deepEqual(more.applies, { domain: 'example.com', tag: 'p', requested: 'reject' });
			assert.deepEqual(more.dmarc.asks, { p: 'reject', sp: 'reject', np: 'reject', testing: false, pct: 100, rua: 'mailto:d@example.com' });
			assert.deepEqual(more.spf.tree.map((t) => [t['depth'], t['by'], t['name'], t['found'], t['lookups']]),
				[[0, null, 'example.com', 'record', 1], [1, 'include', 'spf.mailer.example', 'record', 1], [2, 'include', 'two.mailer.example', 'none', 0]]);
			assert.deepEqual(more.changes, []);
			const froms = (await d.get('domains/example.com')).subdomains as { hfrom: string; applies: unknown }[];
			assert.ok(froms.length > 0 && froms.every((x) => (x.applies as { domain: string } | null)?.domain === 'example.com'), JSON.stringify(froms));
			const other = (await d.get('domains/example.org')).dns as typeof says;
			assert.equal(other.dmarc['failure'], 'servfail');
			assert.equal(other.spf['lookups'], null);
		});
		// nobody asked for strangers' keys
		assert.equal(dns.asked.filter((q) => q.name.includes('s9')).length, 0);
		// it is known after a restart, and not asked for before its time
		const before = dns.count('_dmarc.example.com');
		const was = await sql(p, "SELECT since FROM dns WHERE name = '_dmarc.example.com'");
		await serving(p, async () => new Promise((r) => setTimeout(r, 4000)));
		assert.equal(dns.count('_dmarc.example.com'), before);
		// who reports a fix has them asked for at once, with all that they lead to
		await sql(p, 'UPDATE dns SET checked = checked - 700');
		const names = ['_dmarc.example.com', 'example.com', 'spf.mailer.example', 's1._domainkey.example.com', '_dmarc.com'];
		const asked = names.map((name) => dns.count(name)), others = dns.count('example.org');
		await serving(p, async (d) => {
			const sender = (await d.get('senders?t=all&domain=example.com')).items.find((x: { id: string }) => Number(x.id) > 1);
			const r = await d.change('POST', 'watches', { sender: sender.id, domain: 'example.com', code: 'F7' });
			assert.equal(r.status, 200, JSON.stringify(r.answer));
			await until('the records are asked for again', () => names.every((name, i) => dns.count(name) > (asked[i] ?? 0)), 20);
		});
		assert.equal(dns.count('example.org'), others, 'and nothing else');
		// time passes; the record is another one, the key has gone, and the server of the other is ill
		await sql(p, 'UPDATE dns SET due = due - 90000, since = since - 90000, answered = answered - 90000');
		dns.texts('_dmarc.example.com', 'v=DMARC1; p=none');
		dns.texts('s1._domainkey.example.com');
		dns.zone.set('example.com', { fault: 'servfail' });
		await serving(p, async () => {
			await until('the new record is seen', async () => (await sql(p, "SELECT texts FROM dns WHERE name = '_dmarc.example.com'")).startsWith('v=DMARC1; p=none'), 60);
			await until('the key has gone', async () => (await sql(p, "SELECT state FROM dns WHERE name = 's1._domainkey.example.com'")) === '3', 60);
			await until('nobody answers', async () => (await sql(p, "SELECT failure FROM dns WHERE kind = 2 AND name = 'example.com'")) === '2', 60);
		});
		assert.equal(await sql(p, "SELECT texts FROM dns WHERE kind = 2 AND name = 'example.com'"), 'v=spf1 include:spf.mailer.example -all');
		await serving(p, async (d) => {
			const { dns: says } = await d.get('domains/example.com') as { dns: { changes: { kind: string; name: string; is: { state: string; texts: string[] } }[] } };
			assert.deepEqual(says.changes.map((c) => [c.kind, c.name, c.is.state, ...c.is.texts]).sort(), [
				['dkim', 's1._domainkey.example.com', 'nxdomain'],
				['dmarc', '_dmarc.example.com', 'found', 'v=DMARC1; p=none']]);
		});
		assert.equal(await sql(p, "SELECT w.state, w.until = d.since, d.due = d.since + 900 FROM dns_was w JOIN dns d ON d.id = w.dns WHERE d.name = '_dmarc.example.com'"), '1|1|1');
		assert.ok(Number(was) > 0);
	} finally {
		await dns.stop();
	}
});

test('only domains that are ours, and nothing at all when it is off', { skip }, async () => {
	const dns = await new Dns().start();
	const p = places.make(dns, 'domains = { "example.com", "parked.example" }\n');
	try {
		await imported(p, report('example.com', [{}]));
		await imported(p, report('example.org', [{}]));
		await serving(p, async () => settled(p));
		assert.equal(await sql(p, "SELECT group_concat(name, ' ') FROM (SELECT name FROM dns WHERE own = 1 ORDER BY name)"),
			'_dmarc.example.com _dmarc.parked.example _mta-sts.example.com _mta-sts.parked.example example.com parked.example');
		assert.equal(dns.asked.filter((q) => q.name.includes('example.org')).length, 0);
		const off = { ...p, conf: `${p.conf}.off` };
		writeFileSync(off.conf, `state = "${p.state}"\nhttp { listen = "127.0.0.1:0" }\nresolver { enabled = no }\n`);
		await sql(p, 'DELETE FROM dns');
		const asked = dns.asked.length;
		await serving(off, async () => new Promise((r) => setTimeout(r, 2000)));
		assert.equal(dns.asked.length, asked);
		assert.equal(await sql(p, 'SELECT count(*) FROM dns'), '0');
	} finally {
		await dns.stop();
	}
});

const treewalk = '<discovery_method>treewalk</discovery_method>';

interface Judged {
	hfrom: string;
	code: string;
	id: string;
}

async function rows(d: Daemon): Promise<Map<string, Judged>> {
	return new Map(((await d.get('rows?t=all&limit=100')).items as Judged[]).map((r) => [r.hfrom, r]));
}

test('the tree walk goes by what the DNS says, and says so; without an answer the list stands in', { skip }, async () => {
	const dns = await new Dns().start();
	const p = places.make(dns);
	// a public suffix that says so itself: what lies one label below are organisations
	dns.texts('_dmarc.psd.example', 'v=DMARC1; p=reject; psd=y');
	// a part that is an organisation of its own
	dns.texts('_dmarc.example.edu', 'v=DMARC1; p=none');
	dns.texts('_dmarc.dept.example.edu', 'v=DMARC1; p=none; psd=n');
	// a subdomain with a record of its own
	dns.texts('_dmarc.example.com', 'v=DMARC1; p=reject');
	dns.texts('_dmarc.mail.example.com', 'v=DMARC1; p=none');
	// and one whose parent's server is ill
	dns.texts('_dmarc.mail.example.org', 'v=DMARC1; p=none');
	dns.zone.set('_dmarc.example.org', { fault: 'servfail' });
	const mail = [
		report('psd.example', [{ from: 'a.shop.psd.example', spf: 'bounce.other.psd.example' }, { from: 'b.shop.psd.example', spf: 'bounce.shop.psd.example' }], treewalk),
		report('example.edu', [{ from: 'example.edu', spf: 'dept.example.edu' }], treewalk),
		report('mail.example.com', [{ from: 'mail.example.com', spf: 'news.example.com' }], treewalk),
		report('mail.example.org', [{ from: 'mail.example.org', spf: 'news.example.org' }], treewalk),
		report('listed.example.edu', [{ from: 'listed.example.edu', spf: 'dept.example.edu' }]), // a receiver that goes by the list
	];
	const codes = (r: Map<string, Judged>): Record<string, string> => Object.fromEntries([...r].map(([k, v]) => [k, v.code]).sort());
	const byList = { 'a.shop.psd.example': 'P5', 'b.shop.psd.example': 'P5', 'example.edu': 'P5', 'listed.example.edu': 'P5', 'mail.example.com': 'P5', 'mail.example.org': 'P5' };
	const byWalk = { ...byList, 'a.shop.psd.example': 'F3', 'example.edu': 'F3' };
	const notes = async (d: Daemon, r: Judged | undefined): Promise<string> =>
		((await d.get(`rows/${encodeURIComponent(r?.id ?? '')}/explain`)).notes as string[] | undefined ?? []).join(' ');
	const anew = async (): Promise<string> => {
		const r = await dmarcd(p.conf, ['reprocess', '--verdicts', '--progress', 'never']);
		assert.equal(r.code, 0, r.stderr);
		return r.stdout;
	};
	try {
		for (const m of mail) await imported(p, m);
		await serving(p, async (d) => {
			// nothing was known when they came: the list, as ever
			assert.deepEqual(codes(await rows(d)), byList);
			await settled(p);
			assert.deepEqual(codes(await rows(d)), byList);
			await anew();
			const r = await rows(d);
			assert.deepEqual(codes(r), byWalk);
			assert.match(await notes(d, r.get('example.edu')), /decided by the DMARC records that the DNS holds now/);
			assert.match(await notes(d, r.get('mail.example.com')), /decided by the DMARC records that the DNS holds now/);
			assert.match(await notes(d, r.get('mail.example.org')), /estimated by the list of public suffixes: not all DMARC records/);
			assert.doesNotMatch(await notes(d, r.get('listed.example.edu')), /DMARC records/);
		});
		// the record becomes another: explained as it was judged, until it is judged anew
		await sql(p, 'UPDATE dns SET due = due - 90000, since = since - 90000, answered = answered - 90000');
		dns.texts('_dmarc.dept.example.edu', 'v=DMARC1; p=none');
		await serving(p, async (d) => {
			await until('the record without psd', async () => (await sql(p, "SELECT texts FROM dns WHERE name = '_dmarc.dept.example.edu'")).trim() === 'v=DMARC1; p=none', 60);
			const r = await rows(d);
			assert.deepEqual(codes(r), byWalk);
			assert.match(await notes(d, r.get('example.edu')), /DMARC records of the DNS that are others by now/);
			await anew();
			assert.equal((await rows(d)).get('example.edu')?.code, 'P5');
		});
		// what comes after a restart is judged by it at once
		await imported(p, report('psd.example', [{ from: 'a.shop.psd.example', spf: 'bounce.other.psd.example', dkim: ['mailer.example', 'x'], pass: false }], treewalk));
		assert.equal(await sql(p, "SELECT group_concat(code || ' ' || e.flags, ', ') FROM (SELECT * FROM records WHERE header_from = 'a.shop.psd.example' ORDER BY report) r "
			+ 'JOIN evidence e ON e.id = r.evidence'), 'F3 2, F1 2');
	} finally {
		await dns.stop();
	}
});
