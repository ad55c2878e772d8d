// Bytes that nobody sends by mistake: containers and mails whose every field can be made to lie. Deterministic, no tool is called.
import { constants, deflateRawSync, gzipSync } from 'node:zlib';

export const MB = 1 << 20;

/** The same numbers for the same seed. */
export function dice(n: number): () => number {
	let s = n >>> 0;
	return () => {
		s = (s + 0x6d2b79f5) >>> 0;
		let t = Math.imul(s ^ (s >>> 15), s | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return (t ^ (t >>> 14)) >>> 0;
	};
}

export function noise(bytes: number, seed = 1): Buffer {
	const b = Buffer.allocUnsafe(bytes), d = dice(seed);
	for (let i = 0; i < bytes; i++) b[i] = d() & 255;
	return b;
}

const table = Array.from({ length: 256 }, (_, n) => {
	for (let k = 0; k < 8; k++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
	return n >>> 0;
});

export function crc32(b: Buffer): number {
	let c = 0xffffffff;
	for (const v of b) c = (c >>> 8) ^ (table[(c ^ v) & 255] as number);
	return (c ^ 0xffffffff) >>> 0;
}

export const bytes = (...parts: (Buffer | string | number[])[]): Buffer =>
	Buffer.concat(parts.map((p) => (typeof p === 'string' ? Buffer.from(p) : Buffer.from(p as Buffer))));
export const hex = (s: string): Buffer => Buffer.from(s.replace(/\s+/g, ''), 'hex');
export const times = (b: Buffer | string, n: number): Buffer => {
	const one = Buffer.from(b as Buffer);
	return Buffer.alloc(one.length * n, one);
};

function le(bits: 16 | 32 | 64, v: number | bigint): Buffer {
	const b = Buffer.alloc(bits / 8);
	if (bits === 64) b.writeBigUInt64LE(BigInt.asUintN(64, BigInt(v)));
	else if (bits === 32) b.writeUInt32LE(Number(BigInt.asUintN(32, BigInt(v))));
	else b.writeUInt16LE(Number(v) & 0xffff);
	return b;
}

// --- gzip ----------------------------------------------------------------------

export const gz = (b: Buffer | string): Buffer => {
	const g = gzipSync(b, { level: 6 });
	g[9] = 3; // the system, which zlib knows
	return g;
};

/** A gzip stream that never says how long it is: head, then `block` n times, as one member. */
export function gzipEndless(head: string, block: Buffer, n: number): Buffer {
	// each piece ends on a byte and knows nothing of what stood before, so that it can be repeated
	const flush = (b: Buffer): Buffer => deflateRawSync(b, { level: 9, finishFlush: constants.Z_FULL_FLUSH });
	return bytes(hex('1f8b0800000000000003'), flush(Buffer.from(head)), times(flush(block), n), hex('0300'), le(32, 0), le(32, 0));
}

// --- zip -----------------------------------------------------------------------

export interface Entry {
	name: Buffer | string;
	data: Buffer | string;
	method?: number; // 8 deflate, 0 as it is; another: data is what it is
	flags?: number;
	mode?: number; // of Unix, in the directory
	crc?: number;
	packed?: number | bigint; // what is said of the size
	size?: number | bigint;
	extra?: Buffer; // of both headers
	other?: string; // another name in the directory
	at?: number; // another place in the file
	absent?: 'local' | 'central';
}

export interface ZipLies {
	comment?: Buffer;
	count?: number;
	directoryAt?: number;
	noDirectory?: boolean;
	before?: Buffer;
}

export function zip(entries: Entry[], lies: ZipLies = {}): Buffer {
	const out: Buffer[] = [lies.before ?? Buffer.alloc(0)], dir: Buffer[] = [];
	let at = lies.before?.length ?? 0;
	for (const e of entries) {
		const data = Buffer.from(e.data as Buffer), method = e.method ?? 8, packed = method === 8 ? deflateRawSync(data) : data;
		const name = Buffer.from(e.name as Buffer), extra = e.extra ?? Buffer.alloc(0);
		const common = (): Buffer => bytes(le(16, 20), le(16, e.flags ?? 0), le(16, method), le(32, 0x00210000), le(32, e.crc ?? crc32(data)),
			le(32, e.packed ?? packed.length), le(32, e.size ?? data.length));
		const local = bytes('PK\x03\x04', common(), le(16, name.length), le(16, extra.length), name, extra, packed);
		const other = Buffer.from((e.other ?? name) as Buffer);
		if (e.absent !== 'central')
			dir.push(bytes('PK\x01\x02', le(16, 0x0314), common(), le(16, other.length), le(16, extra.length), le(16, 0), le(16, 0), le(16, 0),
				le(32, (e.mode ?? 0o100644) * 65536), le(32, e.at ?? at), other, extra));
		if (e.absent !== 'local') {
			out.push(local);
			at += local.length;
		}
	}
	if (lies.noDirectory) return bytes(...out);
	const d = bytes(...dir), comment = lies.comment ?? Buffer.alloc(0), n = lies.count ?? dir.length;
	return bytes(...out, d, 'PK\x05\x06', le(16, 0), le(16, 0), le(16, n), le(16, n), le(32, d.length), le(32, lies.directoryAt ?? at),
		le(16, comment.length), comment);
}

export const zip64Extra = (size: bigint, packed: bigint): Buffer => bytes(le(16, 1), le(16, 16), le(64, size), le(64, packed));

// --- tar -----------------------------------------------------------------------

export interface TarEntry {
	name: string;
	data?: Buffer | string;
	type?: string; // '0' file, '1' link, '2' symbolic link, '3' device, 'x' pax header, ...
	link?: string;
	size?: string | Buffer; // what is said of it, 12 bytes
}

export function tar(entries: TarEntry[], end = true): Buffer {
	const out: Buffer[] = [];
	for (const e of entries) {
		const data = Buffer.from((e.data ?? '') as Buffer), h = Buffer.alloc(512);
		h.write(e.name, 0, 100);
		h.write('0000644\x000000000\x000000000\0', 100);
		(Buffer.isBuffer(e.size) ? e.size : Buffer.from(e.size ?? `${data.length.toString(8).padStart(11, '0')}\0`)).copy(h, 124);
		h.write('00000000000\0        ', 136);
		h.write(e.type ?? '0', 156);
		h.write(e.link ?? '', 157, 100);
		h.write('ustar\x0000', 257);
		h.write(`${h.reduce((a, b) => a + b, 0).toString(8).padStart(6, '0')}\0 `, 148);
		out.push(h, data, Buffer.alloc((512 - (data.length % 512)) % 512));
	}
	if (end) out.push(Buffer.alloc(1024));
	return bytes(...out);
}

// --- 7z ------------------------------------------------------------------------

/** A number as 7z writes it: the first byte says how many follow. */
function number7(v: bigint): Buffer {
	return v < 0x80n ? Buffer.from([Number(v)]) : bytes([0xff], le(64, v));
}

export interface SevenLies {
	size?: bigint; // of what comes out
	coder?: Buffer; // copy, 04 01 08 deflate, 04 02 02 bzip2, 21 LZMA2, 06 f1 07 01 AES
	properties?: Buffer;
	crc?: number;
	names?: string[];
}

export function seven(packed: Buffer, size: number, crc: number, lies: SevenLies = {}): Buffer {
	const coder = lies.coder ?? Buffer.from([0]), names = lies.names ?? ['report.xml'];
	const name = bytes([0], ...names.map((n) => Buffer.from(`${n}\0`, 'utf16le')));
	const p = lies.properties;
	const header = bytes([1, 4, 6], number7(0n), number7(1n), [9], number7(BigInt(packed.length)), [0], // PackInfo
		[7, 11], number7(1n), [0], number7(1n), [coder.length | (p === undefined ? 0 : 0x20)], coder,
		...(p === undefined ? [] : [number7(BigInt(p.length)), p]), [12], number7(lies.size ?? BigInt(size)), [0], // Folder
		[8, 10, 1], le(32, lies.crc ?? crc), [0, 0], // SubStreamsInfo
		[5], number7(BigInt(names.length)), [17], number7(BigInt(name.length)), name, [0, 0]);
	const start = bytes(le(64, packed.length), le(64, header.length), le(32, crc32(header)));
	return bytes(hex('377abcaf271c0004'), le(32, crc32(start)), start, packed, header);
}

// --- xz --------------------------------------------------------------------------

/** LZMA2: data as it is, in pieces. */
export function lzma2Stored(data: Buffer, first = true): Buffer {
	const out: Buffer[] = [];
	for (let i = 0; i < data.length; i += 65536) {
		const n = Math.min(65536, data.length - i);
		out.push(Buffer.from([first && i === 0 ? 1 : 2, ((n - 1) >> 8) & 255, (n - 1) & 255]), data.subarray(i, i + n));
	}
	return bytes(...out);
}

/** One block around LZMA2 chunks, without a check of its contents; dictionary: the size as xz writes it, 0 to 40. */
export function xz(chunks: Buffer, size: number, dictionary: number): Buffer {
	const flags = hex('0000'), block = bytes([2, 0, 0x21, 1, dictionary], [0, 0, 0]);
	const body = bytes(block, le(32, crc32(block)), chunks, [0]), padded = bytes(body, Buffer.alloc((4 - (body.length % 4)) % 4));
	const vli = (v: number): Buffer => {
		const b: number[] = [];
		for (; v >= 0x80; v = Math.floor(v / 128)) b.push((v % 128) | 0x80);
		return Buffer.from([...b, v]);
	};
	let index = bytes([0, 1], vli(body.length), vli(size));
	index = bytes(index, Buffer.alloc((4 - (index.length % 4)) % 4));
	index = bytes(index, le(32, crc32(index)));
	const foot = bytes(le(32, index.length / 4 - 1), flags);
	return bytes(hex('fd377a585a00'), flags, le(32, crc32(flags)), padded, index, le(32, crc32(foot)), foot, 'YZ');
}

/** 45,899,235 bytes of zero as bzip2 -9 packs them; streams can stand one after another. */
export const bzip2Zeros = hex('425a68393141592653590e09e2df015f8e4000c0000008200030804d4642a025a90a80971772453850900e09e2df');

/** The first line of a report and <feedback>, in the same way. */
export const bzip2Head = hex('425a683931415926535985457785000003d980001050016007bf2f994020002280340034321400001932035180003e033dba96c5f28d13c87a645133cfc5dc914e142421515de140');

/** 2 MB of zero as one chunk of LZMA2 that begins anew (lc 0). */
export const lzma2Zeros = hex('ffff110159000000707dfdffae90a14013bd53369db418636ba1ee71f7e68d7b7d65f9d6317d20983008d0aa6374590fa52bc9eadde279087cdea89a' +
	'585521a4d174b2877e7146710823016d1357344f1e9fbeae7c311a9fb78d316e709ea7235fec28cb85d195988a7e2a91f22775f719c006984d98fdd8' +
	'afd5900fc42553f8f591363105a5b0ee6fc1704d470cd19111aaad601dbaceb127185c5986e9665258bee976ac59e4e55b0508f9c7daadfcfb522b74' +
	'cd1e5b2042f9dd533df82964093b80cb2a6cdfb53bf0c4bd2e5faa0f3e4b664290130eff1093f8717859f80bcdff9528460fa9fc7cdefb9a302e56c0' +
	'8f85f38381c065c42553f8f591363105a5b0ee6fc1704d470cd19111aaad601dbaceb127185c5986e9665258bee976ac59e4e55b0508f9c7daadfcfb' +
	'522b74cd1e5b2042f9dd533df82964093b80cb2a6cdfb53bf0c4bd2e5faa0f3e4b664290130eff1093f8717859f80bcde2783a1e');
export const lzma2ZerosSize = 2096914;

// --- Mail --------------------------------------------------------------------------

export const base64 = (b: Buffer | string, line = 76): string => Buffer.from(b as Buffer).toString('base64').replace(new RegExp(`.{${line}}`, 'g'), '$&\r\n') + '\r\n';

export interface Part {
	type?: string;
	encoding?: string; // base64: the body is put into it
	more?: string[]; // header lines
	body: Buffer | string;
}

const encoded = (p: Part): Buffer => (p.encoding === 'base64' ? Buffer.from(base64(p.body)) : Buffer.from(p.body as Buffer));
const partHead = (p: Part): string => [...(p.type === undefined ? [] : [`Content-Type: ${p.type}`]),
	...(p.encoding === undefined ? [] : [`Content-Transfer-Encoding: ${p.encoding}`]), ...(p.more ?? [])].map((l) => `${l}\r\n`).join('');

export interface MailLies {
	from?: string;
	subject?: string;
	first?: (string | Buffer)[]; // header lines in front
	boundary?: string;
}

/** A mail of one part, or of several. */
export function mail(parts: Part | Part[], o: MailLies = {}): Buffer {
	const head = bytes(...(o.first ?? []).flatMap((l) => [l, '\r\n']),
		`From: ${o.from ?? 'reports@reporter.example'}\r\nTo: rua@example.com\r\nSubject: ${o.subject ?? 'a report'}\r\nMIME-Version: 1.0\r\n`);
	if (!Array.isArray(parts)) return bytes(head, partHead(parts), '\r\n', encoded(parts), '\r\n');
	const b = o.boundary ?? 'border';
	return bytes(head, `Content-Type: multipart/mixed; boundary="${b}"\r\n\r\n`, ...parts.flatMap((p) => [`--${b}\r\n`, partHead(p), '\r\n', encoded(p), '\r\n']),
		`--${b}--\r\n`);
}

export const attached = (b: Buffer | string, type = 'application/gzip', o: MailLies = {}): Buffer => mail({ type, encoding: 'base64', body: b }, o);
