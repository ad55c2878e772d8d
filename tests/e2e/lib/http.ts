// The API as a client sees it, and as a hostile one does.
import { spawn, type ChildProcess } from 'node:child_process';
import { request, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';

export interface Answer {
	status: number;
	headers: IncomingHttpHeaders;
	body: Buffer;
}

export class Client {
	readonly host: string;
	readonly port: number;
	readonly base: string; // without the slash at the end

	constructor(url: string) {
		const u = new URL(url);
		this.host = u.hostname.replace(/^\[|\]$/g, '');
		this.port = Number(u.port === '' ? 80 : u.port);
		this.base = u.pathname.replace(/\/$/, '');
	}

	// path as it goes over the wire, below the base path
	ask(path: string, headers: Record<string, string> = {}, method = 'GET', body?: string): Promise<Answer> {
		return this.askRoot(this.base + path, headers, method, body);
	}

	askRoot(path: string, headers: Record<string, string> = {}, method = 'GET', body?: string): Promise<Answer> {
		return new Promise((resolve, reject) => {
			const r = request({ host: this.host, port: this.port, path, method, headers, agent: false }, (res) => {
				const parts: Buffer[] = [];
				res.on('data', (d: Buffer) => parts.push(d));
				res.on('error', reject);
				res.on('end', () =>
					resolve({ status: res.statusCode ?? 0, headers: res.headers, body: Buffer.concat(parts) }));
			});
			r.on('error', reject);
			r.end(body);
		});
	}

	// Bytes as they are; everything until the other side closes.
	raw(bytes: string | Buffer): Promise<string> {
		return new Promise((resolve, reject) => {
			const s = connect(this.port, this.host);
			const parts: Buffer[] = [];
			s.setTimeout(30_000, () => s.destroy(new Error('no end within 30 s')));
			s.on('data', (d) => parts.push(d));
			s.on('close', () => resolve(Buffer.concat(parts).toString('latin1')));
			s.on('error', (e: NodeJS.ErrnoException) => {
				// a server that refuses may reset while we still write
				if (e.code !== 'ECONNRESET' && e.code !== 'EPIPE') reject(e);
			});
			s.write(bytes);
		});
	}
}

export interface Server {
	url: string;
	sql(statement: string): Promise<void>; // done to its database, by the driver
	stop(): Promise<number>;
}

// tests/e2e/http_driver: prints its URL, ends when standard input does.
export function startDriver(path: string, args: string[]): Promise<Server> {
	const child: ChildProcess = spawn(path, args, { stdio: ['pipe', 'pipe', 'inherit'] });
	const ended = new Promise<number>((resolve) => child.on('exit', (code, signal) => resolve(code ?? (signal === null ? 1 : 128))));
	return new Promise((resolve, reject) => {
		let text = '';
		let done: (() => void) | undefined;
		child.on('error', reject);
		ended.then((code) => reject(new Error(`${path} ended with ${code} before it listened: ${text}`))).catch(reject);
		child.stdout?.on('data', (d: Buffer) => {
			text += d.toString();
			if (done !== undefined && text.endsWith('done\n')) done();
			const m = /^listening (\S+)$/m.exec(text);
			if (m?.[1] !== undefined)
				resolve({
					url: m[1],
					sql: (statement) =>
						new Promise((ok) => {
							done = ok;
							text = '';
							child.stdin?.write(`${statement}\n`);
						}),
					stop: () => {
						child.stdin?.end();
						return ended;
					},
				});
		});
	});
}
