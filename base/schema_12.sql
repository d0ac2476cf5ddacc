-- Migration 12: custom certificates that come to their end.

-- when somebody was told last that little of its lifetime is left
ALTER TABLE installation ADD COLUMN warned_at INTEGER;

-- while a custom certificate is served: why no automatic one could replace it,
-- and the look that found it out, or that nothing is in the way any more
ALTER TABLE domain ADD COLUMN fallback_at INTEGER;
ALTER TABLE domain ADD COLUMN fallback_fault TEXT;     -- JSON

-- what was asked for with the key; its certificate came
ALTER TABLE requested_key ADD COLUMN key_type TEXT NOT NULL DEFAULT '';
ALTER TABLE requested_key ADD COLUMN names TEXT NOT NULL DEFAULT '[]'; -- JSON
ALTER TABLE requested_key ADD COLUMN csr TEXT;         -- PEM
ALTER TABLE requested_key ADD COLUMN used_at INTEGER;
