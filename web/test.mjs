/*
 * Compile and run TypeScript that is not part of the app.
 *
 *	node test.mjs test|e2e	all *.test.ts of that directory
 *	node test.mjs run FILE [ARGUMENTS]
 */
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "node:test";
import { spec, tap } from "node:test/reporters";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { texts } from "./texts.mjs";
import { world } from "./world.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const [what, ...rest] = process.argv.slice(2);
if (what === undefined || (what === "run" && rest[0] === undefined)) {
	console.error("usage: node test.mjs test|e2e|run FILE");
	process.exit(2);
}
const files = what === "run" ? [rest[0]] :
	readdirSync(join(here, what)).filter((f) => f.endsWith(".test.ts")).sort().map((f) => join(what, f));
const outdir = join(here, "out", what === "run" ? "run-" + process.pid : what);

rmSync(outdir, { recursive: true, force: true });
mkdirSync(outdir, { recursive: true });
await build({
	entryPoints: files, outdir, absWorkingDir: here, bundle: true, platform: "node", format: "esm", target: "node18",
	packages: "external", outExtension: { ".js": ".mjs" }, jsx: "automatic", jsxImportSource: "preact",
	logLevel: "warning", outbase: here, loader: { ".svg": "empty", ".css": "empty" }, plugins: [texts(), world()],
});
const built = files.map((f) => join(outdir, f.replace(/\.tsx?$/, ".mjs")));
process.env.DMARCD_WEB = here;

if (what === "run") {
	const child = spawn(process.execPath, [...built, ...rest.slice(1)], { stdio: "inherit" });
	for (const s of ["SIGINT", "SIGTERM"])
		process.on(s, () => child.kill(s));
	child.on("exit", (code, signal) => {
		rmSync(outdir, { recursive: true, force: true });
		process.exit(code ?? (signal === null ? 1 : 0));
	});
} else {
	/* Two files at a time: each waits for its browser more than it works. The largest first, so that none is left for last. */
	const stop = new AbortController();
	for (const s of ["SIGINT", "SIGTERM"])
		process.on(s, () => {
			stop.abort();
			process.exitCode = 1;
		});
	const results = run({
		files: built.sort((a, b) => statSync(b).size - statSync(a).size), concurrency: 2, signal: stop.signal,
		...(process.env.TEST_ONLY ? { testNamePatterns: process.env.TEST_ONLY } : {}),
	});
	results.on("test:fail", () => process.exitCode = 1);
	results.compose(process.env.TEST_REPORTER === "tap" ? tap : new spec()).pipe(process.stdout);
}
