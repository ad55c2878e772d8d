import assert from "node:assert/strict";
import { test } from "node:test";
import { t, tx, word } from "../src/i18n";
import { en } from "../src/i18n/en";
import { parseMessage } from "../src/i18n/icu";
import { best } from "../src/i18n/lang";

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
