import assert from "node:assert/strict";
import { test } from "node:test";
import { asnText, countryName, linked, placeText, reservedText } from "../src/lib/places";

test("countries have names, words have theirs, and what is no code stays", () => {
	assert.equal(countryName("DE"), "Germany");
	assert.equal(countryName("unknown"), "Not known");
	assert.equal(countryName("reserved"), "Nobody's addresses");
	assert.equal(countryName("de"), "de");
	assert.equal(countryName("<b>"), "<b>");
	assert.equal(countryName("ZZ").length > 0, true);
});

test("networks go by their numbers", () => {
	assert.equal(asnText("64500"), "AS64500");
	assert.equal(asnText("unknown"), "Not known");
	assert.equal(asnText("~cloud"), "~cloud");
});

test("a place in one line", () => {
	assert.equal(placeText({ country: "PT", asn: 64500, network: "Example", reserved: null }), "Portugal · AS64500 Example");
	assert.equal(placeText({ country: null, asn: 64500, network: null, reserved: null }), "AS64500");
	assert.equal(placeText({ country: "CZ", asn: null, network: null, reserved: null }), "Czechia");
	assert.equal(placeText({ country: null, asn: null, network: null, reserved: "private" }), "private address");
	assert.equal(placeText({ country: null, asn: null, network: null, reserved: null }), null);
	assert.equal(placeText({}), null);
	assert.equal(reservedText("new-word"), "new-word");
});

test("addresses in a note can be links, nothing else", () => {
	assert.deepEqual(linked("by DB-IP (https://db-ip.com), javascript:alert(1) http://x.example"), [
		{ text: "by DB-IP (", url: false }, { text: "https://db-ip.com", url: true }, { text: "), javascript:alert(1) http://x.example", url: false },
	]);
	assert.deepEqual(linked(""), []);
});
