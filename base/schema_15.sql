-- Migration 15: orders that are over and told of long enough go; what was
-- revoked is known when it comes back.
CREATE INDEX acme_order_ended ON acme_order (ended_at)
	WHERE ended_at IS NOT NULL;
CREATE INDEX certificate_revoked ON certificate (fingerprint)
	WHERE revoked_at IS NOT NULL;
