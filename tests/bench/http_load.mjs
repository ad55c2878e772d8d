/*
 * How quickly the daemon answers when several ask at once.
 *
 *	node tests/bench/http_load.mjs URL [CLIENTS [SECONDS]]
 *
 * CLIENTS connections ask one question after the other; the table shows, for
 * each endpoint, answers per second and how long 50, 99 and 100 of a hundred
 * took. The client is on the same machine and takes its share of it.
 */
import { Agent, request } from 'node:http';

const [url = 'http://127.0.0.1:8025/', clients = '20', seconds = '5'] = process.argv.slice(2);
const base = new URL(url);

function ask(agent, path, headers) {
	return new Promise((resolve, reject) => {
		const begun = process.hrtime.bigint();
		const r = request(new URL(base.pathname.replace(/\/$/, '') + path, base), { agent, headers }, (res) => {
			res.on('data', () => {});
			res.on('error', reject);
			res.on('end', () =>
				resolve({ ms: Number(process.hrtime.bigint() - begun) / 1e6, status: res.statusCode, etag: res.headers.etag }));
		});
		r.on('error', reject);
		r.end();
	});
}

async function measure(name, path, headers = {}) {
	const agent = new Agent({ keepAlive: true, maxSockets: Number(clients) });
	const until = Date.now() + Number(seconds) * 1000;
	const times = [];
	const statuses = {};
	await Promise.all(Array.from({ length: Number(clients) }, async () => {
		while (Date.now() < until) {
			const a = await ask(agent, path, headers);
			times.push(a.ms);
			statuses[a.status] = (statuses[a.status] ?? 0) + 1;
		}
	}));
	agent.destroy();
	times.sort((a, b) => a - b);
	const at = (q) => times[Math.min(times.length - 1, Math.floor(times.length * q))].toFixed(1).padStart(9);
	console.log(`${name.padEnd(28)} ${(times.length / Number(seconds)).toFixed(0).padStart(7)}/s ${at(0.5)} ${at(0.99)} ${at(1)}  ${JSON.stringify(statuses)}`);
}

console.log(`${clients} clients, ${seconds} s each; ms for 50, 99, 100 of 100`);
const api = '/api/v1';
const overview = await ask(new Agent(), `${api}/overview`, {});
await measure('healthz', '/healthz');
await measure('page', '/');
await measure('overview', `${api}/overview`);
await measure('overview, unchanged (304)', `${api}/overview`, { 'If-None-Match': overview.etag });
await measure('overview of all time', `${api}/overview?t=all`);
await measure('timeseries', `${api}/timeseries`);
await measure('sources', `${api}/breakdown?by=ip`);
await measure('rows', `${api}/rows`);
await measure('reports', `${api}/reports`);
