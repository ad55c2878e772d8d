-- 0014: which version of a day's rows this is, so that readers know whether what they remember of it still holds.

CREATE TABLE edition (
	domain		INTEGER NOT NULL REFERENCES domain,
	day		INTEGER NOT NULL,
	number		INTEGER NOT NULL,	-- grows whenever a row of record or rollup of that day changes
	PRIMARY KEY (domain, day)
) STRICT, WITHOUT ROWID;

-- Who changes many days at once raises meta 'epoch' instead. A day that is not here is read anew each time.
INSERT INTO edition SELECT DISTINCT domain, day, 1 FROM rollup;
