import assert from "node:assert/strict";
import { test } from "node:test";
import { choiceOf, fit, pages, terms } from "../src/lib/palette";

const hit = (kind: string, key: string, label = key) => ({ kind, key, label, reporter: null, domain: null, day: null }) as Parameters<typeof choiceOf>[0];

test("how well a name fits what was typed", () => {
	assert.equal(fit("Senders", "senders"), 0);
	assert.equal(fit("Senders", "send"), 1);
	assert.equal(fit("From domain (header_from)", "header"), 2);
	assert.equal(fit("DMARC", "marc"), 3);
	assert.equal(fit("Odesílatelé", "odesilat"), 1);
	assert.equal(fit("a", "b"), -1);
	assert.equal(fit("a", ""), -1);
	assert.equal(fit("(x", "("), 1);
});
test("words and codes; nothing typed gives none", () => {
	assert.deepEqual(terms(""), []);
	assert.equal(terms("align")[0]?.to, "/help/alignment");
	assert.equal(terms("f3")[0]?.to, "/help/F3");
	assert.ok(terms("d").length <= 6);
});
test("pages: all of them, or those that fit", () => {
	const all = ["Overview", "Senders", "Reports"].map((label) => ({ id: label, label, detail: null, to: "/" + label }));
	assert.equal(pages(all, "").length, 3);
	assert.deepEqual(pages(all, "re").map((p) => p.label), ["Reports"]);
});
test("where a hit leads", () => {
	assert.equal(choiceOf(hit("domain", "shop.example"), "t=7d").to, "/domains/shop.example?t=7d");
	assert.equal(choiceOf(hit("sender", "12", "Mailer"), "").to, "/senders/12");
	assert.equal(choiceOf(hit("address", "2001:db8::1"), "t=7d").to, "/sources?t=all&ip=2001%3Adb8%3A%3A1");
	assert.equal(choiceOf(hit("reporter", "a&b", "x"), "t=7d").to, "/reports?t=7d&reporter=a%26b");
	assert.equal(choiceOf(hit("report", "7", ""), "").label, "#7");
	assert.equal(choiceOf(hit("domain", "../x?y#z"), "").to, "/domains/..%2Fx%3Fy%23z");
	assert.equal(choiceOf(hit("sender", "1", "in\u202evoice"), "").label, "in\\u{202E}voice");
});
