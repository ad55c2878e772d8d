// Files that people hand in over HTTP: each is read as any mail is, and who handed it in learns what became of it.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { aggregate, failure, tls } from './lib/access.js';
import { Daemon, dmarcd, inQuarantine, inSpool, killed, program, until, writeConf } from './lib/daemon.js';
import { Spec } from './lib/openapi.js';

const skip = existsSync(program) ? false : `${program} is not built`;
const spec = new Spec(process.env['OPENAPI'] ?? join(process.env['E2E_DIR'] ?? 'tests/e2e', '../../schema/openapi.yaml'));
const doing = { 'X-Dmarcd-Action': '1' };
const day = new Date(Date.now() - 2 * 86400000).toISOString().slice(0, 10);
const party = (n: number) => ({ domain: 'example.com', reporter: 'small.test', n, ip: '192.0.2.10', day, selector: 'one' });

let dir: string;
let state: string;
let conf: string;

before(() => {
	if (skip !== false) return;
	dir = mkdtempSync(join(tmpdir(), 'dmarcd-upload-'));
	state = join(dir, 'state');
	conf = join(dir, 'dmarcd.conf');
	writeConf(conf, { state });
});

after(() => {
	if (skip === false) rmSync(dir, { recursive: true, force: true });
});

const document = (n: number, count = '3'): string => {
	const t = Date.parse(`${day}T00:00:00Z`) / 1000;
	return `<?xml version="1.0"?>\n<feedback><report_metadata><org_name>small.test</org_name><email>a@small.test</email><report_id>doc-${n}</report_id>` +
		`<date_range><begin>${t}</begin><end>${t + 86399}</end></date_range></report_metadata><policy_published><domain>example.com</domain><p>none</p></policy_published>` +
		`<record><row><source_ip>192.0.2.77</source_ip><count>${count}</count><policy_evaluated><disposition>none</disposition><dkim>fail</dkim><spf>fail</spf></policy_evaluated></row>` +
		'<identifiers><header_from>example.com</header_from></identifiers><auth_results><spf><domain>example.com</domain><result>fail</result></spf></auth_results></record></feedback>\n';
};

interface Item { name: string; bytes: number; state: string; request: string | null; text: string | null }

async function hand(d: Daemon, files: [string, Buffer | string][]): Promise<{ status: number; answer: any }> {
	const form = new FormData();
	for (const [name, data] of files) form.append('file', new Blob([data]), name);
	const a = await fetch(`${d.url}/api/v1/upload`, { method: 'POST', headers: doing, body: form });
	const answer: any = await a.json();
	assert.deepEqual(spec.faults('/upload', a.status, a.headers.get('content-type') ?? '', answer, 'post'), []);
	return { status: a.status, answer };
}

async function became(d: Daemon, i: Item): Promise<any> {
	return await until(`word of ${i.name}`, async () => {
		const o = await d.get(`requests/${i.request}`);
		assert.equal(o.action, 'upload');
		return o.state === 'waiting' ? undefined : o;
	}, 60);
}

test('files of each kind are read, and it is said what became of them', { skip }, async () => {
	const d = await Daemon.start(conf);
	try {
		const meta = await d.get('meta');
		assert.equal(meta.features.upload, true);
		assert.equal(meta.limits.upload_bytes, 64 << 20);
		const files: [string, Buffer | string][] = [
			['a.xml', document(1)], ['b.xml.gz', gzipSync(document(2))], ['again.xml', document(1)], ['mail.eml', aggregate(party(3))],
			['ruf.eml', failure(party(4))], ['tls.eml', tls(party(5))], ['note.txt', 'hello'], ['bad.xml', document(6, '-3')], ['empty.xml', ''],
			['a "quoted" \u202e näme;=.xml', document(7)], ['\r\n--x.xml', document(8)],
		];
		const { status, answer } = await hand(d, files);
		assert.equal(status, 202);
		assert.equal(answer.complete, true);
		assert.equal(answer.items.length, files.length);
		const got = new Map<string, any>();
		for (const [i, item] of (answer.items as Item[]).entries()) {
			const sent = Buffer.from(files[i]?.[1] ?? '');
			assert.equal(item.bytes, sent.length, item.name);
			if (sent.length === 0) {
				assert.deepEqual([item.state, item.request, item.text], ['refused', null, 'The file is empty.']);
				continue;
			}
			got.set(files[i]?.[0] ?? '', await became(d, item));
		}
		const of = (name: string): unknown[] => [got.get(name).result, got.get(name).n];
		for (const name of ['b.xml.gz', 'mail.eml', 'ruf.eml', 'tls.eml', files[9]?.[0], files[10]?.[0]] as string[]) assert.deepEqual(of(name), ['stored', 1], name);
		// the same report twice: several processes read, and either copy may be the first
		assert.deepEqual([of('a.xml'), of('again.xml')].sort(), [['duplicate', 1], ['stored', 1]]);
		assert.deepEqual(of('note.txt'), ['ignored', 0]);
		assert.deepEqual(of('bad.xml'), ['rejected', 0]);
		assert.match(got.get('bad.xml').text, /row/);
		assert.equal((await d.get(`reports/${got.get('a.xml').report}`)).report_id, 'doc-1');
		assert.equal(got.get('again.xml').report, got.get('a.xml').report);
		assert.match(got.get('ruf.eml').report, /^f\d+$/);
		assert.match(got.get('tls.eml').report, /^t\d+$/);
		const intake = await d.get('ingest');
		assert.equal(intake.quarantine.length, 1);
		assert.equal(intake.quarantine[0].mailbox, 'upload');
		// a message leaves the spool behind the commit that tells of it
		await until('an empty spool', () => inSpool(state).length === 0);
		assert.equal(inQuarantine(state).length, 1);
		assert.deepEqual(readdirSync(join(state, 'requests')), []);
		assert.deepEqual(readdirSync(join(state, 'tmp')).filter((n) => n.startsWith('upload')), []);
		assert.equal((await fetch(`${d.url}/api/v1/requests/12345`)).status, 404);
		await d.stop();
	} finally {
		await d.end();
	}
	assert.equal((await dmarcd(conf, ['-q', 'verify'])).code, 0);
});

test('what is no upload is refused in words, and nothing of it stays', { skip }, async () => {
	const d = await Daemon.start(conf);
	const port = Number(new URL(d.url).port);
	const raw = (head: string, body: string | Buffer): Promise<string> =>
		new Promise((done) => {
			let text = '';
			const s = connect(port, '127.0.0.1', () => {
				s.write(`POST /api/v1/upload HTTP/1.1\r\nHost: localhost\r\nX-Dmarcd-Action: 1\r\nConnection: close\r\n${head}\r\n`);
				s.write(body);
			});
			s.on('data', (x) => (text += x.toString()));
			s.on('close', () => done(text));
			s.on('error', () => done(text));
			s.setTimeout(20000, () => s.destroy());
		});
	const type = 'Content-Type: multipart/form-data; boundary=XX\r\n';
	const status = async (head: string, body: string): Promise<number> => Number(/^HTTP\/1\.1 (\d+)/.exec(await raw(head, body))?.[1]);
	const of = (body: string): Promise<number> => status(`${type}Content-Length: ${body.length}\r\n`, body);
	try {
		const part = (name: string, data: string): string => `--XX\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n\r\n${data}\r\n`;
		assert.equal(await of(''), 400);
		for (const body of ['x', '--XX', '--XX--\r\n', '--XX\r\n', '--XX\r\n\r\n', '--XXyy', '--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\nno file\r\n--XX--\r\n',
			part('a.xml', 'never ends'), `--XX\r\n${'x'.repeat(20000)}`, '\r\n--XX\r\n\r\n\r\n--XX--', `--XX\r\nContent-Disposition: form-data; filename="\r\n\r\nx\r\n--XX`])
			assert.equal(await of(body), body.includes('filename="\r\n') ? 200 : 400, JSON.stringify(body.slice(0, 60)));
		// what came whole is taken though the rest is not
		const half = await raw(`${type}Content-Length: 400\r\n`, (part('h.xml', document(20).slice(0, 40)) + part('cut.xml', 'x')).padEnd(400, 'y').slice(0, 400));
		assert.match(half, /^HTTP\/1\.1 200/);
		assert.match(half, /"complete":false/);
		assert.equal(await status(`${type}Content-Length: ${(64 << 20) + (1 << 20)}\r\n`, ''), 413);
		assert.equal(await status(`${type}Transfer-Encoding: chunked\r\n`, '0\r\n\r\n'), 411);
		assert.equal(await status('Content-Type: text/xml\r\nContent-Length: 3\r\n', 'abc'), 415);
		for (const t of ['multipart/form-data', 'multipart/form-data; boundary=', `multipart/form-data; boundary=${'x'.repeat(71)}`, 'multipart/form-data; boundary=a\u00ff'])
			assert.equal(await status(`Content-Type: ${t}\r\nContent-Length: 3\r\n`, 'abc'), 415, t);
		// refused before the body is read, unless a browser sends it, which would not hear that
		const plain = (head: string): Promise<number> => new Promise((done) => {
			let text = '';
			const s = connect(port, '127.0.0.1', () => s.write(`POST /api/v1/upload HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${type}Content-Length: ${body.length}\r\n${head}\r\n${/Origin|Sec-/.test(head) ? body : ''}`));
			const body = part('x.xml', 'x') + '--XX--\r\n';
			s.on('data', (x) => (text += x.toString()));
			s.on('close', () => done(Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1])));
		});
		assert.equal(await plain(''), 403, 'without the header');
		assert.equal(await plain('X-Dmarcd-Action: 1\r\nSec-Fetch-Site: cross-site\r\n'), 403);
		assert.equal(await plain('X-Dmarcd-Action: 1\r\nOrigin: https://other.example\r\n'), 403);
		assert.equal((await fetch(`${d.url}/api/v1/upload`)).status, 405);
		const large = (head: string, n: number): Promise<string> => new Promise((done) => {
			let text = '';
			const s = connect(port, '127.0.0.1', () => {
				s.write(`POST /api/v1/upload HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\nOrigin: http://127.0.0.1:${port}\r\n${type}Content-Length: ${n}\r\n${head}\r\n`);
				s.write(Buffer.alloc(n, 120));
			});
			s.on('data', (x) => (text += x.toString()));
			s.on('close', (failed) => done(`${failed ? 'broken' : 'whole'} ${/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]}`));
			s.on('error', () => undefined);
			s.setTimeout(60000, () => s.destroy());
		});
		assert.equal(await large('', 30 << 20), 'whole 403', 'a browser hears why');
		assert.equal(await large('X-Dmarcd-Action: 1\r\n', (64 << 20) + (1 << 20)), 'whole 413', 'and that a file is too large');
		await until('all of it to be read', () => readdirSync(join(state, 'requests')).length === 0 && inSpool(state).length === 0, 30);
		// a client that goes away halfway leaves nothing, and its place is free again
		for (let i = 0; i < 6; i++)
			await new Promise<void>((done) => {
				const s = connect(port, '127.0.0.1', () => {
					s.write(`POST /api/v1/upload HTTP/1.1\r\nHost: localhost\r\nX-Dmarcd-Action: 1\r\n${type}Content-Length: 100000\r\n\r\n--XX\r\n`);
					setTimeout(() => { s.destroy(); done(); }, 60);
				});
			});
		await until('a place for another upload', async () => (await hand(d, [['z.xml', document(22)]])).status === 202, 30);
		assert.deepEqual(readdirSync(join(state, 'tmp')).filter((n) => n.startsWith('upload')), []);
		await d.stop();
	} finally {
		await d.end();
	}
});

test('killed at any moment: what was taken is read once', { skip }, async () => {
	const asked = new Map<string, string>();
	let d = await Daemon.start(conf);
	try {
		const { answer } = await hand(d, Array.from({ length: 12 }, (_, i): [string, string] => [`k${i}.xml`, document(100 + i)]));
		for (const i of answer.items as Item[]) asked.set(i.name, i.request ?? '');
		for (const p of d.role('ingester')) killed(p);
		await hand(d, [['late.xml', document(200)]]).then(({ answer: a }) => asked.set('late.xml', a.items[0].request));
		await d.kill();
		d = await Daemon.start(conf);
		for (const [name, request] of asked) {
			const o = await became(d, { name, bytes: 0, state: '', request, text: null });
			assert.deepEqual([o.state, o.result, o.n], ['done', 'stored', 1], name);
		}
		const reports = (await d.get('reports?t=all&limit=500')).items.filter((r: any) => /^doc-(1\d\d|200)$/.test(r.report_id));
		assert.equal(reports.length, 13);
		assert.ok(reports.every((r: any) => r.duplicates === 0), 'none of them twice');
		await d.stop();
	} finally {
		await d.end();
	}
});
