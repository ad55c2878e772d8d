// Servers that lie, stall, break off or cannot be trusted: a clear sentence, no password, nothing lost.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeCerts, type Certs, type Pair } from './lib/certs.js';
import { digest, digests, fetchOnce, Fetcher, killAll, makeMail, status, type Mailbox, type Run } from './lib/fetcher.js';
import { freePorts } from './lib/ports.js';
import { Imap, Pop3, stopAll, type Behaviour, type Scripted } from './lib/servers.js';

const password = 'never-to-be-seen';
const secret = Buffer.from(`\0rua\0${password}`).toString('base64');
let dir: string;
let certs: Certs;
let states = 0;

before(() => {
	dir = mkdtempSync(join(tmpdir(), 'dmarcd-e2e-'));
	certs = makeCerts(join(dir, 'certs'));
});
after(async () => {
	killAll();
	await stopAll();
	rmSync(dir, { recursive: true, force: true });
});

const newState = (): string => join(dir, `state${++states}`);

function box(s: Scripted, protocol: 'imap' | 'pop3', more: Partial<Mailbox> = {}): Mailbox {
	return {
		name: 'rua', protocol, host: 'localhost', port: s.port, tls: s.how.tls ?? 'implicit', tls_ca_file: certs.ca,
		user: 'rua', after: 'keep', timeout: 5, ...more,
	};
}

async function imap(how: Behaviour, mails = 3): Promise<Imap> {
	const s = new Imap({ cert: certs.good, ...how });
	s.messages = Array.from({ length: mails }, (_, i) => ({ uid: i + 1, body: crlf(makeMail(2 * i)) }));
	return await s.start();
}

async function pop3(how: Behaviour, mails = 3): Promise<Pop3> {
	const s = new Pop3({ cert: certs.good, ...how });
	s.messages = Array.from({ length: mails }, (_, i) => crlf(makeMail(2 * i)));
	return await s.start();
}

const crlf = (m: Buffer): Buffer => Buffer.from(m.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1');

/** The scripted POP3 server ends each message with a line end of its own. */
const popped = (m: Buffer): string => digest(Buffer.concat([m, Buffer.from('\r\n')]));

function sentNothingSecret(s: Scripted): void {
	assert.ok(!s.received.includes(password), 'the password was sent');
	assert.ok(!s.received.includes(secret), 'the password was sent in base64');
}

function refused(r: Run, code: number, what: RegExp): void {
	assert.match(r.error ?? '', what);
	assert.match(r.error ?? '', /^mailbox rua: /);
	assert.equal(r.code, code, r.error ?? '');
	assert.ok(!r.stderr.includes(password) && !(r.error ?? '').includes(password), 'the password was shown');
}

const untrusted: [string, (c: Certs) => Pair, RegExp][] = [
	['expired certificate', (c) => c.expired, /expired on 2021-01-01; remedy: renew it/],
	['certificate for another host', (c) => c.wrongName, /for mail\.example\.net, imap\.example\.net, not for localhost; remedy: set host/],
	['unknown authority', (c) => c.strange, /not trusted here \(CN=Test authority unknown\); remedy: set tls_ca_file/],
];
for (const [name, pair, what] of untrusted)
	for (const tls of ['implicit', 'starttls'] as const) {
		test(`imap ${tls}: ${name}`, async () => {
			const s = await imap({ cert: pair(certs), tls });
			s.capabilities += ' STARTTLS';
			refused(await fetchOnce(box(s, 'imap'), { password, state: newState() }), 2, what);
			sentNothingSecret(s);
			await s.stop();
		});
		test(`pop3 ${tls}: ${name}`, async () => {
			const s = await pop3({ cert: pair(certs), tls });
			s.capabilities.push('STLS');
			refused(await fetchOnce(box(s, 'pop3'), { password, state: newState() }), 2, what);
			sentNothingSecret(s);
			await s.stop();
		});
	}

test('TLS 1.1 only', async () => {
	const s = await imap({ maxVersion: 'TLSv1.1' });
	refused(await fetchOnce(box(s, 'imap'), { password, state: newState() }), 2, /offers no TLS 1\.2 or newer/);
	sentNothingSecret(s);
	await s.stop();
});

test('no TLS where TLS is expected, and the other way round', async () => {
	const s = await imap({ tls: 'none' });
	refused(await fetchOnce(box(s, 'imap', { tls: 'implicit' }), { password, state: newState() }), 2, /does not speak TLS at once/);
	sentNothingSecret(s);
	await s.stop();
	const t = await imap({});
	refused(await fetchOnce(box(t, 'imap', { tls: 'starttls', timeout: 1 }), { password, state: newState() }), 75, /did not answer within 1 s/);
	sentNothingSecret(t);
	await t.stop();
});

test('STARTTLS and STLS not offered', async () => {
	const s = await imap({ tls: 'starttls' });
	refused(await fetchOnce(box(s, 'imap'), { password, state: newState() }), 2, /does not offer STARTTLS, so nothing was sent; remedy/);
	sentNothingSecret(s);
	await s.stop();
	const p = await pop3({ tls: 'starttls' });
	refused(await fetchOnce(box(p, 'pop3'), { password, state: newState() }), 2, /does not offer STLS, so nothing was sent; remedy/);
	sentNothingSecret(p);
	await p.stop();
});

test('STARTTLS: something slipped in behind the answer', async () => {
	const s = await imap({ tls: 'starttls', command: (c, tag, verb) => {
		if (verb !== 'STARTTLS') return false;
		c.write(`${tag} OK begin\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n`);
		return true;
	} });
	s.capabilities += ' STARTTLS';
	refused(await fetchOnce(box(s, 'imap'), { password, state: newState() }), 2, /slipped into the conversation/);
	sentNothingSecret(s);
	await s.stop();
	const p = await pop3({ tls: 'starttls', command: (c, _, verb) => {
		if (verb !== 'STLS') return false;
		c.write('+OK begin\r\n+OK\r\n');
		return true;
	} });
	p.capabilities.push('STLS');
	refused(await fetchOnce(box(p, 'pop3'), { password, state: newState() }), 2, /slipped into the conversation/);
	sentNothingSecret(p);
	await p.stop();
});

test('STARTTLS refused, and PREAUTH that leaves no room for it', async () => {
	const s = await imap({ tls: 'starttls', command: (c, tag, verb) => {
		if (verb !== 'STARTTLS') return false;
		c.write(`${tag} NO not today\r\n`);
		return true;
	} });
	s.capabilities += ' STARTTLS';
	refused(await fetchOnce(box(s, 'imap'), { password, state: newState() }), 75, /not today/);
	sentNothingSecret(s);
	await s.stop();
	const p = await imap({ tls: 'starttls', greet: (c) => { c.write('* PREAUTH hello\r\n'); } });
	refused(await fetchOnce(box(p, 'imap'), { password, state: newState() }), 2, /logged in already, so TLS cannot begin/);
	await p.stop();
});

test('no TLS is for loopback only; an address is verified against the addresses in the certificate', async () => {
	const s = await imap({ tls: 'none' });
	const r = await fetchOnce(box(s, 'imap'), { password, state: newState() });
	assert.equal(r.error, null);
	assert.equal(r.new, 3);
	refused(await fetchOnce(box(s, 'imap', { host: '192.0.2.1' }), { password, state: newState() }), 2, /is not this machine/);
	await s.stop();
	const t = await imap({});
	assert.equal((await fetchOnce(box(t, 'imap', { host: '127.0.0.1' }), { password, state: newState() })).error, null);
	await t.stop();
	const w = await imap({ cert: certs.wrongName });
	refused(await fetchOnce(box(w, 'imap', { host: '127.0.0.1' }), { password, state: newState() }), 2, /not for 127\.0\.0\.1/);
	sentNothingSecret(w);
	await w.stop();
});

test('no certificate authority in the file', async () => {
	const s = await imap({});
	refused(await fetchOnce(box(s, 'imap', { tls_ca_file: certs.good.key }), { password, state: newState() }), 2, /tls_ca_file .* remedy/);
	refused(await fetchOnce(box(s, 'imap', { tls_ca_file: '/nonexistent' }), { password, state: newState() }), 2, /tls_ca_file .* remedy/);
	await s.stop();
});

test('nobody listens; no such name', async () => {
	const [port] = await freePorts(1);
	const s = await imap({});
	const b = box(s, 'imap', { port: port ?? 1 });
	refused(await fetchOnce(b, { password, state: newState() }), 75, /no connection to localhost port \d+: Connection refused; remedy: check host and port/);
	const r = await fetchOnce(box(s, 'imap', { host: 'mail.invalid' }), { password, state: newState() });
	assert.match(r.error ?? '', /mail\.invalid .*remedy: check/);
	await s.stop();
});

const greetings: [string, (c: { write(t: string): void; close(t?: string): void }) => void, number, RegExp][] = [
	['silence', () => undefined, 75, /did not answer within 1 seconds; remedy/],
	['garbage', (c) => c.write('HTTP/1.1 400 Bad Request\r\n\r\n'), 2, /does not greet as/],
	['goodbye at once', (c) => c.close(), 75, /closed the connection; remedy/],
	['a line without end', (c) => {
		const more = (): void => { c.write('* OK '.padEnd(8192, 'x')); };
		for (let i = 0; i < 64; i++) more();
	}, 75, /sends far more than was asked for/],
	['one byte now and then', (c) => {
		let n = 0;
		const t = setInterval(() => { c.write(n++ === 0 ? '*' : ' '); if (n > 40) clearInterval(t); }, 250);
	}, 75, /too slowly/],
];
for (const [name, greet, code, what] of greetings)
	test(`greeting: ${name}`, async () => {
		const s = await imap({ greet });
		refused(await fetchOnce(box(s, 'imap', { timeout: 1 }), { password, state: newState() }), code, what);
		sentNothingSecret(s);
		await s.stop();
		const p = await pop3({ greet });
		refused(await fetchOnce(box(p, 'pop3', { timeout: 1 }), { password, state: newState() }), code, what);
		sentNothingSecret(p);
		await p.stop();
	});

test('imap: BYE in the greeting, and later', async () => {
	const s = await imap({ greet: (c) => { c.close('* BYE too busy, come back\r\n'); } });
	refused(await fetchOnce(box(s, 'imap'), { password, state: newState() }), 75, /too busy, come back/);
	await s.stop();
	const t = await imap({ command: (c, _, verb) => {
		if (verb !== 'UID FETCH') return false;
		c.close('* BYE Disconnected for inactivity\r\n');
		return true;
	} });
	refused(await fetchOnce(box(t, 'imap'), { password, state: newState() }), 75, /closed the connection/);
	await t.stop();
});

test('login refused: for good and for a while', async () => {
	const s = await imap({ command: (c, tag, verb) => {
		if (verb !== 'LOGIN') return false;
		c.write(`${tag} NO [AUTHENTICATIONFAILED] wrong password\r\n`);
		return true;
	} });
	refused(await fetchOnce(box(s, 'imap'), { password, state: newState() }), 2, /login as rua: localhost says "wrong password"; remedy: check user and password/);
	await s.stop();
	const t = await imap({ command: (c, tag, verb) => {
		if (verb !== 'LOGIN') return false;
		c.write(`${tag} NO [UNAVAILABLE] database is down\r\n`);
		return true;
	} });
	refused(await fetchOnce(box(t, 'imap'), { password, state: newState() }), 75, /database is down/);
	await t.stop();
	const p = await pop3({ command: (c, _, verb) => {
		if (verb !== 'PASS') return false;
		c.write('-ERR [IN-USE] another session\r\n');
		return true;
	} });
	refused(await fetchOnce(box(p, 'pop3'), { password, state: newState() }), 75, /another session/);
	await p.stop();
});

test('LOGINDISABLED: SASL PLAIN if offered, else nothing is sent', async () => {
	const s = await imap({ command: (c, tag, verb, rest) => {
		if (verb !== 'AUTHENTICATE') return false;
		assert.equal(rest, 'PLAIN');
		c.write('+ \r\n');
		c.onLine((line) => {
			assert.equal(line, secret);
			c.write(`${tag} OK in\r\n`);
			s.serve(c);
		});
		return true;
	} });
	s.capabilities = 'IMAP4rev1 LOGINDISABLED AUTH=PLAIN';
	const r = await fetchOnce(box(s, 'imap'), { password, state: newState() });
	assert.equal(r.error, null);
	assert.equal(r.new, 3);
	assert.ok(!s.commands.some((c) => c.startsWith('LOGIN')));
	await s.stop();
	const t = await imap({});
	t.capabilities = 'IMAP4rev1 LOGINDISABLED AUTH=GSSAPI';
	refused(await fetchOnce(box(t, 'imap'), { password, state: newState() }), 2, /neither LOGIN nor AUTH=PLAIN/);
	sentNothingSecret(t);
	await t.stop();
});

test('wrong tag', async () => {
	const s = await imap({ command: (c, _, verb) => {
		if (verb !== 'LOGIN') return false;
		c.write('a999 OK in\r\n');
		return true;
	} });
	const r = await fetchOnce(box(s, 'imap'), { password, state: newState() });
	assert.notEqual(r.code, 0);
	await s.stop();
});

test('H5 imap: an end of the connection inside a message, at first', async () => {
	let broken = 0;
	const s = await imap({ command: (c, _, verb, rest) => {
		if (verb !== 'UID FETCH' || !rest.includes('BODY') || broken++ > 0) return false;
		c.write(s.bodyOf(s.messages[0]!, 1));
		c.write(s.bodyOf(s.messages[1]!, 2).subarray(0, 200));
		setTimeout(() => c.close(), 50);
		return true;
	} });
	const state = newState();
	refused(await fetchOnce(box(s, 'imap'), { password, state }), 75, /closed the connection/);
	assert.deepEqual(digests(state), [digest(s.messages[0]!.body)], 'what came whole is kept, what did not is not');
	const r = await fetchOnce(box(s, 'imap'), { password, state });
	assert.equal(r.error, null);
	assert.deepEqual(digests(state), s.messages.map((m) => digest(m.body)));
	await s.stop();
});

test('H5 imap: a message that always breaks the connection holds up no other for ever', async () => {
	const s = await imap({ command: (c, _, verb, rest) => {
		if (verb !== 'UID FETCH' || !rest.includes('BODY') || !/(^|[,:])2(\D|$)|1:3/.test(rest.split(' ')[0] ?? '')) return false;
		if (rest.startsWith('1:')) c.write(s.bodyOf(s.messages[0]!, 1));
		c.write(s.bodyOf(s.messages[1]!, 2).subarray(0, 100));
		setTimeout(() => c.close(), 20);
		return true;
	} });
	const state = newState();
	let r = await fetchOnce(box(s, 'imap'), { password, state });
	for (let i = 0; i < 10 && r.code !== 0; i++) r = await fetchOnce(box(s, 'imap'), { password, state });
	assert.equal(r.error, null);
	assert.match(r.stderr, /uid 2 was left out: .*given up after 6 tries/);
	assert.deepEqual(digests(state), [0, 2].map((i) => digest(s.messages[i]!.body)));
	await s.stop();
});

test('H1 imap: an answer that cannot be parsed costs one message, which gets two more chances', async () => {
	let mended = false;
	const s = await imap({ command: (c, tag, verb, rest) => {
		if (verb !== 'UID FETCH' || !rest.includes('BODY') || mended) return false;
		const set = rest.split(' ')[0] ?? '';
		for (const [i, m] of s.messages.entries()) {
			const [a, b] = set.split(':');
			if (m.uid < Number(a) || m.uid > Number(b ?? a)) continue;
			c.write(m.uid === 2 ? `* 2 FETCH (UID 2 X-ODD (((} "\r\n` : s.bodyOf(m, i + 1));
		}
		c.write(`${tag} OK done\r\n`);
		return true;
	} });
	const state = newState();
	const r = await fetchOnce(box(s, 'imap'), { password, state });
	assert.equal(r.error, null);
	assert.equal(r.new, 2);
	assert.equal(r.skipped, 1);
	assert.match(r.stderr, /uid 2 was left out: .*tried again at the next look/);
	mended = true;
	const t = await fetchOnce(box(s, 'imap'), { password, state });
	assert.equal(t.new, 1);
	assert.deepEqual(digests(state).sort(), s.messages.map((m) => digest(m.body)).sort());
	assert.equal((await fetchOnce(box(s, 'imap'), { password, state })).new, 0);
	await s.stop();
});

test('imap: a refused message is given up after three looks, and stays known', async () => {
	const s = await imap({ command: (c, tag, verb, rest) => {
		if (verb !== 'UID FETCH' || !rest.includes('BODY') || !rest.startsWith('2 ') && !rest.startsWith('1:3')) return false;
		if (rest.startsWith('1:3')) { c.write(s.bodyOf(s.messages[0]!, 1)); c.write(s.bodyOf(s.messages[2]!, 3)); }
		c.write(`${tag} NO Server Unavailable\r\n`);
		return true;
	} });
	const state = newState();
	const first = await fetchOnce(box(s, 'imap'), { password, state });
	assert.equal(first.code, 0, first.stderr);
	assert.equal(first.new, 2);
	assert.match(first.stderr, /Server Unavailable/);
	await fetchOnce(box(s, 'imap'), { password, state });
	const third = await fetchOnce(box(s, 'imap'), { password, state });
	assert.match(third.stderr, /given up after 3 tries/);
	s.commands = [];
	const fourth = await fetchOnce(box(s, 'imap'), { password, state });
	assert.equal(fourth.code, 0);
	assert.ok(!s.commands.some((c) => c.includes('BODY')), 'asked again');
	await s.stop();
});

test('H1 H4 imap: numbers that wrap, strangers, flags in between, quoted and missing bodies', async () => {
	const s = await imap({ command: (c, tag, verb, rest) => {
		if (verb !== 'UID FETCH' || !rest.includes('BODY')) return false;
		c.write('* 5 EXISTS\r\n* 1 FETCH (FLAGS (\\Seen))\r\n');
		c.write(`* 9 FETCH (UID 99999999999999999999 BODY[] {3}\r\nabc)\r\n`);
		c.write(`* 9 FETCH (UID 77 BODY[] {3}\r\nabc)\r\n`);
		if (rest.startsWith('1:')) {
			c.write(s.bodyOf(s.messages[0]!, 1));
			c.write(s.bodyOf(s.messages[0]!, 1));
			c.write('* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n* 4 EXPUNGE\r\n');
			c.write('* 2 FETCH (BODY[] "Subject: quoted" UID 2)\r\n');
		}
		c.write('* 3 FETCH (UID 3 BODY[] NIL)\r\n');
		c.write(`${tag} OK done\r\n`);
		return true;
	} });
	const state = newState();
	const r = await fetchOnce(box(s, 'imap'), { password, state });
	assert.equal(r.error, null);
	assert.deepEqual(digests(state), [digest(s.messages[0]!.body), digest(Buffer.from('Subject: quoted'))]);
	assert.match(r.stderr, /uid 3 was left out: the server gave it without a body/);
	const bodies = s.commands.filter((c) => /^UID FETCH .*(BODY|RFC822\b(?!\.SIZE))/i.test(c));
	assert.ok(bodies.length > 0 && bodies.every((c) => /BODY\.PEEK\[\]/.test(c)), bodies.join('\n'));
	await s.stop();
});

test('H2 imap: a message over the limit stays, told or not, and comes when the limit is raised', async () => {
	const s = await imap({}, 4);
	s.messages[1]!.body = crlf(makeMail(2, 300000));
	s.messages[2]!.body = crlf(makeMail(4, 200000));
	s.messages[2]!.size = 1000;
	const state = newState();
	const r = await fetchOnce(box(s, 'imap'), { password, state, limits: { message_bytes: 100000 } });
	assert.equal(r.error, null);
	assert.equal(r.new, 2);
	assert.equal(r.skipped, 2);
	assert.match(r.stderr, /uid 2 was left out: it has (299|300)\d\d\d bytes, more than message_bytes = 100000/);
	s.commands = [];
	assert.equal((await fetchOnce(box(s, 'imap'), { password, state, limits: { message_bytes: 100000 } })).skipped, 0);
	assert.ok(!s.commands.some((c) => c.includes('BODY')));
	const t = await fetchOnce(box(s, 'imap'), { password, state });
	assert.equal(t.new, 2);
	assert.deepEqual(digests(state).sort(), s.messages.map((m) => digest(m.body)).sort());
	await s.stop();
});

test('H2 imap: sizes that are missing or wrong do not matter', async () => {
	const s = await imap({ command: (c, tag, verb, rest) => {
		if (verb !== 'UID FETCH' || rest.includes('BODY')) return false;
		c.write('* 1 FETCH (UID 1)\r\n* 2 FETCH (UID 2 RFC822.SIZE 1)\r\n* 3 FETCH (RFC822.SIZE 4000000 UID 3)\r\n');
		c.write(`${tag} OK done\r\n`);
		return true;
	} });
	const state = newState();
	assert.equal((await fetchOnce(box(s, 'imap'), { password, state })).error, null);
	assert.deepEqual(digests(state), s.messages.map((m) => digest(m.body)));
	await s.stop();
});

test('H4 imap: without MOVE and UIDPLUS nothing is ever expunged', async () => {
	for (const after of ['delete', 'move'] as const) {
		const s = await imap({});
		s.capabilities = 'IMAP4rev1';
		const r = await fetchOnce(box(s, 'imap', { after, after_folder: 'Done' }), { password, state: newState() });
		assert.equal(r.error, null);
		assert.match(r.stderr, /offers no .*UIDPLUS.*kept and marked as seen; remedy/);
		assert.ok(s.commands.some((c) => /^UID STORE 1:3 \+FLAGS\.SILENT \(\\Seen\)/i.test(c)), s.commands.join('\n'));
		assert.ok(!s.commands.some((c) => /EXPUNGE|COPY|Deleted/i.test(c)), s.commands.join('\n'));
		await s.stop();
	}
	const u = await imap({});
	u.capabilities = 'IMAP4rev1 UIDPLUS';
	assert.equal((await fetchOnce(box(u, 'imap', { after: 'move', after_folder: 'Erledigt/\u00dc & mehr' }), { password, state: newState() })).error, null);
	const acts = u.commands.filter((c) => /COPY|STORE|EXPUNGE/i.test(c));
	assert.match(acts.join('\n'), /^UID COPY 1:3 "?Erledigt\/&ANw- &- mehr"?\nUID STORE 1:3 \+FLAGS\.SILENT \(\\Deleted\)\nUID EXPUNGE 1:3$/i);
	await u.stop();
});

test('H4 H5 imap: settling that fails is made up for at the next look, without a second transfer', async () => {
	let refuse = true;
	const s = await imap({ command: (c, tag, verb) => {
		if ((verb !== 'UID MOVE' && verb !== 'CREATE') || !refuse) return false;
		c.write(`${tag} NO over quota\r\n`);
		return true;
	} });
	const state = newState();
	const m = box(s, 'imap', { after: 'move', after_folder: 'Done' });
	refused(await fetchOnce(m, { password, state }), 2, /moving messages to Done: localhost says "over quota"/);
	assert.equal(digests(state).length, 3);
	refuse = false;
	s.commands = [];
	const r = await fetchOnce(m, { password, state });
	assert.equal(r.error, null);
	assert.equal(r.new, 0);
	assert.ok(s.commands.some((c) => /^UID MOVE 1:3 /.test(c)));
	assert.ok(!s.commands.some((c) => c.includes('BODY')));
	await s.stop();
});

test('pop3: gaps, huge numbers, lies about sizes, odd lines', async () => {
	const s = await pop3({ command: (c, _, verb) => {
		if (verb === 'LIST') c.write(`+OK\r\n1 10\r\n3 ${s.messages[2]!.length}\r\n99999999999999999999 5\r\n4000000000 5\r\nodd\r\n-1 5\r\n3 7\r\n.\r\n`);
		else if (verb === 'UIDL') c.write('+OK\r\n1 a\r\n3 b\r\n2000000000 c\r\n3 twice\r\n.\r\n');
		else return false;
		return true;
	} });
	const state = newState();
	const r = await fetchOnce(box(s, 'pop3'), { password, state });
	assert.equal(r.error, null);
	assert.deepEqual(digests(state), [0, 2].map((i) => popped(s.messages[i]!)));
	s.commands = [];
	assert.equal((await fetchOnce(box(s, 'pop3'), { password, state })).new, 0);
	assert.ok(!s.commands.some((c) => c.startsWith('RETR')));
	await s.stop();
});

test('pop3: one command at a time where pipelining is not offered', async () => {
	let open = 0;
	const s = await pop3({ command: (c, _, verb, rest) => {
		if (verb !== 'RETR') return false;
		assert.equal(++open, 1, 'a second RETR before the first was answered');
		setTimeout(() => { open--; s.answer(c, verb, rest); }, 5);
		return true;
	} }, 20);
	s.capabilities = ['USER', 'UIDL'];
	const state = newState();
	assert.equal((await fetchOnce(box(s, 'pop3'), { password, state })).error, null);
	assert.deepEqual(digests(state), s.messages.map(popped));
	await s.stop();
});

test('pop3: a message refused, one over the limit, one that breaks off', async () => {
	let broken = 0;
	const s = await pop3({ command: (c, _, verb, rest) => {
		if (broken === c.number) return true;
		if (verb === 'RETR' && rest === '2') c.write('-ERR cannot read it\r\n');
		else if (verb === 'LIST') c.write(`+OK\r\n${s.messages.map((_, i) => `${i + 1} 1000\r\n`).join('')}.\r\n`);
		else if (verb === 'RETR' && rest === '1' && broken === 0) { broken = c.number; c.write('+OK\r\nSubject: ha'); setTimeout(() => c.close(), 20); }
		else return false;
		return true;
	} }, 5);
	s.messages[2] = crlf(makeMail(6, 300000));
	const state = newState();
	const run = async (): Promise<Run> => await fetchOnce(box(s, 'pop3'), { password, state, limits: { message_bytes: 100000 } });
	const first = await run();
	refused(first, 75, /closed the connection/);
	const second = await run();
	assert.equal(second.error, null);
	assert.match(second.stderr, /id-2 was left out: the server says "-ERR cannot read it"; it is tried again/);
	assert.match(second.stderr, /id-3 was left out: it has \d+ bytes, more than message_bytes/);
	assert.deepEqual(digests(state).sort(), [3, 4].map((i) => popped(s.messages[i]!)).sort());
	assert.equal((await run()).error, null);
	assert.deepEqual(digests(state).sort(), [0, 3, 4].map((i) => popped(s.messages[i]!)).sort());
	const third = await run();
	assert.match(third.stderr, /given up after 3 tries/);
	s.commands = [];
	assert.equal((await run()).code, 0);
	assert.ok(!s.commands.some((c) => c.startsWith('RETR')), s.commands.join(' '));
	await s.stop();
});

test('pop3: no UIDL', async () => {
	const how = { command: (c: { write(t: string): void }, _: string, verb: string): boolean => {
		if (verb !== 'UIDL') return false;
		c.write('-ERR no such command\r\n');
		return true;
	} };
	const s = await pop3(how);
	refused(await fetchOnce(box(s, 'pop3'), { password, state: newState() }), 2, /no names \(UIDL\).*remedy: set after to delete/);
	const state = newState();
	const r = await fetchOnce(box(s, 'pop3', { after: 'delete' }), { password, state });
	assert.equal(r.error, null);
	assert.equal(r.new, 3);
	assert.deepEqual(s.commands.filter((c) => c.startsWith('DELE')), ['DELE 1', 'DELE 2', 'DELE 3']);
	await s.stop();
});

test('pop3: deleted only by a good QUIT; what is still listed is deleted again', async () => {
	const s = await pop3({ command: (c, _, verb) => {
		if (verb !== 'QUIT' || c.number > 1) return false;
		c.write('-ERR some messages were not removed\r\n');
		return true;
	} });
	const state = newState();
	const m = box(s, 'pop3', { after: 'delete' });
	assert.equal((await fetchOnce(m, { password, state })).new, 3);
	s.commands = [];
	const r = await fetchOnce(m, { password, state });
	assert.equal(r.new, 0);
	assert.deepEqual(s.commands.filter((c) => /^(DELE|RETR)/.test(c)), ['DELE 1', 'DELE 2', 'DELE 3']);
	await s.stop();
});

test('a stop is obeyed in the middle of a command, and the status says so', async () => {
	for (const way of ['abandon', 'stop'] as const) {
		let asked: () => void = () => undefined;
		const reached = new Promise<void>((r) => { asked = r; });
		const s = await imap({ command: (_c, _t, verb) => {
			if (verb !== 'UID FETCH') return false;
			asked();
			return true;	// and says nothing
		} });
		const state = newState();
		const f = new Fetcher(box(s, 'imap', { timeout: 3600 }), { password, state, once: false });
		await reached;
		assert.equal(status(state, 'rua')['state'], 'fetching');
		if (way === 'abandon') f.abandon();
		else f.say({ op: 'stop' });
		assert.equal((await f.result()).code, 0);
		assert.equal(status(state, 'rua')['state'], 'idle');
		await s.stop();
	}
});

test('serving: looks again when told to, comes back after an error, keeps its status', async () => {
	let down = true;
	const s = await imap({ greet: (c) => { if (down) c.close('* BYE down\r\n'); else s.begin(c); } });
	const state = newState();
	const f = new Fetcher(box(s, 'imap', { poll: 3600 }), { password, state, once: false });
	const until = async (ok: (st: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> => {
		for (let i = 0; i < 600; i++) {
			try {
				const st = status(state, 'rua');
				if (ok(st)) return st;
			} catch {
				// not there yet
			}
			await new Promise((r) => setTimeout(r, 20));
		}
		throw new Error(`status: ${JSON.stringify(status(state, 'rua'))}`);
	};
	const bad = await until((x) => x['state'] === 'error');
	assert.match((bad['error'] as { text: string }).text, /^mailbox rua: greeting: localhost says "down"$/);
	assert.ok((bad['error'] as { remedy: string }).remedy.length > 0);
	assert.ok(Number(bad['next_run']) > 0);
	down = false;
	f.say({ op: 'fetch' });
	const good = await until((x) => x['state'] === 'idle' && x['last_success'] !== null);
	assert.equal(good['new'], 3);
	assert.equal(good['seen'], 3);
	assert.equal(good['error'], null);
	s.messages.push({ uid: 9, body: crlf(makeMail(30)) });
	f.say({ op: 'fetch' });
	await until((x) => x['seen'] === 4);
	f.abandon();
	assert.equal((await f.result()).code, 0);
	await s.stop();
});
