// Documents: XML that is too much, entities, encodings, and values beyond all measure.
import { attached, bytes, dice, gz, hex, mail, MB, noise, times } from './bytes.js';
import { kinds, type Kind, type Line } from './kind.js';
import { report, row } from './report.js';
import { hostileTexts } from './texts.js';

const packed = (s: string | Buffer): Buffer => attached(gz(s));
const dtd = (name: string, inner: string, use = ''): Buffer =>
	Buffer.from(report(name, { org: `x${use}`, declaration: `<?xml version="1.0"?>\n<!DOCTYPE feedback ${inner}>` }));
const esc = (s: string): string => s.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

const entities: Kind[] = kinds('XML file', [
	['laughs', 'A billion laughs', 'rejected dtd', () => dtd('laughs', `[<!ENTITY a0 "lol">${Array.from({ length: 30 }, (_, i) =>
		`<!ENTITY a${i + 1} "${`&a${i};`.repeat(10)}">`).join('')}]`, '&a30;')],
	['quadratic', 'One entity of 100 KB, 20,000 times', 'rejected dtd', () => dtd('quadratic', `[<!ENTITY a "${'A'.repeat(100000)}">]`, '&a;'.repeat(20000))],
	['parameter-entities', 'Parameter entities that build others', 'rejected dtd',
		() => dtd('parameter-entities', '[<!ENTITY % a "<!ENTITY b SYSTEM \'file:///etc/passwd\'>"> %a;]', '&b;')],
	...['http://127.0.0.1:1/x.dtd', 'https://hostile.example/x.dtd', 'file:///etc/passwd', 'ftp://127.0.0.1:1/x', 'jar:http://127.0.0.1:1/a.jar!/x', '/etc/passwd',
		'\\\\hostile.example\\share', 'expect://id', 'php://filter/resource=/etc/passwd', 'gopher://127.0.0.1:1/_x'].map((u, i): Line =>
		[`external-${i}`, `A DTD and an entity at ${u}`, 'rejected dtd', () => dtd(`external-${i}`, `SYSTEM "${u}" [<!ENTITY x SYSTEM "${u}">]`, '&x;')]),
	['public-dtd', 'A public DTD', 'rejected dtd', () => dtd('public-dtd', 'PUBLIC "-//HOSTILE//DTD X//EN" "http://hostile.example/x.dtd"')],
	['dtd-behind-comments', 'A DTD behind a megabyte of comments', 'rejected dtd', () => report('dtd-behind-comments', {
		declaration: `<?xml version="1.0"?>${`<!--${'x-'.repeat(500)}x-->`.repeat(1100)}<!DOCTYPE feedback SYSTEM "file:///etc/passwd">` })],
	['dtd-utf16', 'A DTD in UTF-16', 'rejected dtd', () => Buffer.from(`\ufeff${dtd('dtd-utf16', '[<!ENTITY x SYSTEM "file:///etc/passwd">]', '&x;').toString()}`, 'utf16le')],
	['dtd-attributes', 'Default attributes by the hundred thousand', 'rejected dtd', () => dtd('dtd-attributes', `[${Array.from({ length: 100000 }, (_, i) =>
		`<!ATTLIST feedback a${i} CDATA "x">`).join('')}]`)],
	['dtd-lower-case', 'A doctype in small letters: no XML', 'rejected not-well-formed|rejected dtd|stored 7', () => dtd('dtd-lower-case', '[<!ENTITY x "y">]', '&x;').toString().replace('<!DOCTYPE', '<!doctype')],
	['dtd-open', 'A DTD that never ends', 'rejected dtd', () => bytes('<!DOCTYPE feedback [', times('<!-- x -->', 200000))],
	['dtd-html', 'A web page', 'ignored', () => '<!DOCTYPE html><html><body>404</body></html>'],
	['entity-undeclared', 'Entities that nobody declared', 'stored 7', () => report('entity-undeclared', { org: 'a &xxe; b &lol9; &#0; &#x110000; &#xd800; &#-1; &; &' })],
	['xinclude', 'XInclude of /etc/passwd', 'stored 7', () => report('xinclude', { root: ' xmlns:xi="http://www.w3.org/2001/XInclude"',
		first: '<xi:include href="file:///etc/passwd" parse="text"/>', meta: '<xi:include href="http://127.0.0.1:1/x"/>' })],
	['stylesheet', 'A style sheet of XSLT, a schema, a base', 'stored 7', () => report('stylesheet', {
		declaration: '<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="http://127.0.0.1:1/x.xsl"?><?xml-model href="file:///etc/passwd"?>',
		root: ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:x http://127.0.0.1:1/x.xsd" xml:base="http://127.0.0.1:1/"' })],
	['processing-instructions', 'A million processing instructions', 'stored 7', () => report('processing-instructions').replace('<row>', `${'<?x y?>'.repeat(1000000)}<row>`)],
]);

/** A TLS report; every text of it can be this one. */
const tls = (name: string, policies: object[], text = 'x'): string => JSON.stringify({ 'organization-name': text, 'date-range': { 'start-datetime': '2026-01-01T00:00:00Z',
	'end-datetime': '2026-01-01T23:59:59Z' }, 'contact-info': text, 'report-id': `${text}${name}`, policies });
const policy = (name: string, more: object = {}, text = 'x'): object => ({ policy: { 'policy-type': 'sts', 'policy-string': ['version: STSv1', text], 'policy-domain': `${name}.hostile.example`,
	'mx-host': [text] }, summary: { 'total-successful-session-count': 7, 'total-failure-session-count': 3 }, ...more });

const chaff = (n: number, f: (i: number) => string): string => Array.from({ length: n }, (_, i) => f(i)).join('');

const shapes: Kind[] = kinds('XML file', [
	['deep-200000', 'Elements inside each other, 200,000 deep', 'rejected over-limit', () => report('deep-200000', { meta: '<a>'.repeat(200000) + '</a>'.repeat(200000) })],
	['deep-outside', 'The same, and the report is at the bottom', 'ignored', () => '<a>'.repeat(200000) + report('deep-outside', { declaration: '' }) + '</a>'.repeat(200000)],
	['deep-open', 'A million start tags and no end', 'rejected over-limit', () => '<feedback>' + '<record>'.repeat(1000000)],
	['attributes-million', 'An element with a million attributes', 'stored 7|rejected over-limit|rejected not-well-formed',
		(full) => report('attributes-million', { meta: `<x ${chaff(full ? 1000000 : 200000, (i) => `a${i.toString(36)}="" `)}/>` })],
	['attributes-80000', 'As many as there is room for in a document that is collected', 'stored 7|rejected over-limit|rejected not-well-formed',
		() => report('attributes-80000', { meta: `<x ${chaff(53000, (i) => `a${i.toString(36)}="" `)}/>` })],
	['attributes-many-elements', 'The same a hundred times, 300 attributes with a > in each', 'stored 7|rejected over-limit|rejected not-well-formed',
		() => report('attributes-many-elements', { meta: chaff(40, () => `<x ${chaff(5000, (i) => `a${i.toString(36)}=">" `)}/>`) })],
	['attribute-10-mb', 'An attribute of 10 MB', 'stored 7|rejected over-limit|rejected not-well-formed', (full) => report('attribute-10-mb', { meta: `<x a="${'A'.repeat((full ? 10 : 1) * MB)}"/>` })],
	['attribute-newlines', 'An attribute of 9 MB of line ends and references', 'stored 7|rejected over-limit|rejected not-well-formed',
		() => report('attribute-newlines', { meta: `<x a="${'&#10;\n'.repeat(1500000)}"/>` })],
	['namespaces', '50,000 namespaces on one element', 'stored 7|rejected over-limit|rejected not-well-formed', () => report('namespaces', { root: chaff(50000, (i) => ` xmlns:n${i}="u:${i}"`) })],
	['namespaces-nested', '1,500 namespaces on each of 28 levels, all used below', 'stored 7|rejected over-limit|rejected not-well-formed', () => report('namespaces-nested', {
		meta: chaff(27, (k) => `<n${k}:a ${chaff(1500, (i) => ` xmlns:n${k === 0 ? '' : k}${i}="u"`)} xmlns:n${k}="u">`) + '</a>' })],
	['name-1-mb', 'An element whose name has a megabyte', 'stored 7|rejected not-well-formed|rejected over-limit',
		() => report('name-1-mb', { meta: `<${'a'.repeat(MB)}>x</${'a'.repeat(MB)}>` })],
	['names-many', '300,000 elements, each of another name', 'stored 7', () => report('names-many', { meta: chaff(300000, (i) => `<e${i}x${i}/>`) })],
	['cdata-endless', 'A CDATA section of 50 MB that does not end', 'rejected over-limit|rejected cut-short|rejected not-well-formed',
		() => packed(report('cdata-endless', { org: `<![CDATA[${noise(4096).toString('hex').repeat(6000)}` }))],
	['cdata-unknown', 'A CDATA section of 50 MB in an element that is skipped', 'stored 7|rejected not-well-formed|rejected over-limit',
		() => packed(report('cdata-unknown', { meta: `<x><![CDATA[${noise(4096).toString('hex').repeat(6000)}]]></x>` }))],
	['comment-endless', 'A comment of 50 MB that does not end', 'rejected cut-short|rejected not-well-formed|rejected over-limit',
		() => packed(report('comment-endless', { meta: `<!--${noise(4096).toString('hex').repeat(6000)}` }))],
	['comment-dashes', 'Comments of nothing but dashes, nearly', 'stored 7|rejected not-well-formed', () => report('comment-dashes', { meta: `<!--${'- '.repeat(4 * MB)}-->` })],
	['pi-endless', 'A processing instruction of 20 MB that does not end', 'rejected cut-short|rejected not-well-formed|rejected over-limit',
		() => packed(report('pi-endless', { meta: `<?x ${noise(4096).toString('hex').repeat(2500)}` }))],
	['tag-endless', 'A tag of 30 MB that does not end', 'rejected cut-short|rejected not-well-formed|rejected over-limit',
		() => packed(report('tag-endless', { meta: `<x ${'a '.repeat(15 * MB)}` }))],
	['quotes-endless', 'Tags of which each opens a quote', 'rejected over-limit', () => report('quotes-endless', { meta: '<x a="'.repeat(200000) })],
	['less-than-storm', '4 MB of <', 'rejected over-limit', () => report('less-than-storm', { org: '<'.repeat(4 * MB) })],
	['ampersand-storm', '3 MB of &, as text and as broken references', 'rejected over-limit|stored 7', () => report('ampersand-storm', { org: '&#x'.repeat(MB) })],
	['end-tags', 'A million end tags of what is not open', 'stored 7|rejected not-well-formed', () => report('end-tags', { meta: '</xrg_name>'.repeat(1000000) })],
	['unclosed', '100,000 elements that do not end', 'stored 7|rejected not-well-formed|rejected over-limit', () => report('unclosed', { meta: '<b>'.repeat(100000) })],
	['text-chunks', 'A value in a million pieces, comments between them', 'rejected over-limit|stored 7', () => report('text-chunks', { org: 'x<!---->'.repeat(1000000) })],
	['blanks-200-mb', 'Blanks between the elements, 200 MB', 'stored 7', (full) => {
		const r = report('blanks-200-mb'), blanks = times(`${' '.repeat(300)}\n`, full ? 690000 : 30000), at = r.indexOf('<row>');
		return attached(bytes(...gzipPieces(r.slice(0, at), blanks, r.slice(at))));
	}],
	['feedback-in-feedback', 'feedback in feedback in feedback', 'stored 7|rejected no-metadata', () => report('feedback-in-feedback', { first: '<feedback><feedback><record/></feedback></feedback>' })],
	['feedback-500', 'Five hundred reports in one document', 'stored 3500', () => chaff(500, (i) => report(`feedback-500-${i}`, { declaration: '' }))],
	['feedback-1000', 'A thousand, which come in pieces', 'stored 7000', () => chaff(1000, (i) => report(`feedback-1000-${i}`, { declaration: '' }))],
	['feedback-empty-40000', '40,000 empty reports in one document', 'rejected no-metadata', () => '<feedback/>'.repeat(40000)],
	['records-first', 'Records before the metadata, 40 MB of them', 'stored', () => packed(`<feedback>${row({}).repeat(80000)}${report('records-first').replace('<feedback>', '').replace(/^.*\n/, '')}`)],
	['read-again', 'A large document that has to be read in every way that there is', 'stored 7|rejected too-slow|rejected over-limit', (full) => {
		const r = report('read-again'), meta = /<report_metadata>.*<\/policy_published>/s.exec(r)?.[0] ?? '', at = r.indexOf('</feedback>');
		const block = times(bytes('<!-- ', noise(200).toString('hex'), ' '.repeat(100000), ' -->\n'), full ? 4000 : 300);
		return attached(bytes(...gzipPieces(r.slice(0, at).replace(meta, ''), block, `${damaged(meta)}</feedback>`)));
	}],
	['parts-read-again', 'Ninety parts, each of which has to be read in every way that there is', 'stored 630|partial too-slow|rejected too-slow|partial over-limit', (full) => mail(
		Array.from({ length: full ? 90 : 12 }, (_, i) => ({ type: 'application/gzip', encoding: 'base64', body: gz(again(`parts-read-again-${i}`, full ? 30 : 2)) }))), { full: true }],
	['record-million', 'A million records', 'stored', (full) => bytes(...giant(full ? 1000000 : 20000, 'record-million', false)), { delivered: 'stored|refused' }],
	['record-million-mail', 'A million records in a mail, no address and no name twice', 'stored', (full) => attached(gz(bytes(...giant(full ? 1000000 : 5000, 'record-million-mail', true))))],
	['record-million-alike', 'A million records that are one and the same', 'stored', (full) => {
		const r = report('record-million-alike'), one = row({});
		return attached(bytes(...gzipPieces(r.slice(0, r.indexOf('<record>')), times(one, full ? 1000000 : 20000), '</feedback>')));
	}],
	['record-million-empty', 'A million empty records', 'stored 7', (full) => attached(bytes(...gzipPieces(report('record-million-empty').replace('</feedback>', ''),
		times('<record/>', full ? 1000000 : 100000), '</feedback>')))],
	['record-million-bad', 'A million records of which each is refused, and a sound one', 'partial 7', (full) => attached(bytes(...gzipPieces(
		report('record-million-bad').replace('</feedback>', ''), times('<record><row><count>-1</count></row></record>', full ? 1000000 : 50000), '</feedback>')))],
	['record-large-values', 'Records of which each has texts of 60 KB, each another', 'stored', (full) => packed(report('record-large-values', {
		rows: Array.from({ length: full ? 1500 : 200 }, (_, i) => ({ reason: `<reason><type>other</type><comment>${i} ${'c'.repeat(60000)}</comment></reason>`,
			auth: `<dkim><domain>hostile.example</domain><selector>${i}</selector><result>pass</result><human_result>${'h'.repeat(60000)}${i}</human_result></dkim>` })) }))],
	['results-101', '101 DKIM results in a row', 'rejected over-limit', () => report('results-101', {
		rows: [{ auth: '<dkim><domain>a.example</domain><result>pass</result></dkim>'.repeat(101) }] })],
	['results-100', '100 DKIM and 100 SPF results, 100 reasons', 'stored 7', () => report('results-100', { rows: [{
		auth: chaff(100, (i) => `<dkim><domain>d${i}.example</domain><result>fail</result></dkim><spf><domain>s${i}.example</domain><result>fail</result></spf>`),
		reason: '<reason><type>other</type><comment>x</comment></reason>'.repeat(100) }] })],
	['reasons-1000', '1,000 reasons in a row', 'rejected over-limit', () => report('reasons-1000', { rows: [{ reason: '<reason><type>x</type></reason>'.repeat(1000) }] })],
	['policies-10000', '10,000 policies', 'stored 7', () => report('policies-10000', { last: '<policy_published><domain>other.example</domain><p>reject</p></policy_published>'.repeat(10000) })],
	['errors-10000', '10,000 errors', 'stored 7', () => report('errors-10000', { meta: '<error>x\u009b31m</error>'.repeat(10000) })],
	['no-metadata', 'No metadata', 'rejected no-metadata', () => report('no-metadata').replace(/<report_metadata>.*<\/report_metadata>/, '')],
	['no-policy', 'No policy', 'rejected no-policy', () => report('no-policy').replace(/<policy_published>.*<\/policy_published>/, '')],
	['no-rows', 'No rows', 'stored 0', () => report('no-rows', { rows: [] })],
	['not-a-report', 'XML of another kind', 'ignored', () => '<?xml version="1.0"?><rss><channel><title>x</title></channel></rss>'],
	['tls-report', 'A TLS report without dates', 'rejected no-date-range', () => '{"organization-name":"x","policies":[]}'],
	['json-deep', 'JSON, 200,000 deep', 'ignored', () => `{"a":${'['.repeat(200000)}`],
	['tls-deep', 'A TLS report with a value 200,000 deep', 'rejected over-limit', () => tls('tls-deep', [policy('tls-deep', { x: '@' })]).replace('"@"', `${'['.repeat(200000)}${']'.repeat(200000)}`)],
	['tls-open', 'A TLS report whose brackets never close', 'rejected over-limit', () => tls('tls-open', []).replace('[]}', '[{"a":'.repeat(100000))],
	['tls-text', 'A TLS report with a text of 20 MB', 'rejected over-limit', (full) => tls('tls-text', [policy('tls-text', { 'failure-details': [{ 'result-type': 'A'.repeat((full ? 20 : 2) * MB) }] })])],
	['tls-count', 'A TLS report with a count of 2^64 + 7', 'rejected no-sound-row', () => tls('tls-count', [policy('tls-count')]).replace(':7,', ':18446744073709551623,')],
	['tls-policies', 'A TLS report with 20,000 policies', 'rejected over-limit', () => tls('tls-policies', Array.from({ length: 20000 }, () => policy('tls-policies')))],
	['tls-details', 'A TLS report with as many failure details as there may be', 'stored|rejected over-limit', (full) => tls('tls-details', [policy('tls-details', {
		'failure-details': Array.from({ length: full ? 100000 : 3000 }, (_, i) => ({ 'result-type': `x-${i}`, 'failed-session-count': 1, 'sending-mta-ip': `2001:db8::${i.toString(16)}` })) })])],
	['tls-keys', 'A TLS report with 300,000 keys that nobody knows', 'stored|rejected over-limit', () => tls('tls-keys', [policy('tls-keys')]).replace('{', `{${chaff(300000, (i) => `"k${i}":${i},`)}`)],
	...hostileTexts.map(([name, what, text]): Line => [`tls-${name}`, `${what}, in every text of a TLS report`, 'stored', () => tls(`tls-${name}`, [policy(`tls-${name}`, { 'failure-details': [{
		'result-type': text, 'sending-mta-ip': text, 'receiving-mx-hostname': text, 'receiving-mx-helo': text, 'receiving-ip': text, 'failed-session-count': 3,
		'additional-information': text, 'failure-reason-code': text, [text]: text }] }, text)], text)]),
	['failure-report', 'A failure report with everything in it', 'stored', () => mail([{ type: 'message/feedback-report',
		body: 'Feedback-Type: auth-failure\r\nSource-IP: 999.1.1.1\r\nOriginal-Mail-From: <script>\x1b[31m\r\n' }])],
	['failure-hidden', 'A failure report with an aggregate report in its sample', 'stored', () => failureReport('', `Content-Type: text/xml\r\n\r\n${report('failure-hidden')}`)],
	['failure-header', 'A failure report with 10 MB of headers in its sample', 'stored', () => failureReport('', 'X-Long: ' + `${'a'.repeat(900)}\r\n `.repeat(11000) + 'end\r\n\r\nbody')],
	['failure-fields', 'A failure report with 10 MB of fields', 'stored', () => failureReport('X-Field: \x1b[31m<script>\r\n'.repeat(400000), '')],
	['failure-nested', 'A failure report with 5,000 parts inside each other in its sample', 'stored',
		() => failureReport('', Array.from({ length: 5000 }, (_, i) => `Content-Type: multipart/mixed; boundary=n${i}\r\n\r\n--n${i}\r\n`).join('') + report('failure-nested'))],
	['unused', 'The word that a provider packs when it has nothing to say', 'ignored', () => packed('unused')],
	['empty', 'No byte at all', 'ignored', () => '', { delivered: 'refused' }],
	['blank', '5 MB of blanks', 'ignored', () => times(' \r\n\t', 1300000)],
	['noise', '5 MB of noise', 'ignored', () => noise(5 * MB, 9)],
]);

/** A mail about one message; what is given comes last among its fields, and after From in its sample. */
function failureReport(fields: string, sample: string): string {
	return 'From: r@rep.example\r\nSubject: FW: x\r\nContent-Type: multipart/report; report-type=feedback-report; boundary=fr\r\n\r\n' +
		'--fr\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: auth-failure\r\nSource-IP: 192.0.2.1\r\n' + fields +
		'\r\n--fr\r\nContent-Type: message/rfc822\r\n\r\nFrom: a@example.com\r\nSubject: ' + Math.abs(fields.length * 31 + sample.length) + '\r\n' + sample + '\r\n--fr--\r\n';
}

/** deflate that knows nothing of what stood before, so that the middle can be long without being there. */
function gzipPieces(head: string, middle: Buffer, tail: string): Buffer[] {
	return [gz(head), gz(middle), gz(tail)];
}

/** What makes a reader try all that it can: a byte that is no character, and an end tag that is misspelt. */
const damaged = (meta: string): string => meta.replace('Reporter</org_name>', 'Rep\x01orter</org_nmae>');

function again(name: string, mb: number): Buffer {
	const r = report(name), meta = /<report_metadata>.*<\/policy_published>/s.exec(r)?.[0] ?? '', at = r.indexOf('</feedback>');
	return bytes(r.slice(0, at).replace(meta, ''), times(bytes('<!-- ', noise(100).toString('hex'), ' '.repeat(60000), ' -->\n'), mb * 17), damaged(meta), '</feedback>');
}

function* giant(n: number, name: string, scattered: boolean): Generator<Buffer> {
	const r = report(name), parts = [r.slice(0, r.indexOf('<record>'))], d = dice(5);
	for (let i = 0; i < n; i++) {
		const [a, b] = scattered ? [d(), d()] : [0x0a000000 + i, i % 5000];
		parts.push(row({ ip: `${a >>> 24}.${(a >> 16) & 255}.${(a >> 8) & 255}.${a & 255}`, count: '1', hfrom: `h${b}.hostile.example`, reason: i % 3 === 0 ?
			`<reason><type>other</type><comment>${i}</comment></reason>` : '' }));
		if (parts.length === 10000) yield Buffer.from(parts.splice(0).join(''));
	}
	yield Buffer.from(`${parts.join('')}</feedback>`);
}

// --- Encodings ---------------------------------------------------------------------

const says = (e: string): string => `<?xml version="1.0" encoding="${e}"?>`;
const utf32 = (s: string, little: boolean): Buffer => {
	const b = Buffer.alloc(s.length * 4);
	for (let i = 0; i < s.length; i++) little ? b.writeUInt32LE(s.charCodeAt(i), i * 4) : b.writeUInt32BE(s.charCodeAt(i), i * 4);
	return b;
};
const in16 = (name: string, declaration: string, org = 'Reporter'): string => report(name, { declaration, org });
const raw = (name: string, b: Buffer, declaration = says('UTF-8')): Buffer => {
	const r = report(name, { declaration, org: '@@@' }), at = r.indexOf('@@@');
	return bytes(r.slice(0, at), b, r.slice(at + 3));
};

const encodings: Kind[] = kinds('XML file', [
	['utf16-le-bom', 'UTF-16, little endian, BOM', 'stored 7', () => Buffer.from(`\ufeff${in16('utf16-le-bom', says('UTF-16'))}`, 'utf16le')],
	['utf16-be-bom', 'UTF-16, big endian, BOM', 'stored 7', () => Buffer.from(`\ufeff${in16('utf16-be-bom', says('UTF-16'))}`, 'utf16le').swap16()],
	['utf16-le', 'UTF-16 without BOM', 'stored 7', () => Buffer.from(in16('utf16-le', says('UTF-16LE')), 'utf16le')],
	['utf16-be', 'UTF-16, big endian, without BOM', 'stored 7', () => Buffer.from(in16('utf16-be', says('UTF-16BE')), 'utf16le').swap16()],
	['utf16-says-utf8', 'UTF-16 that says UTF-8', 'stored 7|rejected not-well-formed', () => Buffer.from(`\ufeff${in16('utf16-says-utf8', says('UTF-8'))}`, 'utf16le')],
	['utf16-says-ebcdic', 'UTF-16 that says IBM1047', 'stored 7|rejected not-well-formed', () => Buffer.from(`\ufeff${in16('utf16-says-ebcdic', says('IBM1047'))}`, 'utf16le')],
	['utf16-odd', 'UTF-16 with a byte too few', 'stored 7|rejected cut-short|rejected not-well-formed', () => Buffer.from(`\ufeff${in16('utf16-odd', says('UTF-16'))}`, 'utf16le').subarray(0, -1)],
	['utf16-surrogates', 'UTF-16 with surrogates alone', 'stored 7|rejected not-well-formed', () => Buffer.from(`\ufeff${in16('utf16-surrogates', says('UTF-16'), 'a\ud800b\udc00')}`, 'utf16le')],
	['utf32-le', 'UTF-32', 'stored 7|ignored|rejected not-well-formed', () => utf32(in16('utf32-le', says('UTF-32')), true)],
	['utf32-be', 'UTF-32, big endian', 'stored 7|ignored|rejected not-well-formed', () => utf32(`\ufeff${in16('utf32-be', says('UTF-32'))}`, false)],
	['utf8-overlong', 'Overlong UTF-8: / in two, three and four bytes', 'stored 7', () => raw('utf8-overlong', hex('c0afe080aff08080affc80808080af'))],
	['utf8-surrogates', 'Surrogates as UTF-8', 'stored 7', () => raw('utf8-surrogates', hex('eda080edb080eda0bdedb880'))],
	['utf8-beyond', 'Characters beyond U+10FFFF, and U+FFFF', 'stored 7', () => raw('utf8-beyond', hex('f4908080f8888080 80efbfbfefbfbe'))],
	['utf8-cut', 'A character that is cut by the end of a value', 'stored 7', () => raw('utf8-cut', hex('61f09f98'))],
	['utf8-bom-inside', 'BOMs in front, twice, and inside', 'stored 7', () => bytes(hex('efbbbfefbbbf'), raw('utf8-bom-inside', hex('efbbbf61efbbbf')))],
	['bytes-all', 'Every byte that there is', 'stored 7', () => raw('bytes-all', Buffer.from(Array.from({ length: 256 }, (_, i) => i).filter((c) => c !== 60 && c !== 38)))],
	['nul-everywhere', 'A NUL behind each tag', 'stored 7|rejected not-well-formed', () => report('nul-everywhere').replace(/></g, '>\0<')],
	['nul-in-tags', 'NUL in the names of elements', 'rejected no-metadata|rejected not-well-formed|stored 7', () => report('nul-in-tags').replace(/report_meta/g, 'report\0meta')],
	['encoding-utf16-lies', 'It says UTF-16 and is UTF-8', 'stored 7', () => raw('encoding-utf16-lies', Buffer.from('x'), says('UTF-16'))],
	['encoding-utf7', 'It says UTF-7, and markup comes out of it', 'stored 7|rejected not-well-formed', () => raw('encoding-utf7', Buffer.from('+ADwAcwBjAHIAaQBwAHQAPg-'), says('UTF-7'))],
	...['IBM1047', 'EBCDIC-US', 'ISO-2022-CN-EXT', 'ISO-2022-KR', 'GB18030', 'SHIFT_JIS', 'KOI8-R', 'WINDOWS-1252', 'HZ', 'CP737', 'UCS-4', 'UTF-8//TRANSLIT', 'x-unknown', 'INTERNAL'].map((e): Line =>
		[`encoding-${e.toLowerCase().replace(/\W/g, '-')}`, `It says ${e}`, 'stored 7|rejected not-well-formed', () =>
			raw(`encoding-${e.toLowerCase().replace(/\W/g, '-')}`, hex('e6b0b41b242a481b4e242480ff'), says(e))]),
	['encoding-path', 'It says ../../../../tmp/evil', 'stored 7', () => raw('encoding-path', Buffer.from('x'), says('../../../../tmp/evil'))],
	['encoding-10-kb', 'It says an encoding of 10 KB', 'stored 7|rejected not-well-formed', () => raw('encoding-10-kb', Buffer.from('x'), says('A'.repeat(10000)))],
	['encoding-20-mb', '20 MB of Latin-1 that is not said', 'stored 7', () => packed(raw('encoding-20-mb', Buffer.from('x')).toString().replace('<row>', `<!--${noise(4096).toString('hex').repeat(2500)}--><row>`).replace('Reporter', '\u00e9')
		.replace('</org_name>', '\u0001</org_name>'))],
	['ebcdic', 'EBCDIC', 'ignored', () => bytes(hex('4c6fa79493406799a2899695'), noise(3000))],
]);

// --- Values ----------------------------------------------------------------------------

const counted = (name: string, what: string, count: string, refused: boolean): Line =>
	[name, `A count of ${what}, beside a sound row`, refused ? 'partial 7' : 'stored', () => report(name, { rows: [{}, { count, ip: '203.0.113.6' }] })];
const dated = (name: string, what: string, begin: string | null, end: string | null, expect: string): Line =>
	[name, `A period ${what}`, expect, () => report(name, { dates: (begin === null ? '' : `<begin>${begin}</begin>`) + (end === null ? '' : `<end>${end}</end>`) })];
const addressed = (name: string, what: string, ip: string): Line => [name, `source_ip ${what}`, 'stored 7', () => report(name, { rows: [{ ip }] })];
const named = (name: string, what: string, d: string, expect = 'stored 7'): Line => [name, `Domains everywhere: ${what}`, expect,
	() => report(name, { domain: d, rows: [{ hfrom: d, ids: `<envelope_from>${d}</envelope_from><envelope_to>${d}</envelope_to>`,
		auth: `<dkim><domain>${d}</domain><selector>s</selector><result>pass</result></dkim><spf><domain>${d}</domain><result>pass</result></spf>` }] })];

const numbers: Kind[] = kinds('XML file', [
	counted('count-2-64-7', '2^64 + 7', '18446744073709551623', true),
	counted('count-2-63', '2^63', '9223372036854775808', true),
	counted('count-negative', '-1', '-1', true),
	counted('count-exponent', '1e9', '1e9', true),
	counted('count-hex', '0x10', '0x10', true),
	counted('count-arabic', 'Arabic digits', '\u0661\u0662\u0663', true),
	counted('count-fullwidth', 'wide digits', '\uff11\uff12', true),
	counted('count-plus', '+7', '+7', true),
	counted('count-half', '12.5', '12.5', true),
	counted('count-words', '7 times', '7 times', true),
	counted('count-nan', 'NaN', 'NaN', true),
	counted('count-nul', '7, NUL, 9', '7&#0;9', true),
	counted('count-thousands', '1,000', '1,000', true),
	['count-10-mb', 'A count of 10 MB of digits', 'rejected over-limit', (full) => report('count-10-mb', { rows: [{}, { count: '9'.repeat((full ? 10 : 1) * MB) }] })],
	['count-zeros', 'A count of 60,000 zeros and a 7', 'stored 7|partial 7', () => report('count-zeros', { rows: [{ count: `${'0'.repeat(60000)}7` }] })],
	['count-largest', 'A count of 2^63 - 1', 'rejected over-limit', () => report('count-largest', { rows: [{ count: '9223372036854775807' }] })],
	['count-sum', 'Counts whose sum passes 2^64', 'rejected over-limit', () => report('count-sum', { rows: Array.from({ length: 5 }, () => ({ count: '4611686018427387904' })) })],
	['count-limit', 'A sum one above the limit of messages', 'rejected over-limit', () => report('count-limit', { rows: [{ count: '1000000000000000' }, { count: '1' }] })],
	['count-only-bad', 'No sound row', 'rejected no-sound-row', () => report('count-only-bad', { rows: [{ count: '-5' }] })],
	['count-zero', 'A count of 0', 'stored 0', () => report('count-zero', { rows: [{ count: '0' }] })],
	dated('date-10-18', 'of 10^18', '1000000000000000000', '1000000000000000001', 'rejected no-date-range'),
	dated('date-2-64', 'of 2^64', '18446744073709551616', '18446744073709551617', 'rejected no-date-range'),
	dated('date-negative', 'before 1970', '-86400', '-1', 'rejected no-date-range'),
	dated('date-nan', 'of NaN', 'NaN', 'Infinity', 'rejected no-date-range'),
	dated('date-year-300000', 'in the year 300000', '9404640000000', '9404640086399', 'stored 7|rejected no-date-range'),
	dated('date-year-300000-text', 'in the year 300000, in words', '300000-01-01T00:00:00Z', '300000-01-02T00:00:00Z', 'rejected no-date-range'),
	dated('date-milliseconds', 'in milliseconds', '1767225600000', '1767311999000', 'stored 7'),
	dated('date-zero', 'of 0', '0', '0', 'stored 7'),
	dated('date-ages', 'from 1970 to the year 5138', '0', '99999999999', 'stored 7'),
	dated('date-swapped', 'that ends before it begins', '1767311999', '1767225600', 'stored 7'),
	dated('date-begin-only', 'without end', '1767225600', null, 'stored 7'),
	dated('date-none', 'without dates', null, null, 'rejected no-date-range'),
	dated('date-10-mb', 'of 10 MB', '1'.repeat(10 * MB), '2', 'rejected over-limit'),
	dated('date-markup', 'of markup', '&lt;script&gt;', "' OR 1=1", 'rejected no-date-range'),
	addressed('ip-mapped', '::ffff:203.0.113.9', '::ffff:203.0.113.9'),
	addressed('ip-999', '999.1.1.1', '999.1.1.1'),
	addressed('ip-scoped', 'fe80::1%eth0', 'fe80::1%eth0%&lt;script&gt;'),
	addressed('ip-octal', '0300.0250.1.1', '0300.0250.1.1'),
	addressed('ip-hex', '0x7f.1', '0x7f.1'),
	addressed('ip-short', '127.1', '127.1'),
	addressed('ip-number', '3405803781', '3405803781'),
	addressed('ip-brackets', '[IPv6:2001:db8::1]', '[IPv6:2001:db8::1]'),
	addressed('ip-many-colons', 'of 30,000 colons', ':'.repeat(30000)),
	addressed('ip-list', 'of two addresses', '203.0.113.1, 203.0.113.2'),
	addressed('ip-host', 'of a name', 'localhost'),
	addressed('ip-nothing', 'of X.X.X.X', 'X.X.X.X'),
	addressed('ip-zero', '0.0.0.0', '0.0.0.0'),
	addressed('ip-any', '::', '::'),
	addressed('ip-escape', 'with control characters', '\u009b31m203.0.113.1'),
	['ip-10-mb', 'source_ip of 10 MB', 'rejected over-limit', (full) => report('ip-10-mb', { rows: [{ ip: '1'.repeat((full ? 10 : 1) * MB) }] })],
	named('domain-nul', 'NUL, as a reference and as a byte', 'evil&#0;.domain-nul.example\0.x.example'),
	named('domain-rtl', 'right to left override', '\u202emoc.elgoog\u202c.domain-rtl.example'),
	named('domain-300-labels', '300 labels', `${'a.'.repeat(300)}domain-300-labels.example`),
	named('domain-label-64', 'a label of 64', `${'a'.repeat(64)}.domain-label-64.example`),
	named('domain-mixed', 'Latin, Cyrillic, Greek and Hebrew in one label', '\u0440aypal\u03b1\u05d0.domain-mixed.example'),
	named('domain-punycode', 'punycode that is none', 'xn--\u00e4.xn--.xn--zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz.xn--a-\u0661.domain-punycode.example'),
	named('domain-expands', 'characters that become eighteen', `${'\ufdfa'.repeat(3000)}.domain-expands.example`),
	named('domain-combining', '30,000 combining marks', `a${'\u0301\u0316'.repeat(15000)}.domain-combining.example`),
	named('domain-dots', 'dots of all scripts', 'a\u3002b\uff0ec\uff61.domain-dots.example...'),
	named('domain-star', '* and _ and blanks', '*. _x .domain-star.example'),
	named('domain-suffix', 'a public suffix', 'co.uk'),
	named('domain-root', 'the root', '.', 'stored 7|rejected no-policy-domain'),
	named('domain-url', 'a URL', 'http://user:pass@[::1]:80/../x?y#z'),
	named('domain-zwj', 'what is not seen', 'a\u200d\u200b\ufeff\u00adb.domain-zwj.example'),
	named('domain-emoji', 'pictures', '\u{1f600}\u{1f468}\u200d\u{1f469}\u200d\u{1f467}.domain-emoji.example'),
	['domain-10-mb', 'A domain of 10 MB', 'rejected over-limit', () => report('domain-10-mb', { domain: 'a.'.repeat(5 * MB) })],
	...['org', 'email', 'id'].map((f): Line => [`${f}-10-mb`, `${f} of 10 MB`, 'rejected over-limit', (full) => report(`${f}-10-mb`, { [f]: 'A'.repeat((full ? 10 : 1) * MB) })]),
	...['extra_contact_info', 'error', 'generator'].map((f): Line => [`${f}-10-mb`, `${f} of 10 MB`, 'rejected over-limit',
		(full) => report(`${f}-10-mb`, { meta: `<${f}>${'A'.repeat((full ? 10 : 1) * MB)}</${f}>` })]),
	['comment-10-mb', 'A comment of a reason of 10 MB', 'rejected over-limit', (full) => report('comment-10-mb', { rows: [{ reason: `<reason><comment>${'A'.repeat((full ? 10 : 1) * MB)}</comment></reason>` }] })],
	['human-10-mb', 'A human_result of 10 MB', 'rejected over-limit', (full) => report('human-10-mb', { rows: [{ auth: `<spf><human_result>${'A'.repeat((full ? 10 : 1) * MB)}</human_result></spf>` }] })],
	['all-60-kb', 'All texts of 60 KB', 'stored 7|rejected over-limit', () => everywhere('all-60-kb', () => 'A'.repeat(60000))],
]);

/** A report with this text wherever a text can stand. */
function everywhere(name: string, f: (where: string) => string): string {
	const t = (element: string): string => `<${element}>${f(element)}</${element}>`;
	return report(name, {
		org: f('org_name'), email: f('email'), id: `${f('report_id')}${name}`, domain: `${name}.hostile.example`,
		meta: t('extra_contact_info') + t('error') + t('generator') + t(`unknown-${name}`),
		policy: ['adkim', 'aspf', 'p', 'sp', 'np', 'pct', 'fo', 'testing', 'discovery_method'].map(t).join(''),
		first: t('version'),
		rows: [{
			ip: f('source_ip'), disp: f('disposition'), dkim: f('dkim'), spf: f('spf'), hfrom: f('header_from'),
			reason: `<reason>${t('type')}${t('comment')}</reason>`, ids: t('envelope_from') + t('envelope_to'),
			auth: `<dkim>${t('domain')}${t('selector')}${t('result')}${t('human_result')}</dkim><spf>${t('domain')}${t('scope')}${t('result')}${t('human_result')}</spf>`,
		}],
	});
}

const texts: Kind[] = kinds('XML file', [
	...hostileTexts.map(([name, what, text]): Line => [`texts-${name}`, `${what}, in every text of a report`, 'stored 7', () => everywhere(`texts-${name}`, () => esc(text))]),
	...hostileTexts.map(([name, what, text]): Line => [`cdata-${name}`, `${what}, in CDATA in every text of a report`, 'stored 7',
		() => everywhere(`cdata-${name}`, () => `<![CDATA[${text}]]>`)]),
	...hostileTexts.map(([name, what, text]): Line => [`domains-${name}`, `${what}, as the policy domain`, 'stored 7', () => report(`domains-${name}`, { domain: `${esc(text)}.domains-${name}.example` })]),
	['texts-newlines', 'Line ends in every text, for log and header', 'stored 7', () => everywhere('texts-newlines', () => 'a&#13;&#10;Set-Cookie: x=1&#13;&#10;&#13;&#10;<![CDATA[\r\n=1+1\r\ndmarcd[1]: all is well\r\n]]>')],
	['texts-tabs', 'A tab in front of a formula, and CR', 'stored 7', () => everywhere('texts-tabs', () => '<![CDATA[\u00a0=1+1\t=2+2\r=3+3]]>')],
	['elements-hostile', 'Elements with names that do something', 'stored 7', () => report('elements-hostile', {
		meta: '<_-.>x</_-.><\u00e9\u0301>y</\u00e9\u0301><script>alert(1)</script><iframe/><style>*{}</style><a\u200db/>' })],
	['elements-broken', 'Elements with names that cannot be', 'rejected not-well-formed', () => report('elements-broken', { meta: '<_-.=><a\u202eb>x</a\u202eb>' })],
	['texts-xml-1-1', 'XML 1.1 with control characters as references', 'stored 7', () => report('texts-xml-1-1', { declaration: '<?xml version="1.1"?>', org: '&#27;[31m&#1;&#x9b;31m&#155;' })],
]);

export const documents: Kind[] = [...entities, ...shapes, ...encodings, ...numbers, ...texts];
