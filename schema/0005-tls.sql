-- 0005: SMTP TLS reports (RFC 8460): what senders say of TLS on the way to us.
--
-- Counts are sessions. One session may stand under a policy of type sts and
-- again under one of type tlsa: sums over types are the reporter's, not ours.

-- A policy as reporters saw it; equal ones stand here once.
CREATE TABLE tls_policy (
	id		INTEGER PRIMARY KEY,
	hash		BLOB NOT NULL UNIQUE,	-- of all below, keyed
	domain		INTEGER NOT NULL REFERENCES domain,
	type		INTEGER NOT NULL,	-- 0 no-policy-found, 1 sts, 2 tlsa, 3 other
	word		INTEGER REFERENCES name,	-- policy-type as written, of type 3
	mode		INTEGER NOT NULL,	-- of sts: 0 unknown, 1 enforce, 2 testing, 3 none
	max_age		INTEGER,		-- seconds; NULL: not told
	lines		INTEGER REFERENCES name,	-- policy-string: a line or a TLSA record each, newline between
	mx		INTEGER REFERENCES name		-- MX patterns, newline between
) STRICT;

-- One TLS report, in one version.
CREATE TABLE tls_report (
	id		INTEGER PRIMARY KEY,
	reporter	INTEGER NOT NULL REFERENCES reporter,
	org		INTEGER NOT NULL REFERENCES name,	-- organization-name in lower case: part of the key
	domains		INTEGER NOT NULL REFERENCES name,	-- policy domains, sorted, a blank between: part of the key
	report_id	TEXT NOT NULL,
	begin		INTEGER NOT NULL,	-- seconds
	end		INTEGER NOT NULL,
	day		INTEGER NOT NULL,	-- UTC day of the midpoint: here it counts
	received	INTEGER NOT NULL,
	message		INTEGER NOT NULL REFERENCES message,
	payload		INTEGER NOT NULL,	-- which document inside that message: JSON counts from 524288
	org_name	INTEGER REFERENCES name,
	contact_info	INTEGER REFERENCES name,
	submitter	INTEGER REFERENCES name,	-- TLS-Report-Submitter of the mail
	trust		INTEGER NOT NULL,	-- as report.trust, and what it follows from, see 0003
	trust_proof	INTEGER NOT NULL,
	trust_from	INTEGER REFERENCES name,
	trust_id	INTEGER REFERENCES name,
	apart		INTEGER NOT NULL,	-- as report.apart: why all of its policies are kept apart; 0: some count
	state		INTEGER NOT NULL,	-- as report.state
	quirks		INTEGER NOT NULL,	-- bits, see src/report/tls.h
	refused		TEXT,			-- JSON [[policy, detail, line, reason], ...] of a partial report; detail 0: all of it
	hash		BLOB NOT NULL,		-- of policies and details, order-free
	superseded_by	INTEGER REFERENCES tls_report,
	duplicates	INTEGER NOT NULL DEFAULT 0,
	policies	INTEGER NOT NULL,	-- elements that count
	success		INTEGER NOT NULL, failure INTEGER NOT NULL,	-- sums of the summaries
	ndetails	INTEGER NOT NULL, details INTEGER NOT NULL	-- how many, and the sum of failed-session-count
) STRICT;
CREATE UNIQUE INDEX tls_report_key ON tls_report (report_id, org, begin, end, domains) WHERE superseded_by IS NULL;
CREATE INDEX tls_report_day ON tls_report (day);
CREATE INDEX tls_report_versions ON tls_report (superseded_by) WHERE superseded_by IS NOT NULL;
CREATE INDEX tls_report_message ON tls_report (message);

-- One element of "policies". Gone when another version counts.
CREATE TABLE tls_element (
	report		INTEGER NOT NULL REFERENCES tls_report,
	seq		INTEGER NOT NULL,	-- its place in the report, from 1
	domain		INTEGER NOT NULL REFERENCES domain,	-- the row with apart = 1: kept apart, as in 0003
	day		INTEGER NOT NULL,
	reporter	INTEGER NOT NULL REFERENCES reporter,
	policy		INTEGER NOT NULL REFERENCES tls_policy,
	success		INTEGER NOT NULL, failure INTEGER NOT NULL,	-- as its summary says
	ndetails	INTEGER NOT NULL, details INTEGER NOT NULL,
	derived		INTEGER NOT NULL,	-- 1: policy-domain was missing, the mail told it
	PRIMARY KEY (report, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX tls_element_day ON tls_element (domain, day);

-- One failure detail.
CREATE TABLE tls_detail (
	report		INTEGER NOT NULL REFERENCES tls_report,
	element		INTEGER NOT NULL,
	seq		INTEGER NOT NULL,	-- its place in the element, from 1
	result		INTEGER NOT NULL,	-- result-type by its place in RFC 8460 4.3, from 0; 11: other
	word		INTEGER REFERENCES name,	-- as written, of 11
	sending		INTEGER REFERENCES source,	-- sending-mta-ip
	receiving	INTEGER REFERENCES source,	-- receiving-ip
	mx		INTEGER REFERENCES name,	-- receiving-mx-hostname
	helo		INTEGER REFERENCES name,
	info		INTEGER REFERENCES name,	-- additional-information: never fetched
	reason		INTEGER REFERENCES name,	-- failure-reason-code
	count		INTEGER NOT NULL,	-- failed-session-count
	PRIMARY KEY (report, element, seq)
) STRICT, WITHOUT ROWID;

-- Sums by day. result -1: the totals of summaries (n elements); from 0: failed
-- sessions of the details with that result-type (n details).
CREATE TABLE tls_day (
	domain		INTEGER NOT NULL REFERENCES domain,
	day		INTEGER NOT NULL,
	reporter	INTEGER NOT NULL REFERENCES reporter,
	type		INTEGER NOT NULL,	-- as tls_policy.type
	mode		INTEGER NOT NULL,	-- as tls_policy.mode
	result		INTEGER NOT NULL,
	success		INTEGER NOT NULL, failure INTEGER NOT NULL,
	n		INTEGER NOT NULL,
	PRIMARY KEY (domain, day, reporter, type, mode, result)
) STRICT, WITHOUT ROWID;

-- Plain words for anybody with a sqlite3 shell.
CREATE VIEW tls_reports AS
SELECT tls_report.id, reporter.key AS reporter, domains.text AS domains, tls_report.report_id,
	datetime(tls_report.begin, 'unixepoch') AS begin, datetime(tls_report.end, 'unixepoch') AS end,
	date(tls_report.day * 86400, 'unixepoch') AS day, datetime(tls_report.received, 'unixepoch') AS received,
	tls_report.policies, tls_report.success, tls_report.failure, tls_report.details, tls_report.superseded_by, tls_report.duplicates
FROM tls_report JOIN reporter ON reporter.id = tls_report.reporter JOIN name domains ON domains.id = tls_report.domains;

CREATE VIEW tls_policies AS
SELECT domain.name AS domain, date(tls_element.day * 86400, 'unixepoch') AS day, reporter.key AS reporter,
	CASE tls_policy.type WHEN 0 THEN 'no-policy-found' WHEN 1 THEN 'sts' WHEN 2 THEN 'tlsa' ELSE 'other' END AS type,
	CASE tls_policy.mode WHEN 1 THEN 'enforce' WHEN 2 THEN 'testing' WHEN 3 THEN 'none' END AS mode,
	tls_policy.max_age, mx.text AS mx, lines.text AS policy_string,
	tls_element.success, tls_element.failure, tls_element.report
FROM tls_element JOIN tls_policy ON tls_policy.id = tls_element.policy JOIN domain ON domain.id = tls_element.domain AND domain.apart = 0
	JOIN reporter ON reporter.id = tls_element.reporter LEFT JOIN name mx ON mx.id = tls_policy.mx
	LEFT JOIN name lines ON lines.id = tls_policy.lines;

CREATE VIEW tls_failures AS
SELECT domain.name AS domain, date(tls_element.day * 86400, 'unixepoch') AS day, reporter.key AS reporter,
	CASE tls_detail.result WHEN 0 THEN 'starttls-not-supported' WHEN 1 THEN 'certificate-host-mismatch'
	    WHEN 2 THEN 'certificate-expired' WHEN 3 THEN 'certificate-not-trusted' WHEN 4 THEN 'validation-failure'
	    WHEN 5 THEN 'tlsa-invalid' WHEN 6 THEN 'dnssec-invalid' WHEN 7 THEN 'dane-required' WHEN 8 THEN 'sts-policy-fetch-error'
	    WHEN 9 THEN 'sts-policy-invalid' WHEN 10 THEN 'sts-webpki-invalid' ELSE word.text END AS result_type,
	mx.text AS receiving_mx_hostname, receiving.source_ip AS receiving_ip, sending.source_ip AS sending_mta_ip,
	reason.text AS failure_reason_code, tls_detail.count, tls_detail.report
FROM tls_detail JOIN tls_element ON tls_element.report = tls_detail.report AND tls_element.seq = tls_detail.element
	JOIN domain ON domain.id = tls_element.domain AND domain.apart = 0 JOIN reporter ON reporter.id = tls_element.reporter
	LEFT JOIN name word ON word.id = tls_detail.word LEFT JOIN name mx ON mx.id = tls_detail.mx
	LEFT JOIN name reason ON reason.id = tls_detail.reason LEFT JOIN source_text sending ON sending.id = tls_detail.sending
	LEFT JOIN source_text receiving ON receiving.id = tls_detail.receiving;
