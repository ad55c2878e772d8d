import assert from "node:assert/strict";
import { test } from "node:test";
import { t, tx, word } from "../src/i18n";
import { en as entry } from "../src/i18n/en";
import { settings as enSettings } from "../src/i18n/en-settings";
import { settings as csSettings } from "../src/i18n/cs-settings";
import { settings as deSettings } from "../src/i18n/de-settings";
import { settings as ptSettings } from "../src/i18n/pt-settings";
import { settings as ruSettings } from "../src/i18n/ru-settings";
import { parseMessage, type Node } from "../src/i18n/icu";
import { best } from "../src/i18n/lang";
import cs from "../src/i18n/cs";
import de from "../src/i18n/de";
import pt from "../src/i18n/pt";
import ru from "../src/i18n/ru";

/* With those that come with their page. */
const en = { ...entry, ...enSettings };

test("every message parses", () => {
	for (const [k, v] of Object.entries(en))
		assert.doesNotThrow(() => parseMessage(v), k);
});
test("plurals, numbers, shares", () => {
	assert.equal(t("n.messages", { n: 1 }), "1 message");
	assert.equal(t("n.messages", { n: 1204 }), "1,204 messages");
	assert.equal(t("report.duplicates.text", { n: 2 }), "Arrived 2 more times; it counts once.");
	assert.equal(t("verdict.failing", { domain: "a.example", m: 3, rate: 0.5 }), "a.example: 3 messages failed DMARC, 50.0 % of its mail. See where they come from.");
});
test("parts of a page as arguments", () => {
	assert.deepEqual(tx("new.3.text", { link: 7 }), ["7", " shows whether the mailbox answers and what was read."]);
});
test("words of the daemon that nobody knows stay as they are", () => {
	assert.equal(word("status", "lost"), "Mail being lost");
	assert.equal(word("status", "brand-new"), "brand-new");
	assert.equal(word("status", "__proto__"), "__proto__");
});
test("bad syntax is refused", () => {
	for (const bad of ["{", "{n", "{n, plural}", "{n, plural, one {x}}", "}", "{n, plural, other {x}"])
		assert.throws(() => parseMessage(bad), bad);
});
test("all codes have a title, a reason and an advice", () => {
	const codes = [...Array.from({ length: 11 }, (_, i) => `P${i + 1}`), ...Array.from({ length: 12 }, (_, i) => `F${i + 1}`)];
	const has = (k: string) => Object.prototype.hasOwnProperty.call(en, k);
	for (const c of codes) {
		assert.ok(has(`code.${c}.title`) && has(`code.${c}.why`), c);
		assert.ok(has(`code.${c}.do`) || (has(`code.${c}.y`) && has(`code.${c}.n`)), c);
	}
});
test("the first of the browser's languages that there is", () => {
	assert.equal(best(["fr", "pt-BR", "en"]), "pt");
	assert.equal(best(["de-AT"]), "de");
	assert.equal(best(["fr", "__proto__", ""]), "en");
	assert.equal(best([]), "en");
});

/* The places of a message, by name and kind; forms: how often which plural forms stand in it. */
function places(nodes: Node[], out = new Map<string, string>(), forms: string[][] = []): [Map<string, string>, string[][]] {
	for (const n of nodes)
		if (n.k === "arg")
			out.set(n.name, n.style);
		else if (n.k === "plural") {
			out.set(n.name, "plural");
			forms.push(Object.keys(n.forms).filter((f) => !f.startsWith("=")));
			for (const f of Object.values(n.forms))
				places(f as Node[], out, forms);
		}
	return [out, forms];
}
const FORMS: Record<string, string[]> = { cs: ["few", "many", "one", "other"], de: ["one", "other"], pt: ["one", "other"], ru: ["few", "many", "one", "other"] };
for (const [lang, texts] of Object.entries<Record<string, string>>({ cs: { ...cs, ...csSettings }, de: { ...de, ...deSettings }, pt: { ...pt, ...ptSettings }, ru: { ...ru, ...ruSettings } }))
	test(`every language has every text: ${lang}`, () => {
		const wrong: string[] = Object.keys(texts).filter((k) => !Object.prototype.hasOwnProperty.call(en, k)).map((k) => `${k}: no such text`);
		for (const [k, v] of Object.entries(en)) {
			const mine = texts[k];
			if (mine === undefined) {
				wrong.push(`${k}: missing`);
				continue;
			}
			const [want] = places(parseMessage(v)), [have, forms] = places(parseMessage(mine));
			for (const [name, kind] of want)
				if (have.get(name) === undefined || (kind === "plural") !== (have.get(name) === "plural") && have.get(name) !== "number")
					wrong.push(`${k}: {${name}}`);
			for (const name of have.keys())
				if (!want.has(name))
					wrong.push(`${k}: {${name}} is not in the English text`);
			for (const f of forms)
				if ([...f].sort().join() !== FORMS[lang]?.join())
					wrong.push(`${k}: plural forms ${f.join()}`);
		}
		assert.deepEqual(wrong, []);
	});
