import assert from "node:assert/strict";
import { test } from "node:test";
import {
	addDays, addValue, apiQuery, canFilter, carried, daysBetween, filterValue, format, frozen, pan, parse, parseFilter, range, removeFilter, shift, withRange,
} from "../src/lib/url";

test("an empty query is the default period", () => {
	const s = parse("");
	assert.equal(s.preset, "30d");
	assert.equal(s.cmp, "prev");
	assert.deepEqual(s.filters, []);
	assert.equal(format(s), "");
});

const rounds = [
	"t=7d", "t=all", "from=2026-05-01&to=2026-05-31", "cmp=none", "cmp=year", "domain=example.org", "ip=!192.0.2.0/24", "hfrom=~promo",
	"spf=fail,softfail", "ip=2001:db8::1", "t=90d&cmp=none&domain=a.example,b.example&code=!P1,P2&sort=-m&by=hfrom",
];
for (const q of rounds)
	test(`kept as it is: ${q}`, () => assert.equal(format(parse("?" + q)), q));

test("what is not known is kept and flagged, and not sent", () => {
	const s = parse("?colour=blue&domain=example.org&t=5d");
	assert.deepEqual(s.unknown, [["colour", "blue"], ["t", "5d"]]);
	assert.equal(s.preset, "30d");
	assert.equal(format(s), "domain=example.org&colour=blue&t=5d");
	assert.equal(apiQuery(s), "domain=example.org");
});

test("a key that stands twice counts once, the other is flagged", () => {
	const s = parse("?domain=a.example&domain=b.example");
	assert.equal(s.filters.length, 1);
	assert.deepEqual(s.unknown, [["domain", "b.example"]]);
});

test("org is another name of reporter", () => {
	assert.equal(apiQuery(parse("?org=bigmail.example")), "reporter=bigmail.example");
});

test("days that are none are flagged", () => {
	for (const q of ["from=2026-02-30&to=2026-03-01", "from=2026-03-02&to=2026-03-01", "from=x&to=y"]) {
		const s = parse("?" + q);
		assert.equal(s.preset, "30d", q);
		assert.equal(s.unknown.length, 2, q);
	}
});

test("signs in a value", () => {
	assert.deepEqual(parseFilter("hfrom", "!~news"), { key: "hfrom", not: true, contains: true, values: ["news"] });
	assert.equal(filterValue(parseFilter("hfrom", "!~news")), "!~news");
	assert.deepEqual(parseFilter("code", "P1,,F3 ,").values, ["P1", "F3"]);
	assert.equal(canFilter("a,b"), false);
	assert.equal(canFilter("!a"), false);
	assert.equal(canFilter("~a"), false);
	assert.equal(canFilter(""), false);
	assert.equal(canFilter("<b>&=?#"), true);
});

test("hostile values survive the way through the address", () => {
	const v = "<script>&x=1#y%00\u202e";
	const s = addValue(parse(""), "hfrom", v, false);
	assert.deepEqual(parse("?" + format(s)).filters[0]?.values, [v]);
});

test("a click on a value", () => {
	let s = addValue(parse(""), "ip", "192.0.2.1", false);
	assert.equal(format(s), "ip=192.0.2.1");
	assert.equal(addValue(s, "ip", "192.0.2.1", false), s);
	s = addValue(s, "ip", "192.0.2.2", false);
	assert.equal(format(s), "ip=192.0.2.1,192.0.2.2");
	assert.equal(format(addValue(s, "ip", "192.0.2.2", false)), "ip=192.0.2.2");
	s = addValue(s, "ip", "192.0.2.9", true);
	assert.equal(format(s), "ip=!192.0.2.9");
	s = addValue(s, "ip", "192.0.2.8", true);
	assert.equal(format(s), "ip=!192.0.2.9,192.0.2.8");
	assert.equal(format(removeFilter(s, "ip")), "");
});

test("periods", () => {
	assert.equal(addDays("2026-02-28", 1), "2026-03-01");
	assert.equal(addDays("2028-02-28", 1), "2028-02-29");
	assert.equal(daysBetween("2026-05-01", "2026-05-31"), 31);
	assert.deepEqual(range(parse("?t=7d"), "2026-05-21", null), { from: "2026-05-15", to: "2026-05-21" });
	assert.deepEqual(range(parse("?t=all"), "2026-05-21", "2026-01-02"), { from: "2026-01-02", to: "2026-05-21" });
	assert.equal(range(parse(""), null, null), null);
	assert.equal(format(shift(parse("?t=7d"), -1, "2026-05-21", null)), "from=2026-05-08&to=2026-05-14");
	assert.equal(format(shift(withRange(parse(""), "2026-05-08", "2026-05-14"), 1, null, null)), "from=2026-05-15&to=2026-05-21");
	assert.equal(format(frozen(parse("?domain=a.example"), "2026-05-21", null)), "from=2026-04-22&to=2026-05-21&domain=a.example");
});

test("views stay on their page, filters travel", () => {
	const s = parse("?t=7d&domain=a.example&sort=-fail&by=hfrom&view=rows");
	assert.equal(carried(s), "t=7d&domain=a.example");
	assert.equal(apiQuery(s, { by: "ip", limit: 5, cursor: undefined }, { domain: "b.example" }), "t=7d&domain=b.example&by=ip&limit=5");
	assert.equal(apiQuery(parse("?cmp=none")), "");
	assert.equal(apiQuery(parse("?cmp=none"), {}, {}, true), "cmp=none");
});

test("the period moves by days, as far as there are days", () => {
	const s = parse("from=2026-05-10&to=2026-05-16"), at = (n: number): string => format(pan(s, n, "2026-05-20", "2026-05-01", "2026-05-21"));
	assert.equal(at(3), "from=2026-05-13&to=2026-05-19");
	assert.equal(at(-3), "from=2026-05-07&to=2026-05-13");
	assert.equal(at(30), "from=2026-05-15&to=2026-05-21");
	assert.equal(at(-30), "from=2026-05-01&to=2026-05-07");
	assert.equal(format(pan(parse(""), -7, "2026-05-20", "2026-01-01", "2026-05-21")), "from=2026-04-14&to=2026-05-13");
	assert.equal(format(pan(parse("t=all"), -7, "2026-05-20", "2026-01-01", "2026-05-21")), "t=all");
});
