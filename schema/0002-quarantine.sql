-- 0002: where in a message the unreadable thing stands, and whose row of
-- message it is: a retry then counts for that message and not for a new one.

ALTER TABLE quarantine ADD COLUMN message INTEGER REFERENCES message;	-- NULL: put there by an older version
ALTER TABLE quarantine ADD COLUMN part INTEGER;	-- of the mail, from 1; NULL: unknown
ALTER TABLE quarantine ADD COLUMN line INTEGER;	-- of the document, from 1; NULL: unknown
