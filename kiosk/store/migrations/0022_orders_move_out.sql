-- An order that moves to its year's archive takes everything of it along: each row is found by an index, also where
-- SQLite looks for rows that refer to what is deleted.
DROP INDEX one_receipt;
CREATE UNIQUE INDEX one_receipt ON fiscal_intent
  (payment_id, operation, ifnull(refund_id, ''), fix, iif(status = 'absent', intent_id, 0));
CREATE INDEX intent_of_refund ON fiscal_intent (refund_id) WHERE refund_id IS NOT NULL;
CREATE INDEX receipt_fix_of_order ON receipt_fix (order_id);
DROP INDEX one_live_reservation;
CREATE UNIQUE INDEX one_live_reservation ON reservation (order_id, iif(status = 'released', reservation_id, ''));
