-- Migration 9: what the CA said when it ended an order, for `explain HOST`.

-- JSON: its problem document, and where it can be read again; null: the reason
-- was none of the CA's
ALTER TABLE acme_order ADD COLUMN said TEXT;
ALTER TABLE acme_order ADD COLUMN said_url TEXT;
