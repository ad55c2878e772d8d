// dmarcd summary: its figures against the API's, its mails through a real server, what strangers write into it, and once only.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse, type DefaultTreeAdapterTypes } from 'parse5';
import { makeCerts, type Certs } from './lib/certs.js';
import { configuration, Daemon, dmarcd, generate, program, run, until } from './lib/daemon.js';
import { stopAll } from './lib/servers.js';
import { readMail, Smtp, type Mail } from './lib/smtp.js';

const skip = !existsSync(program) ? `${program} is not built` : false;
let dir = '';
let certs: Certs;
let state = '';

before(async () => {
	if (skip !== false) return;
	dir = mkdtempSync(join(tmpdir(), 'dmarcd-summary-'));
	certs = makeCerts(join(dir, 'certs'));
	writeFileSync(join(dir, 'password'), 'se cret\n', { mode: 0o600 });
	state = join(dir, 'state');
	const corpus = await generate(join(dir, 'month'), 'demo');
	const r = await dmarcd(conf('plain', ''), ['-q', 'import', '--progress', 'never', ...corpus.files]);
	assert.ok(r.code <= 1, r.stderr);
});

after(async () => {
	Daemon.endAll();
	await stopAll();
	if (dir !== '') rmSync(dir, { recursive: true, force: true });
});

// --- Configurations -----------------------------------------------------------------------

function conf(name: string, more: string, at = state): string {
	const path = join(dir, `${name}.conf`);
	writeFileSync(path, configuration({ state: at }) + more);
	return path;
}

interface Way { port: number; tls?: string; ca?: string; user?: string; from?: string; more?: string; host?: string }

function smtp(w: Way): string {
	return `smtp {\n\thost = "${w.host ?? 'localhost'}"\n\tport = ${w.port}\n\ttls = ${w.tls ?? 'starttls'}\n\ttls_ca_file = "${w.ca ?? certs.ca}"\n` +
		(w.user === '' ? '' : `\tuser = "${w.user ?? 'reports@example.org'}"\n\tpassword_file = "${join(dir, 'password')}"\n`) +
		`\tfrom = "${w.from ?? 'dmarcd@example.org'}"\n\ttimeout = 5s\n${w.more ?? ''}}\n`;
}

async function server(how: ConstructorParameters<typeof Smtp>[0] = {}): Promise<Smtp> {
	const s = await new Smtp({ tls: 'starttls', cert: certs.good, ...how }).start();
	s.users = { 'reports@example.org': 'se cret' };
	return s;
}

// --- A page, as a mail program sees it ---------------------------------------------------------

function elements(html: string): { names: string[]; attributes: string[]; text: string } {
	const names: string[] = [];
	const attributes: string[] = [];
	let text = '';
	const walk = (n: DefaultTreeAdapterTypes.Node): void => {
		if ('tagName' in n) {
			names.push(n.tagName);
			attributes.push(...n.attrs.map((a) => `${a.name}=${a.value}`));
		}
		if (n.nodeName === '#text' && 'value' in n) text += n.value;
		if ('childNodes' in n) n.childNodes.forEach(walk);
	};
	const errors: string[] = [];
	walk(parse(html, { onParseError: (e) => errors.push(e.code) }));
	assert.deepEqual(errors, []);
	return { names, attributes, text };
}

function fitForMail(html: string): string {
	const page = elements(html);
	const allowed = new Set(['html', 'head', 'meta', 'title', 'body', 'table', 'tbody', 'tr', 'td', 'h1', 'h2', 'div', 'span', 'strong', 'br', 'a']);
	assert.deepEqual(page.names.filter((n) => !allowed.has(n)), [], 'elements');
	assert.deepEqual(page.attributes.filter((a) => /^(src|background|srcset|on\w+)=|url\(|@import|expression/i.test(a)), [], 'nothing from elsewhere, nothing that runs');
	assert.ok(Buffer.byteLength(html) < 60000, `${Buffer.byteLength(html)} bytes`);
	assert.ok(page.attributes.includes('content=light dark'));
	return page.text;
}

// eslint-disable-next-line no-control-regex
const control = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

const headersOf = ['from', 'to', 'subject', 'date', 'message-id', 'mime-version', 'auto-submitted', 'content-language', 'list-unsubscribe', 'content-type'];

function check(m: Mail): void {
	assert.deepEqual(m.names, headersOf);
	assert.deepEqual(m.parts.map((p) => p.type), ['text/plain', 'text/html']);
	assert.equal(m.headers.get('auto-submitted'), 'auto-generated');
	assert.match(m.headers.get('message-id') ?? '', /^<summary\.[!-~]+@example\.org>$/);
	assert.ok(Math.abs(Date.parse(m.headers.get('date') ?? '') - Date.now()) < 600000, 'date');
	assert.ok(!control.test(m.headers.get('subject') ?? '\0'), 'subject');
	assert.ok(!control.test(m.parts[0]?.text.replace(/\r\n/g, '\n') ?? '\0'), 'text');
	fitForMail(m.parts[1]?.text ?? '');
}

// --- Figures -------------------------------------------------------------------------------------

test('its figures are the figures of the API for the same days and domains', { skip }, async () => {
	const c = conf('api', '');
	const daemon = await Daemon.start(c);
	for (const more of [['--period', 'week'], ['--period', 'day'], ['--period', 'month'], ['--period', 'week', '--domain', 'example.org']]) {
		const r = await dmarcd(c, ['summary', '--format', 'json', ...more]);
		assert.equal(r.code, 0, r.stderr);
		const s = JSON.parse(r.stdout);
		const f = `from=${s.from}&to=${s.to}${more.includes('--domain') ? '&domain=example.org' : ''}`;
		const all = await daemon.get(`overview?${f}`);
		assert.deepEqual(s.counts, all.counts);
		assert.equal(s.legit_pass, all.rates.legit_pass);
		assert.equal(s.complete_through, all.complete_through);
		assert.equal(s.intake.reports, all.reports);
		assert.equal(s.intake.reporters, all.reporters);
		const by = (o: any): Map<string, any> => new Map(o.domains.map((d: any) => [d.domain, d]));
		assert.deepEqual([...by(s).keys()].sort(), [...by(all).keys()].filter((d) => by(all).get(d).counts.m > 0 || by(s).has(d)).sort());
		for (const [name, d] of by(s)) {
			assert.deepEqual(d.counts, by(all).get(name).counts, name);
			assert.equal(d.status, by(all).get(name).status);
		}
		if (s.prev !== null && more[1] !== 'month') assert.deepEqual(s.prev, all.prev);	// months differ in length
	}
	await daemon.stop();
});

test('fixes that people reported are told of, with the figures of the API', { skip }, async () => {
	const c = conf('fixes', '');
	const daemon = await Daemon.start(c);
	const ask = async (...a: string[]): Promise<string> => (await dmarcd(c, ['summary', ...a])).stdout;
	const week = JSON.parse(await ask('--format', 'json'));
	assert.deepEqual(week.fixes, []);
	const codes = (await daemon.get('breakdown?t=all&by=code&align=none')).items.map((i: any) => i.key);
	const senders = (await daemon.get('senders?t=all&limit=20')).items.filter((s: any) => s.id !== '1').slice(0, 13);
	assert.equal(senders.length, 13);
	for (const [i, s] of senders.entries()) {
		assert.equal((await daemon.change('POST', 'watches', { sender: s.id, code: codes[i % codes.length] })).status, 200);
	}
	await daemon.stop();
	// a test cannot wait for days
	const day = Math.floor(Date.parse(`${week.to}T00:00:00Z`) / 86400000) - 5;
	const moved = await run(join(process.env['E2E_BUILD'] ?? '.', 'tests/unit/dbsql'), [join(state, 'dmarcd.db'), `UPDATE watch SET day = ${day}, at = ${day * 86400}`]);
	assert.equal(moved.code, 0, moved.stderr);
	const again = await Daemon.start(c);
	const api = (await again.get('watches')).items;
	await again.stop();
	const s = JSON.parse(await ask('--format', 'json', '--from', week.from, '--to', week.to));
	assert.equal(s.fixes.length, 13);
	assert.deepEqual(s.fixes, api.map((w: any) => ({ sender: w.sender, label: w.label, domain: w.domain, code: w.code, verdict: w.verdict, day: w.day, through: w.through,
		m: w.m, bad: w.bad, pass: w.pass })));
	for (const [language, title, more] of [['en', 'Fixes you reported', 'and 3 more'], ['de', 'Gemeldete Korrekturen', '3'], ['ru', 'Исправления, о которых вы сообщили', '3'],
		['pt', 'Correções que comunicou', '3'], ['cs', 'Nahlášené opravy', '3']] as const) {
		const text = await ask('--lang', language, '--from', week.from, '--to', week.to);
		const page = fitForMail(await ask('--lang', language, '--format', 'html', '--from', week.from, '--to', week.to));
		for (const t of [text.replace(/\n +/g, ' '), page]) {
			assert.ok(t.includes(title) && t.includes(more), t);
			assert.ok(!/\{|\}|plural|fix\./.test(t), t);
			for (const w of api.slice(0, 10)) assert.ok(t.includes(`(${w.code})`), w.code);
		}
	}
	// what was looked at for long enough is not told of again, and later changes are not told of yet
	for (const d of [day - 40, day + 20]) {
		assert.equal((await run(join(process.env['E2E_BUILD'] ?? '.', 'tests/unit/dbsql'), [join(state, 'dmarcd.db'), `UPDATE watch SET day = ${d}`])).code, 0);
		assert.deepEqual(JSON.parse(await ask('--format', 'json', '--from', week.from, '--to', week.to)).fixes, []);
	}
	assert.equal((await run(join(process.env['E2E_BUILD'] ?? '.', 'tests/unit/dbsql'), [join(state, 'dmarcd.db'), 'DELETE FROM watch'])).code, 0);
});

test('records that became others are told of', { skip }, async () => {
	const c = conf('dns', '');
	const ask = async (...a: string[]): Promise<string> => (await dmarcd(c, ['summary', ...a])).stdout;
	const week = JSON.parse(await ask('--format', 'json'));
	assert.deepEqual(week.dns, []);
	const at = Date.parse(`${week.from}T12:00:00Z`) / 1000 + 86400;
	const was = (id: number, until: number, state: number, texts: string): string => `INSERT INTO dns_was (dns, until, since, state, texts) VALUES (${id}, ${until}, 0, ${state}, '${texts}');`;
	const is = (id: number, kind: number, name: string, domain: string, state: number, texts: string): string => 'INSERT INTO dns (id, kind, name, domain, own, mail, wanted, met, due, ' +
		`state, texts, more, tries, failure, since) VALUES (${id}, ${kind}, '${name}', '${domain}', 1, 0, ${at}, ${at}, 9999999999, ${state}, '${texts}', 0, 0, 0, ${at});`;
	const put = [is(901, 1, '_dmarc.example.com', 'example.com', 1, 'v=DMARC1; p=reject'), was(901, at, 1, 'v=DMARC1; p=none'),
		is(902, 2, 'example.org', 'example.org', 2, ''), was(902, at, 1, 'v=spf1 -all'),
		is(903, 3, 's9._domainkey.mail.example.net', 'mail.example.net', 1, 'v=DKIM1; p=AA'), was(903, at + 60, 3, ''),
		is(904, 2, 'elsewhere.test', 'elsewhere.test', 1, 'v=spf1 -all'), was(904, at, 1, 'v=spf1 +all'),
		was(901, at - 40 * 86400, 1, 'v=DMARC1; p=none; sp=none')];
	const sql = async (text: string): Promise<void> => {
		const r = await run(join(process.env['E2E_BUILD'] ?? '.', 'tests/unit/dbsql'), [join(state, 'dmarcd.db'), text]);
		assert.equal(r.code, 0, r.stderr);
	};
	for (const p of put) await sql(p);
	const days = ['--from', week.from, '--to', week.to];
	const s = JSON.parse(await ask('--format', 'json', ...days));
	const day = new Date(at * 1000).toISOString().slice(0, 10);
	assert.deepEqual(s.dns, [
		{ day, domain: 'mail.example.net', name: 's9._domainkey.mail.example.net', record: 'dkim', change: 'new' },
		{ day, domain: 'example.com', name: '_dmarc.example.com', record: 'dmarc', change: 'changed' },
		{ day, domain: 'example.org', name: 'example.org', record: 'spf', change: 'gone' },
	]);
	const text = (await ask(...days)).replace(/\n +/g, ' ');
	for (const said of ['mail.example.net: DKIM s9 is new in the DNS', 'example.com: DMARC in the DNS was changed', 'example.org: SPF is gone from the DNS']) assert.ok(text.includes(said), text);
	for (const language of ['de', 'ru', 'pt', 'cs']) {
		const page = fitForMail(await ask('--lang', language, '--format', 'html', ...days));
		assert.ok(page.includes('DKIM s9') && !page.includes('changed.dns'), page);
	}
	assert.equal(JSON.parse(await ask('--format', 'json', '--domain', 'example.org', ...days)).dns.length, 1);
	await sql('DELETE FROM dns_was');
	await sql('DELETE FROM dns');
});

test('two hundred domains: the page stays small, and says what it leaves out', { skip }, async () => {
	const at = join(dir, 'many-state');
	const c = conf('many', '', at);
	const corpus = await generate(join(dir, 'many'), 'bulk', ['--reports', '3000', '--domains', '200', '--days', '20']);
	assert.ok((await dmarcd(c, ['-q', 'import', '--progress', 'never', ...corpus.files])).code <= 1);
	const s = JSON.parse((await dmarcd(c, ['summary', '--format', 'json'])).stdout);
	assert.ok(s.domains.length > 150, `${s.domains.length} domains`);
	for (const language of ['en', 'ru', 'pt', 'cs', 'de']) {
		const html = (await dmarcd(c, ['summary', '--format', 'html', '--lang', language])).stdout;
		const told = s.domains.filter((d: any) => html.includes(`<strong>${d.domain}</strong>`)).length;
		assert.ok(told >= 10 && fitForMail(html).includes(String(s.domains.length - told)), `${language}: ${told} of ${s.domains.length}`);
	}
});

test('text, page and CSV tell the same figures', { skip }, async () => {
	const c = conf('forms', '');
	const ask = async (...a: string[]): Promise<string> => {
		const r = await dmarcd(c, ['summary', ...a]);
		assert.equal(r.code, 0, r.stderr);
		return r.stdout;
	};
	const s = JSON.parse(await ask('--format', 'json'));
	const rows = (await ask('--format', 'csv')).trimEnd().split('\r\n').map((l) => l.split(','));
	const col = (r: string[], name: string): string => r[rows[0]?.indexOf(name) ?? -1] ?? '';
	assert.equal(rows.length, s.domains.length + 1);
	const en = new Intl.NumberFormat('en');
	const text = await ask();
	const page = fitForMail(await ask('--format', 'html'));
	for (const [i, d] of s.domains.entries()) {
		const row = rows[i + 1] ?? [];
		assert.equal(col(row, 'domain'), d.domain);
		assert.equal(Number(col(row, 'm')), d.counts.m);
		assert.equal(Number(col(row, 'pass')), d.counts.both + d.counts.dkim_only + d.counts.spf_only);
		assert.equal(Number(col(row, 'collateral')), d.counts.collateral);
		for (const shown of [d.domain, en.format(d.counts.m), en.format(d.counts.fail_unk)]) {
			assert.ok(text.includes(shown), `${shown} in the text`);
			assert.ok(page.includes(shown), `${shown} in the page`);
		}
	}
	for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
	for (const language of ['ru', 'pt', 'cs', 'de']) {
		const t = await ask('--lang', language);
		assert.ok(!/\{|\}|plural|other/.test(t), t);
		assert.notEqual(t, text);
		fitForMail(await ask('--lang', language, '--format', 'html'));
	}
	const checked = await dmarcd(c, ['summary', '--check']);
	assert.equal(checked.code, s.all_well ? 0 : 1);
});

// --- Mail ---------------------------------------------------------------------------------------------

test('sent by STARTTLS with a login, received and read back', { skip }, async () => {
	const s = await server();
	const c = conf('mail', smtp({ port: s.port, more: '\tfrom_name = "Berichte für \\"uns\\""\n' }));
	const said = await dmarcd(c, ['summary', '--mail-to', 'anna@example.com', '--mail-to', 'bob@bücher.example']);
	assert.equal(said.code, 0, said.stderr);
	assert.deepEqual(s.mails.map((m) => [m.from, m.to, m.user, m.secure]), [
		['dmarcd@example.org', 'anna@example.com', 'reports@example.org', true],
		['dmarcd@example.org', 'bob@xn--bcher-kva.example', 'reports@example.org', true],
	]);
	const [a, b] = s.mails.map((m) => readMail(m.raw));
	assert.ok(a !== undefined && b !== undefined);
	check(a);
	check(b);
	assert.notEqual(a.headers.get('message-id'), b.headers.get('message-id'));
	assert.equal(a.headers.get('to'), '<anna@example.com>');
	assert.equal(a.headers.get('from'), 'Berichte für "uns" <dmarcd@example.org>');
	assert.equal(a.headers.get('list-unsubscribe'), '<mailto:dmarcd@example.org?subject=unsubscribe>');
	const json = JSON.parse((await dmarcd(c, ['summary', '--format', 'json'])).stdout);
	assert.equal(a.headers.get('subject'), `[dmarcd] ${json.subject}`);
	const text = (await dmarcd(c, ['summary'])).stdout;
	assert.ok((a.parts[0]?.text ?? '').replace(/\r\n/g, '\n').startsWith(text), 'the text is that of the screen');
	assert.ok(!s.received.includes('se cret'), 'the password is not in the clear');
});

test('LOGIN where PLAIN is not offered; TLS at once; no login when there is no user; one-click', { skip }, async () => {
	const s = await server({ tls: 'implicit' });
	s.auth = ['LOGIN'];
	const r = await dmarcd(conf('login', smtp({ port: s.port, tls: 'implicit', more: '\tunsubscribe = "https://example.org/stop?x=1"\n' })),
		['summary', '--lang', 'ru', '--mail-to', 'a@example.com']);
	assert.equal(r.code, 0, r.stderr);
	assert.equal(s.mails[0]?.user, 'reports@example.org');
	const m = readMail(s.mails[0]?.raw ?? '');
	assert.equal(m.headers.get('list-unsubscribe'), '<https://example.org/stop?x=1>');
	assert.equal(m.headers.get('list-unsubscribe-post'), 'List-Unsubscribe=One-Click');
	assert.match(m.headers.get('subject') ?? '', /[а-я]{4}/);
	assert.equal(m.headers.get('content-language'), 'ru');
	s.users = {};
	const none = await dmarcd(conf('nologin', smtp({ port: s.port, tls: 'implicit', user: '' })), ['summary', '--mail-to', 'a@example.com']);
	assert.equal(none.code, 0, none.stderr);
	assert.equal(s.mails.length, 2);
});

test('what must not be trusted is refused with a sentence, before anything is told', { skip }, async () => {
	const cases: [string, ConstructorParameters<typeof Smtp>[0], Way, RegExp, number][] = [
		['wrong name', { cert: certs.wrongName }, { port: 0 }, /the certificate is for mail\.example\.net, imap\.example\.net, not for localhost/, 2],
		['expired', { cert: certs.expired }, { port: 0 }, /the certificate of localhost expired on 2021-01-01/, 2],
		['unknown authority', { cert: certs.strange }, { port: 0 }, /was issued by an authority that is not trusted/, 2],
		['wrong name, TLS at once', { cert: certs.wrongName, tls: 'implicit' }, { port: 0, tls: 'implicit' }, /the certificate is for/, 2],
		['no STARTTLS', { tls: 'none' }, { port: 0 }, /does not offer STARTTLS, so nothing was sent/, 2],
		['TLS 1.1', { maxVersion: 'TLSv1.1' }, { port: 0 }, /offers no TLS 1\.2 or newer/, 2],
		['slipped in', { command: (c, _t, v) => v === 'STARTTLS' && (c.write('220 go\r\n250 injected\r\n'), true) }, { port: 0 }, /slipped into the conversation/, 2],
		['wrong password', {}, { port: 0, user: 'other@example.org' }, /login as other@example\.org: .*535 5\.7\.8.*check user and password/, 2],
		['no greeting', { greet: (c) => c.close('') }, { port: 0 }, /closed the connection/, 75],
		['busy', { greet: (c) => c.write('421 4.3.2 busy\r\n') }, { port: 0 }, /421 4\.3\.2 busy/, 75],
	];
	for (const [label, how, way, sentence, code] of cases) {
		const s = await server(how);
		const r = await dmarcd(conf('refused', smtp({ ...way, port: s.port })), ['summary', '--mail-to', 'a@example.com']);
		assert.match(r.stderr, sentence, label);
		assert.equal(r.code, code, `${label}: ${r.stderr}`);
		assert.deepEqual(s.mails, [], label);
		assert.ok(!s.commands.some((l) => /^(MAIL|RCPT|DATA)/.test(l)), label);
		assert.ok(!s.received.includes('se cret') && !s.received.includes(Buffer.from('se cret').toString('base64')), label);
	}
});

test('exit codes: nobody there, not now, never, and a wrong address', { skip }, async () => {
	const s = await server();
	const c = conf('codes', smtp({ port: s.port }));
	const send = async (...to: string[]): Promise<[number, string]> => {
		const r = await dmarcd(c, ['summary', ...to.flatMap((t) => ['--mail-to', t])]);
		return [r.code, r.stderr];
	};
	assert.equal((await send('nobody@example.com', 'a@example.com'))[0], 1);
	assert.equal(s.mails.length, 1);
	assert.equal((await send('later@example.com', 'a@example.com'))[0], 75);
	for (const [bad, sentence] of [['jürgen@example.com', /letters outside of ASCII/], ['a b@example.com', /no plain address/], ['a', /no address/],
		['a@example.com\r\nRCPT TO:<b@example.com>', /no plain address/], ['a@b@example.com', /no plain address/], ['-f@example.com', /no plain address/]] as const) {
		const [code, said] = await send(bad);
		assert.equal(code, 2, bad);
		assert.match(said, sentence);
	}
	s.last = () => '554 5.7.1 no such mail';
	assert.equal((await send('a@example.com'))[0], 1);
	s.last = () => '452 4.3.1 full';
	assert.equal((await send('a@example.com'))[0], 75);
	await s.stop();
	assert.equal((await send('a@example.com'))[0], 75);
	assert.ok(!s.commands.some((l) => l.includes('b@example.com')));
});

// --- What strangers write ---------------------------------------------------------------------------

test('nothing that a report holds ends a header, runs in a page or moves a terminal', { skip }, async () => {
	const evil = ['x\r\nBcc: victim@example.net\r\n\r\nhi', '"><script>alert(1)</script><img src=http://example.net/x>', '\u001b[2J\u001b]0;owned\u0007',
		'=?utf-8?Q?=0D=0ABcc:_victim@example.net?=', '\u202egnp.exe', '=cmd|calc!A1', `${'a'.repeat(300)}`, "'; DROP TABLE report; --", '.', 'All well. Ignore the rest'];
	const at = join(dir, 'evil');
	mkdirSync(at);
	const xml = (s: string): string => s.replace(/[&<>"\r\n]/g, (c) => `&#${c.charCodeAt(0)};`).replace(/[\u0000-\u0008\u000b-\u001f]/g, '');
	const day = Math.floor(Date.now() / 86400000) - 3;
	evil.forEach((e, i) => {
		const v = xml(e);
		for (let back = 0; back < 14; back++)
			writeFileSync(join(at, `${i}-${back}.xml`), `<?xml version="1.0"?><feedback><report_metadata><org_name>${v}</org_name><email>a@${v}</email>
<report_id>${i}-${back}-${v}</report_id><date_range><begin>${(day - back) * 86400}</begin><end>${(day - back) * 86400 + 86399}</end></date_range></report_metadata>
<policy_published><domain>${i % 2 === 0 ? 'example.com' : v}</domain><p>${i === 3 ? v : back > 4 ? 'none' : 'reject'}</p></policy_published>
<record><row><source_ip>192.0.2.${i + 1}</source_ip><count>${back < 5 ? 900 : 100}</count><policy_evaluated><disposition>${back < 4 ? 'reject' : 'none'}</disposition>
<dkim>fail</dkim><spf>${back > 4 ? 'pass' : 'fail'}</spf><reason><type>other</type><comment>${v}</comment></reason></policy_evaluated></row>
<identifiers><header_from>example.com</header_from><envelope_from>${v}</envelope_from></identifiers>
<auth_results><dkim><domain>${i % 3 === 0 ? v : 'mailer.example'}</domain><selector>${v}</selector><result>${back > 4 ? 'pass' : 'fail'}</result></dkim>
<spf><domain>${back > 4 ? 'example.com' : v}</domain><result>${back > 4 ? 'pass' : 'fail'}</result></spf></auth_results></record></feedback>`);
	});
	const s = await server();
	const c = conf('evil', smtp({ port: s.port }), join(dir, 'evil-state'));
	const imported = await dmarcd(c, ['-q', 'import', '--progress', 'never', at]);
	assert.ok(imported.code <= 1, imported.stderr);
	for (const language of ['en', 'ru', 'pt', 'cs', 'de'])
		assert.equal((await dmarcd(c, ['summary', '--lang', language, '--mail-to', 'a@example.com'])).code, 0);
	assert.equal(s.mails.length, 5);
	for (const raw of s.mails) {
		const m = readMail(raw.raw);
		check(m);
		assert.ok(!/script/i.test(elements(m.parts[1]?.text ?? '').names.join()));
		assert.ok(!raw.raw.split('\r\n').some((l) => /^bcc:/i.test(l)));
	}
	for (const format of ['text', 'csv', 'json']) {
		const r = await dmarcd(c, ['summary', '--format', format]);
		assert.equal(r.code, 0, r.stderr);
		assert.ok(!control.test(r.stdout.replace(/\r\n/g, '\n')), format);
		if (format === 'csv') assert.ok(!/(^|,)"?[=+@]/m.test(r.stdout), 'formulas');
		if (format === 'json') assert.ok(JSON.parse(r.stdout).needs.length > 0, 'there is something to be said');
	}
	const stopped = await dmarcd(c, ['verify']);
	assert.equal(stopped.code, 0, stopped.stderr);
});

// --- By schedule ------------------------------------------------------------------------------------------

/** A minute ago, local time. */
function justNow(): string {
	const d = new Date(Date.now() - 60000);
	return `${String(d.getHours()).padStart(2, '0')}:${String(d.getMinutes()).padStart(2, '0')}`;
}

const daily = (name: string, to: string[], more = ''): string =>
	`summary "${name}" {\n\tto = { ${to.map((t) => `"${t}"`).join(', ')} }\n\tperiod = day\n\twhen = "${justNow()}"\n${more}}\n`;

test('the daemon sends each mail once: server down, killed, killed before the answer, reloaded, and cron beside it', { skip }, async () => {
	const s = await server();
	const port = s.port;
	await s.stop();
	const section = daily('once', ['a@example.com', 'b@example.com'], '\tlanguage = de\n');
	const c = conf('once', smtp({ port }) + section);
	let daemon = await Daemon.start(c);
	await until(() => `it says that it cannot send: ${daemon.log}`, () => /summary once of .*a@example\.com: .*no connection.*it is tried again/.test(daemon.log));
	await daemon.end();

	const up = await new Smtp({ tls: 'starttls', cert: certs.good }).start();
	up.users = { 'reports@example.org': 'se cret' };
	const text = readFileSync(c, 'utf8').replace(`port = ${port}`, `port = ${up.port}`);
	writeFileSync(c, text);
	// the first is taken, but its answer never comes, as we are killed
	up.last = (m) => (m.to === 'a@example.com' ? undefined : '250 2.0.0 taken');
	daemon = await Daemon.start(c);
	await until('the first mail', () => up.mails.length === 1);
	await daemon.end();
	assert.deepEqual(up.mails.map((m) => m.to), ['a@example.com']);

	daemon = await Daemon.start(c);
	await until('the second mail', () => up.mails.length === 2);
	await until('a word about the first', () => /a@example\.com: it was handed over when this process was stopped/.test(daemon.log));
	await until('it is written down', () => readFileSync(join(state, 'notify/once.json'), 'utf8').includes('"sent"'));
	daemon.signal('SIGHUP');
	await until('the configuration was read again', () => daemon.log.includes('read again'));
	await until('the notifier is back', () => daemon.role('notifier').length === 1);
	const cron = await dmarcd(c, ['summary', '--due']);
	assert.equal(cron.code, 0, cron.stderr);
	await daemon.stop();
	assert.deepEqual(up.mails.map((m) => m.to), ['a@example.com', 'b@example.com']);
	check(readMail(up.mails[1]?.raw ?? ''));
	assert.equal(readMail(up.mails[1]?.raw ?? '').headers.get('content-language'), 'de');
});

test('killed at any moment while it sends to twelve: each gets one, or one that nobody confirmed', { skip }, async () => {
	const s = await server();
	const to = Array.from({ length: 12 }, (_, i) => `p${i}@example.com`);
	const c = conf('kills', smtp({ port: s.port }) + daily('kills', to));
	const settled = (): boolean => {
		if (!existsSync(join(state, 'notify/kills.json'))) return false;
		const r = JSON.parse(readFileSync(join(state, 'notify/kills.json'), 'utf8'));
		return r.mails.length === to.length && r.mails.every((m: any) => ['sent', 'unknown'].includes(m.state));
	};
	while (!settled()) {
		const daemon = await Daemon.start(c);
		const want = s.mails.length + 2;
		await until(() => `a mail more: ${daemon.log}`, () => s.mails.length >= want || settled());
		await daemon.end();
	}
	const got = s.mails.map((m) => m.to).sort();
	assert.deepEqual(got, [...new Set(got)], 'nothing twice');
	const record = JSON.parse(readFileSync(join(state, 'notify/kills.json'), 'utf8'));
	for (const m of record.mails) if (m.state === 'sent') assert.ok(got.includes(m.to), `${m.to} has it`);
});

test('cron without a daemon: --due sends once, per domain, and only when something is wrong', { skip }, async () => {
	const s = await server();
	const c = conf('due', smtp({ port: s.port }) + daily('due', ['a@example.com'], '\tper_domain = yes\n') +
		daily('quiet', ['q@example.com'], '\tdomains = { "nothing.example" }\n\theartbeat = no\n'));
	for (let i = 0; i < 3; i++) {
		const r = await dmarcd(c, ['summary', '--due']);
		assert.equal(r.code, 0, r.stderr);
	}
	const subjects = s.mails.filter((m) => m.to === 'a@example.com').map((m) => readMail(m.raw).headers.get('subject') ?? '');
	assert.equal(subjects.length, 3, subjects.join('\n'));
	assert.equal(s.mails.length, 4, 'a domain without reports is nothing that is well');
});

test('by a sendmail program, without a shell, from the command and from the daemon', { skip }, async () => {
	const to = join(dir, 'sendmail');
	mkdirSync(to);
	const script = join(dir, 'my-sendmail');
	writeFileSync(script, `#!/bin/sh\nn=$(ls ${to} | wc -l)\nprintf '%s\\n' "$@" >${to}/$n.args\ncat >${to}/$n.mail\n`);
	chmodSync(script, 0o755);
	const section = `smtp {\n\tsendmail = "${script} -i  -odi"\n\tfrom = "dmarcd@example.org"\n}\n`;
	const one = await dmarcd(conf('program', section), ['summary', '--mail-to', "o'brien$x@example.com"]);
	assert.equal(one.code, 0, one.stderr);
	assert.equal(readFileSync(join(to, '0.args'), 'utf8'), "-i\n-odi\n-f\ndmarcd@example.org\n--\no'brien$x@example.com\n");
	const raw = readFileSync(join(to, '0.mail'), 'latin1');
	assert.ok(!raw.includes('\r'));
	check(readMail(raw.replace(/\n/g, '\r\n')));
	const daemon = await Daemon.start(conf('program-daemon', section + daily('program', ['c@example.com'])));
	await until('it is sent', () => /summary program of .*: sent to c@example\.com/.test(daemon.log));
	await daemon.stop();
	assert.match(readFileSync(join(to, '2.args'), 'utf8'), /c@example\.com\n$/);
	const broken = await dmarcd(conf('program-broken', section.replace(script, '/bin/false')), ['summary', '--mail-to', 'a@example.com']);
	assert.equal(broken.code, 2);
	assert.match(broken.stderr, /sendmail "\/bin\/false -i {2}-odi" failed with exit code 1/);
});

// --- What needs somebody, by stories made for it -------------------------------------------------------------

interface Row { ip: string; count: number; from?: string; dkim?: string | undefined; spf?: string; bounce?: string; disp?: string; selector?: string }

/** Three reporters tell the same of each day; rows(day) says what. Days count back from the last complete one, 0. */
async function story(name: string, days: number, rows: (ago: number) => Row[], policy = (_ago: number): string => 'reject', end = 1): Promise<any> {
	const at = join(dir, `story-${name}`);
	mkdirSync(at);
	const today = Math.floor(Date.now() / 86400000);
	for (let ago = 0; ago < days; ago++) {
		const day = today - end - ago;
		for (const reporter of ['one.example', 'two.example', 'three.example']) {
			const records = rows(ago).map((r) => {
				const pass = (r.dkim === 'pass') || (r.spf === 'pass' && (r.bounce ?? 'example.com') === 'example.com');
				return `<record><row><source_ip>${r.ip}</source_ip><count>${r.count}</count><policy_evaluated><disposition>${r.disp ?? 'none'}</disposition>` +
					`<dkim>${r.dkim === 'pass' ? 'pass' : 'fail'}</dkim><spf>${pass && r.dkim !== 'pass' ? 'pass' : r.spf === 'pass' && (r.bounce ?? 'example.com') === 'example.com' ? 'pass' : 'fail'}</spf>` +
					`</policy_evaluated></row><identifiers><header_from>${r.from ?? 'example.com'}</header_from></identifiers><auth_results>` +
					(r.dkim === undefined ? '' : `<dkim><domain>example.com</domain><selector>${r.selector ?? 's1'}</selector><result>${r.dkim}</result></dkim>`) +
					`<spf><domain>${r.bounce ?? 'example.com'}</domain><result>${r.spf ?? 'pass'}</result></spf></auth_results></record>`;
			});
			writeFileSync(join(at, `${ago}-${reporter}.xml`), `<?xml version="1.0"?><feedback><report_metadata><org_name>${reporter}</org_name><email>r@${reporter}</email>` +
				`<report_id>${ago}</report_id><date_range><begin>${day * 86400}</begin><end>${day * 86400 + 86399}</end></date_range></report_metadata>` +
				`<policy_published><domain>example.com</domain><p>${policy(ago)}</p></policy_published>${records.join('')}</feedback>`);
		}
	}
	const c = conf(`story-${name}`, '', join(dir, `state-${name}`));
	const r = await dmarcd(c, ['-q', 'import', '--progress', 'never', at]);
	assert.equal(r.code, 0, r.stderr);
	const s = await dmarcd(c, ['summary', '--format', 'json']);
	assert.equal(s.code, 0, s.stderr);
	const text = await dmarcd(c, ['summary']);
	return { ...JSON.parse(s.stdout), asText: text.stdout };
}

const own = (count = 100): Row => ({ ip: '192.0.2.1', count, dkim: 'pass', spf: 'pass' });
const mailer = (count: number, ok: boolean, disp = 'none'): Row =>
	({ ip: '198.51.100.7', count, dkim: ok ? 'pass' : undefined, spf: 'pass', bounce: 'mailer.example', disp, selector: 'm1' });

test('a healthy domain is four lines, over 90 days', { skip }, async () => {
	const s = await story('healthy', 90, () => [own(), mailer(30, true), { ip: '203.0.113.9', count: 1, spf: 'fail', bounce: 'x.example', disp: 'reject' }]);
	assert.deepEqual(s.needs, []);
	assert.equal(s.all_well, true);
	assert.equal(s.complete, true);
	assert.equal(s.counts.m, 7 * 3 * 131);
	assert.match(s.subject, /^All well: 1 domain, 2,751 messages, 100% passing \(week to \d+ \w+\)$/);
	assert.ok(s.asText.trimEnd().split('\n').length <= 5, s.asText);
});

test('a mailer that lost its signature, with p=reject: messages were lost, and which', { skip }, async () => {
	const s = await story('hurt', 40, (ago) => [own(), ago < 4 ? mailer(40, false, 'reject') : mailer(40, true)]);
	assert.equal(s.needs[0]?.rule, 'hurt', s.asText);
	assert.equal(s.needs[0].level, 'urgent');
	assert.equal(s.needs[0].n, 4 * 3 * 40);
	assert.equal(s.needs[0].was, 0);
	assert.match(s.needs[0].name, /mailer\.example/);
	assert.match(s.needs[0].code, /^F\d+$/);
	assert.match(s.needs[0].do, /DKIM/);
	assert.match(s.subject, /^Needs you: example\.com lost 480 messages of yours/);
	assert.match(s.asText, /was 0|0 the week before/);
});

test('the same with p=none: the sender broke', { skip }, async () => {
	const s = await story('broke', 40, (ago) => [own(), ago < 4 ? mailer(40, false) : mailer(40, true)], () => 'none');
	assert.equal(s.needs[0]?.rule, 'broke', s.asText);
	assert.ok(s.needs[0].rate < 0.5 && s.needs[0].rate_was === 1);
});

test('a sender of yours that always fails a little', { skip }, async () => {
	const s = await story('failing', 40, () => [own(), { ip: '192.0.2.1', count: 12, dkim: 'fail', spf: 'fail' }], () => 'none');
	assert.deepEqual(s.needs.map((i: any) => i.rule), ['failing'], s.asText);
	assert.equal(s.needs[0].n, 7 * 3 * 12);
});

test('a wave of imitations, stopped or let through', { skip }, async () => {
	const wave = (disp: string) => (ago: number): Row[] =>
		[own(), ...(ago < 5 ? Array.from({ length: 20 }, (_, i) => ({ ip: `203.0.113.${i + 1}`, count: 30, spf: 'fail', bounce: `b${i}.test`, disp })) : [])];
	const stopped = await story('surge', 40, wave('reject'));
	const item = stopped.needs.find((i: any) => i.rule === 'surge');
	assert.equal(item?.level, 'warn', stopped.asText);
	assert.equal(item.n, 5 * 3 * 20 * 30);
	const leaked = await story('surge-none', 40, wave('none'), () => 'none');
	assert.equal(leaked.needs.find((i: any) => i.rule === 'surge')?.level, 'urgent', leaked.asText);
});

test('a domain whose reports stopped, and one that is only late', { skip }, async () => {
	const gone = await story('silent', 30, () => [own()], () => 'reject', 9);
	assert.equal(gone.needs[0]?.rule, 'silent', gone.asText);
	assert.match(gone.subject, /^No reports since \d+ \w+ for example\.com/);
	assert.equal(gone.complete, false);
	assert.equal(gone.prev, null);
	const late = await story('late', 30, () => [own()], () => 'reject', 3);
	assert.deepEqual(late.needs, [], late.asText);
	assert.equal(late.complete, true);
	const old = await story('old', 30, () => [own()], () => 'reject', 60);
	assert.deepEqual(old.needs, [], 'it does not nag for ever');
});

test('a policy that changed is told with who saw it', { skip }, async () => {
	const s = await story('policy', 30, () => [own()], (ago) => (ago < 3 ? 'quarantine' : 'none'));
	assert.deepEqual(s.changed.map((c: any) => [c.domain, c.old, c.new, c.reporters]), [['example.com', 'p=none', 'p=quarantine', 3]]);
	assert.match(s.asText, /p=none became p=quarantine, seen by 3\s+organisations/);
});

test('mail that cannot be read, and a mailbox that cannot', { skip }, async () => {
	const s = await story('unread', 20, () => [own()]);
	assert.equal(s.all_well, true);
	const at = join(dir, 'state-unread');
	const c = conf('story-unread', 'mailbox "rua" {\n\thost = "localhost"\n\tuser = "u"\n\tpassword_file = "/nonexistent"\n}\n', at);
	mkdirSync(join(at, 'spool/state'), { recursive: true });
	writeFileSync(join(at, 'spool/state/rua.status'), JSON.stringify({
		name: 'rua', state: 'error', last_success: Math.floor(Date.now() / 1000) - 86400, error: { text: 'the password\u001b[2J is <b>wrong</b>', remedy: 'change it' },
	}));
	const r = await dmarcd(c, ['summary', '--format', 'json']);
	const told = JSON.parse(r.stdout);
	assert.deepEqual(told.needs.map((i: any) => [i.rule, i.level, i.name]), [['mailbox', 'urgent', 'rua']]);
	assert.match(told.subject, /^Needs you: mailbox rua cannot be read/);
	const text = (await dmarcd(c, ['summary'])).stdout;
	assert.match(text, /Mailbox rua cannot be read: the password\\x1b\[2J is <b>wrong<\/b>/);
	assert.match(text, /Do: change it/);
	assert.ok(!elements((await dmarcd(c, ['summary', '--format', 'html'])).stdout).names.includes('b'));
});

// --- For Prometheus ------------------------------------------------------------------------------------------------

test('/metrics is off, or tells the figures of the store in the text format', { skip }, async () => {
	const off = await Daemon.start(conf('metrics-off', ''));
	assert.equal((await fetch(`${off.url}/metrics`)).status, 404);
	await off.stop();
	const at = join(dir, 'evil-state'); // what strangers wrote is in there
	const c = join(dir, 'metrics.conf');
	for (const [where, strange] of [[state, false], [at, true]] as const) {
		writeFileSync(c, configuration({ state: where }).replace('http {', 'http { metrics = yes '));
		const daemon = await Daemon.start(c);
		const r = await fetch(`${daemon.url}/metrics`);
		assert.equal(r.status, 200);
		assert.match(r.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
		const text = await r.text();
		const seen = new Set<string>();
		const typed = new Set<string>();
		const values = new Map<string, number>();
		for (const line of text.trimEnd().split('\n')) {
			const type = /^# (HELP|TYPE) (\w+) /.exec(line);
			if (type !== null) {
				typed.add(type[2] ?? '');
				continue;
			}
			const m = /^(\w+)(\{(\w+="(?:[^"\\]|\\["\\n])*",?)+\})? (\d+)$/.exec(line);
			assert.ok(m !== null, line);
			assert.ok(typed.has(m[1] ?? ''), line);
			assert.ok(!seen.has(m[1] + (m[2] ?? '')), `${line} twice`);
			assert.ok(!control.test(line), line);
			seen.add(m[1] + (m[2] ?? ''));
			values.set(m[1] + (m[2] ?? ''), Number(m[4]));
		}
		const all = await daemon.get('overview?t=all');
		const sum = (name: string, label = ''): number => [...values].filter(([k]) => k.startsWith(`${name}{`) && k.includes(label)).reduce((n, [, v]) => n + v, 0);
		assert.equal(sum('dmarcd_messages_total'), all.counts.m);
		assert.equal(sum('dmarcd_dispositions_total'), all.counts.m);
		assert.equal(sum('dmarcd_dispositions_total', 'disposition="reject"'), all.counts.reject);
		assert.equal(sum('dmarcd_own_messages_total', 'result="pass"'), all.counts.yours_pass);
		assert.equal(sum('dmarcd_own_messages_total', 'result="hurt"'), all.counts.collateral);
		const failing = (await daemon.get('breakdown?t=all&by=code&align=none')).total.m;
		assert.equal(sum('dmarcd_failures_total'), failing);
		assert.equal(values.get('dmarcd_reports'), (await daemon.get('meta')).reports);
		if (!strange) assert.equal(values.get('dmarcd_domains'), 3);
		const tool = await run('promtool', ['check', 'metrics'], Buffer.from(text));
		if (tool.code !== 255) assert.equal(tool.code, 0, tool.stderr + tool.stdout);
		await daemon.stop();
	}
	const dashboard = JSON.parse(readFileSync(join(process.env['E2E_DIR'] ?? '.', '../../contrib/grafana/dmarcd.json'), 'utf8'));
	const known = new Set(readFileSync(join(process.env['E2E_DIR'] ?? '.', '../../src/answer/metrics.c'), 'utf8').match(/dmarcd_\w+/g));
	for (const n of readFileSync(join(process.env['E2E_DIR'] ?? '.', '../../src/http/api_ingest.c'), 'utf8').match(/dmarcd_\w+/g) ?? []) known.add(n);
	for (const p of dashboard.panels) for (const t of p.targets) for (const name of t.expr.match(/dmarcd_\w+/g)) assert.ok(known.has(name), name);
});
