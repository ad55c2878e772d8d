// Fetching from a real Dovecot: exact counts, whole bodies, nothing twice.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeCerts, type Certs } from './lib/certs.js';
import { Dovecot, dovecotPath, password } from './lib/dovecot.js';
import { digest, digests, fetchOnce, makeMail, type Mailbox } from './lib/fetcher.js';

const skip = dovecotPath === undefined ? 'dovecot is not installed' : false;
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
