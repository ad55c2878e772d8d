// The hostile set: each kind as a file, a good report in front of each, and a list of what is true.
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { bytes, crc32, gz, lzma2Stored, mail, seven, tar, xz, zip } from './bytes.js';
import { containers } from './containers.js';
import { documents } from './documents.js';
import { mails } from './mails.js';
import type { Kind } from './kind.js';
import { report, row, unit } from './report.js';

export const all: Kind[] = [...mails, ...containers, ...documents];

export interface Good {
	file: string;
	id: string;
	rows: [ip: string, count: number][];
}

export interface Input {
	kind: Kind;
	file: string;
	sha256: string;
	bytes: number;
	good: Good; // that stands in front of it
}

/** A report like any other, with figures of its own, as mail in turns of form. */
function good(dir: string, n: number): Good {
	const id = `good-${n}`, rows = Array.from({ length: 1 + (n % 3) }, (_, i): [string, number] => [`192.0.2.${1 + ((n * 3 + i) % 254)}`, 1000 + n * 17 + i]);
	const x = report(id, { domain: 'good.example', rows: rows.map(([ip, count]) => ({ ip, count: String(count), hfrom: 'good.example',
		auth: '<dkim><domain>good.example</domain><selector>s</selector><result>pass</result></dkim>' })) });
	const file = join(dir, `${String(n).padStart(4, '0')}-good.eml`);
	const forms = [() => mail({ type: 'application/gzip', encoding: 'base64', body: gz(x) }), () => mail([{ type: 'text/plain', body: 'a report' },
		{ type: 'application/zip', encoding: 'base64', body: zip([{ name: 'report.xml', data: x }]) }]), () => mail({ type: 'text/xml', body: x })];
	writeFileSync(file, forms[n % forms.length]!());
	return { file, id, rows };
}

function write(file: string, k: Kind, full: boolean): { sha256: string; bytes: number } {
	const made = k.make(full), h = createHash('sha256'), fd = openSync(file, 'w');
	let n = 0;
	for (const piece of typeof made === 'string' || Buffer.isBuffer(made) ? [Buffer.from(made as Buffer)] : made) {
		h.update(piece);
		for (let at = 0; at < piece.length; ) at += writeSync(fd, piece, at);
		n += piece.length;
	}
	closeSync(fd);
	return { sha256: h.digest('hex'), bytes: n };
}

export function writeSet(dir: string, full: boolean, only?: RegExp): Input[] {
	mkdirSync(dir, { recursive: true });
	const names = all.map((k) => k.name);
	if (new Set(names).size !== names.length) throw new Error(`a name stands twice: ${names.filter((n, i) => names.indexOf(n) !== i).join()}`);
	return all.filter((k) => (full || !k.full) && (only === undefined || only.test(k.name))).map((kind, n) => {
		const before = good(dir, n), file = join(dir, `${String(n).padStart(4, '0')}-${kind.name}`);
		return { kind, file, good: before, ...write(file, kind, full) };
	});
}

/** manifest.json beside the files, for whoever wants the set without the test. */
export function writeManifest(dir: string, set: Input[]): void {
	writeFileSync(join(dir, '..', 'manifest.json'), `${JSON.stringify(set.map(({ kind, file, sha256, bytes: n, good: g }) => ({
		name: kind.name, form: kind.form, says: kind.says, expect: kind.expect, delivered: kind.delivered ?? kind.expect, file, sha256, bytes: n,
		good: { id: g.id, file: g.file, domain: 'good.example', rows: g.rows },
	})), null, '\t')}\n`);
}

// --- Cut at every offset ----------------------------------------------------------

export interface Cut {
	form: string;
	domain: string;
	messages: number;
	files: string[];
}

/** A sound report in each form, cut at every offset (or at some, always with the first and the last). */
export function writeCuts(dir: string, step: number): Cut[] {
	const forms: [string, (x: string) => Buffer][] = [
		['xml', (x) => Buffer.from(x)],
		['xml-mail', (x) => mail([{ type: 'text/plain', body: 'a report' }, { type: 'text/xml', body: x }])],
		['gzip', gz],
		['gzip-mail', (x) => mail([{ type: 'text/plain', body: 'a report' }, { type: 'application/gzip', encoding: 'base64', body: gz(x) }])],
		['zip', (x) => zip([{ name: 'report.xml', data: x }])],
		['zip-mail', (x) => mail({ type: 'application/zip', encoding: 'base64', body: zip([{ name: 'report.xml', data: x }]) })],
		['tar', (x) => tar([{ name: 'report.xml', data: x }])],
		['xz', (x) => xz(lzma2Stored(Buffer.from(x)), x.length, 12)],
		['7z', (x) => seven(Buffer.from(x), x.length, crc32(Buffer.from(x)))],
		['utf16', (x) => Buffer.from(`\ufeff${x.replace('UTF-8', 'UTF-16')}`, 'utf16le')],
		['qp-mail', (x) => mail({ type: 'text/xml', more: ['Content-Transfer-Encoding: quoted-printable'], body: x.replace(/=/g, '=3D').replace(/.{70}/g, '$&=\r\n') })],
		['two-members', (x) => bytes(gz(x.slice(0, 300)), gz(x.slice(300)))],
	];
	return forms.map(([form, make]) => {
		const domain = `cut-${form}.hostile.example`, b = make(report(`cut-${form}`, { domain, rows: [row({}), row({ ip: '203.0.113.6' })] })), files: string[] = [];
		const to = join(dir, `cut-${form}`);
		mkdirSync(to, { recursive: true });
		for (let n = 0; n <= b.length; n += n + step > b.length && n < b.length ? b.length - n : step) {
			const f = join(to, `${String(n).padStart(6, '0')}`);
			writeFileSync(f, b.subarray(0, n));
			files.push(f);
		}
		return { form, domain, messages: 2 * unit, files };
	});
}
