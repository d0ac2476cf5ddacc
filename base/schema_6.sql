-- Migration 6: what an order was asked for (acme/wish.h).
ALTER TABLE acme_order ADD COLUMN replaces TEXT;
ALTER TABLE acme_order ADD COLUMN is_renewal INTEGER NOT NULL DEFAULT 0;
ALTER TABLE acme_order ADD COLUMN needed_at INTEGER NOT NULL DEFAULT 0;
