-- Migration 3: pages of the apps' own.  router/control writes, workers read one
-- when it is needed.
CREATE TABLE page (
	id         INTEGER PRIMARY KEY,
	source     TEXT NOT NULL UNIQUE,               -- its URL; sha256:DIGEST of
	                                               -- one that was uploaded
	digest     TEXT,                               -- hex; null: not had yet
	body       TEXT,                               -- HTML
	fetched_at INTEGER,                            -- of a URL
	next_at    INTEGER                             -- when it is fetched again
) STRICT;
CREATE INDEX page_digest ON page (digest) WHERE digest IS NOT NULL;
CREATE INDEX page_next ON page (next_at) WHERE next_at IS NOT NULL;

-- which setting of which app names a page; the last to go takes it along
CREATE TABLE page_use (
	id     INTEGER PRIMARY KEY,
	app_id INTEGER REFERENCES app ON DELETE CASCADE, -- null: [defaults]
	key    TEXT NOT NULL,                          -- error_page ...
	source TEXT NOT NULL,
	UNIQUE (app_id, key)
) STRICT;
CREATE INDEX page_use_source ON page_use (source);
CREATE TRIGGER page_use_delete AFTER DELETE ON page_use BEGIN
	DELETE FROM page WHERE source = old.source AND NOT EXISTS
		(SELECT 1 FROM page_use WHERE source = old.source);
END;
CREATE TRIGGER page_use_update AFTER UPDATE OF source ON page_use
	WHEN new.source <> old.source
BEGIN
	DELETE FROM page WHERE source = old.source AND NOT EXISTS
		(SELECT 1 FROM page_use WHERE source = old.source);
END;
