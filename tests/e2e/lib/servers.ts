// Small scripted IMAP and POP3 servers that can be told to misbehave. They remember every byte they were sent.
import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { TLSSocket, createSecureContext, type SecureContext, type SecureVersion } from 'node:tls';
import type { Pair } from './certs.js';

export interface Behaviour {
	tls?: 'implicit' | 'starttls' | 'none';
	cert?: Pair;
	maxVersion?: SecureVersion;
	/** Takes over from the greeting on. */
	greet?: (c: Connection) => void;
	/** Sees each command first; true: it has been answered. */
	command?: (c: Connection, tag: string, verb: string, rest: string) => boolean;
}

export class Connection {
	private rest = '';
	private lines: ((line: string) => void) | undefined;
	constructor(readonly server: Scripted, public socket: Socket, readonly number: number) {
		this.listen(socket);
	}

	private listen(s: Socket): void {
		s.on('error', () => undefined);
		s.on('data', (d: Buffer) => {
			this.server.received += d.toString('latin1');
			this.rest += d.toString('latin1');
			for (let at = this.rest.indexOf('\r\n'); at >= 0; at = this.rest.indexOf('\r\n')) {
				const line = this.rest.slice(0, at);
				this.rest = this.rest.slice(at + 2);
				this.lines?.(line);
			}
		});
	}

	onLine(f: (line: string) => void): void {
		this.lines = f;
	}

	write(text: string | Buffer): void {
		if (!this.socket.destroyed) this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
	}

	close(text = ''): void {
		if (text === '') this.socket.destroy();
		else this.socket.end(Buffer.from(text, 'latin1'));
	}

	secure(context: SecureContext, then: () => void): void {
		this.socket.removeAllListeners('data');
		const t = new TLSSocket(this.socket, { isServer: true, secureContext: context });
		this.socket = t;
		this.rest = '';
		this.listen(t);
		t.once('secure', then);
	}
}

const running = new Set<Scripted>();

/** For the end of a test file: a failed test leaves its servers behind, and they would keep Node alive. */
export async function stopAll(): Promise<void> {
	await Promise.all([...running].map((s) => s.stop()));
}

export abstract class Scripted {
	received = '';
	connections = 0;
	port = 0;
	private readonly open = new Set<Socket>();
	private readonly server: Server;

	constructor(readonly how: Behaviour) {
		this.server = createServer((s) => {
			this.open.add(s);
			s.on('error', () => undefined);
			s.once('close', () => this.open.delete(s));
			const c = new Connection(this, s, ++this.connections);
			const begin = (): void => (how.greet === undefined ? this.begin(c) : how.greet(c));
			if ((how.tls ?? 'implicit') === 'implicit') c.secure(this.context(), begin);
			else begin();
		});
	}

	context(): SecureContext {
		const pair = this.how.cert;
		if (pair === undefined) throw new Error('no certificate');
		return createSecureContext({
			cert: readFileSync(pair.cert), key: readFileSync(pair.key),
			...(this.how.maxVersion === undefined
				? {}
				: { maxVersion: this.how.maxVersion, minVersion: 'TLSv1' as const, ciphers: 'DEFAULT@SECLEVEL=0' }),
		});
	}

	async start(): Promise<this> {
		await new Promise<void>((r) => this.server.listen(0, '127.0.0.1', r));
		this.port = (this.server.address() as { port: number }).port;
		running.add(this);
		return this;
	}

	async stop(): Promise<void> {
		if (!running.delete(this)) return;
		const closed = new Promise((r) => this.server.close(r));
		for (const s of this.open) s.destroy();
		await closed;
	}

	abstract begin(c: Connection): void;
}

export interface Message {
	uid: number;
	body: Buffer;
	/** What the listing says, when it lies. */
	size?: number;
}

export function inSet(set: string, uid: number): boolean {
	return set.split(',').some((r) => {
		const [a, b] = r.split(':');
		return uid >= Number(a) && uid <= (b === '*' ? Infinity : Number(b ?? a));
	});
}

export class Imap extends Scripted {
	capabilities = 'IMAP4rev1 AUTH=PLAIN UIDPLUS MOVE';
	uidvalidity = 1;
	messages: Message[] = [];
	commands: string[] = [];

	begin(c: Connection): void {
		c.write('* OK ready\r\n');
		this.serve(c);
	}

	serve(c: Connection): void {
		c.onLine((line) => {
			const [tag = '', verb = '', ...more] = line.split(' ');
			this.commands.push(line.slice(tag.length + 1));
			const word = verb.toUpperCase() === 'UID' ? `UID ${more[0]?.toUpperCase() ?? ''}` : verb.toUpperCase();
			const rest = (verb.toUpperCase() === 'UID' ? more.slice(1) : more).join(' ');
			if (this.how.command?.(c, tag, word, rest) !== true) this.answer(c, tag, word, rest);
		});
	}

	answer(c: Connection, tag: string, verb: string, rest: string): void {
		const next = Math.max(0, ...this.messages.map((m) => m.uid)) + 1;
		switch (verb) {
			case 'CAPABILITY':
				c.write(`* CAPABILITY ${this.capabilities}\r\n`);
				break;
			case 'STARTTLS':
				c.write(`${tag} OK begin\r\n`);
				c.secure(this.context(), () => undefined);
				this.serve(c);
				return;
			case 'SELECT':
			case 'EXAMINE':
				c.write(`* ${this.messages.length} EXISTS\r\n* 0 RECENT\r\n* FLAGS (\\Seen \\Deleted)\r\n` +
					`* OK [UIDVALIDITY ${this.uidvalidity}] ok\r\n* OK [UIDNEXT ${next}] ok\r\n`);
				c.write(`${tag} OK [READ-${verb === 'SELECT' ? 'WRITE' : 'ONLY'}] done\r\n`);
				return;
			case 'UID FETCH': {
				const set = rest.split(' ')[0] ?? '';
				const body = rest.includes('BODY');
				this.messages.forEach((m, i) => {
					if (inSet(set, m.uid)) c.write(body ? this.bodyOf(m, i + 1) : this.sizeOf(m, i + 1));
				});
				break;
			}
			case 'LOGOUT':
				c.close(`* BYE bye\r\n${tag} OK done\r\n`);
				return;
			default:
				break;
		}
		c.write(`${tag} OK done\r\n`);
	}

	sizeOf(m: Message, seq: number): string {
		return `* ${seq} FETCH (UID ${m.uid} RFC822.SIZE ${m.size ?? m.body.length})\r\n`;
	}

	bodyOf(m: Message, seq: number): Buffer {
		return Buffer.concat([
			Buffer.from(`* ${seq} FETCH (UID ${m.uid} BODY[] {${m.body.length}}\r\n`), m.body, Buffer.from(')\r\n'),
		]);
	}
}

export class Pop3 extends Scripted {
	capabilities = ['USER', 'UIDL', 'SASL PLAIN', 'PIPELINING'];
	messages: Buffer[] = [];
	commands: string[] = [];

	begin(c: Connection): void {
		c.write('+OK ready <1.2@localhost>\r\n');
		this.serve(c);
	}

	serve(c: Connection): void {
		c.onLine((line) => {
			const [verb = '', ...more] = line.split(' ');
			this.commands.push(line);
			if (this.how.command?.(c, '', verb.toUpperCase(), more.join(' ')) !== true)
				this.answer(c, verb.toUpperCase(), more.join(' '));
		});
	}

	answer(c: Connection, verb: string, rest: string): void {
		const list = (f: (m: Buffer, n: number) => string): void => {
			c.write(`+OK\r\n${this.messages.map((m, i) => f(m, i + 1)).join('')}.\r\n`);
		};
		switch (verb) {
			case 'CAPA':
				c.write(`+OK\r\n${this.capabilities.map((x) => `${x}\r\n`).join('')}.\r\n`);
				return;
			case 'STLS':
				c.write('+OK begin\r\n');
				c.secure(this.context(), () => undefined);
				this.serve(c);
				return;
			case 'LIST':
				list((m, n) => `${n} ${m.length}\r\n`);
				return;
			case 'UIDL':
				list((_, n) => `${n} id-${n}\r\n`);
				return;
			case 'RETR':
				c.write('+OK\r\n');
				c.write(Buffer.from(`${(this.messages[Number(rest) - 1] ?? Buffer.alloc(0)).toString('latin1').replace(/^\./gm, '..')}\r\n.\r\n`, 'latin1'));
				return;
			case 'QUIT':
				c.close('+OK bye\r\n');
				return;
			default:
				c.write('+OK\r\n');
		}
	}
}
