// Bundles api.test.ts and runs it; the output is TAP.
//	DMARCD_URL=http://127.0.0.1:8025/ node run.mjs		against a running daemon with data
//	DMARCD_HTTP_DRIVER=PATH node run.mjs			against tests/unit/http_driver, which makes its own
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const out = process.env.E2E_OUT ?? join(here, 'dist');

await build({
	entryPoints: [join(here, 'api.test.ts')],
	outdir: out,
	outExtension: { '.js': '.mjs' },
	bundle: true,
	platform: 'node',
	format: 'esm',
	target: 'node18',
	logLevel: 'warning',
	// ajv and yaml are CommonJS inside
	banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
});
const r = spawnSync(process.execPath, ['--test-reporter=tap', join(out, 'api.test.mjs')], {
	stdio: 'inherit',
	env: { ...process.env, OPENAPI: process.env.OPENAPI ?? join(here, '../../../schema/openapi.yaml') },
});
process.exit(r.status ?? 1);
