-- A receipt that was wrong is taken back and made right: two more documents of the same payment.

ALTER TABLE fiscal_intent ADD COLUMN fix INTEGER NOT NULL DEFAULT 0;
DROP INDEX one_receipt;
CREATE UNIQUE INDEX one_receipt ON fiscal_intent (payment_id, operation, ifnull(refund_id, ''), fix)
  WHERE status IN ('open', 'registered');

CREATE TABLE receipt_fix (
  payment_id TEXT NOT NULL REFERENCES payment (payment_id),
  fix        INTEGER NOT NULL,
  order_id   TEXT NOT NULL REFERENCES orders (order_id),
  reason     TEXT NOT NULL,
  actor      TEXT NOT NULL,
  created_at TEXT NOT NULL,
  error      TEXT,
  done_at    TEXT,
  PRIMARY KEY (payment_id, fix)
) STRICT, WITHOUT ROWID;
