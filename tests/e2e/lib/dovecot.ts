// A real Dovecot with its own configuration on loopback ports; needs neither root nor the system's files.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'node:net';
import type { Certs } from './certs.js';
import { freePorts } from './ports.js';

export const dovecotPath = ['/usr/sbin/dovecot', '/usr/local/sbin/dovecot'].find((p) => existsSync(p));

/** Everybody's password, but for one user whose password is hard to quote. */
export const password = 'correct-horse';
export const oddUser = 'odd user@example.com';
export const oddPassword = 'a "b" \\c {12} %s \u00e4\u20ac';

export interface Ports {
	imap: number;
	imaps: number;
	pop3: number;
	pop3s: number;
}

export class Dovecot {
	private child: ChildProcess | undefined;
	private serial = 0;
	private constructor(
		readonly dir: string,
		readonly ports: Ports,
		private readonly uid: number,
		private readonly gid: number,
	) {}

	static async start(dir: string, certs: Certs, extra = ''): Promise<Dovecot> {
		const root = process.getuid?.() === 0;
		const uid = root ? 65534 : userInfo().uid;
		const gid = root ? 65534 : userInfo().gid;
		const [imap, imaps, pop3, pop3s] = (await freePorts(4)) as [number, number, number, number];
		const d = new Dovecot(dir, { imap, imaps, pop3, pop3s }, uid, gid);
		mkdirSync(dir, { recursive: true });
		chmodSync(dir, 0o755);
		for (const sub of ['run', 'state', 'home']) mkdirSync(join(dir, sub), { recursive: true });
		chownSync(join(dir, 'home'), uid, gid);
		writeFileSync(join(dir, 'users'), `${oddUser}:${oddPassword}\n`);
		writeFileSync(join(dir, 'dovecot.conf'), d.config(certs, root, extra));
		d.launch();
		await d.ready();
		return d;
	}

	private config(certs: Certs, root: boolean, extra: string): string {
		const me = userInfo().username;
		const d = this.dir;
		const users = root
			? ''
			: `default_internal_user = ${me}\ndefault_internal_group = ${me}\ndefault_login_user = ${me}\n` +
				['anvil', 'imap-login', 'pop3-login'].map((s) => `service ${s} {\n chroot =\n}\n`).join('');
		return `base_dir = ${d}/run
state_dir = ${d}/state
log_path = ${d}/dovecot.log
protocols = imap pop3
listen = 127.0.0.1
ssl = yes
ssl_cert = <${certs.good.cert}
ssl_key = <${certs.good.key}
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
auth_username_chars =
mail_location = maildir:~/Maildir
mail_fsync = never
mail_max_userip_connections = 100
first_valid_uid = ${this.uid}
passdb {
 driver = passwd-file
 args = scheme=PLAIN username_format=%u ${d}/users
}
passdb {
 driver = static
 args = password=${password}
}
userdb {
 driver = static
 args = uid=${this.uid} gid=${this.gid} home=${d}/home/%u
}
namespace inbox {
 inbox = yes
 separator = /
}
service imap-login {
 process_min_avail = 1
 inet_listener imap {
  port = ${this.ports.imap}
 }
 inet_listener imaps {
  port = ${this.ports.imaps}
  ssl = yes
 }
}
service pop3-login {
 inet_listener pop3 {
  port = ${this.ports.pop3}
 }
 inet_listener pop3s {
  port = ${this.ports.pop3s}
  ssl = yes
 }
}
service stats {
 client_limit = 100
}
protocol pop3 {
 pop3_uidl_format = %08Xu%08Xv
}
${users}${extra}`;
	}

	private launch(): void {
		this.child = spawn(dovecotPath ?? 'dovecot', ['-F', '-c', join(this.dir, 'dovecot.conf')], {
			stdio: ['ignore', 'ignore', 'inherit'],
		});
	}

	private async ready(): Promise<void> {
		for (let i = 0; i < 300; i++) {
			if (await answers(this.ports.imap) && await answers(this.ports.pop3)) return;
			if (this.child?.exitCode !== null && this.child?.exitCode !== undefined)
				throw new Error(`dovecot does not start: ${this.log()}`);
			await new Promise((r) => setTimeout(r, 50));
		}
		throw new Error('dovecot does not answer');
	}

	async stop(): Promise<void> {
		const c = this.child;
		if (c === undefined || c.exitCode !== null) return;
		const gone = new Promise((r) => c.once('exit', r));
		c.kill('SIGTERM');
		await gone;
	}

	log(): string {
		return existsSync(join(this.dir, 'dovecot.log')) ? readFileSync(join(this.dir, 'dovecot.log'), 'utf8') : '';
	}

	/** The log lines about sessions of one user that have ended, oldest first. */
	sessions(user: string): string[] {
		return this.log().split('\n').filter((l) => l.includes(`(${user})`) && /(Logged out|Disconnected)/.test(l));
	}

	/** Message bodies handed out to a user so far, by IMAP and POP3 together. */
	bodies(user: string): number {
		let n = 0;
		for (const l of this.sessions(user)) {
			n += Number(/body_count=(\d+)/.exec(l)?.[1] ?? 0);
			n += Number(/retr=(\d+)\//.exec(l)?.[1] ?? 0);
		}
		return n;
	}

	addUser(user: string): void {
		this.makeDir(join(this.dir, 'home', user));
		this.makeFolder(user, 'INBOX');
	}

	private makeDir(path: string): void {
		mkdirSync(path);
		chownSync(path, this.uid, this.gid);
	}

	/** name as on disk: INBOX, or .Name in modified UTF-7 */
	makeFolder(user: string, name: string): void {
		const at = this.folder(user, name);
		this.makeDir(at);
		for (const sub of ['tmp', 'new', 'cur']) this.makeDir(join(at, sub));
	}

	folder(user: string, name = 'INBOX'): string {
		const base = join(this.dir, 'home', user, 'Maildir');
		return name === 'INBOX' ? base : join(base, name);
	}

	deliver(user: string, messages: Iterable<Buffer>, name = 'INBOX'): void {
		const at = this.folder(user, name);
		for (const m of messages) {
			// whole before it can be seen: a session may be going on
			const file = `${1700000000 + this.serial++}.M1P1.test`;
			writeFileSync(join(at, 'tmp', file), m);
			chownSync(join(at, 'tmp', file), this.uid, this.gid);
			renameSync(join(at, 'tmp', file), join(at, 'new', file));
		}
	}

	/** Flags as Maildir writes them, one string per message. */
	flags(user: string, name = 'INBOX'): string[] {
		const at = this.folder(user, name);
		return [
			...readdirSync(join(at, 'new')).map(() => ''),
			...readdirSync(join(at, 'cur')).map((f) => /:2,(.*)$/.exec(f)?.[1] ?? ''),
		];
	}

	/** Another UIDVALIDITY: the folder's own records are thrown away. */
	forget(user: string, name = 'INBOX'): void {
		const at = this.folder(user, name);
		for (const f of readdirSync(at)) if (f.startsWith('dovecot')) rmSync(join(at, f), { recursive: true });
	}

	doveadm(...args: string[]): string {
		return execFileSync('doveadm', ['-c', join(this.dir, 'dovecot.conf'), ...args], { encoding: 'utf8' });
	}
}

function answers(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const s = createConnection({ port, host: '127.0.0.1' });
		s.once('data', () => { s.destroy(); resolve(true); });
		s.once('error', () => resolve(false));
		s.setTimeout(2000, () => { s.destroy(); resolve(false); });
	});
}
