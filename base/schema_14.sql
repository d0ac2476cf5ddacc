-- Migration 14: challenges that somebody else serves.

-- waits until its challenge is seen, or until somebody says that it is there
ALTER TABLE acme_order ADD COLUMN by_hand INTEGER NOT NULL DEFAULT 0;
-- the CA gives it up then; null: it did not say
ALTER TABLE challenge ADD COLUMN expires_at INTEGER;
