-- 0009: what people ask of the ingester (files in requests/, see
-- src/process/request.h) and what became of it. A request is carried out in
-- the transaction that writes its row here: once, however often the process is
-- killed, and who asked can wait for the row.

CREATE TABLE request (
	token	INTEGER PRIMARY KEY,	-- drawn by who asked
	kind	INTEGER NOT NULL,	-- 0 retry, 1 discard, 2 decide, 3 undo
	who	TEXT NOT NULL,
	asked	INTEGER NOT NULL,	-- seconds
	done	INTEGER NOT NULL,
	result	INTEGER NOT NULL,	-- 0 done, 1 refused, 2 refused: it is not any more as the one who asked had seen it
	n	INTEGER NOT NULL,	-- rows of decision that it made or took back
	text	TEXT NOT NULL		-- why not
) STRICT;
CREATE INDEX request_done ON request (done);

-- What a sender was when the decision was made: to that domain, or to the one with most of its mail.
ALTER TABLE decision ADD COLUMN was INTEGER;		-- enum sender_class; NULL: not known
ALTER TABLE decision ADD COLUMN was_decided INTEGER;	-- 1: because somebody had said so, 0: as inferred
ALTER TABLE decision ADD COLUMN undone_by TEXT;
CREATE INDEX decision_sender ON decision (sender, id);
CREATE INDEX decision_batch ON decision (batch);
