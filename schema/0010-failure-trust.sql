-- 0010: whose report is a failure report, and is it about a domain of ours? As
-- with the other kinds (0003); what is kept apart is met by those who ask for
-- it. The texts stand in the row, so that they go with it.

DROP VIEW failures;

ALTER TABLE failure ADD COLUMN trust INTEGER NOT NULL DEFAULT 0;	-- as report.trust
ALTER TABLE failure ADD COLUMN apart INTEGER NOT NULL DEFAULT 0;	-- as report.apart
ALTER TABLE failure ADD COLUMN trust_proof INTEGER NOT NULL DEFAULT 0;
ALTER TABLE failure ADD COLUMN trust_method INTEGER NOT NULL DEFAULT 0;
ALTER TABLE failure ADD COLUMN trust_from TEXT;		-- domain of the one address in From of the mail that brought it
ALTER TABLE failure ADD COLUMN trust_id TEXT;		-- authserv-id that decided; without a proof the uppermost seen
ALTER TABLE failure ADD COLUMN trust_message INTEGER REFERENCES message;	-- it came again, with a better proof; NULL: it is its own

CREATE VIEW failures AS
SELECT failure.id, datetime(failure.received, 'unixepoch') AS received, datetime(failure.arrived, 'unixepoch') AS arrived,
	reporter.key AS reporter, domain.name AS domain, failure.header_from, source_text.source_ip,
	CASE failure.class WHEN 0 THEN 'auth-failure' ELSE 'other' END AS class, failure.feedback_type, failure.auth_failure,
	CASE failure.said WHEN 1 THEN 'pass' WHEN 2 THEN 'fail' WHEN 3 THEN 'none' WHEN 4 THEN 'error' ELSE 'unknown' END AS said,
	CASE failure.spf_aligned WHEN 1 THEN 'yes' WHEN 2 THEN 'no' ELSE 'unknown' END AS spf_aligned,
	CASE failure.dkim_aligned WHEN 1 THEN 'yes' WHEN 2 THEN 'no' ELSE 'unknown' END AS dkim_aligned,
	failure.incidents, failure.duplicates,
	CASE failure.trust WHEN 0 THEN 'unknown' WHEN 1 THEN 'authenticated' WHEN 2 THEN 'authenticated-other' ELSE 'failed' END AS trust,
	CASE failure.apart WHEN 0 THEN 'no' WHEN 1 THEN 'foreign-domain' ELSE 'unauthenticated' END AS apart
FROM failure JOIN reporter ON reporter.id = failure.reporter LEFT JOIN domain ON domain.id = failure.domain
	LEFT JOIN source_text ON source_text.id = failure.source;
