/*
 * What the compiler cannot refuse: ways to turn text into markup or script,
 * style attributes as strings, and addresses outside of the daemon.
 */
import { readFileSync, readdirSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const RULES = [
	[/\b(inner|outer)HTML\b/, "markup from text"],
	[/dangerouslySetInnerHTML/, "markup from text"],
	[/insertAdjacentHTML|createContextualFragment|DOMParser|document\.write/, "markup from text"],
	[/\bstyle=("|'|\{`|\{")/, "a style attribute as a string; give an object"],
	[/cssText|setAttribute\(\s*["']style/, "a style attribute as a string; set properties"],
	[/\beval\(|new Function\(/, "script from text"],
	[/javascript:/i, "a script address"],
	[/(src|href|url|fetch)\s*[=(:]\s*["'`(]*https?:\/\//, "an address outside of the daemon"],
];

let bad = 0;
function walk(dir) {
	for (const name of readdirSync(dir)) {
		const path = join(dir, name);
		if (statSync(path).isDirectory()) {
			walk(path);
			continue;
		}
		if (!/\.(ts|tsx|html|css)$/.test(name))
			continue;
		readFileSync(path, "utf8").split("\n").forEach((line, i) => {
			for (const [re, why] of RULES)
				if (re.test(line)) {
					console.error(`${relative(here, path)}:${i + 1}: ${why}: ${line.trim()}`);
					bad++;
				}
		});
	}
}
walk(join(here, "src"));
walk(join(here, "plain"));
if (bad > 0)
	process.exit(1);
