-- 0003: whose report is it, and what is kept apart.
--
-- A report that is kept apart stands, with its records and sums, under a row
-- of domain of its own: everything is added up as ever, and nobody meets it
-- who does not ask for it.

DROP VIEW reports;
DROP VIEW records;

CREATE TABLE domain_was AS SELECT id, name FROM domain;
DROP TABLE domain;
-- Policy domains: what reports are about.
CREATE TABLE domain (
	id	INTEGER PRIMARY KEY,
	name	TEXT NOT NULL,		-- A-labels, lower case, no dot at the end
	apart	INTEGER NOT NULL DEFAULT 0,	-- 1: of the reports about it that are kept apart
	UNIQUE (name, apart)
) STRICT;
INSERT INTO domain (id, name) SELECT id, name FROM domain_was;
DROP TABLE domain_was;
-- policy.domain is always the row with apart = 0.

ALTER TABLE report ADD COLUMN trust INTEGER NOT NULL DEFAULT 0;	-- 0 unknown, 1 authenticated, 2 authenticated as another organisation, 3 failed
ALTER TABLE report ADD COLUMN apart INTEGER NOT NULL DEFAULT 0;	-- 0 it counts, 1 the domain is not ours, 2 it is unauthenticated
-- What the header of the mail said; trust follows from it, the reporter and the settings.
ALTER TABLE report ADD COLUMN trust_proof INTEGER NOT NULL DEFAULT 0;	-- 0 none, 1 passed, 2 failed
ALTER TABLE report ADD COLUMN trust_method INTEGER NOT NULL DEFAULT 0;	-- that decided: 0 none, 1 dmarc, 2 dkim, 3 spf
ALTER TABLE report ADD COLUMN trust_from INTEGER REFERENCES name;	-- domain of the one address in From
ALTER TABLE report ADD COLUMN trust_id INTEGER REFERENCES name;	-- authserv-id that decided; without a proof the uppermost seen
ALTER TABLE report ADD COLUMN trust_field TEXT;				-- the field that decided, cut
ALTER TABLE report ADD COLUMN trust_message INTEGER REFERENCES message;	-- it came again, with a better proof; NULL: it is its own

CREATE VIEW reports AS
SELECT report.id, reporter.key AS reporter, domain.name AS domain, report.report_id,
	datetime(report.begin, 'unixepoch') AS begin, datetime(report.end, 'unixepoch') AS end,
	date(report.day * 86400, 'unixepoch') AS day, datetime(report.received, 'unixepoch') AS received,
	report.records, report.messages, report.dmarc_pass, report.superseded_by, report.duplicates,
	CASE report.trust WHEN 0 THEN 'unknown' WHEN 1 THEN 'authenticated' WHEN 2 THEN 'authenticated-other' ELSE 'failed' END AS trust,
	CASE report.apart WHEN 0 THEN 'no' WHEN 1 THEN 'foreign-domain' ELSE 'unauthenticated' END AS apart
FROM report JOIN reporter ON reporter.id = report.reporter JOIN domain ON domain.id = report.domain;

-- Without what is kept apart: the sums of this view are the figures that are shown.
CREATE VIEW records AS
SELECT domain.name AS domain, date(record.day * 86400, 'unixepoch') AS day, reporter.key AS reporter,
	source_text.source_ip, record.count, hf.text AS header_from, ef.text AS envelope_from,
	outcome_text.disposition, outcome_text.policy_evaluated_dkim, outcome_text.policy_evaluated_spf, outcome_text.code,
	record.report, record.seq, record.evidence
FROM record JOIN domain ON domain.id = record.domain AND domain.apart = 0 JOIN report ON report.id = record.report
	JOIN reporter ON reporter.id = report.reporter JOIN source_text ON source_text.id = record.source
	JOIN evidence ON evidence.id = record.evidence JOIN outcome_text ON outcome_text.id = evidence.outcome
	JOIN name hf ON hf.id = evidence.header_from LEFT JOIN name ef ON ef.id = evidence.envelope_from;
