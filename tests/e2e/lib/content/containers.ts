// gzip, zip, tar, 7z, xz, bzip2: bombs, lies, damage, names that are none.
import {
	attached, bytes, bzip2Head, bzip2Zeros, crc32, gz, gzipEndless, hex, lzma2Stored, lzma2Zeros, lzma2ZerosSize, MB, noise, seven, tar, times, xz, zip, zip64Extra,
	type Entry,
} from './bytes.js';
import { kinds, type Kind } from './kind.js';
import { report } from './report.js';

const head = '<?xml version="1.0"?>\n<feedback>';
const nested = (depth: number, name: string): Buffer => {
	let b: Buffer = Buffer.from(report(name));
	for (let i = 0; i < depth; i++) b = gz(b);
	return b;
};
const member = (name: string | Buffer, data: string | Buffer, more: Partial<Entry> = {}): Entry => ({ name, data, ...more });

const gzip: Kind[] = kinds('gzip', [
	['gzip-bomb-zeros', 'A gigabyte of zeros in a megabyte of gzip', 'rejected over-limit', () => attached(gzipEndless('', Buffer.alloc(MB), 1024))],
	['gzip-bomb-xml', 'The same, and it begins as a report does', 'rejected over-limit', () => attached(gzipEndless(head, Buffer.alloc(MB, ' '), 1024))],
	['gzip-bomb-four-gigabytes', 'Four gigabytes and a bit, so that 32-bit lengths begin anew', 'rejected over-limit',
		() => attached(gzipEndless(head, Buffer.alloc(MB, '\n'), 4097))],
	['gzip-bomb-slow', 'Just below the ratio that is let through, up to the limit of what may come out', 'rejected over-limit',
		(full) => attached(gzipEndless(head, bytes(Buffer.from(noise(180, 3).map((c) => 65 + (c & 15))), Buffer.alloc(200000, ' ')), full ? 2800 : 280)),
		{ full: true }],
	['gzip-nested-3', 'gzip in gzip in gzip: as deep as is let through', 'stored 7', () => attached(nested(3, 'gzip-nested-3'))],
	['gzip-nested-100', 'gzip in gzip, a hundred times: a small quine, so to say', 'rejected over-limit', () => attached(nested(100, 'gzip-nested-100'))],
	['gzip-1000-members', 'A report cut into a thousand members', 'stored 7', () => {
		const x = report('gzip-1000-members'), n = Math.ceil(x.length / 1000);
		return attached(bytes(...Array.from({ length: 1000 }, (_, i) => gz(x.slice(i * n, (i + 1) * n)))));
	}],
	['gzip-empty-members', '20,000 members with nothing in them before the one that counts', 'stored 7',
		() => attached(bytes(times(gz(''), 20000), gz(report('gzip-empty-members'))))],
	['gzip-tail', 'A megabyte of noise behind the end', 'stored 7', () => attached(bytes(gz(report('gzip-tail')), hex('00'), noise(MB)))],
	['gzip-checksum', 'The checksum is that of something else', 'rejected checksum', () => {
		const b = gz(report('gzip-checksum'));
		b[b.length - 6]! ^= 1;
		return attached(b);
	}],
	['gzip-length-lies', 'The length says four gigabytes less one', 'rejected checksum', () => {
		const b = gz(report('gzip-length-lies'));
		b.fill(0xff, b.length - 4);
		return attached(b);
	}],
	['gzip-cut', 'The end is missing', 'rejected cut-short', () => attached(gz(report('gzip-cut')).subarray(0, -12))],
	['gzip-name-traversal', 'The name in the header is ../../../../etc/cron.d/x, the comment 100 KB of ESC', 'stored 7', () => {
		const b = gz(report('gzip-name-traversal'));
		return attached(bytes(b.subarray(0, 3), [0x18], b.subarray(4, 10), '../../../../etc/cron.d/x\0', times('\x1b]0;x\x07', 20000), [0], b.subarray(10)));
	}],
	['gzip-header-endless', 'A header whose name never ends', 'rejected cut-short', () => attached(bytes(hex('1f8b0808000000000003'), times('A', 2 * MB)))],
	['gzip-unknown-method', 'Compression method 9', 'rejected damaged', () => attached(bytes(hex('1f8b0900000000000003'), noise(2000)))],
	['gzip-garbage', 'A sound header, noise behind it', 'rejected damaged', () => attached(bytes(hex('1f8b0800000000000003'), times('\xff', 4000)))],
	['gzip-charset-damage', 'Every byte above 7f became EF BF BD on the way', 'rejected damaged-in-transit',
		() => attached(Buffer.from(gz(report('gzip-charset-damage')).toString('utf8')))],
	['gzip-two-reports', 'Two members, each a report', 'stored 14',
		() => attached(bytes(gz(report('gzip-two-reports-a')), gz(report('gzip-two-reports-b'))))],
]);

const zips: Kind[] = kinds('zip', [
	['zip-bomb', 'A gigabyte in one entry', 'rejected over-limit', () => {
		const packed = gzipEndless(head, Buffer.alloc(MB, ' '), 1024).subarray(10, -8);
		return attached(rawZip('bomb.xml', packed, 1 << 30), 'application/zip');
	}],
	['zip-overlap', '250 entries of the directory that are all the same bytes of the file', 'stored 7|partial over-limit 7|rejected over-limit', () => {
		const e = member('a.xml', report('zip-overlap'));
		return attached(zip([e, ...Array.from({ length: 249 }, (_, i) => ({ ...e, name: `${i}.xml`, at: 0, absent: 'local' as const }))]), 'application/zip');
	}],
	['zip-overlap-bomb', 'Twenty such entries, each with 60 MB to come out of it', 'rejected over-limit|rejected checksum|rejected damaged', () => {
		const packed = gzipEndless(head, Buffer.alloc(MB, ' '), 60).subarray(10, -8);
		const one = rawZip('a.xml', packed, 60 * MB + head.length), at = one.indexOf('PK\x01\x02'), dir = one.subarray(at, one.length - 22), tail = Buffer.from(one.subarray(-22));
		tail.writeUInt16LE(20, 8);
		tail.writeUInt16LE(20, 10);
		tail.writeUInt32LE(dir.length * 20, 12);
		return attached(bytes(one.subarray(0, at), times(dir, 20), tail), 'application/zip');
	}],
	['zip-sizes-lie-small', 'The sizes say 1 byte', 'stored 7|rejected damaged|rejected checksum|rejected cut-short|ignored',
		() => attached(zip([member('a.xml', report('zip-sizes-lie-small'), { size: 1, packed: 1 })]))],
	['zip-sizes-lie-large', 'The sizes say four gigabytes', 'rejected cut-short|rejected damaged',
		() => attached(zip([member('a.xml', report('zip-sizes-lie-large'), { size: 0xfffffffe, packed: 0xfffffffe })]))],
	['zip64-lies', 'zip64 sizes of 2^63', 'rejected cut-short|rejected damaged|stored 7', () => attached(zip([member('a.xml', report('zip64-lies'),
		{ size: 0xffffffff, packed: 0xffffffff, extra: zip64Extra(1n << 63n, (1n << 63n) - 1n) })]))],
	['zip-checksum', 'The checksum is that of something else', 'rejected checksum|rejected damaged',
		() => attached(zip([member('a.xml', report('zip-checksum'), { crc: 1 })]))],
	['zip-encrypted', 'The flag says that it is encrypted', 'rejected encrypted', () => attached(zip([member('a.xml', noise(500), { flags: 1, method: 0 })]))],
	['zip-absolute-name', 'Named /etc/cron.d/dmarcd', 'stored 7', () => attached(zip([member('/etc/cron.d/dmarcd', report('zip-absolute-name'))]))],
	['zip-traversal', 'Named ../../../../../../tmp/dmarcd-was-here, with a backslash form beside', 'stored 14', () => attached(zip([
		member('../../../../../../tmp/dmarcd-was-here', report('zip-traversal-a')), member('..\\..\\..\\tmp\\dmarcd-was-here', report('zip-traversal-b'))]))],
	['zip-symbolic-link', 'A symbolic link to /etc/passwd, then the report under the name of a file behind it', 'stored 7', () => attached(zip([
		member('link', '/etc/passwd', { mode: 0o120777, method: 0 }), member('link/a.xml', report('zip-symbolic-link'))]))],
	['zip-only-link', 'Nothing but a symbolic link, which is a small text by its local header', 'ignored', () => attached(zip([member('a.xml', '/etc/passwd', { mode: 0o120777, method: 0 })]))],
	['zip-same-name', 'Two reports under one name', 'stored 14',
		() => attached(zip([member('a.xml', report('zip-same-name-a')), member('a.xml', report('zip-same-name-b'))]))],
	['zip-10000-entries', 'Ten thousand entries, the report is the last', 'rejected over-limit', () => attached(zip([
		...Array.from({ length: 10000 }, (_, i) => member(`${i}.txt`, 'x')), member('a.xml', report('zip-10000-entries'))]))],
	['zip-nested', 'zip in zip, twelve deep', 'rejected over-limit', () => {
		let b: Buffer = Buffer.from(report('zip-nested'));
		for (let i = 0; i < 12; i++) b = zip([member('a.zip', b)]);
		return attached(b);
	}],
	['zip-two-truths', 'The directory names another place than where the entry is', 'stored 7|ignored', () => attached(zip([
		member('b.txt', 'nothing'), member('a.xml', report('zip-two-truths'), { other: 'other.exe', at: 0 })]))],
	['zip-no-directory', 'The directory is missing', 'stored 7', () => attached(zip([member('a.xml', report('zip-no-directory'))], { noDirectory: true }))],
	['zip-directory-elsewhere', 'The directory is said to begin at 2^32 - 2', 'stored 7',
		() => attached(zip([member('a.xml', report('zip-directory-elsewhere'))], { directoryAt: 0xfffffffe, count: 65535 }))],
	['zip-many-ends', 'A comment of 60 KB made of ends of directories', 'stored 7',
		() => attached(zip([member('a.xml', report('zip-many-ends'))], { comment: times(hex('504b0506000000000100010000000000000000000000'), 2800) }))],
	['zip-unknown-method', 'Compression method 97', 'rejected damaged', () => attached(zip([member('a.xml', report('zip-unknown-method'), { method: 97 })]))],
	['zip-behind-program', 'A program in front, as self-extracting ones have', 'ignored',
		() => attached(zip([member('a.xml', report('zip-behind-program'))], { before: bytes('MZ', noise(5000)) }))],
	['zip-hostile-names', 'Names with ESC, markup, NUL and 60 KB', 'stored 14', () => attached(zip([
		member('\x1b]0;owned\x07<script>alert(1)</script>\0.xml', report('zip-hostile-names-a')), member(times('A', 60000), report('zip-hostile-names-b'))]))],
	['zip-of-gzip', 'gzip in zip, under the name of a picture', 'stored 7', () => attached(zip([member('a.png', gz(report('zip-of-gzip')))]))],
	['zip-cut', 'The second half is missing', 'rejected cut-short|rejected damaged', () => {
		const b = zip([member('a.xml', report('zip-cut') + noise(4000).toString('hex'))]);
		return attached(b.subarray(0, b.length >> 1));
	}],
]);

/** A zip around what is deflated already. */
function rawZip(name: string, packed: Buffer, size: number): Buffer {
	const z = zip([{ name, data: packed, method: 0, size, crc: 0 }]);
	z.writeUInt16LE(8, 8);
	z.writeUInt16LE(8, z.indexOf('PK\x01\x02', packed.length) + 10);
	return z;
}

const octal = (n: number): Buffer => Buffer.from(`${n.toString(8).padStart(11, '0')}\0`);
const huge = hex('800000007fffffffffffffff'); // base 256, as GNU tar writes large ones

const others: Kind[] = kinds('other archives', [
	['7z-copy', '7z without compression', 'stored 7', () => {
		const b = Buffer.from(report('7z-copy'));
		return attached(seven(b, b.length, crc32(b)));
	}],
	['7z-bomb', 'A gigabyte in 7z', 'rejected over-limit', () => {
		const packed = times(bzip2Zeros, 24);
		return attached(seven(packed, 45899235 * 24, 0, { coder: hex('040202') }));
	}],
	['7z-sizes-lie', 'What comes out is said to be 2^62 bytes', 'rejected damaged|rejected cut-short|rejected over-limit', () => {
		const b = Buffer.from(report('7z-sizes-lie'));
		return attached(seven(b, 0, crc32(b), { size: 1n << 62n }));
	}],
	['7z-dictionary', 'LZMA2 that wants a dictionary of four gigabytes', 'rejected damaged', () => {
		const b = Buffer.from(report('7z-dictionary'));
		return attached(seven(bytes(lzma2Stored(b), [0]), b.length, crc32(b), { coder: hex('21'), properties: Buffer.from([40]) }));
	}],
	['7z-encrypted', 'AES', 'rejected encrypted|rejected damaged',
		() => attached(seven(noise(512), 500, 0, { coder: hex('06f10701'), properties: hex('1307') }))],
	['7z-names', 'More names than files, with traversal', 'stored 7|rejected damaged', () => {
		const b = Buffer.from(report('7z-names'));
		return attached(seven(b, b.length, crc32(b), { names: ['../../../tmp/dmarcd-was-here', '/etc/passwd', '\x1b[2J'] }));
	}],
	['7z-header-cut', 'The header is not there', 'rejected damaged|rejected cut-short', () => {
		const b = Buffer.from(report('7z-header-cut'));
		return attached(seven(b, b.length, crc32(b)).subarray(0, 40));
	}],
	['xz-stored', 'xz', 'stored 7', () => {
		const b = Buffer.from(report('xz-stored'));
		return attached(xz(lzma2Stored(b), b.length, 20));
	}],
	['xz-bomb', 'A gigabyte in xz', 'rejected over-limit', () => {
		const later = Buffer.from(lzma2Zeros);
		later[0] = 0xdf;
		return attached(xz(bytes(lzma2Stored(Buffer.from(head)), times(later, 512)), lzma2ZerosSize * 512 + head.length, 24));
	}],
	['xz-dictionary', 'It wants a dictionary of 512 MB, and fills it below the ratio that is let through', 'rejected over-limit|rejected damaged', (full) => {
		const later = Buffer.from(lzma2Zeros), gap = lzma2Stored(Buffer.from(noise(2200).map((c) => 32 + (c & 31))), false);
		later[0] = 0xdf;
		return attached(xz(bytes(lzma2Stored(Buffer.from(head)), times(bytes(later, gap), full ? 300 : 100)), 300 * (lzma2ZerosSize + 2200), 36));
	}],
	['xz-dictionary-lies', 'A small report that wants a dictionary of four gigabytes', 'rejected damaged|stored 7', () => {
		const b = Buffer.from(report('xz-dictionary-lies'));
		return attached(xz(lzma2Stored(b), b.length, 40));
	}],
	['bzip2-bomb', '100 streams, 46 MB of zeros in each', 'rejected over-limit', () => attached(bytes(bzip2Head, times(bzip2Zeros, 100)))],
	['bzip2-zeros', 'The same without a beginning: the end of a tar archive', 'rejected empty-archive', () => attached(times(bzip2Zeros, 100))],
	['7z-hidden-bomb', 'A file of 8 GB that nobody wants to see, since its name is that of what a Macintosh adds', 'rejected over-limit', () => {
		const later = Buffer.from(lzma2Zeros);
		later[0] = 0xdf;
		return attached(seven(bytes(lzma2Zeros, times(later, 4200), [0]), 4201 * lzma2ZerosSize, 0, { coder: hex('21'), properties: Buffer.from([24]), names: ['._hidden'] }));
	}],
	['7z-endless', 'The same under a name that is looked at', 'rejected over-limit', () => {
		const later = Buffer.from(lzma2Zeros);
		later[0] = 0xdf;
		return attached(seven(bytes(lzma2Zeros, times(later, 4200), [0]), 4201 * lzma2ZerosSize, 0, { coder: hex('21'), properties: Buffer.from([24]) }));
	}, { full: true }],
	['xz-endless', '30 GB in xz', 'rejected over-limit', () => {
		const later = Buffer.from(lzma2Zeros);
		later[0] = 0xdf;
		return attached(xz(bytes(lzma2Stored(Buffer.from(head)), times(later, 15000)), lzma2ZerosSize * 15000 + head.length, 24));
	}, { full: true }],
	['7z-many-files', 'A thousand names for one file', 'rejected damaged|stored 7', () => {
		const b = Buffer.from(report('7z-many-files'));
		return attached(seven(b, b.length, crc32(b), { names: Array.from({ length: 1000 }, (_, i) => `${i}.xml`) }));
	}],
	['tar-xz-hidden-bomb', 'The same as a file of 8 GB in tar in xz', 'rejected over-limit', () => {
		const later = Buffer.from(lzma2Zeros), h = tar([{ name: '._hidden', size: octal(8 * 1024 * MB - 512) }], false);
		later[0] = 0xdf;
		return attached(xz(bytes(lzma2Stored(h), times(later, 4200)), h.length + 4200 * lzma2ZerosSize, 24));
	}, { full: true }],
	['zip-hidden-bomb', 'The same in a zip without a directory, its length behind it', 'rejected over-limit', () => {
		const z = zip([member('._hidden', gzipEndless('', Buffer.alloc(MB), 4000).subarray(10, -8), { method: 0, flags: 8, crc: 0, size: 0, packed: 0 })], { noDirectory: true });
		z[8] = 8;
		return attached(z);
	}],
	['bzip2-slow', 'bzip2 that is slow to unpack, below the ratio, 600 MB', 'rejected over-limit|rejected too-slow', (full) => {
		const noisy = times(bytes(bzip2Head, bzip2Head, bzip2Head), full ? 180000 : 20000);
		return attached(bytes(noisy, times(bytes(times(bzip2Head, 600), bzip2Zeros), full ? 12 : 1)));
	}],
	['bzip2-garbage', 'A sound first block, noise behind it', 'rejected damaged|rejected over-limit|rejected cut-short',
		() => attached(bytes(bzip2Zeros.subarray(0, 20), noise(3000)))],
	['tar-devices', 'Devices, a FIFO, links to /etc/shadow, a folder; then the report', 'stored 7', () => attached(tar([
		{ name: 'dev/sda', type: '3' }, { name: 'dev/tty', type: '4' }, { name: 'fifo', type: '6' }, { name: 'link', type: '2', link: '/etc/shadow' },
		{ name: 'hard', type: '1', link: '../../etc/shadow' }, { name: 'folder/', type: '5' }, { name: '/etc/passwd', data: report('tar-devices') }]))],
	['tar-size-lies', 'The size of the report is 2^63 - 1, in base 256', 'rejected cut-short|rejected damaged',
		() => attached(tar([{ name: 'a.xml', data: report('tar-size-lies'), size: huge }]))],
	['tar-size-negative', 'The size is below 0', 'rejected damaged|rejected cut-short|rejected empty-archive|ignored',
		() => attached(tar([{ name: 'a.xml', data: report('tar-size-negative'), size: hex('ffffffffffffffffffffff00') }]))],
	['tar-sparse', 'A hole of a terabyte in a GNU sparse file', 'rejected damaged|rejected cut-short|ignored', () => {
		const x = report('tar-sparse'), pax = (k: string, v: string): string => {
			let n = k.length + v.length + 3;
			while (`${n}`.length + k.length + v.length + 3 !== n) n++;
			return `${n} ${k}=${v}\n`;
		};
		return attached(tar([{ name: 'h', type: 'x', data: pax('GNU.sparse.map', `1099511627776,${x.length}`) + pax('GNU.sparse.size', '1099511627999') +
			pax('GNU.sparse.numblocks', '1') }, { name: 'a.xml', data: x }]));
	}],
	['tar-pax-flood', 'A pax header of 8 MB', 'stored 7|rejected damaged', () => attached(tar([
		{ name: 'h', type: 'x', data: '30 path=../../../../etc/passwd\n'.repeat(280000) }, { name: 'a.xml', data: report('tar-pax-flood') }]))],
	['tar-60000-entries', '60,000 empty files before the report', 'rejected over-limit',
		(full) => attached(bytes(times(tar([{ name: 'x', data: '' }], false), full ? 60000 : 3000), tar([{ name: 'a.xml', data: report('tar-60000-entries') }])))],
	['tar-50000-folders', '50,000 folders, which do not count as entries, before the report', 'stored 7',
		(full) => attached(bytes(times(tar([{ name: 'x/', type: '5' }], false), full ? 50000 : 3000), tar([{ name: 'a.xml', data: report('tar-50000-folders') }])))],
	['tar-in-xz-in-zip', 'tar in xz in zip', 'stored 7', () => {
		const t = tar([{ name: 'a.xml', data: report('tar-in-xz-in-zip'), size: octal(report('tar-in-xz-in-zip').length) }]);
		return attached(zip([{ name: 'x', data: xz(lzma2Stored(t), t.length, 20) }]));
	}],
	['outlook-file', 'The first bytes of an Outlook file', 'rejected outlook-file', () => attached(bytes(hex('d0cf11e0a1b11ae1'), noise(4000)))],
	['rar', 'A rar archive', 'ignored', () => attached(bytes(hex('526172211a0701'), '\0', noise(4000)))],
	['packed-too-large', '40 MB of zip: more than is held in memory', 'rejected over-limit', () => attached(zip([member('a.xml', noise(40 * MB), { method: 0 })])),
		{ full: true }],
	['zip-held-31-mb', '31 MB of zip that has to be held, the report at its end', 'stored 7',
		() => attached(zip([member('a.png', noise(31 * MB), { method: 0 }), member('a.xml', report('zip-held-31-mb'))])), { full: true }],
]);

export const containers: Kind[] = [...gzip, ...zips, ...others];
