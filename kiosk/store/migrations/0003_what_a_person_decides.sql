-- What a person must decide, and what the refund's bank step needs to be safe after the bank forgot its key.

ALTER TABLE payment ADD COLUMN receipt_error TEXT;
ALTER TABLE payment ADD COLUMN reverse_asked_by TEXT;
ALTER TABLE refund ADD COLUMN bank_tried_at TEXT;
ALTER TABLE refund ADD COLUMN error TEXT;

-- Contradictions between the books: found at start, by the audit after a restore, or in the robot's table.
CREATE TABLE finding (
  finding_id     TEXT PRIMARY KEY,
  kind           TEXT NOT NULL,
  subject        TEXT NOT NULL,
  detail         TEXT NOT NULL,
  order_id       TEXT,
  amount_kopecks INTEGER,
  transaction_id TEXT,
  found_at       TEXT NOT NULL,
  settled_at     TEXT,
  settled_by     TEXT,
  settlement     TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX finding_open ON finding (found_at) WHERE settled_at IS NULL;

CREATE INDEX intent_in_doubt ON fiscal_intent (intent_id) WHERE status = 'open';
CREATE INDEX intent_of_order ON fiscal_intent (order_id);
