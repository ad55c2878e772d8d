// What needs somebody, over HTTP and on the command line: a task is put off and comes back, a fix is reported and later
// reports prove it, or that it is none.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { build, Daemon, dmarcd, program, run, until, writeConf, type Said } from './lib/daemon.js';
import { Spec } from './lib/openapi.js';

const skip = existsSync(program) ? false : `${program} is not built`;
const spec = new Spec(process.env['OPENAPI'] ?? join(process.env['E2E_DIR'] ?? 'tests/e2e', '../../schema/openapi.yaml'));
const dbsql = join(build, 'tests/unit/dbsql');
const DAY = 86400;
const today = Math.floor(Date.now() / 1000 / DAY);
const dayText = (d: number): string => new Date(d * DAY * 1000).toISOString().slice(0, 10);

let dir: string;
let state: string;
let conf: string;
let serial = 0;

// Of one day: mail that is signed, and mail of the same server whose signature is broken.
function report(domain: string, ip: string, day: number, good: number, bad: number): string {
	const row = (n: number, pass: boolean): string => n === 0 ? '' : `<record><row><source_ip>${ip}</source_ip><count>${n}</count><policy_evaluated><disposition>none</disposition>` +
		`<dkim>${pass ? 'pass' : 'fail'}</dkim><spf>fail</spf></policy_evaluated></row><identifiers><header_from>${domain}</header_from></identifiers><auth_results>` +
		`<dkim><domain>${domain}</domain><selector>s1</selector><result>${pass ? 'pass' : 'fail'}</result></dkim><spf><domain>${domain}</domain><result>fail</result></spf></auth_results></record>`;
	return `<?xml version="1.0"?><feedback><report_metadata><org_name>Receiver</org_name><email>dmarc@receiver.test</email><report_id>r${++serial}</report_id>` +
		`<date_range><begin>${day * DAY}</begin><end>${day * DAY + DAY - 1}</end></date_range></report_metadata><policy_published><domain>${domain}</domain><adkim>r</adkim><aspf>r</aspf>` +
		`<p>none</p><sp>none</sp><pct>100</pct></policy_published>${row(good, true)}${row(bad, false)}</feedback>\n`;
}

async function bring(...reports: string[]): Promise<void> {
	const at = join(dir, `in${serial}`);
	mkdirSync(at);
	reports.forEach((r, i) => writeFileSync(join(at, `${i}.xml`), r));
	const r = await dmarcd(conf, ['-q', 'import', at]);
	assert.equal(r.code, 0, r.stderr);
}

const days = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => today + from + i);

// A test cannot wait for days: what was said is moved back instead.
async function sql(text: string): Promise<string> {
	const r = await run(dbsql, [join(state, 'dmarcd.db'), text]);
	assert.equal(r.code, 0, r.stderr);
	return r.stdout.trim();
}

async function todo(...args: string[]): Promise<any[]> {
	const r = await dmarcd(conf, ['todo', '--format', 'json', '--state', 'all', ...args]);
	assert.equal(r.code, 0, r.stderr);
	return r.stdout.trim().split('\n').filter((l) => l !== '').map((l) => JSON.parse(l));
}

async function ask(d: Daemon, method: string, path: string, body?: object): Promise<Said> {
	const said = await d.ask(method, path, body);
	const described = `/${path.replace(/^(tasks|watches|views)\/.*/, '$1/{id}')}`;
	assert.deepEqual(spec.faults(described, said.status, said.type, said.answer, method.toLowerCase() as 'patch'), [], `${method} ${path}`);
	return await d.done(said);
}

async function list(d: Daemon, query = 'state=all'): Promise<any[]> {
	const a = await d.get(`tasks?${query}`);
	assert.deepEqual(spec.faults('/tasks', 200, 'application/json', a), []);
	return a.items;
}

before(async () => {
	if (skip !== false) return;
	dir = mkdtempSync(join(tmpdir(), 'dmarcd-todo-'));
	state = join(dir, 'state');
	conf = join(dir, 'dmarcd.conf');
	writeConf(conf, { state });
	// one.example fails to this day; two.example did until nine days ago, and has not been heard of since
	await bring(...days(-20, -1).map((d) => report('one.example', '192.0.2.10', d, 60, 40)), ...days(-20, -9).map((d) => report('two.example', '198.51.100.10', d, 60, 40)));
});

after(() => {
	Daemon.endAll();
	if (skip === false) rmSync(dir, { recursive: true, force: true });
});

test('a failing sender is a task: put off, logged, and back when its day has come', { skip }, async () => {
	const d = await Daemon.start(conf);
	try {
		const task = await until('the senders to be found out', async () => (await list(d)).find((x) => x.key === 'failing' && x.domain === 'one.example'));
		assert.equal(task.state, 'open');
		assert.equal(task.severity, 'week');
		assert.equal(task.m_week, 280);
		assert.match(task.code, /^F\d+$/);
		assert.match(task.text, /one\.example: 280 of 700 messages of .* failed DMARC/);
		assert.equal(task.evidence_url, `/senders/${task.sender}?domain=one.example&from=${dayText(today - 7)}&to=${dayText(today - 1)}`);
		assert.deepEqual((await list(d, 'state=open&domain=two.example')).filter((x) => x.domain !== 'two.example'), []);
		assert.equal((await fetch(`${d.url}/api/v1/tasks?class=own`)).status, 400);

		const r = await ask(d, 'PATCH', `tasks/${task.id}`, { state: 'snoozed', until: dayText(today + 3) });
		assert.equal(r.status, 200, JSON.stringify(r.answer));
		const off = await list(d, 'state=snoozed');
		assert.deepEqual(off.map((x) => [x.id, x.state, x.until]), [[task.id, 'snoozed', dayText(today + 3)]]);
		if (r.answer.state === 'done') assert.deepEqual([r.answer.item.id, r.answer.item.state, r.answer.item.until], [task.id, 'snoozed', dayText(today + 3)]);
		assert.ok(!(await list(d, 'state=open')).some((x) => x.id === task.id));
		for (const [body, id] of [[{ state: 'snoozed', until: dayText(today) }, task.id], [{ state: 'snoozed', until: dayText(today + 500) }, task.id], [{ state: 'gone' }, task.id],
			[{ state: 'open', until: dayText(today + 3) }, task.id], [{ state: 'open', more: 1 }, task.id], [{}, task.id], [[], task.id]] as const)
			assert.equal((await ask(d, 'PATCH', `tasks/${id}`, body)).status, 400, JSON.stringify(body));
		for (const id of ['0123456789abcdef', 'x', '1']) assert.equal((await ask(d, 'PATCH', `tasks/${id}`, { state: 'open' })).status, 404, id);
		await d.stop();

		await sql(`UPDATE task SET until = ${today}`);
		assert.equal((await todo()).find((x) => x.id === task.id)?.state, 'open', 'its day has come');
		assert.match(await sql('SELECT who, state FROM task'), /^web, 127\.0\.0\.1\|1$/);
	} finally {
		await d.end();
	}
});

test('a fix is reported: still failing, and no mail, looks fixed, confirmed', { skip }, async () => {
	const d = await Daemon.start(conf);
	let one: any;
	let two: any;
	try {
		one = (await list(d)).find((x) => x.key === 'failing' && x.domain === 'one.example');
		two = (await d.get('senders?t=all&domain=two.example')).items.find((s: any) => s.id !== '1');
		const r = await ask(d, 'POST', 'watches', { sender: one.sender, domain: 'one.example', code: one.code });
		assert.equal(r.status, 200, JSON.stringify(r.answer));
		const watched = (await d.get('watches')).items;
		assert.equal(watched.length, 1);
		for (const x of r.answer.state === 'done' ? [r.answer.item, ...watched] : watched) {
			assert.deepEqual([x.verdict, x.day], ['no_mail', dayText(today)]);
			assert.ok(Date.parse(x.expected) / 1000 >= (today + 2) * DAY);
		}
		const now = (await list(d)).find((x) => x.id === one.id);
		assert.equal(now.state, 'watching', 'what was found is of the days before');
		assert.equal((await ask(d, 'POST', 'watches', { sender: two.id, code: one.code })).status, 200);
		assert.equal((await d.get('watches')).items.length, 2);
		assert.equal((await ask(d, 'POST', 'watches', { sender: '4711', code: 'F1' })).status, 422);
		for (const body of [{ sender: one.sender }, { sender: one.sender, code: 'F99' }, { sender: 'x', code: 'F1' }, { sender: '1', code: 'F1' }, { sender: one.sender, code: 'F1', more: 1 }])
			assert.equal((await ask(d, 'POST', 'watches', body)).status, 400, JSON.stringify(body));
		await d.stop();
	} finally {
		await d.end();
	}
	await sql(`UPDATE watch SET day = ${today - 9}, at = ${(today - 9) * DAY}`);
	const of = async (domain: string): Promise<any> => (await todo()).find((x) => x.watch !== null && (x.domain === domain || (domain === 'two.example' && x.sender === two.id)));
	// the mail after the change fails as before: it is open again
	const still = await of('one.example');
	assert.equal(still.id, one.id);
	assert.equal(still.state, 'open');
	assert.deepEqual([still.watch.verdict, still.watch.m, still.watch.bad, still.watch.pass, still.watch.through], ['failing', 800, 320, 480, dayText(today - 1)]);
	let w = await of('two.example');
	assert.deepEqual([w.key, w.state, w.watch.verdict, w.watch.m], ['watch', 'watching', 'no_mail', 0]);
	await bring(...days(-8, -7).map((x) => report('two.example', '198.51.100.10', x, 3, 0)));
	w = await of('two.example');
	assert.deepEqual([w.state, w.watch.verdict, w.watch.m, w.watch.since], ['watching', 'looks_fixed', 6, dayText(today - 7)]);
	await bring(...days(-6, -1).map((x) => report('two.example', '198.51.100.10', x, 20, x === today - 6 ? 1 : 0)));
	w = await of('two.example');
	assert.deepEqual([w.state, w.watch.verdict, w.watch.m, w.watch.bad], ['done', 'confirmed', 127, 1]);
	const shown = await dmarcd(conf, ['todo', '--state', 'done']);
	assert.match(shown.stdout, /confirmed; 126 of 127 messages since then pass/);
});

test('what is watched no more is open again; twice is once', { skip }, async () => {
	const d = await Daemon.start(conf);
	try {
		const w = (await d.get('watches')).items;
		const failing = w.find((x: any) => x.verdict === 'failing');
		assert.equal((await ask(d, 'DELETE', `watches/${failing.id}`)).status, 200);
		assert.equal((await ask(d, 'DELETE', `watches/${failing.id}`)).status, 404);
		const open = (await list(d)).find((x) => x.key === 'failing' && x.domain === 'one.example');
		assert.deepEqual([open.state, open.watch], ['open', null]);
		for (let i = 0; i < 2; i++) assert.equal((await ask(d, 'POST', 'watches', { sender: open.sender, domain: open.domain, code: open.code })).status, 200);
		assert.equal((await d.get('watches')).items.filter((x: any) => x.sender === open.sender).length, 1, 'the second takes the place of the first');
		const at = await fetch(`${d.url}/api/v1/tasks`, { headers: { 'Accept-Language': 'de' } });
		assert.equal(at.headers.get('content-language'), 'de');
		await d.stop();
	} finally {
		await d.end();
	}
	assert.equal((await dmarcd(conf, ['todo', '--check'])).code, (await todo()).some((x) => x.state === 'open') ? 1 : 0);
});

test('views: saved under a name, replaced, removed; there is a limit', { skip }, async () => {
	const d = await Daemon.start(conf);
	try {
		const view = { name: 'Montag \u{1f4ec} <b>', page: '/senders', query: 't=7d&domain=one.example' };
		const a = await ask(d, 'POST', 'views', view);
		assert.equal(a.status, 200, JSON.stringify(a.answer));
		assert.equal((await ask(d, 'POST', 'views', { ...view, query: 't=90d' })).status, 200);
		const items = (await d.get('views')).items;
		assert.deepEqual(items.map((v: any) => [v.name, v.page, v.query]), [[view.name, '/senders', 't=90d']]);
		for (const more of [{ name: '' }, { name: 'x'.repeat(81) }, { name: 'a\nb' }, { page: 'https://evil.example' }, { page: '//evil.example' }, { page: '/a?b' }, { query: 'x'.repeat(4097) }, { query: 'a#b' }, { name: 1 }, { other: 'x' }])
			assert.equal((await ask(d, 'POST', 'views', { ...view, ...more } as object)).status, 400, JSON.stringify(more).slice(0, 80));
		for (let i = 0; i < 49; i++) assert.equal((await ask(d, 'POST', 'views', { ...view, name: `view ${i}` })).status, 200);
		assert.equal((await ask(d, 'POST', 'views', { ...view, name: 'one more' })).status, 422);
		assert.equal((await ask(d, 'POST', 'views', view)).status, 200, 'one of the same name is replaced');
		assert.equal((await ask(d, 'DELETE', `views/${(await d.get('views')).items[0].id}`)).status, 200);
		assert.equal((await d.get('views')).items.length, 49);
		assert.equal((await ask(d, 'DELETE', `views/${items[0].id}`)).status, 404);
		assert.equal((await fetch(`${d.url}/api/v1/views`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(view) })).status, 403, 'not from another page');
		await d.stop();
	} finally {
		await d.end();
	}
});
