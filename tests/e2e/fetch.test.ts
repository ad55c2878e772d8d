// Fetching from a real Dovecot: exact counts, whole bodies, nothing twice.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeCerts, type Certs } from './lib/certs.js';
import { Dovecot, dovecotPath, oddPassword, oddUser, password } from './lib/dovecot.js';
import { digest, digests, fetchOnce, Fetcher, killAll, makeMail, sanitized, type Mailbox } from './lib/fetcher.js';

const skip = dovecotPath === undefined ? 'dovecot is not installed' : false;
// the long form, for make soak: that many kills
const kills = Number(process.env['E2E_KILLS'] ?? 0);
let dir: string;
let certs: Certs;
let dovecot: Dovecot;
let users = 0;

before(async () => {
	if (skip !== false) return;
	dir = mkdtempSync(join(tmpdir(), 'dmarcd-e2e-'));
	chmodSync(dir, 0o755); // Dovecot's own users must get in
	certs = makeCerts(join(dir, 'certs'));
	dovecot = await Dovecot.start(join(dir, 'dovecot'), certs);
});

after(async () => {
	if (skip !== false) return;
	killAll();
	await dovecot.stop();
	rmSync(dir, { recursive: true, force: true });
});

function newUser(): { user: string; state: string } {
	const user = `user${++users}`;
	dovecot.addUser(user);
	return { user, state: join(dir, `state-${user}`) };
}

type Way = 'imaps' | 'imap' | 'pop3s' | 'pop3';

function box(user: string, way: Way, more: Partial<Mailbox> = {}): Mailbox {
	return {
		name: user, protocol: way.startsWith('imap') ? 'imap' : 'pop3', host: 'localhost', port: dovecot.ports[way],
		tls: way.endsWith('s') ? 'implicit' : 'starttls', tls_ca_file: certs.ca, user, after: 'keep', timeout: 10, ...more,
	};
}

for (const way of ['imaps', 'imap', 'pop3s', 'pop3'] as const) {
	test(`${way}: every message once, whole, and no body on the second look`, { skip }, async () => {
		const { user, state } = newUser();
		const mails = Array.from({ length: 250 }, (_, i) => makeMail(i));
		dovecot.deliver(user, mails);
		const first = await fetchOnce(box(user, way), { password, state });
		assert.equal(first.error, null);
		assert.equal(first.code, 0);
		assert.equal(first.new, 250);
		assert.deepEqual(digests(state).sort(), mails.map(digest).sort());
		assert.equal(dovecot.bodies(user), 250);
		const second = await fetchOnce(box(user, way), { password, state });
		assert.equal(second.code, 0, second.error ?? '');
		assert.equal(second.new, 0);
		assert.equal(dovecot.bodies(user), 250, 'a body was transferred again');
		dovecot.deliver(user, [makeMail(1000)]);
		const third = await fetchOnce(box(user, way), { password, state });
		assert.equal(third.new, 1);
		assert.equal(dovecot.bodies(user), 251);
	});
}

test('a login name and a password that are hard to quote', { skip }, async () => {
	dovecot.addUser(oddUser);
	dovecot.deliver(oddUser, [makeMail(1)]);
	for (const way of ['imaps', 'pop3s'] as const) {
		const r = await fetchOnce(box(oddUser, way, { name: way }), { password: oddPassword, state: join(dir, `state-odd-${way}`) });
		assert.equal(r.error, null);
		assert.equal(r.new, 1);
		assert.ok(!r.stderr.includes(oddPassword));
	}
});

test('H3 wrong password; a folder that is not there', { skip }, async () => {
	const { user, state } = newUser();
	for (const way of ['imaps', 'pop3'] as const) {
		const r = await fetchOnce(box(user, way), { password: 'wrong-horse', state });
		assert.equal(r.code, 2);
		assert.match(r.error ?? '', new RegExp(`^mailbox ${user}: login as ${user}: localhost says ".*"; remedy: check user and password`));
		assert.ok(!r.stderr.includes('wrong-horse'));
	}
	dovecot.makeFolder(user, '.Reports.DMARC');
	const r = await fetchOnce(box(user, 'imaps', { folder: 'reports.dmarc' }), { password, state });
	assert.equal(r.code, 2);
	assert.match(r.error ?? '', /there is no folder "reports\.dmarc" .*; remedy: set folder to one of: Reports\/DMARC$/);
});

test('H3 a folder with a name beyond ASCII', { skip }, async () => {
	const { user, state } = newUser();
	dovecot.makeFolder(user, '.B&APw-ro &ZeVnLIqe- &- &2D3cTA-');
	dovecot.deliver(user, [makeMail(1), makeMail(2)], '.B&APw-ro &ZeVnLIqe- &- &2D3cTA-');
	const r = await fetchOnce(box(user, 'imaps', { folder: 'B\u00fcro \u65e5\u672c\u8a9e & \u{1f44c}' }), { password, state });
	assert.equal(r.error, null);
	assert.equal(r.new, 2);
});

test('imap: after UIDVALIDITY has changed all comes again, and it is said so', { skip }, async () => {
	const { user, state } = newUser();
	const mails = Array.from({ length: 20 }, (_, i) => makeMail(i));
	dovecot.deliver(user, mails);
	assert.equal((await fetchOnce(box(user, 'imaps'), { password, state })).new, 20);
	await new Promise((r) => setTimeout(r, 1100)); // Dovecot takes the clock's seconds for it
	dovecot.forget(user);
	const r = await fetchOnce(box(user, 'imaps'), { password, state });
	assert.equal(r.error, null);
	assert.equal(r.new, 20);
	assert.match(r.stderr, /folder was made anew on the server \(UIDVALIDITY/);
	assert.deepEqual([...new Set(digests(state))].sort(), mails.map(digest).sort());
	assert.equal((await fetchOnce(box(user, 'imaps'), { password, state })).new, 0);
});

test('H4 imap: after = seen, move, delete', { skip }, async () => {
	for (const way of ['seen', 'move', 'delete'] as const) {
		const { user, state } = newUser();
		dovecot.deliver(user, Array.from({ length: 150 }, (_, i) => makeMail(i)));
		// somebody else's deleted mail stays: no bare EXPUNGE
		const r = await fetchOnce(box(user, 'imaps', { after: way, after_folder: 'Archiv \u00dc' }), { password, state });
		assert.equal(r.error, null);
		assert.equal(r.new, 150);
		const left = dovecot.flags(user);
		assert.equal(left.length, way === 'seen' ? 150 : 0);
		if (way === 'seen') assert.ok(left.every((f) => f.includes('S')));
		if (way === 'move') {
			assert.equal(dovecot.flags(user, '.Archiv &ANw-').length, 150);
			assert.match(r.stderr, /folder Archiv \u00dc was not there and has been made/);
		}
		assert.equal(digests(state).length, 150);
		assert.equal((await fetchOnce(box(user, 'imaps', { after: way, after_folder: 'Archiv \u00dc' }), { password, state })).new, 0);
	}
});

test('imap: after = keep leaves no trace', { skip }, async () => {
	const { user, state } = newUser();
	dovecot.deliver(user, Array.from({ length: 5 }, (_, i) => makeMail(i)));
	await fetchOnce(box(user, 'imaps'), { password, state });
	assert.deepEqual(dovecot.flags(user), ['', '', '', '', '']);
});

test('pop3: after = delete', { skip }, async () => {
	const { user, state } = newUser();
	dovecot.deliver(user, Array.from({ length: 150 }, (_, i) => makeMail(i)));
	const r = await fetchOnce(box(user, 'pop3s', { after: 'delete' }), { password, state });
	assert.equal(r.error, null);
	assert.equal(r.new, 150);
	assert.equal(dovecot.flags(user).length, 0);
});

for (const way of ['imaps', 'pop3s'] as const)
	test(`${way}: a mail of 30 MB goes to the disk, not into memory`, { skip }, async () => {
		const { user, state } = newUser();
		const mails = [makeMail(1), makeMail(2, 30 << 20), makeMail(3)];
		dovecot.deliver(user, mails);
		const r = await fetchOnce(box(user, way), { password, state });
		assert.equal(r.error, null);
		assert.deepEqual(digests(state), mails.map(digest));
		assert.ok(r.peakKb > 0 && (sanitized || r.peakKb < 24 << 10), `${r.peakKb} KB resident`);
		assert.ok(r.progress.length > 0 && r.progress.at(-1)?.done === 3);
	});

test('H5 killed at random moments: every message is in the spool in the end', { skip }, async () => {
	for (const [way, after] of [['imaps', 'keep'], ['imaps', 'delete'], ['pop3s', 'keep'], ['pop3s', 'delete']] as const) {
		const { user, state } = newUser();
		const mails = Array.from({ length: kills === 0 ? 600 : 3000 }, (_, i) => makeMail(i, 20000 + 100 * i));
		dovecot.deliver(user, mails);
		const m = box(user, way, { after });
		for (let i = 0; i < (kills === 0 ? 6 : kills); i++) {
			const f = new Fetcher(m, { password, state });
			while (f.pid === 0) await new Promise((r) => setTimeout(r, 1));
			await new Promise((r) => setTimeout(r, 5 + Math.random() * 150));
			f.kill();
			await f.exited;
		}
		let r = await fetchOnce(m, { password, state });
		// a maildrop may stay locked until the server notices that its client has died
		for (let i = 0; i < 50 && r.code === 75; i++) {
			await new Promise((x) => setTimeout(x, 200));
			r = await fetchOnce(m, { password, state });
		}
		assert.equal(r.error, null);
		assert.deepEqual([...new Set(digests(state))].sort(), mails.map(digest).sort(), `${way} ${after}`);
		if (after === 'delete') assert.equal(dovecot.flags(user).length, 0);
		assert.equal(readdirSync(join(state, 'spool', 'tmp')).length, 0, 'leftovers');
	}
});
