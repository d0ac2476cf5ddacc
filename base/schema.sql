-- towpath's store, migration 1.  One file in WAL mode: control writes, workers
-- read.  STRICT rowid tables.  Times are UTC seconds in columns named *_at;
-- hosts are lower-case A-labels; JSON is text.  SQL that touches a table lives
-- in the folder named beside it.

-- router/control: what customers run
CREATE TABLE app (
	id           INTEGER PRIMARY KEY,
	name         TEXT NOT NULL UNIQUE,             -- a DNS label
	settings     TEXT NOT NULL DEFAULT '{}',       -- JSON, keys of `apps set`
	had_backends INTEGER NOT NULL DEFAULT 0,       -- H14 or H81 when it has none
	created_at   INTEGER NOT NULL
) STRICT;

CREATE TABLE backend (
	id         INTEGER PRIMARY KEY,
	app_id     INTEGER NOT NULL REFERENCES app ON DELETE CASCADE,
	address    TEXT NOT NULL,                      -- as given, without *N
	weight     INTEGER NOT NULL DEFAULT 1,
	state      TEXT NOT NULL DEFAULT 'up',         -- up | draining
	created_at INTEGER NOT NULL,
	UNIQUE (app_id, address)
) STRICT;

-- router/control: an exact host or one wildcard label, of one app
CREATE TABLE domain (
	id             INTEGER PRIMARY KEY,
	host           TEXT NOT NULL UNIQUE,
	app_id         INTEGER NOT NULL REFERENCES app,
	origin         TEXT,
	automatic      INTEGER NOT NULL DEFAULT 1,
	reference      TEXT,
	generation     INTEGER NOT NULL DEFAULT 1,     -- part of the ticket key
	status         TEXT NOT NULL,                  -- 'Pending DNS' ...
	status_at      INTEGER NOT NULL,
	serving        TEXT NOT NULL DEFAULT 'placeholder',
	dns            TEXT NOT NULL DEFAULT 'pending', -- ok | pending | lost
	dns_checked_at INTEGER,
	touched_at     INTEGER NOT NULL,               -- by a person
	check_at       INTEGER,                        -- next look at DNS
	renew_at       INTEGER,                        -- automatic certificate is due
	retry_at       INTEGER,                        -- not before, after a failure
	failures       INTEGER NOT NULL DEFAULT 0,     -- in a row
	next_at        INTEGER,                        -- earliest reason to look at it
	fault_code     TEXT,
	fault_text     TEXT,
	fault_action   TEXT,
	dns_fault      TEXT,                           -- JSON: of the last look
	order_fault    TEXT,                           -- JSON: of the last order
	needs_person   INTEGER NOT NULL DEFAULT 0,     -- order_fault stays
	records        TEXT NOT NULL DEFAULT '[]',     -- JSON: DNS records to set
	created_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX domain_app ON domain (app_id, host);
-- the names right under a wildcard, and the reverse
CREATE INDEX domain_parent ON domain (substr(host, instr(host, '.') + 1));
CREATE INDEX domain_renew ON domain (renew_at, host) WHERE renew_at IS NOT NULL;
CREATE INDEX domain_next ON domain (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX domain_status ON domain (status, host);
CREATE INDEX domain_fault ON domain (host, fault_code)
	WHERE fault_code IS NOT NULL;

-- how many domains are in each state, kept by the triggers below, so that a
-- status page does not count a million rows
CREATE TABLE domain_tally (
	status     TEXT NOT NULL,
	fault_code TEXT NOT NULL,                      -- '' for none
	n          INTEGER NOT NULL,
	PRIMARY KEY (status, fault_code)
) STRICT;
CREATE TRIGGER domain_tally_insert AFTER INSERT ON domain BEGIN
	INSERT INTO domain_tally VALUES (new.status, ifnull(new.fault_code, ''), 1)
		ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER domain_tally_delete AFTER DELETE ON domain BEGIN
	UPDATE domain_tally SET n = n - 1 WHERE status = old.status
		AND fault_code = ifnull(old.fault_code, '');
END;
CREATE TRIGGER domain_tally_update AFTER UPDATE OF status, fault_code ON domain
	WHEN new.status <> old.status OR new.fault_code IS NOT old.fault_code
BEGIN
	UPDATE domain_tally SET n = n - 1 WHERE status = old.status
		AND fault_code = ifnull(old.fault_code, '');
	INSERT INTO domain_tally VALUES (new.status, ifnull(new.fault_code, ''), 1)
		ON CONFLICT DO UPDATE SET n = n + 1;
END;

-- certs: intermediates are stored once and named by the leaves under them
CREATE TABLE intermediate (
	id          INTEGER PRIMARY KEY,
	fingerprint BLOB NOT NULL UNIQUE,              -- SHA-256
	der         BLOB NOT NULL
) STRICT;

CREATE TABLE certificate (
	id          INTEGER PRIMARY KEY,               -- also the key's id
	leaf        BLOB NOT NULL,                     -- DER
	chain       TEXT NOT NULL,                     -- intermediate ids, "7 3"
	names       TEXT NOT NULL,                     -- JSON array of dNSNames
	common_name TEXT NOT NULL,
	issuer      TEXT NOT NULL,
	serial      TEXT NOT NULL,                     -- hex
	fingerprint BLOB NOT NULL,                     -- SHA-256
	not_before  INTEGER NOT NULL,
	not_after   INTEGER NOT NULL,
	key_type    TEXT NOT NULL,                     -- ecdsa-p256, rsa-2048 ...
	sealed      BLOB NOT NULL,                     -- private key, certs/seal.h
	trusted     INTEGER NOT NULL,
	trust_fault TEXT,                              -- why not, a sentence
	created_at  INTEGER NOT NULL
) STRICT;

-- certs: which certificate a host's slot held, from when to when.  This is the
-- history; `number` counts per host and never repeats.  It names the host, not
-- the domain, so that a domain added again has its certificates back.
CREATE TABLE installation (
	id             INTEGER PRIMARY KEY,
	host           TEXT NOT NULL,
	number         INTEGER NOT NULL,
	slot           TEXT NOT NULL,                  -- custom | automatic
	certificate_id INTEGER NOT NULL REFERENCES certificate,
	predecessor    INTEGER,                        -- number; what rollback gives
	installed_at   INTEGER NOT NULL,
	removed_at     INTEGER,                        -- null: in its slot now
	installed_by   TEXT NOT NULL,
	UNIQUE (host, number)
) STRICT;
CREATE UNIQUE INDEX installation_current
	ON installation (host, slot) WHERE removed_at IS NULL;
CREATE INDEX installation_certificate ON installation (certificate_id);

-- router/control: keys made by `certs csr`, until their certificate comes
CREATE TABLE requested_key (
	id         INTEGER PRIMARY KEY,
	host       TEXT NOT NULL,
	spki       BLOB NOT NULL UNIQUE,               -- SubjectPublicKeyInfo
	sealed     BLOB NOT NULL,
	created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX requested_key_host ON requested_key (host);

-- acme
CREATE TABLE account (
	id         INTEGER PRIMARY KEY,
	directory  TEXT NOT NULL UNIQUE,
	url        TEXT,                               -- null until registered
	sealed     BLOB NOT NULL,
	created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE acme_order (
	id              INTEGER PRIMARY KEY,
	host            TEXT NOT NULL,                 -- the domain it is for
	names           TEXT NOT NULL,                 -- JSON array
	directory       TEXT NOT NULL,
	state           TEXT NOT NULL,                 -- acme/order.h
	url             TEXT,
	finalize_url    TEXT,
	certificate_url TEXT,
	sealed          BLOB,                          -- the new certificate's key
	fault_code      TEXT,
	fault_text      TEXT,
	created_at      INTEGER NOT NULL,
	updated_at      INTEGER NOT NULL,
	ended_at        INTEGER                        -- null: under way
) STRICT;
CREATE UNIQUE INDEX acme_order_open ON acme_order (host) WHERE ended_at IS NULL;
CREATE INDEX acme_order_host ON acme_order (host, id);

-- acme writes, workers read: answered while the row is there
CREATE TABLE challenge (
	id                INTEGER PRIMARY KEY,
	order_id          INTEGER NOT NULL REFERENCES acme_order,
	type              TEXT NOT NULL,               -- http-01
	host              TEXT NOT NULL,
	token             TEXT NOT NULL,
	key_authorization TEXT NOT NULL,
	url               TEXT NOT NULL,
	created_at        INTEGER NOT NULL
) STRICT;
CREATE INDEX challenge_token ON challenge (token);
CREATE INDEX challenge_order ON challenge (order_id);

-- acme: the ledger of what was asked of a CA
CREATE TABLE attempt (
	id         INTEGER PRIMARY KEY,
	directory  TEXT NOT NULL,
	kind       TEXT NOT NULL,                      -- order | failed_validation ...
	host       TEXT NOT NULL,
	made_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX attempt_kind ON attempt (directory, kind, made_at);
CREATE INDEX attempt_host ON attempt (host, kind, made_at);

-- router/control: append-only, numbered
CREATE TABLE event (
	sequence           INTEGER PRIMARY KEY AUTOINCREMENT,
	request_identifier TEXT NOT NULL,              -- UUID
	name               TEXT NOT NULL,              -- certificate.issue ...
	at                 INTEGER NOT NULL,
	by                 TEXT NOT NULL,
	host               TEXT,
	app                TEXT,
	body               TEXT NOT NULL               -- JSON, the whole event
) STRICT;
CREATE INDEX event_host ON event (host, sequence) WHERE host IS NOT NULL;
CREATE INDEX event_app ON event (app, sequence) WHERE app IS NOT NULL;
CREATE INDEX event_at ON event (at);

CREATE TABLE webhook (
	id         INTEGER PRIMARY KEY,
	url        TEXT NOT NULL,
	events     TEXT NOT NULL DEFAULT '[]',         -- JSON; empty: all
	secret     BLOB NOT NULL,                      -- sealed
	state      TEXT NOT NULL DEFAULT 'active',     -- active | suspended
	position   INTEGER NOT NULL DEFAULT 0,         -- last sequence delivered
	created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE delivery (
	id         INTEGER PRIMARY KEY,
	webhook_id INTEGER NOT NULL REFERENCES webhook ON DELETE CASCADE,
	sequence   INTEGER NOT NULL,
	tries      INTEGER NOT NULL DEFAULT 0,
	status     INTEGER,                            -- last HTTP status
	next_at    INTEGER,                            -- null: done
	done_at    INTEGER
) STRICT;
CREATE INDEX delivery_next ON delivery (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE token (
	id         INTEGER PRIMARY KEY,
	name       TEXT NOT NULL UNIQUE,
	hash       BLOB NOT NULL UNIQUE,               -- SHA-256 of the token
	scopes     TEXT NOT NULL,                      -- JSON array
	apps       TEXT NOT NULL,                      -- JSON array; empty: all
	expires_at INTEGER,
	created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE setting (
	name  TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT;
