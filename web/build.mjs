/*
 * Build the web app into dist/ (or the directory given): index.html, assets/
 * with hashed names, and beside each file its .gz. Prints the sizes and fails
 * when one is over its budget.
 *
 *	node build.mjs [--out=DIR] [--texts=DIR]
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { texts } from "./texts.mjs";
import { world } from "./world.mjs";

/* A visit loads one language at most, and the map only where it is drawn. */
const BUDGET = { entry: 60_000, js: 170_000, language: 40_000, map: 44_000, css: 15_000 };

const here = dirname(fileURLToPath(import.meta.url));
const option = (name) => process.argv.find((a) => a.startsWith(name))?.slice(name.length);
const out = resolve(option("--out=") ?? join(here, "dist"));
const assets = join(out, "assets");

const common = {
	bundle: true, minify: true, sourcemap: false, legalComments: "none", charset: "utf8", target: ["es2022"],
	metafile: true, logLevel: "warning", absWorkingDir: here, loader: { ".svg": "file" }, assetNames: "[name]-[hash]",
	define: { "process.env.NODE_ENV": '"production"' }, plugins: [texts(option("--texts=")), world()],
};

rmSync(out, { recursive: true, force: true });
mkdirSync(assets, { recursive: true });

/* One run for the pages (split into chunks), one for the script that must block. */
const app = await build({
	...common, entryPoints: { app: "src/main.tsx" }, outdir: assets, format: "esm", splitting: true,
	entryNames: "[name]-[hash]", chunkNames: "[name]-[hash]", jsx: "automatic", jsxImportSource: "preact",
});
const theme = await build({
	...common, entryPoints: { theme: "src/theme.ts" }, outdir: assets, format: "iife", entryNames: "[name]-[hash]",
});

const outputs = { ...app.metafile.outputs, ...theme.metafile.outputs };
const url = (path) => "/assets/" + basename(path);
const entry = (from, ext) => {
	const hit = Object.entries(outputs).find(([p, o]) => o.entryPoint === from && p.endsWith(ext));
	if (hit === undefined)
		throw new Error(`build: no ${ext} came out of ${from}`);
	return hit;
};
const [mainPath, main] = entry("src/main.tsx", ".js");
const cssPath = main.cssBundle;
if (cssPath === undefined)
	throw new Error("build: no style sheet came out of src/main.tsx");

/* What the entry needs at once: itself and the chunks it imports statically. */
const first = new Set([mainPath]);
for (const p of first)
	for (const i of outputs[p].imports)
		if (i.kind === "import-statement")
			first.add(i.path);

const icon = readFileSync(join(here, "src/assets/icon.svg"));
const iconName = `icon-${createHash("sha256").update(icon).digest("hex").slice(0, 8).toUpperCase()}.svg`;
writeFileSync(join(assets, iconName), icon);

const html = readFileSync(join(here, "src/index.html"), "utf8")
	.replace("{{icon}}", url(iconName))
	.replace("{{theme}}", url(entry("src/theme.ts", ".js")[0]))
	.replace("{{css}}", url(cssPath))
	.replace("{{preload}}", [...first].slice(1).map((p) => `<link rel="modulepreload" href="${url(p)}">\n`).join(""))
	.replace("{{main}}", url(mainPath));
if (html.includes("{{"))
	throw new Error("build: src/index.html has a place that nothing fills");
writeFileSync(join(out, "index.html"), html);

/* Compress, measure, judge. */
const sizes = [];
for (const dir of [out, assets])
	for (const name of readdirSync(dir).sort()) {
		const path = join(dir, name);
		if (!/\.(html|js|css|svg)$/.test(name))
			continue;
		const raw = readFileSync(path);
		const gz = gzipSync(raw, { level: 9 });
		gz[9] = 255;	/* the "operating system" byte: the same file on every machine */
		writeFileSync(path + ".gz", gz);
		sizes.push({ name: relative(out, path), raw: raw.length, gz: gz.length });
	}
const sum = (test) => sizes.filter((s) => test(s.name)).reduce((n, s) => n + s.gz, 0);
const firstNames = new Set([...first].map((p) => "assets/" + basename(p)));
const languages = new Set(Object.entries(outputs).filter(([, o]) => /^src\/i18n\/[a-z]{2}(-\w+)?\.ts$/.test(o.entryPoint ?? "")).map(([p]) => "assets/" + basename(p)));
const maps = new Set(Object.entries(outputs).filter(([, o]) => Object.keys(o.inputs).includes("map:world")).map(([p]) => "assets/" + basename(p)));
const found = {
	map: sum((n) => maps.has(n)),
	entry: sum((n) => firstNames.has(n)),
	js: sum((n) => n.endsWith(".js") && !languages.has(n) && !maps.has(n)),
	language: Math.max(...[...languages].map((l) => sum((n) => n === l))),
	css: sum((n) => n.endsWith(".css")),
};
for (const s of sizes)
	console.log(`${String(s.raw).padStart(8)} ${String(s.gz).padStart(8)} gz  ${s.name}`);
let over = false;
for (const [what, limit] of Object.entries(BUDGET)) {
	const bad = found[what] > limit;
	over ||= bad;
	console.log(`${what}: ${found[what]} of ${limit} bytes gz${bad ? "  OVER BUDGET" : ""}`);
}
if (over)
	process.exit(1);
