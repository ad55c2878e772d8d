/*
 * Compile and run TypeScript that is not part of the app.
 *
 *	node test.mjs test|e2e	all *.test.ts of that directory
 *	node test.mjs run FILE [ARGUMENTS]
 */
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
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
const args = what === "run" ? [...built, ...rest.slice(1)] :
	["--test", ...(process.env.TEST_ONLY ? ["--test-name-pattern=" + process.env.TEST_ONLY] : []), "--test-reporter=" + (process.env.TEST_REPORTER ?? "spec"), ...built];
const child = spawn(process.execPath, args, { stdio: "inherit", env: { ...process.env, DMARCD_WEB: here } });
for (const s of ["SIGINT", "SIGTERM"])
	process.on(s, () => child.kill(s));
child.on("exit", (code, signal) => {
	if (what === "run")
		rmSync(outdir, { recursive: true, force: true });
	process.exit(code ?? (signal === null ? 1 : 0));
});
