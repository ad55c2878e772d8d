-- 0011: what the DNS says of our own domains (src/process/names.c has it asked; store/records.h).
-- All of it can be asked for again, but for what was said before.

-- meta 'dns': raised whenever a DMARC record became another one, so that whoever walks looks anew.

-- evidence.flags, from now on: bit 1: DMARC records as they are here told which names belong together; bit 2: they
-- would have been needed, but one was not known, and the list of public suffixes stood in.

CREATE TABLE dns (
	id		INTEGER PRIMARY KEY,
	kind		INTEGER NOT NULL,	-- 1 DMARC record, 2 SPF record, 3 DKIM key
	name		TEXT NOT NULL,		-- as it is asked for: _dmarc.example.com, example.com, s1._domainkey.example.com
	domain		TEXT NOT NULL,		-- that it is about: example.com
	own		INTEGER NOT NULL,	-- 1: of a domain of ours; 0: one above those, or another's that our SPF records name
	mail		INTEGER NOT NULL,	-- of a key: messages of 7 days that verified by it; else of 30 days with that name
	wanted		INTEGER NOT NULL,	-- seconds: of the latest look that found a use for it
	met		INTEGER NOT NULL,	-- seconds: when the latest look began that found it to be of ours
	due		INTEGER NOT NULL,	-- seconds: of the next question
	state		INTEGER NOT NULL,	-- 0 nobody has answered, 1 there are texts, 2 the name has none, 3 no such name
	texts		TEXT NOT NULL,		-- one in a line, in order of bytes, those of that kind only;
						-- what is not printable ASCII as \DDD, as in a zone file
	more		INTEGER NOT NULL,	-- texts that were left out or cut, as they were too many or too long
	ttl		INTEGER,		-- as the DNS gave it
	checked		INTEGER,		-- seconds: of the latest question that came to an end
	answered	INTEGER,		-- of the latest that was answered
	since		INTEGER,		-- of the first answer that said what all since have said
	tries		INTEGER NOT NULL,	-- that have failed since the latest answer
	failure		INTEGER NOT NULL,	-- the latest: 0 none, 1 time out, 2 server failure, 3 refused
	UNIQUE (kind, name)
) STRICT;
CREATE INDEX dns_due ON dns (due);
CREATE INDEX dns_domain ON dns (domain);

-- Answers that others took the place of; the latest of each name.
CREATE TABLE dns_was (
	dns	INTEGER NOT NULL REFERENCES dns,
	until	INTEGER NOT NULL,	-- seconds: since then it is another one
	since	INTEGER NOT NULL,
	state	INTEGER NOT NULL,
	texts	TEXT NOT NULL,
	PRIMARY KEY (dns, until)
) STRICT, WITHOUT ROWID;

CREATE VIEW dns_records AS
SELECT CASE kind WHEN 1 THEN 'dmarc' WHEN 2 THEN 'spf' ELSE 'dkim' END AS kind, name, domain, own, mail,
	CASE state WHEN 1 THEN 'found' WHEN 2 THEN 'nodata' WHEN 3 THEN 'nxdomain' ELSE 'waiting' END AS state, texts, more, ttl,
	datetime(checked, 'unixepoch') AS checked, datetime(answered, 'unixepoch') AS answered, datetime(since, 'unixepoch') AS since,
	CASE failure WHEN 1 THEN 'timeout' WHEN 2 THEN 'servfail' WHEN 3 THEN 'refused' END AS failure
FROM dns;
