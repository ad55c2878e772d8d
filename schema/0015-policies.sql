-- 0015: who said it (src/store/records_said.c), and MTA-STS policies of our own domains (src/store/policies.c).
-- All of it can be asked for again.

-- An answer holds as seen twice when another server than the first has said the same, a quarter of an hour later.
ALTER TABLE dns ADD COLUMN server TEXT;		-- that said so first: as in the configuration, 'system' or 'root'
ALTER TABLE dns ADD COLUMN seconded INTEGER;	-- seconds: when it was said again; NULL: not yet
ALTER TABLE dns ADD COLUMN second TEXT;		-- who said it again, or something else
ALTER TABLE dns ADD COLUMN doubts INTEGER NOT NULL DEFAULT 0;	-- 1 and more: the second says something else; odd: the first is
						-- asked next whether he still says so, even: the second
UPDATE dns SET seconded = answered WHERE answered - since >= 900;

DROP VIEW dns_records;
CREATE VIEW dns_records AS
SELECT CASE kind WHEN 1 THEN 'dmarc' WHEN 2 THEN 'spf' WHEN 3 THEN 'dkim' ELSE 'sts' END AS kind, name, domain, own, mail,
	CASE state WHEN 1 THEN 'found' WHEN 2 THEN 'nodata' WHEN 3 THEN 'nxdomain' ELSE 'waiting' END AS state, texts, more, ttl,
	datetime(checked, 'unixepoch') AS checked, datetime(answered, 'unixepoch') AS answered, datetime(since, 'unixepoch') AS since,
	CASE failure WHEN 1 THEN 'timeout' WHEN 2 THEN 'servfail' WHEN 3 THEN 'refused' END AS failure, server,
	datetime(seconded, 'unixepoch') AS seconded, second
FROM dns;

-- dns.kind, from now on: 4, _mta-sts.example.com. What was found at https://mta-sts.example.com/.well-known/mta-sts.txt:
CREATE TABLE sts (
	domain		TEXT PRIMARY KEY,	-- example.com
	due		INTEGER NOT NULL,	-- seconds: of the next look
	checked		INTEGER NOT NULL,	-- of the latest
	since		INTEGER NOT NULL,	-- of the first that found the state that all since have found
	tries		INTEGER NOT NULL,	-- looks that have failed since the latest that was sound
	state		INTEGER NOT NULL,	-- 1 sound, 2 certificate expired, 3 for another name, 4 not trusted, 5 no such policy, 6 policy
						-- that cannot be read, 7 not reached
	error		TEXT NOT NULL,		-- in words; '' when it is sound
	seen		INTEGER,		-- seconds: of the latest look that saw a certificate
	not_after	INTEGER,		-- its end
	mode		INTEGER NOT NULL,	-- of the latest sound policy: 0 unknown, 1 enforce, 2 testing, 3 none
	max_age		INTEGER			-- seconds; NULL: unknown
) STRICT, WITHOUT ROWID;

CREATE VIEW sts_policies AS
SELECT domain, CASE state WHEN 1 THEN 'sound' WHEN 2 THEN 'expired' WHEN 3 THEN 'name' WHEN 4 THEN 'untrusted' WHEN 5 THEN 'missing'
	WHEN 6 THEN 'faulty' ELSE 'unreached' END AS state, error, datetime(not_after, 'unixepoch') AS not_after,
	CASE mode WHEN 1 THEN 'enforce' WHEN 2 THEN 'testing' WHEN 3 THEN 'none' END AS mode, max_age,
	datetime(checked, 'unixepoch') AS checked, datetime(since, 'unixepoch') AS since
FROM sts;
