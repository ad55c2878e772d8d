// The short form of soak's part kill9: what lib/story.ts tells, with a dozen kills.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeCerts } from './lib/certs.js';
import { generate, program } from './lib/daemon.js';
import { Dovecot, dovecotPath, password } from './lib/dovecot.js';
import { live } from './lib/story.js';

const skip = dovecotPath === undefined ? 'dovecot is not installed' : !existsSync(program) ? `${program} is not built` : false;

test('a dozen processes killed during fetch and import, connections broken, the disk full: exact, nothing left over', { skip }, async (t) => {
	const seed = Number(process.env['E2E_SEED'] ?? Date.now() % 1000000);
	t.diagnostic(`E2E_SEED=${seed}`);
	const dir = mkdtempSync(join(tmpdir(), 'dmarcd-kills-'));
	chmodSync(dir, 0o755); // Dovecot's own users must get in
	const certs = makeCerts(join(dir, 'certs'));
	const passwordFile = join(dir, 'password');
	writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
	const dovecot = await Dovecot.start(join(dir, 'dovecot'), certs);
	try {
		mkdirSync(join(dir, 'story'));
		const told = await live({
			dir: join(dir, 'story'), dovecot, certs, passwordFile, corpus: await generate(join(dir, 'bulk'), 'bulk', ['--reports', '499', '--big-mail', '1']),
			mails: 300, both: 100, kills: 12, seed, mb: 64, pause: 600, say: (line) => t.diagnostic(line),
		});
		t.diagnostic(`${told.seconds.toFixed(1)} s; ${[...told.kinds].map(([k, n]) => `${k} ${n}`).join(', ')}; ${told.broken} broken connections; ` +
			`${told.full === 0 ? 'the full disk was left out: only root may mount one' : `the disk was full ${told.full} times`}; ${told.words}`);
	} finally {
		await dovecot.stop();
		rmSync(dir, { recursive: true, force: true });
	}
});
