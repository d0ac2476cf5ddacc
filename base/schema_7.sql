-- Migration 7: certificates of several names, and names of the platform's own.

-- router/control: domains of one app that share one automatic certificate.
-- Its id is the number that people see.
CREATE TABLE name_set (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	app_id     INTEGER NOT NULL REFERENCES app ON DELETE CASCADE,
	auto_renew INTEGER NOT NULL,
	is_issued  INTEGER NOT NULL DEFAULT 0,         -- once, for all members
	order_host TEXT NOT NULL DEFAULT '',           -- of the order under way
	created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE name_set_member (
	domain_id INTEGER PRIMARY KEY REFERENCES domain ON DELETE CASCADE,
	set_id    INTEGER NOT NULL REFERENCES name_set ON DELETE CASCADE
) STRICT;
CREATE INDEX name_set_member_set ON name_set_member (set_id);

-- the name whose validation ended the order; null: none is to blame
ALTER TABLE acme_order ADD COLUMN failed_host TEXT;

-- NAME.apps_domain and *.apps_domain: nobody's to add or remove
ALTER TABLE domain ADD COLUMN is_platform INTEGER NOT NULL DEFAULT 0;
CREATE INDEX domain_platform ON domain (host) WHERE is_platform = 1;
