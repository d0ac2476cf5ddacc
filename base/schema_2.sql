-- Migration 2: where each backend is to be found.  A backend named by address
-- has one target, the address itself; one named by host has the addresses that
-- DNS gave last.  Workers connect to targets.
CREATE TABLE backend_target (
	id           INTEGER PRIMARY KEY,
	backend_id   INTEGER NOT NULL REFERENCES backend ON DELETE CASCADE,
	address      TEXT NOT NULL,                    -- ADDRESS:PORT or unix:/PATH
	health       TEXT NOT NULL DEFAULT 'up',       -- up | down
	fault        TEXT,                             -- JSON: why it is down
	since_at     INTEGER NOT NULL,                 -- up or down since
	UNIQUE (backend_id, address)
) STRICT;
CREATE INDEX backend_target_down ON backend_target (backend_id)
	WHERE health = 'down';
INSERT INTO backend_target (backend_id, address, since_at)
	SELECT id, replace(replace(address, 'h2c://', ''), 'https://', ''),
		created_at FROM backend;

-- the host of a backend that is named by one, and why its name could not be
-- resolved the last time
ALTER TABLE backend ADD COLUMN host TEXT;
ALTER TABLE backend ADD COLUMN fault TEXT;             -- JSON
ALTER TABLE backend ADD COLUMN since_at INTEGER NOT NULL DEFAULT 0; -- in its state
UPDATE backend SET since_at = created_at;
CREATE INDEX backend_host ON backend (host) WHERE host IS NOT NULL;
-- apps whose backends control looks at
CREATE INDEX app_health ON app (id)
	WHERE json_extract(settings, '$.health_path') IS NOT NULL;

-- what the cookies of sticky sessions are made with
INSERT INTO setting (name, value)
	VALUES ('sticky_key', lower(hex(randomblob(16))));
