-- 0004: failure reports: one message each, with what its sample says. They tell
-- of people, so they go after a while (keep_failures), and nothing of them
-- stands in tables that are kept: every text is in the row itself.

-- 0: originals of reports that are counted; 1: of mails with a failure report,
-- apart from the others, since they go earlier and whole files go.
ALTER TABLE pack ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;

-- 1: a mail about somebody's message: its subject is masked, what is in it is not shown.
ALTER TABLE quarantine ADD COLUMN private INTEGER NOT NULL DEFAULT 0;

CREATE TABLE failure (
	id		INTEGER PRIMARY KEY AUTOINCREMENT,	-- never given again: reveal names it when it is gone
	message		INTEGER NOT NULL REFERENCES message,
	payload		INTEGER NOT NULL,	-- which report inside that message, from 0
	key		BLOB NOT NULL UNIQUE,	-- SHA-256 of reporter, Message-ID or headers, address, envelope sender, arrival
	duplicates	INTEGER NOT NULL DEFAULT 0,
	received	INTEGER NOT NULL,	-- seconds; from then on it is kept so long
	reporter	INTEGER NOT NULL REFERENCES reporter,
	domain		INTEGER REFERENCES domain,	-- the one that reports are about, of which header_from is part
	source		INTEGER REFERENCES source,	-- NULL: unknown
	day		INTEGER NOT NULL,	-- UTC day of arrived
	dialect		INTEGER NOT NULL,	-- 0 ARF, 1 a notice in words
	class		INTEGER NOT NULL,	-- 0 auth-failure, 1 another kind: never an authentication failure
	redact		INTEGER NOT NULL,	-- before storing: 0 nothing, 1 local parts, 2 all
	arrival		INTEGER,		-- Arrival-Date, seconds; NULL: missing or unreadable
	arrived		INTEGER NOT NULL,	-- that, or what stands in for it
	arrived_from	INTEGER NOT NULL,	-- where facts are from: 0 nowhere, 1 field, 2 sample, 3 authentication results,
	ip_from		INTEGER NOT NULL,	-- 4 Received-SPF, 5 text, 6 Received, 7 Reported-Domain, 8 subject, 9 report mail
	header_from_from INTEGER NOT NULL,
	results_from	INTEGER NOT NULL,
	source_port	INTEGER,
	incidents	INTEGER NOT NULL,
	delivery	INTEGER NOT NULL,	-- 0 unknown, 1 delivered, 2 spam, 3 policy, 4 reject, 5 other
	quirks		INTEGER NOT NULL,	-- bits, see src/report/failure.h
	-- The verdict; reprocess judges again.
	said		INTEGER NOT NULL,	-- dmarc= of the results: 0 nothing, 1 pass, 2 fail, 3 none, 4 error
	spf_aligned	INTEGER NOT NULL,	-- 0 unknown, 1 yes, 2 no
	dkim_aligned	INTEGER NOT NULL,
	verdict		INTEGER NOT NULL,	-- DMARC passed: 0 unknown, 1 yes, 2 no
	differs		INTEGER NOT NULL,	-- 1: what is said and what is computed are not the same
	spf_result	INTEGER NOT NULL,	-- class as in outcome
	dkim_result	INTEGER NOT NULL,
	spf_domain	TEXT, dkim_domain_used TEXT, dkim_selector_used TEXT,	-- behind these
	code		INTEGER NOT NULL,	-- as of outcome; 0: nothing to judge
	results		TEXT,			-- a line each: method, class, word, domain, selector or scope, derived; by tabs
	-- Fields of the report as written; a list has a line for each value.
	feedback_type TEXT, user_agent TEXT, version TEXT, auth_failure TEXT, authentication_results TEXT, identity_alignment TEXT,
	original_envelope_id TEXT, original_mail_from TEXT, original_rcpt_to TEXT, arrival_date TEXT, reporting_mta TEXT,
	source_ip TEXT, reported_domain TEXT, reported_uri TEXT, delivery_result TEXT, dkim_domain TEXT, dkim_identity TEXT,
	dkim_selector TEXT, dkim_canonicalized_header TEXT, dkim_canonicalized_body TEXT, dkim_selector_dns TEXT,
	dkim_adsp_dns TEXT, spf_dns TEXT, extras TEXT, note TEXT, header_from TEXT,
	-- The message that is reported.
	sample		INTEGER NOT NULL,	-- 0 none, 1 headers only, 2 a message
	sample_from TEXT, sample_subject TEXT, sample_message_id TEXT, sample_date TEXT, sample_return_path TEXT,
	sample_headers TEXT,
	sample_body	TEXT,			-- NULL unless keep_failure_bodies was on
	body_bytes	INTEGER NOT NULL,
	body_hash	BLOB,			-- SHA-256 of the body; NULL: there was none
	-- The mail that brought it.
	report_from TEXT, report_subject TEXT
) STRICT;
CREATE INDEX failure_received ON failure (received);
CREATE INDEX failure_arrived ON failure (arrived, id);
CREATE INDEX failure_source ON failure (source, day) WHERE source IS NOT NULL;
CREATE INDEX failure_domain ON failure (domain, day) WHERE domain IS NOT NULL;
CREATE INDEX failure_message ON failure (message, payload);

-- Who looked at one unmasked. It stays when the report goes: it names nobody in it.
CREATE TABLE reveal (
	id	INTEGER PRIMARY KEY,
	time	INTEGER NOT NULL,
	failure	INTEGER NOT NULL,	-- its id
	who	TEXT NOT NULL,		-- 'command line, uid N' or 'web, address'
	nonce	TEXT NOT NULL UNIQUE	-- of the request
) STRICT;

CREATE VIEW failures AS
SELECT failure.id, datetime(failure.received, 'unixepoch') AS received, datetime(failure.arrived, 'unixepoch') AS arrived,
	reporter.key AS reporter, domain.name AS domain, failure.header_from, source_text.source_ip,
	CASE failure.class WHEN 0 THEN 'auth-failure' ELSE 'other' END AS class, failure.feedback_type, failure.auth_failure,
	CASE failure.said WHEN 1 THEN 'pass' WHEN 2 THEN 'fail' WHEN 3 THEN 'none' WHEN 4 THEN 'error' ELSE 'unknown' END AS said,
	CASE failure.spf_aligned WHEN 1 THEN 'yes' WHEN 2 THEN 'no' ELSE 'unknown' END AS spf_aligned,
	CASE failure.dkim_aligned WHEN 1 THEN 'yes' WHEN 2 THEN 'no' ELSE 'unknown' END AS dkim_aligned,
	failure.incidents, failure.duplicates
FROM failure JOIN reporter ON reporter.id = failure.reporter LEFT JOIN domain ON domain.id = failure.domain
	LEFT JOIN source_text ON source_text.id = failure.source;
