import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldName } from "../src/lib/failures";
import { across, apiQuery, FAILURE_KEYS, format, parse, TLS_KEYS } from "../src/lib/url";

test("fields are called as in a report", () => {
	for (const [k, name] of [["dkim_selector_dns", "DKIM-Selector-DNS"], ["original_envelope_id", "Original-Envelope-Id"], ["source_ip", "Source-IP"], ["reported_uri", "Reported-URI"], ["auth_failure", "Auth-Failure"], ["reporting_mta", "Reporting-MTA"]])
		assert.equal(fieldName(k as string), name);
});

test("a page sends the keys it knows and keeps the others", () => {
	const s = parse("?t=7d&domain=a.example&align=none&type=spf&result=certificate-expired&policy_type=!sts");
	assert.deepEqual(s.unknown, []);
	assert.equal(format(s), "t=7d&domain=a.example&align=none&type=spf&result=certificate-expired&policy_type=!sts");
	assert.equal(apiQuery(s), "t=7d&domain=a.example&align=none");
	assert.equal(apiQuery(s, {}, {}, false, FAILURE_KEYS), "t=7d&domain=a.example&type=spf");
	assert.equal(apiQuery(s, { limit: 5 }, {}, false, TLS_KEYS), "t=7d&domain=a.example&result=certificate-expired&policy_type=!sts&limit=5");
});

test("a link to another kind of report takes what that page knows", () => {
	const s = parse("?t=7d&domain=~a.ex&align=none&colour=blue&sort=-m");
	assert.equal(across(s, FAILURE_KEYS, { ip: "192.0.2.1", type: "auth-failure" }, { from: "2026-05-01", to: "2026-05-02" }), "from=2026-05-01&to=2026-05-02&domain=~a.ex&ip=192.0.2.1&type=auth-failure");
	assert.equal(across(s, TLS_KEYS, { domain: "b.example" }), "t=7d&domain=b.example");
});
