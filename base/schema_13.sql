-- Migration 13: when CAs want certificates to be renewed (RFC 9773).

-- acme: one row for each certificate that a CA issued to us and that is
-- installed; it goes when it is replaced, and with its certificate
CREATE TABLE renewal (
	certificate_id  INTEGER PRIMARY KEY
	                REFERENCES certificate ON DELETE CASCADE,
	ari_id          TEXT NOT NULL,                 -- what the CA calls it
	directory       TEXT NOT NULL,                 -- of that CA
	window_start_at INTEGER NOT NULL DEFAULT 0,    -- 0: not known
	window_end_at   INTEGER NOT NULL DEFAULT 0,
	chosen_at       INTEGER NOT NULL DEFAULT 0,    -- within it
	explanation     TEXT NOT NULL DEFAULT '',      -- a URL
	asked_at        INTEGER NOT NULL DEFAULT 0,    -- last, whatever came
	answered_at     INTEGER NOT NULL DEFAULT 0,    -- last, with a window
	poll_at         INTEGER NOT NULL,              -- when it is asked again
	failures        INTEGER NOT NULL DEFAULT 0,    -- in a row
	fault_code      TEXT,
	fault_text      TEXT
) STRICT;
CREATE INDEX renewal_poll ON renewal (poll_at);
CREATE INDEX renewal_ari_id ON renewal (ari_id);
