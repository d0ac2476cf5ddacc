-- Migration 5: which certificates end soon, for those who watch.
CREATE INDEX certificate_not_after ON certificate (not_after);
