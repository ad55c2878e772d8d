import assert from "node:assert/strict";
import { test } from "node:test";
import { dkimState, explain, spfState } from "../src/lib/explain";
import type { Row } from "../src/lib/types";

const base: Row = {
	id: "1#1", report_id: "1", seq: 1, day: "2026-05-21", reporter: { key: "r.example", label: "r.example" }, domain: "example.org",
	ip: "192.0.2.1", ip_text: null, count: 3, hfrom: "example.org", efrom: "bounce.example", efrom_null: false, eto: null,
	policy_eval: { disp: "none", disp_word: null, dkim: "fail", dkim_word: null, spf: "fail", spf_word: null, reasons: [] },
	spf: [{ domain: "bounce.example", scope: "mfrom", result: "pass", word: null, human: null }], dkim: [],
	verdict: { dkim: false, spf: false, pass: false, estimated: false, dkim_domain: null, spf_domain: null },
	code: "F3", title: "", fwd: "no", differs: false, overridden: false,
};

test("SPF passed for another domain, not signed", () => {
	const e = explain(base);
	assert.equal(spfState(base), "S~");
	assert.equal(dkimState(base), "D0");
	assert.equal(e.title, "Sent under another bounce domain, unsigned");
	assert.equal(e.why, "SPF passed for bounce.example, which is not example.org, and there is no valid signature.");
	assert.ok(e.yours?.includes("192.0.2.1") && e.notYours !== null);
	assert.deepEqual(e.legs, ["SPF: passed for bounce.example, which does not match example.org.", "DKIM: not signed."]);
	assert.deepEqual(e.treatment, ["Delivered."]);
});
test("no legs where the pattern and the code disagree", () => {
	assert.deepEqual(explain({ ...base, code: "F10" }).legs, []);
});
test("helo counts only when there is nothing else", () => {
	const helo = { domain: "mx.example.org", scope: "helo", result: "fail", word: null, human: null };
	assert.equal(spfState({ ...base, spf: [helo, { ...helo, scope: "mfrom", domain: "example.org", result: "softfail" }] }), "S-");
	assert.equal(spfState({ ...base, spf: [helo] }), "S-");
	assert.equal(spfState({ ...base, spf: [] }), "S?");
});
test("signatures: the aligned one is looked at first", () => {
	const s = (domain: string, result: string) => ({ domain, selector: "s", result, word: null, human: null });
	assert.equal(dkimState({ ...base, dkim: [s("other.example", "pass"), s("example.org", "fail")] }), "D-");
	assert.equal(dkimState({ ...base, dkim: [s("other.example", "pass")] }), "D~");
	assert.equal(dkimState({ ...base, dkim: [s("other.example", "fail")] }), "Dx");
	assert.equal(dkimState({ ...base, dkim: [s("mail.example.org", "temperror")] }), "DT");
});
test("hostile names come out as text with escapes", () => {
	const e = explain({ ...base, hfrom: "<b>\u202eexample.org", reporter: { key: "x", label: "\u0007" } });
	assert.ok(e.why?.includes("<b>\\u{202E}example.org"));
});
test("overrides and ARC", () => {
	const row = { ...base, policy_eval: { ...base.policy_eval, reasons: [{ type: "local_policy", comment: "arc=pass as[1]" }] } };
	const e = explain(row, { p: "reject", sp: null, np: null, adkim: null, aspf: null, testing: null, pct: null });
	assert.ok(e.treatment.includes("A trusted forwarder vouched for the original check (ARC)."));
	assert.deepEqual(e.quotes, [{ type: "local_policy", comment: "arc=pass as[1]" }]);
});
test("a snippet for the kind of address", () => {
	assert.ok(explain({ ...base, code: "F5", ip: "2001:db8::7" }).yours?.includes("ip6:2001:db8::7"));
});
