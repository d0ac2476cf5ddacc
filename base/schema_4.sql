-- Migration 4: more challenges than one.

-- the type that the order answered with last; null once something else than
-- the validation has failed.  The next order for the host learns from it.
ALTER TABLE acme_order ADD COLUMN challenge TEXT;

-- acme: TXT records at the DNS provider, from before they are made there until
-- they are gone again
CREATE TABLE txt_record (
	id         INTEGER PRIMARY KEY,
	order_id   INTEGER NOT NULL REFERENCES acme_order,
	name       TEXT NOT NULL,                      -- where it stands
	value      TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	UNIQUE (order_id, name, value)
) STRICT;

-- workers look for tls-alpn-01 by host
CREATE INDEX challenge_host ON challenge (host, type);
