// A name server on loopback, UDP and TCP, that answers for reverse zones, host names and texts: well, badly, or not at all.
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';

const PTR = 12;
const CNAME = 5;
const TXT = 16;
const types = new Map([[1, 'A'], [28, 'AAAA'], [PTR, 'PTR'], [TXT, 'TXT']]);

/** What there is for one name. Nothing at all: no such name. */
export interface Answers {
	ptr?: string[];
	a?: string[]; // IPv4 and IPv6 addresses
	cname?: string;
	raw?: Buffer[]; // PTR records as they stand on the wire
	txt?: (string | Buffer)[]; // each a record, in strings of 255 bytes
	ttl?: number;
	many?: number; // PTR records, so many
	/** refused and servfail are answers, silent is none; garbage: bytes; wrongid: an answer to somebody else's question */
	fault?: 'refused' | 'servfail' | 'silent' | 'garbage' | 'wrongid';
	delay?: number; // ms
}

export function reverse(ip: string): string {
	if (ip.includes('.')) return ip.split('.').reverse().join('.') + '.in-addr.arpa';
	return [...expand(ip)].reverse().join('.') + '.ip6.arpa';
}

/** 32 digits. */
function expand(ip: string): string {
	const [head = '', tail] = ip.split('::');
	const left = head === '' ? [] : head.split(':');
	const right = tail === undefined || tail === '' ? [] : tail.split(':');
	const all = tail === undefined ? left : [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
	return all.map((g) => g.padStart(4, '0')).join('');
}

export function wireName(name: string): Buffer {
	const parts = name === '' ? [] : name.split('.').map((l) => Buffer.concat([Buffer.from([l.length]), Buffer.from(l, 'latin1')]));
	return Buffer.concat([...parts, Buffer.from([0])]);
}

function addressBytes(ip: string): Buffer {
	return ip.includes('.') ? Buffer.from(ip.split('.').map(Number)) : Buffer.from(expand(ip), 'hex');
}

function strings(text: string | Buffer): Buffer {
	const b = Buffer.from(text);
	const parts: Buffer[] = b.length === 0 ? [Buffer.from([0])] : [];
	for (let at = 0; at < b.length; at += 255) {
		const part = b.subarray(at, at + 255);
		parts.push(Buffer.from([part.length]), part);
	}
	return Buffer.concat(parts);
}

interface Question {
	id: number;
	name: string;
	type: number;
	end: number; // of the question's bytes
}

function question(m: Buffer): Question | undefined {
	const labels: string[] = [];
	let at = 12;
	if (m.length < 17 || m.readUInt16BE(4) !== 1) return undefined;
	for (;;) {
		const n = m[at++];
		if (n === undefined || n > 63 || at + n > m.length) return undefined;
		if (n === 0) break;
		labels.push(m.toString('latin1', at, at + n));
		at += n;
	}
	if (at + 4 > m.length) return undefined;
	return { id: m.readUInt16BE(0), name: labels.join('.').toLowerCase(), type: m.readUInt16BE(at), end: at + 4 };
}

function record(type: number, ttl: number, data: Buffer): Buffer {
	const head = Buffer.alloc(12);
	head.writeUInt16BE(0xc00c, 0); // the name of the question
	head.writeUInt16BE(type, 2);
	head.writeUInt16BE(1, 4);
	head.writeUInt32BE(ttl, 6);
	head.writeUInt16BE(data.length, 10);
	return Buffer.concat([head, data]);
}

/**
 * So many PTR records, all different, in one message: 4000 fit into 64 kB only when each is one label of one letter in front of
 * a name that stands earlier in the message.
 */
function crowd(n: number, ttl: number, from: number): Buffer[] {
	const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
	const out: Buffer[] = [record(PTR, ttl, wireName('crowd.example'))];
	const places = [from + 12];
	let at = from + (out[0] as Buffer).length;
	for (let base = 0; out.length < n; base++)
		for (let i = 0; i < letters.length && out.length < n; i++) {
			const place = places[base] as number;
			if (place > 0x3fff) throw new Error('too far for a pointer');
			const r = record(PTR, ttl, Buffer.from([1, letters.charCodeAt(i), 0xc0 | (place >> 8), place & 0xff]));
			places.push(at + 12);
			at += r.length;
			out.push(r);
		}
	return out;
}

export class Dns {
	/** By name, lower case. */
	readonly zone = new Map<string, Answers>();
	readonly asked: { name: string; type: string; tcp: boolean; at: number }[] = [];
	/** What is said to everything, whatever the zone says. */
	fault: Answers['fault'];
	port = 0;
	private udp: UdpSocket | undefined;
	private tcp: Server | undefined;
	private readonly open = new Set<Socket>();

	async start(port = 0): Promise<this> {
		for (let tries = 0; ; tries++) {
			try {
				await this.listen(port);
				return this;
			} catch (e) {
				await this.stop();
				if (port !== 0 || tries > 20) throw e;
			}
		}
	}

	private async listen(port: number): Promise<void> {
		const tcp = createServer((s) => this.connected(s));
		this.tcp = tcp;
		await new Promise<void>((resolve, reject) => tcp.once('error', reject).listen(port, '127.0.0.1', resolve));
		this.port = (tcp.address() as { port: number }).port;
		const udp = createSocket('udp4');
		this.udp = udp;
		await new Promise<void>((resolve, reject) => {
			udp.once('error', reject);
			udp.bind(this.port, '127.0.0.1', resolve);
		});
		udp.on('error', () => undefined);
		udp.on('message', (m, from) => this.reply(m, false, (b) => udp.send(b, from.port, from.address)));
	}

	async stop(): Promise<void> {
		for (const s of this.open) s.destroy();
		await new Promise<void>((r) => (this.tcp?.listening === true ? this.tcp.close(() => r()) : r()));
		await new Promise<void>((r) => {
			try {
				if (this.udp === undefined) r();
				else this.udp.close(() => r());
			} catch {
				r(); // it was never bound
			}
		});
		this.tcp = this.udp = undefined;
	}

	/** An address with these names; they lead back to it, unless forward says where. */
	host(ip: string, names: string[], forward: string[] = [ip], ttl = 3600): void {
		this.zone.set(reverse(ip), { ptr: names, ttl });
		for (const n of names) this.zone.set(n.toLowerCase(), { a: forward, ttl });
	}

	/** Texts at a name; none: it is not there any more. */
	texts(name: string, ...txt: (string | Buffer)[]): void {
		if (txt.length === 0) this.zone.delete(name);
		else this.zone.set(name, { txt, ttl: 300 });
	}

	count(name: string): number {
		return this.asked.filter((q) => q.name === name).length;
	}

	private connected(s: Socket): void {
		let b = Buffer.alloc(0);
		this.open.add(s);
		s.on('close', () => this.open.delete(s)).on('error', () => undefined).on('data', (d) => {
			b = Buffer.concat([b, d]);
			while (b.length >= 2 && b.length >= 2 + b.readUInt16BE(0)) {
				const m = b.subarray(2, 2 + b.readUInt16BE(0));
				b = b.subarray(2 + m.length);
				this.reply(m, true, (out) => {
					const head = Buffer.alloc(2);
					head.writeUInt16BE(out.length, 0);
					s.write(Buffer.concat([head, out]));
				});
			}
		});
	}

	private reply(m: Buffer, tcp: boolean, send: (b: Buffer) => void): void {
		const q = question(m);
		if (q === undefined) return;
		this.asked.push({ name: q.name, type: types.get(q.type) ?? String(q.type), tcp, at: Date.now() });
		const z = this.zone.get(q.name);
		const fault = this.fault ?? z?.fault;
		if (fault === 'silent') return;
		let out = this.message(m, q, z, fault, tcp);
		if (fault === 'garbage') out = Buffer.from(Array.from({ length: 200 }, (_, i) => (i * 37 + q.id) & 0xff));
		if (fault === 'wrongid') out.writeUInt16BE((q.id + 1) & 0xffff, 0);
		const go = (): void => {
			try {
				send(out);
			} catch {
				// it has gone
			}
		};
		if (z?.delay !== undefined) setTimeout(go, z.delay);
		else go();
	}

	private message(m: Buffer, q: Question, z: Answers | undefined, fault: Answers['fault'], tcp: boolean): Buffer {
		const head = Buffer.alloc(12);
		const answers = fault === undefined || fault === 'wrongid' ? this.records(q, z) : [];
		const asked = m.subarray(12, q.end);
		const size = answers.reduce((n, r) => n + r.length, 12 + asked.length);
		const cut = !tcp && size > 512;
		const rcode = fault === 'refused' ? 5 : fault === 'servfail' ? 2 : z === undefined ? 3 : 0;
		head.writeUInt16BE(q.id, 0);
		head.writeUInt16BE(0x8580 | (cut ? 0x200 : 0) | rcode, 2);
		head.writeUInt16BE(1, 4);
		head.writeUInt16BE(cut ? 0 : answers.length, 6);
		return Buffer.concat([head, asked, ...(cut ? [] : answers)]);
	}

	private records(q: Question, z: Answers | undefined): Buffer[] {
		const ttl = z?.ttl ?? 3600;
		if (z === undefined) return [];
		if (z.cname !== undefined) {
			const to = this.zone.get(z.cname);
			// as a resolver does it: the whole way, as long as it does not go round
			const there = q.type === TXT ? (to?.txt ?? []).map((t) => record(TXT, ttl, strings(t))) : (to?.ptr ?? []).map((n) => record(PTR, ttl, wireName(n)));
			return [record(CNAME, ttl, wireName(z.cname)), ...there.map((own) => Buffer.concat([wireName(z.cname ?? ''), own.subarray(2)]))];
		}
		if (q.type === PTR && z.many !== undefined) return crowd(z.many, ttl, q.end);
		if (q.type === PTR) return [...(z.ptr ?? []).map((n) => record(PTR, ttl, wireName(n))), ...(z.raw ?? []).map((b) => record(PTR, ttl, b))];
		if (q.type === TXT) return (z.txt ?? []).map((t) => record(TXT, ttl, strings(t)));
		if (q.type === 1) return (z.a ?? []).filter((a) => a.includes('.')).map((a) => record(1, ttl, addressBytes(a)));
		if (q.type === 28) return (z.a ?? []).filter((a) => a.includes(':')).map((a) => record(28, ttl, addressBytes(a)));
		return [];
	}
}
