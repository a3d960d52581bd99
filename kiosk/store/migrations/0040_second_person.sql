-- Refunds above the limit, which wait for a second person; `portions` are what would go back and nothing else.
CREATE TABLE refund_request (
  request_id     INTEGER PRIMARY KEY AUTOINCREMENT,
  order_id       TEXT NOT NULL,
  portions       TEXT NOT NULL,
  amount_kopecks INTEGER NOT NULL CHECK (amount_kopecks > 0),
  reason         TEXT NOT NULL,
  state          TEXT NOT NULL CHECK (state IN ('waiting', 'confirmed', 'refused', 'expired')),
  actor          TEXT NOT NULL,
  identity       TEXT NOT NULL,
  asked_at       TEXT NOT NULL,
  expires_at     TEXT NOT NULL,
  settled_by     TEXT,
  settled_at     TEXT
) STRICT;
CREATE INDEX refund_request_waiting ON refund_request (state) WHERE state = 'waiting';
