-- 0007: where exactly the unreadable thing stands; what people asked to be
-- done with quarantined messages, and what rules removed, so that nothing
-- happens unseen.

ALTER TABLE quarantine ADD COLUMN entry TEXT;	-- of the archive: its name, or "#" and its number; NULL: none, unknown
ALTER TABLE quarantine ADD COLUMN byte INTEGER;	-- from 1: of the document if line is known, else of the attachment; NULL: unknown
ALTER TABLE quarantine ADD COLUMN tried INTEGER;	-- last read in vain after the first time; NULL: never

-- Requests of the web app that were carried out. The newest 200.
CREATE TABLE quarantine_action (
	id	INTEGER PRIMARY KEY,
	item	INTEGER NOT NULL,	-- quarantine.id as it was
	action	INTEGER NOT NULL,	-- 0 retry, 1 discard
	asked	INTEGER NOT NULL,
	done	INTEGER NOT NULL,
	result	INTEGER,		-- of a retry: as message.result; NULL: it was not there any more
	reports	INTEGER NOT NULL,	-- that the message gave
	text	TEXT NOT NULL		-- why not all of it could be read; ''
) STRICT;

-- What left quarantine by a rule and not by a person. The newest 100.
CREATE TABLE quarantine_gone (
	id	INTEGER PRIMARY KEY,
	at	INTEGER NOT NULL,
	rule	INTEGER NOT NULL,	-- 0 limits.quarantine_bytes, 1 store.keep_quarantine
	messages INTEGER NOT NULL,
	bytes	INTEGER NOT NULL,
	oldest	INTEGER NOT NULL, newest INTEGER NOT NULL	-- received
) STRICT;

-- Reports whose period another one of the same reporter covers in part.
UPDATE report SET quirks = quirks | (1 << 44) WHERE superseded_by IS NULL AND EXISTS (
	SELECT 1 FROM report o WHERE o.domain = report.domain AND o.reporter = report.reporter AND o.begin > report.begin - 3024000
	AND o.begin < report.end AND o.end > report.begin AND o.id <> report.id AND o.superseded_by IS NULL);
