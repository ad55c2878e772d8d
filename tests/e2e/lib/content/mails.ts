// Mails: structure without end, headers without measure, encodings that lie.
import { base64, bytes, gz, mail, MB, noise, times } from './bytes.js';
import { kinds, type Kind } from './kind.js';
import { report } from './report.js';
import { hostileTexts } from './texts.js';

const xml = (name: string, body = report(name)): { type: string; body: string } => ({ type: 'text/xml', body });
const packed = (name: string): { type: string; encoding: string; body: Buffer } =>
	({ type: 'application/gzip; name="report.xml.gz"', encoding: 'base64', body: gz(report(name)) });
const top = 'From: reports@reporter.example\r\nSubject: a report\r\nMIME-Version: 1.0\r\n';

function* big(name: string, n: number): Generator<Buffer> {
	yield Buffer.from(`${top}Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n`);
	const piece = times(`${'QUJD'.repeat(18)}\r\n`, 14170);
	for (let i = 0; i < n; i++) yield piece;
	yield Buffer.from(`--b\r\nContent-Type: text/xml\r\n\r\n${report(name)}\r\n--b--\r\n`);
}

const structure: Kind[] = kinds('mail', [
	['mime-200000-deep', 'Multiparts inside each other, 200,000 deep', 'rejected over-limit', () => bytes(top,
		Array.from({ length: 200000 }, (_, i) => `Content-Type: multipart/mixed; boundary="b${i}"\r\n\r\n--b${i}\r\n`).join(''), 'Content-Type: text/xml\r\n\r\n',
		report('mime-200000-deep'))],
	['rfc822-10000-deep', 'Attached mails inside each other, 10,000 deep', 'rejected over-limit',
		() => bytes(top, 'Content-Type: message/rfc822\r\n\r\n'.repeat(10000), 'Content-Type: text/xml\r\n\r\n', report('rfc822-10000-deep'))],
	['rfc822-base64-nested', 'Attached mails, each in base64', 'stored 7|ignored', () => {
		let m = mail(packed('rfc822-base64-nested'));
		for (let i = 0; i < 6; i++) m = mail({ type: 'message/rfc822', encoding: 'base64', body: m });
		return m;
	}],
	['digest-flood', '100,000 mails in a digest', 'rejected over-limit', () => bytes(top, 'Content-Type: multipart/digest; boundary="b"\r\n\r\n',
		times('--b\r\n\r\nSubject: x\r\n\r\nx\r\n', 100000), '--b--\r\n')],
	['parts-100000', '100,000 parts before the report', 'rejected over-limit', () => bytes(top, 'Content-Type: multipart/mixed; boundary="b"\r\n\r\n',
		times('--b\r\n\r\nx\r\n', 100000), `--b\r\nContent-Type: text/xml\r\n\r\n${report('parts-100000')}--b--\r\n`)],
	['boundary-10000', 'A boundary of 10,000 characters', 'ignored', () => mail([xml('boundary-10000')], { boundary: 'b'.repeat(10000) })],
	['boundary-prefix', 'Each boundary is the beginning of the next', 'stored 14', () => bytes(top, 'Content-Type: multipart/mixed; boundary="b"\r\n\r\n',
		'--b\r\nContent-Type: multipart/mixed; boundary="bb"\r\n\r\n--bb\r\nContent-Type: multipart/mixed; boundary="bbb"\r\n\r\n',
		`--bbb\r\nContent-Type: text/xml\r\n\r\n${report('boundary-prefix-a')}\r\n--bbb--\r\n--bb--\r\n--b\r\nContent-Type: text/xml\r\n\r\n`,
		`${report('boundary-prefix-b')}\r\n--b--\r\n`)],
	['boundary-same', 'Three levels with one boundary', 'stored 7|ignored', () => bytes(top, 'Content-Type: multipart/mixed; boundary="b"\r\n\r\n',
		'--b\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n',
		`--b\r\nContent-Type: text/xml\r\n\r\n${report('boundary-same')}\r\n--b--\r\n`)],
	['boundary-none', 'A multipart without a boundary', 'ignored',
		() => bytes(top, `Content-Type: multipart/mixed\r\n\r\n--\r\nContent-Type: text/xml\r\n\r\n${report('boundary-none')}`)],
	['boundary-flood', '64 MB of lines that are nearly the boundary', 'stored 7', (full) => bytes(top, 'Content-Type: multipart/mixed; boundary="bbbbbbbb"\r\n\r\n',
		times('--bbbbbbbbx\r\n--bbbbbbb\r\n', full ? 2400000 : 200000), `--bbbbbbbb\r\nContent-Type: text/xml\r\n\r\n${report('boundary-flood')}\r\n--bbbbbbbb--\r\n`)],
	['boundary-twice', 'Two Content-Type fields, two boundaries', 'stored 7|ignored', () => bytes(top, 'Content-Type: multipart/mixed; boundary="a"\r\n',
		'Content-Type: multipart/mixed; boundary="b"\r\n\r\n', `--b\r\nContent-Type: text/xml\r\n\r\n${report('boundary-twice')}\r\n--b--\r\n`)],
	['external-body', 'The body is said to be at http://hostile.example/ and in /etc/passwd', 'ignored', () => mail([
		{ type: 'message/external-body; access-type=URL; URL="http://hostile.example/r.xml.gz"', body: 'Content-Type: application/gzip\r\n\r\n' },
		{ type: 'message/external-body; access-type=local-file; name="/etc/passwd"', body: 'Content-Type: text/plain\r\n\r\n' },
		{ type: 'message/external-body; access-type=anon-ftp; site="ftp.hostile.example"; name="x"', body: 'Content-Type: text/xml\r\n\r\n' }])],
	['partial', 'Parts of a mail that comes in pieces', 'ignored',
		() => mail({ type: 'message/partial; id="a@hostile.example"; number=1; total=18446744073709551615', body: 'Subject: x\r\n\r\nx' })],
	['html-remote', 'A page with pictures, frames and a form, and the report beside it', 'stored 7', () => mail([
		{ type: 'text/html', body: '<html><img src="http://hostile.example/p.gif"><iframe src="file:///etc/passwd"></iframe><script src="//hostile.example/x.js"></script>' },
		packed('html-remote')])],
	['uuencode', 'uuencode that wants to be ../../etc/passwd, with lengths that lie', 'ignored',
		() => mail({ type: 'text/plain', more: ['Content-Transfer-Encoding: x-uuencode'], body: `begin 644 ../../../../etc/passwd\r\n${'M'.repeat(61)}\r\n\xff!!\r\nend\r\n` })],
	['mbox-lines', 'A file that is an mbox with 20,000 empty messages', 'ignored', () => bytes(times('From x@hostile.example Thu Jan  1 00:00:00 2026\n\nx\n\n', 20000)),
		{ form: 'mbox', delivered: 'ignored' }],
	['large-mail', 'A mail of 100 MB, of which the last kilobyte is the report', 'stored 7', (full) => big('large-mail', full ? 100 : 6), { delivered: 'stored 7|refused' }],
	['all-dashes', 'Nothing but dashes, 8 MB', 'ignored', (full) => bytes(top, 'Content-Type: multipart/mixed; boundary="-"\r\n\r\n', times('-', (full ? 8 : 1) * MB))],
]);

const headers: Kind[] = kinds('mail headers', [
	['header-line-10-mb', 'A subject of 10 MB', 'stored 7', (full) => bytes('From: a@reporter.example\r\nContent-Type: text/xml\r\nSubject: ', times('A', (full ? 10 : 1) * MB),
		'\r\n\r\n', report('header-line-10-mb'))],
	['header-million', 'A million header fields', 'stored 7', (full) => bytes(top, 'Content-Type: text/xml\r\n', times('X-Flood: aaaaaaaaaaaa\r\n', full ? 1000000 : 100000), '\r\n',
		report('header-million'))],
	['header-million-folded', 'One field in a million lines', 'stored 7', (full) => bytes(top, 'Content-Type: text/xml\r\nX-Flood: a\r\n',
		times(' aaaaaaaaaaaa\r\n', full ? 1000000 : 100000), '\r\n', report('header-million-folded'))],
	['header-type-behind', 'The type stands behind more than is looked at', 'ignored|stored 7', () => bytes('From: a@reporter.example\r\n', times('X-Flood: aaaaaaaaaaaa\r\n', 50000),
		'Content-Type: application/gzip\r\nContent-Transfer-Encoding: base64\r\n\r\n', base64(gz(report('header-type-behind'))))],
	['words-endless', '20,000 encoded words in a subject', 'stored 7', () => mail(packed('words-endless'), { subject: '=?utf-8?B?4oCu?= =?iso-8859-1?Q?=1B[31m?= '.repeat(4000) })],
	['words-unclosed', 'Encoded words that never end', 'stored 7', () => mail(packed('words-unclosed'), { subject: '=?utf-8?B?'.repeat(20000) })],
	['words-charsets', 'Charsets by all names that iconv might look for', 'stored 7', () => mail(packed('words-charsets'), {
		subject: ['../../../../tmp/evil', 'IBM1047', 'UTF-8//TRANSLIT', 'ISO-2022-CN-EXT', 'ISO-2022-KR', 'EBCDIC-US', 'UTF-7-IMAP', 'CP737', 'HP-ROMAN8', 'x'.repeat(60),
			'', ' ', 'UNICODE', 'INIS-CYRILLIC', 'T.61', '%s%n'].map((c) => `=?${c}?Q?=E6=B0=B4=24+=1B$*H?=`).join(' ') })],
	['words-utf7', 'UTF-7 that becomes markup, in the subject', 'stored 7', () => mail(packed('words-utf7'), { subject: '=?UTF-7?Q?+ADw-script+AD4-alert(1)+ADw-/script+AD4-?=' })],
	['words-iso2022', 'ISO-2022 escapes, thousands, the last one cut', 'stored 7', () => mail(packed('words-iso2022'),
		{ subject: `=?iso-2022-jp?B?${Buffer.from('\x1b$B0!\x1b(B'.repeat(3000) + '\x1b$').toString('base64')}?=` })],
	['rfc2231-10000', 'A file name in 10,000 pieces', 'stored 7', () => mail({ type: 'application/gzip', encoding: 'base64', body: gz(report('rfc2231-10000')),
		more: [`Content-Disposition: attachment;${Array.from({ length: 10000 }, (_, i) => `\r\n filename*${i}*=%2e%2e%2f`).join(';')}`] })],
	['parameters-100000', '100,000 parameters, quotes that never end', 'stored 7', () => mail({ type: `application/gzip; ${'a="b\\'.repeat(20000)}`,
		encoding: 'base64', body: gz(report('parameters-100000')) })],
	['filename-traversal', 'A file name ../../../../etc/passwd with NUL', 'stored 7', () => mail({ type: 'application/gzip; name="../../../../etc/passwd\0.gz"', encoding: 'base64',
		body: gz(report('filename-traversal')), more: ['Content-Disposition: attachment; filename="/etc/cron.d/x"; filename*=utf-8\'\'%2e%2e%2f%2e%2e%2fx%0d%0aBcc%3a%20evil'] })],
	['header-nul', 'NUL in every header', 'stored 7', () => bytes('From: a\0@reporter.example\r\nSub\0ject: \0\0\r\nSubject: \0x\0y\r\nContent-Type: text/xml\0\r\n\0\r\n\r\n',
		report('header-nul'))],
	['header-none', 'No header at all but an empty line', 'stored 7', () => bytes('\r\n', report('header-none'))],
	['header-bytes', 'Every byte from 1 to 255 in a subject', 'stored 7', () => bytes('From: a@reporter.example\r\nSubject: ',
		Buffer.from(Array.from({ length: 255 }, (_, i) => i + 1).filter((c) => c !== 10 && c !== 13)), '\r\nContent-Type: text/xml\r\n\r\n', report('header-bytes'))],
	['header-date', 'A date in the year 300000, one of a thousand digits', 'stored 7', () => mail(packed('header-date'),
		{ first: ['Date: Fri, 99 Jan 300000 99:99:99 +9999', `Date: ${'9'.repeat(1000)}`, 'Received: from x; Mon, 0 Foo -1 -1:-1:-1 -0000'] })],
	['message-id', 'A Message-ID of 100 KB, with quotes and markup', 'stored 7', () => mail(packed('message-id'),
		{ first: [`Message-ID: <"'><script>\x1b[31m${'a'.repeat(100000)}@hostile.example>`, 'References: ' + '<a@b> '.repeat(10000)] })],
	// these are refused, so that what they say of themselves is shown in quarantine
	...hostileTexts.map(([name, says, text]): [string, string, string, () => Buffer] => [`headers-${name}`, `From, Subject, file name and Message-ID with ${says}`, 'rejected cut-short',
		() => mail({ type: `application/gzip; name="${text}"`, encoding: 'base64', body: gz(report(`headers-${name}`)).subarray(0, -12),
			more: [`Content-Disposition: attachment; filename="${text}"`] },
		{ from: `${text} <${text}@reporter.example>`, subject: text, first: [`Message-ID: <${text}@reporter.example>`] })]),
	...hostileTexts.map(([name, says, text]): [string, string, string, () => Buffer] => [`words-${name}`, `The same in encoded words: ${says}`, 'rejected cut-short', () => {
		const w = `=?utf-8?B?${Buffer.from(text, 'utf8').toString('base64')}?=`;
		return mail({ type: 'application/gzip', encoding: 'base64', body: gz(report(`words-${name}`)).subarray(0, -12) }, { from: `${w} <a@reporter.example>`, subject: w });
	}]),
]);

const encodings: Kind[] = kinds('transfer encodings', [
	['base64-garbage', 'base64 with a stray byte behind each character', 'stored 7', () => mail({ type: 'application/gzip', more: ['Content-Transfer-Encoding: base64'],
		body: gz(report('base64-garbage')).toString('base64').split('').map((c, i) => c + '!#\x80 .%'[i % 6]).join('') })],
	['base64-one-line', 'base64 of 8 MB in one line, the report at its beginning', 'stored 7', () => mail({ type: 'application/gzip', more: ['Content-Transfer-Encoding: base64'],
		body: Buffer.concat([gz(report('base64-one-line')), Buffer.from([0]), noise(6 * MB)]).toString('base64') })],
	['base64-padding-storm', '8 MB of =, then base64', 'stored 7', (full) => mail({ type: 'application/gzip', more: ['Content-Transfer-Encoding: base64'],
		body: '='.repeat((full ? 8 : 1) * MB) + base64(gz(report('base64-padding-storm'))) })],
	['base64-no-line-ends', 'A byte in each line', 'stored 7', () => mail({ type: 'application/gzip', more: ['Content-Transfer-Encoding: base64'],
		body: gz(report('base64-no-line-ends')).toString('base64').split('').join('\r\n') })],
	['base64-not', 'It says base64 and is none', 'ignored|stored 7', () => mail({ type: 'text/xml', more: ['Content-Transfer-Encoding: base64'], body: report('base64-not') })],
	['qp-storm', '10 MB of =, then the report', 'stored 7|ignored', (full) => mail({ type: 'text/xml', more: ['Content-Transfer-Encoding: quoted-printable'],
		body: '='.repeat((full ? 10 : 1) * MB) + '\r\n' + report('qp-storm').replace(/=/g, '=3D') })],
	['qp-soft-breaks', 'A soft line break behind each byte', 'stored 7', () => mail({ type: 'text/xml', more: ['Content-Transfer-Encoding: quoted-printable'],
		body: report('qp-soft-breaks').split('').map((c) => `=${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}=\r\n`).join('') })],
	['qp-cut', 'It ends in the middle of a code', 'rejected cut-short|rejected not-well-formed', () => mail({ type: 'text/xml',
		more: ['Content-Transfer-Encoding: quoted-printable'], body: `${report('qp-cut').slice(0, 300).replace(/=/g, '=3D')}=3` }).subarray(0, -2)],
	['encoding-unknown', 'Content-Transfer-Encoding: x-evil', 'stored 7', () => mail({ type: 'text/xml', more: ['Content-Transfer-Encoding: x-evil'], body: report('encoding-unknown') })],
	['line-ends', 'CR alone, LF alone and both, mixed', 'stored 7|ignored', () => bytes('From: a@reporter.example\rSubject: x\nContent-Type: text/xml\r\n\n',
		report('line-ends').replace(/></g, '>\r<'))],
	['line-20-mb', 'A line of 20 MB in front of the report', 'stored 7', (full) => mail([{ type: 'text/plain', body: times('x', (full ? 20 : 1) * MB) }, packed('line-20-mb')])],
	['cr-only', 'CR alone', 'stored 7', () => Buffer.from(mail(xml('cr-only')).toString('latin1').replace(/\r?\n/g, '\r'), 'latin1')],
	['body-nul', 'NUL behind each byte of the report: UTF-16 by chance', 'stored 7', () => mail({ type: 'text/xml', encoding: 'base64',
		body: Buffer.from(report('body-nul', { declaration: '<?xml version="1.0"?>' }), 'utf16le') })],
	['utf7-body', 'A report in UTF-7', 'ignored', () => mail({ type: 'text/xml; charset=utf-7', body: report('utf7-body').replace(/</g, '+ADw-').replace(/>/g, '+AD4-') })],
	['ebcdic-body', 'A report in EBCDIC', 'ignored', () => mail({ type: 'text/xml; charset=ebcdic-us', encoding: 'base64',
		body: bytes([0x4c, 0x6f, 0xa7, 0x94, 0x93], noise(800)) })],
	['attached-in-attached', 'Forty parts of 400 KB, each a report that has to be read four times', 'stored 280|stored 56', (full) => mail(Array.from({ length: full ? 40 : 8 }, (_, i) => ({
		type: 'application/gzip', encoding: 'base64', body: gz(twice(`attached-in-attached-${i}`)) })))],
]);

/** More than what is collected, its records in front, its damage at the end: every way of reading it begins and fails but the last. */
function twice(name: string): string {
	const r = report(name), meta = /<report_metadata>.*<\/policy_published>/s.exec(r)?.[0] ?? '';
	return r.replace(meta, '').replace('</record>', `</record><!--${' '.repeat(600000)}-->${meta.replace('Reporter</org_name>', 'Rep\x01orter</org_nmae>')}`);
}

export { twice };
export const mails: Kind[] = [...structure, ...headers, ...encodings];
