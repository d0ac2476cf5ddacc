-- Migration 15: orders that are over and told of long enough go.
CREATE INDEX acme_order_ended ON acme_order (ended_at)
	WHERE ended_at IS NOT NULL;
