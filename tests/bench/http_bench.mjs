/*
 * How quickly people see something: the first view of a daemon that has just
 * started, every later view, and the overview when 20 ask at once.
 *
 *	node tests/bench/http_bench.mjs URL [SECONDS]
 *
 * A view is all that the page asks for, as the browser asks: at once, over six
 * connections; a second passes between two of them, as nobody reads faster. The floor is the same server asked for nothing (/healthz). The
 * last line is JSON. The client takes its share of the machine.
 */
import { Agent, request } from 'node:http';

const [url, seconds = '5'] = process.argv.slice(2);
const base = new URL(url);
const api = '/api/v1';

function ask(agent, path) {
	return new Promise((resolve, reject) => {
		const begun = process.hrtime.bigint();
		const r = request(new URL(path, base), { agent, headers: { 'Accept-Encoding': 'gzip' } }, (res) => {
			const parts = [];
			res.on('data', (d) => parts.push(d));
			res.on('error', reject);
			res.on('end', () => resolve({ ms: Number(process.hrtime.bigint() - begun) / 1e6, status: res.statusCode, body: Buffer.concat(parts) }));
		});
		r.on('error', reject);
		r.end();
	});
}

async function view(paths) {
	const agent = new Agent({ keepAlive: true, maxSockets: 6 });
	const begun = process.hrtime.bigint();
	const all = await Promise.all(paths.map((p) => ask(agent, p.startsWith('/assets') || p === '/' ? p : `${api}/${p}`)));
	const ms = Number(process.hrtime.bigint() - begun) / 1e6;
	agent.destroy();
	const bad = all.findIndex((a) => a.status !== 200);
	if (bad !== -1) throw new Error(`${paths[bad]}: ${all[bad].status} ${all[bad].body.toString().slice(0, 200)}`);
	return { ms, slowest: all.map((a, i) => [a.ms, paths[i]]).sort((a, b) => b[0] - a[0])[0] };
}

async function crowd(clients, path) {
	const agent = new Agent({ keepAlive: true, maxSockets: clients });
	const until = Date.now() + Number(seconds) * 1000;
	const times = [];
	let n = 0;
	await Promise.all(Array.from({ length: clients }, async () => {
		while (Date.now() < until) {
			const a = await ask(agent, path(n++));
			if (a.status !== 200) throw new Error(`${path(n)}: ${a.status}`);
			times.push(a.ms);
		}
	}));
	agent.destroy();
	times.sort((a, b) => a - b);
	const at = (q) => Math.round(times[Math.min(times.length - 1, Math.floor(times.length * q))] * 10) / 10;
	return { per_s: Math.round(times.length / Number(seconds)), p50_ms: at(0.5), p99_ms: at(0.99) };
}

const views = {
	overview: ['overview', 'timeseries?by=outcome&step=day', 'breakdown?by=code&sort=-fail&limit=12', 'tasks', 'breakdown?by=domain&sort=-m&limit=100&t=all'],
	domains: ['domains'],
	senders: ['senders?sort=-m&limit=50', 'senders?class=candidate,unknown,suspect&limit=50'],
	sources: ['breakdown?by=ip&sort=-m&limit=50'],
	'explore, time': ['timeseries?by=outcome&step=day', 'rows?sort=-m&limit=100', 'rows?sort=-m&limit=1&total=1', ...['ip', 'sender', 'class', 'health', 'hfrom'].map((k) => `breakdown?by=${k}&sort=-m&limit=6`)],
	'explore, flow': ['flow?by=sender'],
	'explore, heat map': ['heatmap?by=sender&step=day'],
	reports: ['reports?sort=-received&limit=50'],
	reporters: ['reporters'],
	'a filter': ['overview?align=none', 'timeseries?by=outcome&align=none', 'breakdown?by=code&align=none&sort=-fail&limit=12'],
	'one address': ['breakdown?by=ip&t=all&ip=192.0.2.0/24', 'rows?t=all&ip=192.0.2.0/24&limit=100'],
	intake: ['ingest'],
	search: ['search?q=example'],
};
const known = async (p) => (await ask(new Agent(), `${api}/${p}`)).status === 200;
const html = (await ask(new Agent(), '/')).body;
const text = html[0] === 0x1f ? (await import('node:zlib')).gunzipSync(html).toString() : html.toString();
const assets = [...text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((m) => m[1]);
const out = { seconds: Number(seconds), views: {} };
const first = await view(['/', ...assets, 'me', 'meta', ...views.overview.filter((p) => p !== 'tasks')]);
out.first_view_ms = Math.round(first.ms);
console.log(`first view${' '.repeat(22)} ${first.ms.toFixed(0).padStart(7)} ms   slowest: ${first.slowest[1]}`);
if (!(await known('tasks'))) views.overview = views.overview.filter((p) => p !== 'tasks');
for (const [name, paths] of Object.entries(views)) {
	await new Promise((r) => setTimeout(r, 1000));
	const v = await view(paths);
	out.views[name] = Math.round(v.ms);
	console.log(`${name.padEnd(32)} ${v.ms.toFixed(0).padStart(7)} ms   slowest: ${v.slowest[1]}`);
}
out.later_max_ms = Math.max(...Object.values(out.views));
const last = Date.parse(JSON.parse((await ask(new Agent(), `${api}/meta`)).body.toString()).last_day);
const day = (n) => new Date(last + (n - 60) * 86400000).toISOString().slice(0, 10);
out.floor = await crowd(20, () => '/healthz');
out.overview = await crowd(20, () => `${api}/overview`);
out.overview_varied = await crowd(20, (n) => `${api}/overview?from=${day(n % 60)}&to=${day(n % 60 + (n * 7) % (61 - n % 60))}`);
for (const k of ['floor', 'overview', 'overview_varied'])
	console.log(`${`20 clients, ${k}`.padEnd(32)} ${String(out[k].per_s).padStart(7)} /s   p50 ${out[k].p50_ms} ms, p99 ${out[k].p99_ms} ms`);
out.ratio = Math.round((out.overview.per_s / out.floor.per_s) * 100) / 100;
console.log(JSON.stringify(out));
