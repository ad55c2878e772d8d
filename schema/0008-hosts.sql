-- 0008: host names of sources, as DNS gives them (src/dns, src/enrich/host.h).
-- All of it can be asked for again; nothing else is worked out from names but
-- who a sender is, and only from confirmed ones.

-- meta 'hosts': the source up to which those were taken up that no look at a domain has told of;
-- 'resolver_failing': seconds since when no name server has answered; none: they do.

-- What is known of an address, and when it is asked for. Not every source has a row: see resolver { cache }.
CREATE TABLE host (
	source		INTEGER PRIMARY KEY REFERENCES source,
	weight		INTEGER NOT NULL,	-- its mail as a power of two: the heaviest are asked for first
	due		INTEGER NOT NULL,	-- below 0: never answered, the newest source has the smallest; else the time of the
						-- next question in seconds; 9223372036854775807: when it sends again
	last_day	INTEGER NOT NULL,	-- with mail, as far as is known
	state		INTEGER NOT NULL,	-- 0 waiting, 1 confirmed: name leads back to the address, 2 unconfirmed, 3 no name
	name		TEXT,			-- host name: letters, digits, hyphens
	others		TEXT,			-- two more at most, with a blank between
	more		INTEGER NOT NULL,	-- how many names it has beyond these
	refused		INTEGER NOT NULL,	-- names that no host can have
	answered	INTEGER,		-- seconds: of the latest answer
	tries		INTEGER NOT NULL,	-- that have failed since
	failure		INTEGER NOT NULL	-- the latest: 0 none, 1 time out, 2 server failure, 3 refused, 4 where the names lead
) STRICT;
CREATE INDEX host_due ON host (weight, due);
CREATE INDEX host_answered ON host (answered);

-- Domains that a source with a row above has sent for: judged again when its name changes.
CREATE TABLE host_domain (
	source	INTEGER NOT NULL REFERENCES source,
	domain	INTEGER NOT NULL REFERENCES domain,
	PRIMARY KEY (source, domain)
) STRICT, WITHOUT ROWID;

CREATE VIEW hosts AS
SELECT source_text.source_ip, host.name AS host_name,
	CASE host.state WHEN 1 THEN 'confirmed' WHEN 2 THEN 'unconfirmed' WHEN 3 THEN 'none' ELSE 'waiting' END AS state,
	host.others, host.more, datetime(host.answered, 'unixepoch') AS answered,
	CASE host.failure WHEN 1 THEN 'timeout' WHEN 2 THEN 'servfail' WHEN 3 THEN 'refused' WHEN 4 THEN 'forward' END AS failure
FROM host JOIN source_text ON source_text.id = host.source;

-- Sources that are there already are found by the next look at their domains.
INSERT OR IGNORE INTO fresh SELECT domain, max(day) FROM rollup GROUP BY domain;
