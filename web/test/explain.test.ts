import assert from "node:assert/strict";
import { test } from "node:test";
import { en } from "../src/i18n/en";
import { card } from "../src/lib/explain";

const CODES = [...Array.from({ length: 11 }, (_, i) => `P${i + 1}`), ...Array.from({ length: 12 }, (_, i) => `F${i + 1}`)];

test("all codes have words in the glossary, and no place in them stays empty", () => {
	for (const c of CODES) {
		const x = card(c);
		assert.notEqual(x.title, c);
		for (const s of [x.title, x.why, x.todo ?? x.yours, x.todo ?? x.notYours]) {
			assert.ok(s !== null && s.length > 3, c);
			assert.ok(!/[{}]|undefined|  /.test(s), `${c}: ${s}`);
		}
	}
});
test("failing codes have a line for lists", () => {
	for (const c of CODES.filter((x) => x.startsWith("F")))
		assert.ok(Object.prototype.hasOwnProperty.call(en, `code.${c}.short`), c);
});
test("a code that nobody knows", () => {
	assert.deepEqual(card("F99"), { code: "F99", title: "F99", why: null, todo: null, yours: null, notYours: null });
});
