/*
 * The sentences of src/explain/XX.txt as a module: import texts from "texts:en".
 * The command line and the API say the same ones; nothing is copied here.
 * Only what the app itself draws is taken: what a row came to is in its answer.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const TAKEN = /^(card|fact|enforce)\.|^code\.[FP]\d+\.(title|short|why|do|y|n)$/;

export function readTexts(file, taken = TAKEN) {
	const out = {};

	for (const line of readFileSync(file, "utf8").split("\n")) {
		const m = /^([^# ][^ ]*) = (.+)$/.exec(line);
		if (m !== null && taken.test(m[1]))
			out[m[1]] = m[2];
		else if (m === null && line !== "" && !line.startsWith("#"))
			throw new Error(`${file}: "${line}" is no message`);
	}
	return out;
}

/* dir: where the files are; without it, beside web/ in the source tree. */
export const texts = (dir = join(dirname(fileURLToPath(import.meta.url)), "../src/explain")) => ({
	name: "texts",
	setup(build) {
		build.onResolve({ filter: /^texts:/ }, (a) => ({ path: a.path.slice(6), namespace: "texts" }));
		build.onLoad({ filter: /^[a-z]+$/, namespace: "texts" }, (a) => {
			const file = join(dir, `${a.path}.txt`);
			return { contents: JSON.stringify(readTexts(file)), loader: "json", watchFiles: [file] };
		});
	},
});
