// Bundles NAME.test.ts (all of them when none is named) and runs it; the output is TAP. soak.ts is a program of its own.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const out = process.env.E2E_OUT ?? join(here, 'dist');
const names = process.argv.slice(2);
const tests = names.length > 0 ? names : readdirSync(here).filter((f) => f.endsWith('.test.ts')).map((f) => f.slice(0, -8));
const bundles = tests.map((t) => (existsSync(join(here, `${t}.test.ts`)) ? `${t}.test` : t));

await build({
	entryPoints: bundles.map((b) => join(here, `${b}.ts`)),
	outdir: out,
	outExtension: { '.js': '.mjs' },
	bundle: true,
	platform: 'node',
	format: 'esm',
	target: 'node18',
	logLevel: 'warning',
	// some packages are CommonJS inside
	banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
});
let code = 0;
for (const b of bundles) {
	const r = spawnSync(process.execPath, [...(b.endsWith('.test') ? ['--test-reporter=tap'] : []), join(out, `${b}.mjs`)], {
		stdio: 'inherit',
		env: { ...process.env, E2E_DIR: here },
	});
	code = r.status === 0 ? code : (r.status ?? 1);
}
process.exit(code);
