import assert from "node:assert/strict";
import { test } from "node:test";
import { hasKey } from "../src/i18n";
import { action, telling } from "../src/lib/action";
import { answered, byLevel, dmarcFindings, ending, keyFindings, recordOf, spfFindings, stsFindings, tagDiffers, tags, worst, type Finding } from "../src/lib/dns";
import type { Dns, DnsDmarc, DnsKey, DnsRecord, DnsSpf, DnsSts, StsPolicy } from "../src/lib/types-dns";
import type { SenderClass, SenderItem } from "../src/lib/types-senders";
import { dnsOf } from "../mock/dns";

const sound = dnsOf("example.com") as Dns, bad = dnsOf("example.net") as Dns;
const keys = (list: Finding[]): string[] => list.map((f) => `${f.level} ${f.key}`);
const dmarc = (d: Partial<DnsDmarc>, x: Partial<Dns> = {}): string[] => keys(dmarcFindings({ ...sound, ...x, dmarc: { ...sound.dmarc, ...d } as DnsDmarc }, "example.com"));
const asks = (a: Partial<NonNullable<DnsDmarc["asks"]>>): Partial<DnsDmarc> => ({ asks: { p: "reject", sp: "reject", np: "reject", testing: false, pct: 100, rua: "mailto:d@example.com", ...a } });

test("a DMARC record: what it asks for, and what is wrong with it", () => {
	assert.deepEqual(dmarc({}), ["ok dmarc.ok"]);
	assert.deepEqual(dmarc(asks({ p: "none", sp: "none", np: "none" })), ["warn dmarc.watching"]);
	assert.deepEqual(dmarc(asks({ sp: "none", np: "none" })), ["warn dmarc.sp"]);
	assert.deepEqual(dmarc(asks({ np: "quarantine" })), ["warn dmarc.np"]);
	assert.deepEqual(dmarc(asks({ testing: true, p: "quarantine", sp: "quarantine", np: "quarantine", pct: 0 })), ["warn dmarc.testing"]);
	assert.deepEqual(dmarc(asks({ pct: 50 })), ["info dmarc.pct", "ok dmarc.ok"]);
	assert.deepEqual(dmarc({ ...asks({ rua: null }), differs: true }), ["bad dmarc.norua", "warn dmarc.differs"]);
	assert.deepEqual(dmarc({ found: "several", asks: null }), ["bad dmarc.several"]);
});
test("no DMARC record: one above holds, none does, or it is not known", () => {
	const walk = [{ domain: "a.example.com", found: "none" as const, texts: [] }, { domain: "example.com", found: "record" as const, texts: ["v=DMARC1; p=reject"] }];
	assert.deepEqual(dmarc({ found: "none", asks: null }, { walk, applies: { domain: "example.com", tag: "sp", requested: "reject" } }), ["info dmarc.above"]);
	assert.deepEqual(dmarc({ found: "none", asks: null }, { walk, applies: { domain: "example.com", tag: "sp", requested: "none" } }), ["warn dmarc.above"]);
	assert.deepEqual(dmarc({ found: "none", asks: null }, { walk: walk.slice(0, 1), applies: null }), ["bad dmarc.none"]);
	assert.deepEqual(dmarc({ found: "none", asks: null }, { walk: [walk[0] as Dns["walk"][0], { domain: "com", found: null, texts: [] }], applies: null }), ["info dmarc.perhaps"]);
	assert.deepEqual(keys(dmarcFindings({ ...sound, dmarc: null }, "x")), ["info notasked"]);
});
test("what nobody has answered is not judged; what is old says so", () => {
	const waiting = { said: { state: "waiting" as const, texts: [], since: null, until: null }, answered: null };
	assert.deepEqual(dmarc({ ...waiting, found: "none", asks: null }, { applies: null }), ["info waiting"]);
	assert.deepEqual(dmarc({ ...waiting, failure: "servfail", found: "none", asks: null }), ["info failure.never"]);
	assert.deepEqual(dmarc({ failure: "timeout" }), ["info failure", "ok dmarc.ok"]);
	assert.deepEqual(keys(spfFindings({ ...sound.spf, ...waiting } as DnsSpf)), ["info waiting"]);
	assert.deepEqual(keys(spfFindings(null)), ["info notasked"]);
});
test("an SPF record: faults, look-ups, its ending", () => {
	const spf = (d: Partial<DnsSpf>, text?: string): string[] => keys(spfFindings({ ...sound.spf, ...d, ...(text === undefined ? {} : { tree: [{ ...(sound.spf as DnsSpf).tree[0], text }] }) } as DnsSpf));
	assert.deepEqual(spf({}), ["ok spf.ok"]);
	for (const fault of ["syntax", "unknown-mechanism", "modifier-twice", "several", "too-many-lookups", "missing", "loop"] as const)
		assert.deepEqual(spf({ fault, fault_at: "x", lookups: 12 }), [`bad spf.${fault}`]);
	assert.deepEqual(spf({ lookups: 9 }), ["warn spf.near"]);
	assert.deepEqual(spf({ lookups: 8, unknown: 2 }), ["info spf.unknown", "ok spf.ok"]);
	assert.deepEqual(spf({}, "v=spf1 mx +all"), ["bad spf.everybody"]);
	assert.deepEqual(spf({}, "v=spf1 mx all"), ["bad spf.everybody"]);
	assert.deepEqual(spf({}, "v=spf1 mx ?all"), ["warn spf.neutral"]);
	assert.deepEqual(spf({}, "v=spf1 mx"), ["warn spf.open"]);
	assert.deepEqual(spf({ tree: [{ name: "example.com", depth: 0, by: null, found: "none", text: null, lookups: 0, fault: null }], lookups: null }), ["warn spf.none"]);
	assert.deepEqual(["v=spf1 -ALL", "v=spf1 redirect=a.example", "v=spf1 redirect=a.example ~all", "v=spf1 include:all", ""].map(ending), ["-", "redirect", "~", null, null]);
});
test("keys: in use or not makes the difference", () => {
	const key = (k: Partial<DnsKey>): string[] => keys(keyFindings({ ...sound.keys[0], ...k } as DnsKey));
	assert.deepEqual(key({}), ["ok key.ok"]);
	assert.deepEqual(key({ key: "none", m: 5 }), ["bad key.none"]);
	assert.deepEqual(key({ key: "none", m: 0 }), ["info key.none.idle"]);
	assert.deepEqual(key({ key: "broken", m: 0 }), ["info key.broken"]);
	assert.deepEqual(key({ bits: 1024 }), ["warn key.short"]);
	assert.deepEqual(key({ bits: 512 }), ["bad key.tiny"]);
	assert.deepEqual(key({ type: "ed25519", bits: 256 }), ["ok key.ok"]);
	assert.deepEqual(key({ testing: true }), ["warn key.testing"]);
});
test("every finding has a sentence; the gravest is told first", () => {
	const all = [...dmarcFindings(bad, "example.net"), ...spfFindings(bad.spf), ...bad.keys.flatMap(keyFindings)];
	for (const f of all)
		assert.ok(hasKey(`dns.${f.key}`), f.key);
	assert.equal(worst(all), "bad");
	assert.equal(byLevel(all)[0]?.level, "bad");
	assert.equal(worst([]), "info");
	assert.equal(answered(sound), "2026-05-20T06:00:00Z");
	assert.equal(answered({ ...sound, dmarc: null, spf: null, keys: [] }), null);
});

test("what to do about a sender", () => {
	const item = (codes: [string, number][], pass: number, m = 100): SenderItem => ({ codes: codes.map(([code, n]) => ({ code, m: n })), counts: { m, both: pass, dkim_only: 0, spf_only: 0 } }) as unknown as SenderItem;
	const act = (c: SenderClass, ...x: Parameters<typeof item>): string => action(item(...x), c);
	assert.equal(act("own", [["P1", 100]], 100), "nothing");
	assert.equal(act("service", [["P1", 95], ["F3", 5]], 95), "dkim");
	assert.equal(telling(item([["P1", 99], ["F3", 1]], 99)), "P1");
	assert.equal(act("own", [["P10", 100]], 100), "repair");
	assert.equal(act("unknown", [["F7", 100]], 0), "decide");
	assert.equal(act("impostor", [["F7", 100]], 0), "leave");
	assert.equal(act("list", [["F2", 100]], 0), "nothing");
	assert.equal(act("forwarder", [["F3", 100]], 0), "forwarded");
	assert.equal(act("candidate", [["P1", 100]], 100), "confirm");
	assert.equal(act("own", [], 0, 0), "nothing");
	for (const code of [...Array.from({ length: 11 }, (_, i) => `P${i + 1}`), ...Array.from({ length: 12 }, (_, i) => `F${i + 1}`)])
		for (const c of ["own", "service", "candidate", "unknown", "suspect", "impostor", "noise", "forwarder", "list"] as const)
			assert.ok(hasKey(`act.${act(c, [[code, 100]], 0)}`), `${code} ${c}`);
});

test("the record of a report's days: known for then, else as it is now, else not at all", () => {
	const at = (begin: string, end: string, x: Partial<Dns> = {}): string | null => {
		const r = recordOf({ ...sound, ...x }, begin, end);
		return r === null ? null : `${r.when} ${tags(r.text).get("p")}`;
	};
	assert.equal(at("2026-05-10T00:00:00Z", "2026-05-11T00:00:00Z"), "then reject");
	assert.equal(at("2026-04-10T00:00:00Z", "2026-04-11T00:00:00Z"), "then none", "before it changed");
	assert.equal(at("2025-04-10T00:00:00Z", "2025-04-11T00:00:00Z"), "now reject", "before anybody asked");
	assert.equal(at("2026-05-03T00:00:00Z", "2026-05-04T00:00:00Z"), "now reject", "it changed within");
	assert.equal(at("2026-05-10T00:00:00Z", "2026-05-11T00:00:00Z", { dmarc: null }), null);
	assert.equal(at("2026-05-10T00:00:00Z", "2026-05-11T00:00:00Z", { dmarc: { ...sound.dmarc, said: { state: "found", texts: ["v=DMARC1; p=none", "v=DMARC1; p=reject"], since: "2026-01-01T00:00:00Z", until: null } } as DnsDmarc }), null, "several are none");
});
test("tags of a record against what a report says: defaults mean the same, what is left out says nothing", () => {
	const r = tags("v=DMARC1; p = reject ;sp=none;; =x; p=none; rua=mailto:a@example.com?x=y");
	assert.deepEqual([...r], [["v", "DMARC1"], ["p", "reject"], ["sp", "none"], ["rua", "mailto:a@example.com?x=y"]]);
	assert.deepEqual(["reject", "Reject", "none", null].map((v) => tagDiffers("p", v, r)), [false, false, true, false]);
	assert.deepEqual(["none", "reject"].map((v) => tagDiffers("np", v, r)), [false, true]);
	assert.deepEqual([tagDiffers("adkim", "r", r), tagDiffers("adkim", "s", r), tagDiffers("pct", "100", r), tagDiffers("t", "n", r), tagDiffers("sp", "reject", tags("v=DMARC1; p=reject"))], [false, true, false, false, false]);
});

test("MTA-STS: what stands in the way of a policy, how long its certificate holds, and what it asks", () => {
	const now = Date.parse("2026-05-10T12:00:00Z");
	const sts = (policy: Partial<StsPolicy> | null, state: DnsSts["said"]["state"] = "found"): DnsSts => ({
		...(sound.dmarc as DnsRecord), name: "_mta-sts.example.com", said: { state, texts: ["v=STSv1; id=1"], since: null, until: null }, found: "record",
		policy: policy === null ? null : { state: "sound", why: null, certificate_until: null, mode: "enforce", max_age: 1, since: null, checked: null, ...policy },
	});
	const keys = (d: DnsSts): string[] => stsFindings(d, "example.com", now).map((f) => `${f.level} ${f.key} ${f.args.n ?? f.args.mode ?? ""}`.trim());
	assert.deepEqual(keys(sts(null)), ["info sts.notlooked"]);
	assert.deepEqual(keys(sts({ certificate_until: "2026-08-01T00:00:00Z" })), ["ok sts.ok enforce"]);
	assert.deepEqual(keys(sts({ mode: null })), ["ok sts.ok unknown"]);
	assert.deepEqual(keys(sts({ certificate_until: "2026-05-20T13:00:00Z" })), ["warn sts.soon 10"]);
	assert.deepEqual(keys(sts({ certificate_until: "2026-05-10T11:00:00Z" })), ["warn sts.soon 0"]);
	for (const state of ["expired", "name", "untrusted", "missing", "faulty"] as const)
		assert.deepEqual(keys(sts({ state })), [`bad sts.${state}`]);
	assert.deepEqual(keys(sts({ state: "unreached" })), ["warn sts.unreached"]);
	assert.deepEqual(keys(sts({ state: "expired" }, "nodata")), []);
	for (const found of ["several", "faulty"] as const)
		assert.deepEqual(keys({ ...sts({}), found }), [`bad sts.record.${found}`]);
	for (const k of ["ok", "soon", "expired", "name", "untrusted", "missing", "faulty", "unreached", "notlooked", "record.several", "record.faulty", "mode.enforce", "mode.testing", "mode.none", "mode.unknown"])
		assert.ok(hasKey(`dns.sts.${k}`), k);
});
