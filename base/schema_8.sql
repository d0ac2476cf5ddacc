-- Migration 8: two CAs; keys of accounts that change; revocation.

-- which CA a domain's certificates come from: auto | first | fallback
ALTER TABLE domain ADD COLUMN ca TEXT NOT NULL DEFAULT 'auto';

ALTER TABLE acme_order ADD COLUMN ca TEXT NOT NULL DEFAULT 'auto';
-- it goes on at this CA after the other one had refused
ALTER TABLE acme_order ADD COLUMN is_moved INTEGER NOT NULL DEFAULT 0;
-- of one that failed: until when the CA is not asked for the name again, when
-- the reason was the CA's own; what a person can do
ALTER TABLE acme_order ADD COLUMN shun_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE acme_order ADD COLUMN fault_action TEXT;

-- the contact that the CA has; null: not known
ALTER TABLE account ADD COLUMN email TEXT;
-- the key that is to follow, from before the CA hears of it until it has said
-- which of both it has
ALTER TABLE account ADD COLUMN next_sealed BLOB;
ALTER TABLE account ADD COLUMN rolled_at INTEGER;

-- certs: the CA that issued it (null: uploaded, or from before this column),
-- and from when on it is never served again
ALTER TABLE certificate ADD COLUMN directory TEXT;
ALTER TABLE certificate ADD COLUMN revoked_at INTEGER;

-- router/control: certificates whose key is reported lost, until their CA has
-- been told
CREATE TABLE revocation (
	id             INTEGER PRIMARY KEY,
	certificate_id INTEGER NOT NULL UNIQUE REFERENCES certificate,
	host           TEXT NOT NULL,
	reason         INTEGER NOT NULL,               -- RFC 5280, 5.3.1
	asked_at       INTEGER NOT NULL,
	asked_by       TEXT NOT NULL,
	next_at        INTEGER,                        -- null: the CA was told
	fault          TEXT                            -- JSON: of the last try
) STRICT;
CREATE INDEX revocation_next ON revocation (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX revocation_host ON revocation (host) WHERE next_at IS NOT NULL;
-- names that a CA has paused
CREATE INDEX acme_order_paused ON acme_order (id) WHERE fault_code = 'A14';
