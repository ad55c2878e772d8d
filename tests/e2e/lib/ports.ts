// Free loopback ports: taken by the kernel, given back, used at once.
import { createServer } from 'node:net';

export async function freePorts(n: number): Promise<number[]> {
	const servers = await Promise.all(
		Array.from({ length: n }, () =>
			new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
				const s = createServer();
				s.once('error', reject);
				s.listen(0, '127.0.0.1', () => resolve(s));
			}),
		),
	);
	const ports = servers.map((s) => (s.address() as { port: number }).port);
	await Promise.all(servers.map((s) => new Promise((r) => s.close(r))));
	return ports;
}
