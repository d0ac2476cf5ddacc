-- Migration 11: what is left of the limits of CAs.

-- acme: token buckets (acme/ledger.h).  No row: nothing of it is used.
CREATE TABLE budget (
	id        INTEGER PRIMARY KEY,
	directory TEXT NOT NULL,
	rule      TEXT NOT NULL,                       -- orders | domain ...
	subject   TEXT NOT NULL,                       -- '' the account; a name ...
	full_ms   INTEGER NOT NULL,                    -- UTC milliseconds
	UNIQUE (directory, rule, subject)
) STRICT;
CREATE INDEX budget_busiest ON budget (directory, rule, full_ms);
CREATE INDEX budget_full ON budget (full_ms);
CREATE INDEX attempt_made ON attempt (made_at);

-- what an order took of them, to be given back when it fails: whose they are,
-- by which limits, and a bit for each rule
ALTER TABLE acme_order ADD COLUMN charged_to TEXT;
ALTER TABLE acme_order ADD COLUMN charged_by TEXT;
ALTER TABLE acme_order ADD COLUMN charged INTEGER NOT NULL DEFAULT 0;
