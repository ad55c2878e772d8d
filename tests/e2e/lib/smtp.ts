// A small SMTP server for submission that can be told to misbehave, and a reader of what it was given.
import { Connection, Scripted, type Behaviour } from './servers.js';

export interface Received {
	from: string;
	to: string;
	user: string;
	secure: boolean;
	raw: string; // with CR LF, dots taken back, latin1
}

export class Smtp extends Scripted {
	extensions = ['8BITMIME', 'SIZE 10485760'];
	auth: string[] = ['PLAIN', 'LOGIN']; // under TLS only
	users: Record<string, string> = {};
	mails: Received[] = [];
	commands: string[] = [];
	/** The answer to the last line of a message; undefined: none at all. */
	last: (m: Received) => string | undefined = () => '250 2.0.0 taken';

	constructor(how: Behaviour) {
		super(how);
	}

	begin(c: Connection): void {
		c.write('220 localhost ESMTP ready\r\n');
		this.serve(c, (this.how.tls ?? 'implicit') === 'implicit');
	}

	private serve(c: Connection, secure: boolean): void {
		let user = '';
		let from = '';
		let to = '';
		let data: string[] | undefined;
		let next: ((line: string) => void) | undefined;
		const login = (u: string, p: string): void => {
			next = undefined;
			if (this.users[u] === p) user = u;
			c.write(this.users[u] === p ? '235 2.7.0 welcome\r\n' : '535 5.7.8 wrong user or password\r\n');
		};
		const text = (b64: string): string => Buffer.from(b64, 'base64').toString('utf8');
		c.onLine((line) => {
			if (data !== undefined) {
				if (line !== '.') {
					data.push(line.startsWith('.') ? line.slice(1) : line);
					return;
				}
				const m = { from, to, user, secure, raw: data.map((l) => `${l}\r\n`).join('') };
				data = undefined;
				const answer = this.last(m);
				if (answer === undefined || answer.startsWith('2')) this.mails.push(m);
				if (answer !== undefined) c.write(`${answer}\r\n`);
				return;
			}
			if (next !== undefined) {
				next(line);
				return;
			}
			const verb = (line.split(/[ :]/)[0] ?? '').toUpperCase();
			const rest = line.slice(verb.length + 1);
			this.commands.push(line);
			if (this.how.command?.(c, '', verb, rest) === true) return;
			switch (verb) {
				case 'EHLO': {
					const say = ['localhost', ...this.extensions];
					if (this.how.tls === 'starttls' && !secure) say.push('STARTTLS');
					if (secure && this.auth.length > 0) say.push(`AUTH ${this.auth.join(' ')}`);
					c.write(say.map((s, i) => `250${i + 1 < say.length ? '-' : ' '}${s}\r\n`).join(''));
					return;
				}
				case 'STARTTLS':
					c.write('220 2.0.0 begin\r\n');
					c.secure(this.context(), () => undefined);
					this.serve(c, true);
					return;
				case 'AUTH':
					if (!secure) c.write('538 5.7.11 not without TLS\r\n');
					else if (rest.toUpperCase() === 'PLAIN') {
						next = (l) => {
							const [, u = '', p = ''] = text(l).split('\0');
							login(u, p);
						};
						c.write('334 \r\n');
					} else if (rest.toUpperCase() === 'LOGIN') {
						next = (u) => {
							next = (p) => login(text(u), text(p));
							c.write('334 UGFzc3dvcmQ6\r\n');
						};
						c.write('334 VXNlcm5hbWU6\r\n');
					} else c.write('504 5.5.4 no such mechanism\r\n');
					return;
				case 'MAIL':
					if (Object.keys(this.users).length > 0 && user === '') c.write('530 5.7.0 log in first\r\n');
					else {
						from = /<(.*)>/.exec(line)?.[1] ?? '';
						c.write('250 2.1.0 ok\r\n');
					}
					return;
				case 'RCPT':
					to = /<(.*)>/.exec(line)?.[1] ?? '';
					if (to.startsWith('nobody@')) c.write('550 5.1.1 no such person here\r\n');
					else if (to.startsWith('later@')) c.write('450 4.2.1 not now\r\n');
					else c.write('250 2.1.5 ok\r\n');
					return;
				case 'DATA':
					data = [];
					c.write('354 go on\r\n');
					return;
				case 'QUIT':
					c.close('221 2.0.0 bye\r\n');
					return;
				default:
					c.write('250 ok\r\n');
			}
		});
	}
}

// --- Reading a mail, strictly: what is not as the RFCs have it throws ------------------------------

export interface Part {
	type: string;
	text: string;
}

export interface Mail {
	headers: Map<string, string>; // lower case, unfolded, encoded words decoded
	names: string[]; // in order
	parts: Part[];
}

function words(v: string): string {
	return v
		.replace(/\?=\s+=\?/g, '?==?')
		.replace(/(=\?utf-8\?B\?([A-Za-z0-9+/=]*)\?=)+/gi, (run) =>
			Buffer.concat([...run.matchAll(/=\?utf-8\?B\?([A-Za-z0-9+/=]*)\?=/gi)].map((m) => Buffer.from(m[1] ?? '', 'base64'))).toString('utf8'));
}

function quoted(t: string): string {
	const bytes: number[] = [];
	for (const line of t.split('\r\n')) {
		if (line.length > 76) throw new Error(`quoted-printable line of ${line.length}`);
		if (/[ \t]$/.test(line)) throw new Error('white space at the end of a line');
	}
	const joined = t.replace(/=\r\n/g, '');
	for (let i = 0; i < joined.length; i++) {
		if (joined[i] === '=') {
			const hex = joined.slice(i + 1, i + 3);
			if (!/^[0-9A-F]{2}$/.test(hex)) throw new Error(`=${hex}`);
			bytes.push(parseInt(hex, 16));
			i += 2;
		} else bytes.push(joined.charCodeAt(i));
	}
	return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes));
}

export function readMail(raw: string): Mail {
	if (/[^\r]\n|\r[^\n]/.test(raw)) throw new Error('a line end that is none');
	// eslint-disable-next-line no-control-regex
	if (/[^\t\r\n\x20-\x7e]/.test(raw)) throw new Error('a byte that is no printable ASCII');
	for (const l of raw.split('\r\n')) if (l.length > 998) throw new Error('a line of more than 998');
	const at = raw.indexOf('\r\n\r\n');
	const head = raw.slice(0, at);
	const headers = new Map<string, string>();
	const names: string[] = [];
	for (const l of head.replace(/\r\n[ \t]/g, ' ').split('\r\n')) {
		const m = /^([A-Za-z-]+): (.*)$/.exec(l);
		if (m === null) throw new Error(`no header: ${l}`);
		names.push((m[1] ?? '').toLowerCase());
		if (headers.has((m[1] ?? '').toLowerCase())) throw new Error(`${m[1]} twice`);
		headers.set((m[1] ?? '').toLowerCase(), words(m[2] ?? ''));
	}
	const boundary = /boundary="([^"]+)"/.exec(headers.get('content-type') ?? '')?.[1];
	if (boundary === undefined) throw new Error('no boundary');
	const body = `\r\n${raw.slice(at + 4)}`;
	const pieces = body.split(`\r\n--${boundary}`);
	if (!(pieces.pop() ?? '').startsWith('--\r\n')) throw new Error('the last boundary is missing');
	const parts = pieces.slice(1).map((p) => {
		const end = p.indexOf('\r\n\r\n');
		const h = p.slice(2, end);
		if (!/Content-Transfer-Encoding: quoted-printable/.test(h)) throw new Error('not quoted-printable');
		return { type: /Content-Type: ([a-z/]+); charset=utf-8/.exec(h)?.[1] ?? '', text: quoted(p.slice(end + 4)) };
	});
	return { headers, names, parts };
}
