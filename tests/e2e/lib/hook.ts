// A web server that keeps what it was sent, and answers as it likes.
import { readFileSync } from 'node:fs';
import { createServer as createPlain, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo } from 'node:net';
import { type Pair } from './certs.js';

export interface Got { path: string; headers: IncomingMessage['headers']; body: string }

const hooks: Hook[] = [];

export class Hook {
	got: Got[] = [];
	answer: (r: ServerResponse) => void = (r) => { r.writeHead(204).end(); };
	port = 0;
	private readonly server: Server;

	constructor(pair?: Pair) {
		const on = (q: IncomingMessage, r: ServerResponse): void => {
			const parts: Buffer[] = [];
			q.on('data', (d: Buffer) => parts.push(d));
			q.on('end', () => {
				this.got.push({ path: q.url ?? '', headers: q.headers, body: Buffer.concat(parts).toString('utf8') });
				this.answer(r);
			});
		};
		this.server = pair === undefined ? createPlain(on) : createServer({ cert: readFileSync(pair.cert), key: readFileSync(pair.key) }, on);
		this.server.on('tlsClientError', () => undefined);
		hooks.push(this);
	}

	async start(port = 0): Promise<this> {
		await new Promise<void>((done) => { this.server.listen(port, '127.0.0.1', done); });
		this.port = (this.server.address() as AddressInfo).port;
		return this;
	}

	async stop(): Promise<void> {
		this.server.closeAllConnections?.();
		await new Promise<void>((done) => { this.server.close(() => { done(); }); });
	}
}

export const stopHooks = async (): Promise<void> => { await Promise.all(hooks.map((h) => h.stop())); };
