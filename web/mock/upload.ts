/* Files that are handed in: what is in them decides by its name what becomes of it. */
import type { IncomingMessage, ServerResponse } from "node:http";

const files = new Map<string, { name: string; asked: number }>();

export function take(req: IncomingMessage, res: ServerResponse): void {
	const parts: Buffer[] = [];
	req.on("data", (d: Buffer) => parts.push(d));
	req.on("end", () => {
		const items = [...Buffer.concat(parts).toString("latin1").matchAll(/filename="([^"]*)"[\s\S]*?\r\n\r\n([\s\S]*?)\r\n--/g)].map((m) => {
			const name = Buffer.from(m[1] as string, "latin1").toString(), request = String(5e18 + files.size);
			files.set(request, { name, asked: 0 });
			return { name, bytes: (m[2] as string).length, state: "waiting", request, text: null };
		});
		res.writeHead(202, { "Content-Type": "application/json", "Cache-Control": "no-store" }).end(JSON.stringify({ items, complete: true }));
	});
}

export function whatBecame(request: string): unknown {
	const f = files.get(request) ?? { name: "", asked: 9 };
	const said = { request, action: "upload", done: null as string | null, n: 0, result: null as string | null, report: null as string | null, text: "" };
	if (f.asked++ < 1)
		return { ...said, state: "waiting" };
	const done = { ...said, state: "done", done: "2026-05-24T08:00:00Z" };
	return f.name.includes("bad") ? { ...done, result: "rejected", text: "line 3: <count> is \u202e\"-3\"" } : f.name.includes("note") ? { ...done, result: "ignored", text: "there is no report in it" } :
		{ ...done, n: 1, result: "stored", report: "1" };
}
