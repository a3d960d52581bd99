-- Operations of a card reader that counts nothing itself: the number of what it gives back, journalled before the wire
-- and asked about by it, and the reader's own days.
ALTER TABLE refund ADD COLUMN operation INTEGER;
ALTER TABLE refund ADD COLUMN operation_before INTEGER;
ALTER TABLE refund ADD COLUMN operation_at TEXT;
CREATE INDEX refund_at_reader ON refund (refund_id) WHERE operation IS NOT NULL AND bank_done_at IS NULL;

CREATE TABLE settlement (
  operation        INTEGER PRIMARY KEY,
  operation_before INTEGER NOT NULL,
  asked_at         TEXT NOT NULL,
  asked_by         TEXT NOT NULL,
  ended_at         TEXT,
  error            TEXT,
  text             TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX settlement_ended ON settlement (ended_at);
