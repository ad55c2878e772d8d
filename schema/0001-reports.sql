-- 0001: reports, what they say, and the sums that the faces ask for.
--
-- Units: times are seconds since the epoch, UTC; days are whole UTC days since
-- the epoch; counts are messages. A word a reporter wrote that we do not know
-- is kept as text beside the class 'unknown' and is never pass or fail.

-- Settings of the store itself.
CREATE TABLE meta (
	key	TEXT PRIMARY KEY,	-- 'generation': raised by every commit that changes an answer
	value	ANY NOT NULL		-- 'secret': key of the evidence hash, random per store;
					-- 'messages': of all reports that count, so that no sum overflows
					-- 'rules': DMARC_RULES of the program that judged all evidence last; none: 1
) STRICT, WITHOUT ROWID;

-- Texts that repeat, each once: names of domains, selectors, words, comments.
CREATE TABLE name (
	id	INTEGER PRIMARY KEY,
	text	TEXT NOT NULL UNIQUE
) STRICT;

-- Policy domains: what reports are about.
CREATE TABLE domain (
	id	INTEGER PRIMARY KEY,
	name	TEXT NOT NULL UNIQUE	-- A-labels, lower case, no dot at the end
) STRICT;

-- Who reports. key: Organizational Domain of org_name or of the email's domain.
CREATE TABLE reporter (
	id	INTEGER PRIMARY KEY,
	key	TEXT NOT NULL UNIQUE,
	label	TEXT NOT NULL		-- org_name as first seen
) STRICT;

-- Where mail came from.
CREATE TABLE source (
	id	INTEGER PRIMARY KEY,
	kind	INTEGER NOT NULL,	-- 4, 6: ip holds 4 or 16 bytes; 0: no address, ip holds the text as written
	ip	BLOB NOT NULL,
	UNIQUE (ip, kind)
) STRICT;

-- A published policy as a reporter saw it. NULL: the element was absent.
CREATE TABLE policy (
	id		INTEGER PRIMARY KEY,
	domain		INTEGER NOT NULL REFERENCES domain,
	p		TEXT, sp TEXT, np TEXT, adkim TEXT, aspf TEXT,
	pct		TEXT, fo TEXT, testing TEXT, discovery_method TEXT,
	key		TEXT NOT NULL UNIQUE	-- all of the above in one text
) STRICT;

-- Where originals lie: files that are only ever appended to (originals/NAME).
CREATE TABLE pack (
	id	INTEGER PRIMARY KEY,
	name	TEXT NOT NULL UNIQUE,
	bytes	INTEGER NOT NULL,	-- how much of the file is in use
	begun	INTEGER NOT NULL
) STRICT;

-- Every message or file that was taken in, whatever came of it.
CREATE TABLE message (
	id	INTEGER PRIMARY KEY,
	received INTEGER NOT NULL,
	origin	INTEGER NOT NULL REFERENCES name,	-- mailbox, 'deliver', 'import'
	result	INTEGER NOT NULL,	-- 0 stored, 1 duplicate, 2 replaced, 3 ignored, 4 rejected, 5 partial
	bytes	INTEGER NOT NULL,
	token	INTEGER NOT NULL,	-- of the spool file: after a crash it is not taken twice
	pack	INTEGER REFERENCES pack,	-- NULL: not kept
	offset	INTEGER
) STRICT;

-- One aggregate report, in one version.
CREATE TABLE report (
	id		INTEGER PRIMARY KEY,
	reporter	INTEGER NOT NULL REFERENCES reporter,
	domain		INTEGER NOT NULL REFERENCES domain,
	report_id	TEXT NOT NULL,		-- without the brackets some put around it
	begin		INTEGER NOT NULL,	-- seconds
	end		INTEGER NOT NULL,
	day		INTEGER NOT NULL,	-- UTC day of the midpoint: here it counts
	received	INTEGER NOT NULL,
	message		INTEGER NOT NULL REFERENCES message,
	payload		INTEGER NOT NULL,	-- which report inside that message, from 0
	policy		INTEGER NOT NULL REFERENCES policy,
	org_name	INTEGER REFERENCES name,
	email		INTEGER REFERENCES name,
	extra_contact_info INTEGER REFERENCES name,
	generator	INTEGER REFERENCES name,
	version		INTEGER REFERENCES name,
	errors		INTEGER REFERENCES name,	-- the <error> texts, one a line
	dialect		INTEGER NOT NULL,	-- 0 draft, 1 rfc7489, 2 rfc9990, 3 rfc9990-no-ns, 4 dmarc-xml-0.1, 5 dmarc-xml-0.2
	state		INTEGER NOT NULL,	-- 0 ok, 1 ok-with-notes, 2 repaired, 3 partial, 4 empty
	quirks		INTEGER NOT NULL,	-- bits, see src/report/quirk.h
	refused		TEXT,			-- JSON [[record, line, reason], ...] of a partial report
	hash		BLOB NOT NULL,		-- of policy and records, order-free: equal content, equal hash
	superseded_by	INTEGER REFERENCES report,	-- another version counts instead of this one
	duplicates	INTEGER NOT NULL DEFAULT 0,	-- how often it came again
	records		INTEGER NOT NULL,	-- <record> elements
	messages	INTEGER NOT NULL,	-- sum of count
	disp_none	INTEGER NOT NULL, disp_quarantine INTEGER NOT NULL, disp_reject INTEGER NOT NULL,
	disp_pass	INTEGER NOT NULL, disp_other INTEGER NOT NULL,
	dkim_pass	INTEGER NOT NULL, spf_pass INTEGER NOT NULL, dmarc_pass INTEGER NOT NULL,	-- as reported
	verdict_pass	INTEGER NOT NULL,	-- as we compute it from auth_results
	differs		INTEGER NOT NULL,	-- messages where the two are not the same
	source_ips	INTEGER NOT NULL,	-- distinct
	dkim_results	INTEGER NOT NULL, spf_results INTEGER NOT NULL, reasons INTEGER NOT NULL	-- elements
) STRICT;
CREATE UNIQUE INDEX report_key ON report (domain, reporter, begin, end, report_id) WHERE superseded_by IS NULL;
CREATE INDEX report_versions ON report (superseded_by) WHERE superseded_by IS NOT NULL;

-- What a combination of evidence comes to, as the reporter evaluated it and as
-- the code of our explanation says. A few dozen rows.
CREATE TABLE outcome (
	id		INTEGER PRIMARY KEY,
	code		INTEGER NOT NULL,	-- 1..11 P1..P11, 21..32 F1..F12
	disposition	INTEGER NOT NULL,	-- 0 none, 1 quarantine, 2 reject, 3 pass, 4 other
	dkim		INTEGER NOT NULL,	-- policy_evaluated: 0 unknown, 1 pass, 2 fail
	spf		INTEGER NOT NULL,
	verdict_dkim	INTEGER NOT NULL,	-- recomputed: 0 not aligned, 1 aligned pass
	verdict_spf	INTEGER NOT NULL,
	estimated	INTEGER NOT NULL,	-- 1: the recomputation had to assume something
	differs		INTEGER NOT NULL,	-- 1: reported and recomputed DMARC result are not the same
	forwarded	INTEGER NOT NULL,	-- 1: a reason given by the receiver says so
	overridden	INTEGER NOT NULL,	-- 1: failing, and treated weaker than published or with a reason
	spf_raw		INTEGER NOT NULL,	-- result class of the row, before alignment, see src/report/report.h
	dkim_raw	INTEGER NOT NULL,
	UNIQUE (code, disposition, dkim, spf, verdict_dkim, verdict_spf, estimated, differs, forwarded,
	    overridden, spf_raw, dkim_raw)
) STRICT;

-- A combination of everything a row says but address and count. Real reports
-- repeat a few hundred of them.
CREATE TABLE evidence (
	id		INTEGER PRIMARY KEY,
	policy		INTEGER NOT NULL REFERENCES policy,
	outcome		INTEGER NOT NULL REFERENCES outcome,	-- the verdict; re-judging changes only this
	header_from	INTEGER NOT NULL REFERENCES name,
	envelope_from	INTEGER REFERENCES name,	-- NULL: absent; '': null sender
	envelope_to	INTEGER REFERENCES name,
	flags		INTEGER NOT NULL,	-- bit 0: header_from was missing, the policy domain stands in
	-- Lists of names by id (0: none), one after another with ';' between; zeros at an end are left out.
	spf		TEXT,	-- domain,scope,result,word,human_result;...  result: class as in outcome
	dkim		TEXT,	-- domain,selector,result,word,human_result;...
	reasons		TEXT,	-- type,comment;...
	words		TEXT	-- disposition,dkim,spf: unknown words of policy_evaluated
) STRICT;

-- Finds a combination again by a keyed hash of its policy and wire form.
CREATE TABLE evidence_key (
	hash		INTEGER PRIMARY KEY,
	evidence	INTEGER NOT NULL REFERENCES evidence
) STRICT;

-- One row of a report; rows equal but for their count are added up. The order
-- of the key is the order of the questions: a domain, its days, its sources.
CREATE TABLE record (
	domain		INTEGER NOT NULL REFERENCES domain,
	day		INTEGER NOT NULL,
	source		INTEGER NOT NULL REFERENCES source,
	report		INTEGER NOT NULL REFERENCES report,
	evidence	INTEGER NOT NULL REFERENCES evidence,
	count		INTEGER NOT NULL,	-- messages
	seq		INTEGER NOT NULL,	-- its (first) place among the report's records, from 1
	PRIMARY KEY (domain, day, source, report, evidence)
) STRICT, WITHOUT ROWID;

-- Sums by day without addresses: every total and time series comes from here.
CREATE TABLE rollup (
	domain		INTEGER NOT NULL REFERENCES domain,
	day		INTEGER NOT NULL,
	reporter	INTEGER NOT NULL REFERENCES reporter,
	outcome		INTEGER NOT NULL REFERENCES outcome,
	messages	INTEGER NOT NULL,
	rows		INTEGER NOT NULL,
	PRIMARY KEY (domain, day, reporter, outcome)
) STRICT, WITHOUT ROWID;

-- Messages that could not be read, kept whole in quarantine/FILE.
CREATE TABLE quarantine (
	id		INTEGER PRIMARY KEY,
	received	INTEGER NOT NULL,
	origin		INTEGER NOT NULL REFERENCES name,
	file		TEXT NOT NULL UNIQUE,
	bytes		INTEGER NOT NULL,
	reason		TEXT NOT NULL,	-- a short code
	text		TEXT NOT NULL,	-- the sentence for people
	sender		TEXT,		-- From of the mail
	subject		TEXT
) STRICT;

-- What came in, by day, for the Intake page.
CREATE TABLE intake (
	day		INTEGER NOT NULL,
	origin		INTEGER NOT NULL REFERENCES name,
	result		INTEGER NOT NULL,	-- as message.result
	messages	INTEGER NOT NULL,
	PRIMARY KEY (day, origin, result)
) STRICT, WITHOUT ROWID;

-- Plain words for anybody with a sqlite3 shell ------------------------------

CREATE VIEW source_text AS
SELECT id, CASE kind
	WHEN 4 THEN
	    ((instr('0123456789ABCDEF', substr(hex(ip), 1, 1)) - 1) * 16 + instr('0123456789ABCDEF', substr(hex(ip), 2, 1)) - 1) || '.' ||
	    ((instr('0123456789ABCDEF', substr(hex(ip), 3, 1)) - 1) * 16 + instr('0123456789ABCDEF', substr(hex(ip), 4, 1)) - 1) || '.' ||
	    ((instr('0123456789ABCDEF', substr(hex(ip), 5, 1)) - 1) * 16 + instr('0123456789ABCDEF', substr(hex(ip), 6, 1)) - 1) || '.' ||
	    ((instr('0123456789ABCDEF', substr(hex(ip), 7, 1)) - 1) * 16 + instr('0123456789ABCDEF', substr(hex(ip), 8, 1)) - 1)
	WHEN 6 THEN lower(
	    substr(hex(ip), 1, 4) || ':' || substr(hex(ip), 5, 4) || ':' || substr(hex(ip), 9, 4) || ':' || substr(hex(ip), 13, 4) || ':' ||
	    substr(hex(ip), 17, 4) || ':' || substr(hex(ip), 21, 4) || ':' || substr(hex(ip), 25, 4) || ':' || substr(hex(ip), 29, 4))
	ELSE CAST(ip AS TEXT) END AS source_ip
FROM source;

CREATE VIEW outcome_text AS
SELECT id,
	CASE WHEN code < 20 THEN 'P' || code ELSE 'F' || (code - 20) END AS code,
	CASE disposition WHEN 0 THEN 'none' WHEN 1 THEN 'quarantine' WHEN 2 THEN 'reject' WHEN 3 THEN 'pass' ELSE 'other' END AS disposition,
	CASE dkim WHEN 1 THEN 'pass' WHEN 2 THEN 'fail' ELSE 'unknown' END AS policy_evaluated_dkim,
	CASE spf WHEN 1 THEN 'pass' WHEN 2 THEN 'fail' ELSE 'unknown' END AS policy_evaluated_spf,
	verdict_dkim, verdict_spf, differs, forwarded, overridden
FROM outcome;

CREATE VIEW reports AS
SELECT report.id, reporter.key AS reporter, domain.name AS domain, report.report_id,
	datetime(report.begin, 'unixepoch') AS begin, datetime(report.end, 'unixepoch') AS end,
	date(report.day * 86400, 'unixepoch') AS day, datetime(report.received, 'unixepoch') AS received,
	report.records, report.messages, report.dmarc_pass, report.superseded_by, report.duplicates
FROM report JOIN reporter ON reporter.id = report.reporter JOIN domain ON domain.id = report.domain;

CREATE VIEW records AS
SELECT domain.name AS domain, date(record.day * 86400, 'unixepoch') AS day, reporter.key AS reporter,
	source_text.source_ip, record.count, hf.text AS header_from, ef.text AS envelope_from,
	outcome_text.disposition, outcome_text.policy_evaluated_dkim, outcome_text.policy_evaluated_spf, outcome_text.code,
	record.report, record.seq, record.evidence
FROM record JOIN domain ON domain.id = record.domain JOIN report ON report.id = record.report
	JOIN reporter ON reporter.id = report.reporter JOIN source_text ON source_text.id = record.source
	JOIN evidence ON evidence.id = record.evidence JOIN outcome_text ON outcome_text.id = evidence.outcome
	JOIN name hf ON hf.id = evidence.header_from LEFT JOIN name ef ON ef.id = evidence.envelope_from;

-- The signatures and SPF results behind a combination: join on evidence.
CREATE VIEW evidence_dkim AS
SELECT evidence.id AS evidence, j.key AS place, d.text AS domain, s.text AS selector,
	CASE json_extract(j.value, '$[2]') WHEN 1 THEN 'none' WHEN 2 THEN 'pass' WHEN 3 THEN 'fail' WHEN 4 THEN 'softfail'
	    WHEN 5 THEN 'neutral' WHEN 6 THEN 'policy' WHEN 7 THEN 'temperror' WHEN 8 THEN 'permerror' ELSE 'unknown' END AS result,
	w.text AS word, h.text AS human_result
FROM evidence, json_each('[[' || replace(evidence.dkim, ';', '],[') || ']]') j
	LEFT JOIN name d ON d.id = json_extract(j.value, '$[0]') LEFT JOIN name s ON s.id = json_extract(j.value, '$[1]')
	LEFT JOIN name w ON w.id = json_extract(j.value, '$[3]') LEFT JOIN name h ON h.id = json_extract(j.value, '$[4]');

CREATE VIEW evidence_spf AS
SELECT evidence.id AS evidence, j.key AS place, d.text AS domain, s.text AS scope,
	CASE json_extract(j.value, '$[2]') WHEN 1 THEN 'none' WHEN 2 THEN 'pass' WHEN 3 THEN 'fail' WHEN 4 THEN 'softfail'
	    WHEN 5 THEN 'neutral' WHEN 6 THEN 'policy' WHEN 7 THEN 'temperror' WHEN 8 THEN 'permerror' ELSE 'unknown' END AS result,
	w.text AS word, h.text AS human_result
FROM evidence, json_each('[[' || replace(evidence.spf, ';', '],[') || ']]') j
	LEFT JOIN name d ON d.id = json_extract(j.value, '$[0]') LEFT JOIN name s ON s.id = json_extract(j.value, '$[1]')
	LEFT JOIN name w ON w.id = json_extract(j.value, '$[3]') LEFT JOIN name h ON h.id = json_extract(j.value, '$[4]');
