-- 0013: what people do about what needs them. What needs somebody is worked
-- out anew each time (src/summary/model.c); here stands what was said about it.

-- A log: the last line about a task holds.
CREATE TABLE task (
	id	INTEGER PRIMARY KEY,
	at	INTEGER NOT NULL,	-- seconds
	who	TEXT NOT NULL,
	task	TEXT NOT NULL,		-- its id, a hash of what it is about
	domain	INTEGER NOT NULL,	-- 0: of no domain in particular
	state	INTEGER NOT NULL,	-- 0 open, 1 snoozed, 2 dismissed
	until	INTEGER			-- the day on which it is open again; NULL: none
) STRICT;
CREATE INDEX task_of ON task (task, id);

-- "I have fixed it": what came of it is read off the mail of later days.
CREATE TABLE watch (
	id	INTEGER PRIMARY KEY,	-- token of the request
	at	INTEGER NOT NULL,	-- seconds
	day	INTEGER NOT NULL,	-- of the change: mail of the days after it counts
	who	TEXT NOT NULL,
	sender	INTEGER NOT NULL REFERENCES sender,
	domain	INTEGER NOT NULL,	-- 0: every domain
	code	INTEGER NOT NULL,	-- as outcome.code
	ended	INTEGER,		-- seconds; NULL: it is watched
	ended_by TEXT
) STRICT;
CREATE INDEX watch_day ON watch (day) WHERE ended IS NULL;

-- Questions with a name.
CREATE TABLE saved_view (
	id	INTEGER PRIMARY KEY,	-- token of the request
	at	INTEGER NOT NULL,
	owner	TEXT NOT NULL,		-- a user; '': there were no users, it is everybody's who may look
	name	TEXT NOT NULL,
	page	TEXT NOT NULL,		-- path of the web app, "/senders"
	query	TEXT NOT NULL,		-- query string, without "?"
	UNIQUE (owner, name)
) STRICT;
