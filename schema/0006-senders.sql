-- 0006: senders. Sources are grouped into senders by what their mail shows
-- (src/enrich); people decide what a sender is to a domain. Everything here
-- but decision is derived: it is worked out anew from the records.

-- meta 'catalogue': which list of senders this was worked out with; 'senders': raised with every change of it.

-- Who sends, however many addresses it has.
CREATE TABLE sender (
	id	INTEGER PRIMARY KEY,
	key	TEXT NOT NULL UNIQUE,	-- known:NAME of our catalogue, user:NAME of the configuration, self:DOMAIN (servers that
					-- prove it themselves), domain:NAME, net:PREFIX, as:NETWORK; rest: all that is too little
	label	TEXT NOT NULL,
	kind	INTEGER NOT NULL	-- 0 unknown, 1 service, 2 provider, 3 forwarder, 4 list, 5 gateway, 6 hosting, 7 isp
) STRICT;
-- Background noise of a domain: sources that stand in no row of sender_of.
INSERT INTO sender (id, key, label, kind) VALUES (1, 'rest', 'Background noise', 0);

-- Which sender a source is, for a domain. No row: it is among the rest.
CREATE TABLE sender_of (
	domain		INTEGER NOT NULL REFERENCES domain,
	source		INTEGER NOT NULL REFERENCES source,
	sender		INTEGER NOT NULL REFERENCES sender,
	how		INTEGER NOT NULL,	-- what says so: enum identity_how of src/enrich/identity.h
	PRIMARY KEY (domain, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX sender_sources ON sender_of (sender, domain);

-- What a sender is to a domain as far as its mail shows. A decision wins over it.
CREATE TABLE sender_class (
	domain		INTEGER NOT NULL REFERENCES domain,
	sender		INTEGER NOT NULL REFERENCES sender,
	class		INTEGER NOT NULL,	-- enum sender_class of src/enrich/class.h
	confidence	INTEGER NOT NULL,	-- 0 none, 1 low, 2 medium, 3 high: of the class
	identity	INTEGER NOT NULL,	-- the same, of who it is
	evidence	TEXT NOT NULL,		-- JSON [[how, what, messages], ...], the most telling first
	first_day	INTEGER NOT NULL,	-- of the mail that this was worked out from
	last_day	INTEGER NOT NULL,
	messages	INTEGER NOT NULL,
	PRIMARY KEY (domain, sender)
) STRICT, WITHOUT ROWID;

CREATE INDEX sender_class_of ON sender_class (sender);

-- What people said. Rows are never changed but for undone: this is the log.
CREATE TABLE decision (
	id		INTEGER PRIMARY KEY,
	at		INTEGER NOT NULL,	-- seconds
	who		TEXT NOT NULL,		-- user of the web app, or 'cli'
	sender		INTEGER NOT NULL REFERENCES sender,
	domain		INTEGER NOT NULL,	-- 0: for every domain that has none of its own
	class		INTEGER,		-- NULL: nothing is decided any more, what is inferred holds
	note		TEXT,
	batch		INTEGER NOT NULL,	-- decisions taken together, undone together: the id of the first
	undone		INTEGER			-- seconds; NULL: it holds
) STRICT;
CREATE INDEX decision_of ON decision (sender, domain) WHERE undone IS NULL;

-- Sums by day, now with the sender: 0 as long as nobody has looked who it was.
-- A decision changes nothing here, class is looked up by (domain, sender).
CREATE TABLE rollup_new (
	domain		INTEGER NOT NULL REFERENCES domain,
	day		INTEGER NOT NULL,
	reporter	INTEGER NOT NULL REFERENCES reporter,
	outcome		INTEGER NOT NULL REFERENCES outcome,
	sender		INTEGER NOT NULL,	-- 0, or REFERENCES sender
	messages	INTEGER NOT NULL,
	rows		INTEGER NOT NULL,
	PRIMARY KEY (domain, day, reporter, outcome, sender)
) STRICT, WITHOUT ROWID;
INSERT INTO rollup_new SELECT domain, day, reporter, outcome, 0, messages, rows FROM rollup;
DROP TABLE rollup;
ALTER TABLE rollup_new RENAME TO rollup;

-- Days of a domain on which rollup has rows of sender 0.
CREATE TABLE fresh (
	domain	INTEGER NOT NULL REFERENCES domain,
	day	INTEGER NOT NULL,
	PRIMARY KEY (domain, day)
) STRICT, WITHOUT ROWID;
INSERT INTO fresh SELECT DISTINCT domain, day FROM rollup;

CREATE VIEW senders AS
SELECT sender.id, sender.label, domain.name AS domain,
	CASE coalesce((SELECT class FROM decision WHERE decision.sender = sender.id AND decision.domain IN (sender_class.domain, 0)
	    AND undone IS NULL ORDER BY decision.domain DESC, decision.id DESC LIMIT 1), class)
	    WHEN 1 THEN 'impostor' WHEN 2 THEN 'own' WHEN 3 THEN 'list' WHEN 4 THEN 'forwarder' WHEN 5 THEN 'service'
	    WHEN 6 THEN 'candidate' WHEN 7 THEN 'suspect' WHEN 8 THEN 'noise' ELSE 'unknown' END AS class,
	(SELECT count(*) FROM sender_of WHERE sender_of.sender = sender.id AND sender_of.domain = sender_class.domain) AS sources,
	evidence, date(first_day * 86400, 'unixepoch') AS first_day, date(last_day * 86400, 'unixepoch') AS last_day, messages
FROM sender_class JOIN sender ON sender.id = sender_class.sender JOIN domain ON domain.id = sender_class.domain;
