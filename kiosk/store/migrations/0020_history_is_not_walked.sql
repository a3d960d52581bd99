-- What is asked all the time is found by an index however much was sold before.
UPDATE reservation_line SET handed_over = 1
  WHERE handed_over = 0 AND reservation_id IN (SELECT reservation_id FROM reservation WHERE status = 'released');
CREATE INDEX reservation_line_held ON reservation_line (reservation_id, ingredient, amount) WHERE handed_over = 0;
CREATE INDEX reservation_held ON reservation (expires_at) WHERE status = 'held';
CREATE INDEX receipt_fix_open ON receipt_fix (created_at) WHERE done_at IS NULL;
CREATE INDEX refund_of_payment ON refund (payment_id);
CREATE INDEX intent_of_shift ON fiscal_intent (drive_number, document_shift) WHERE status = 'registered';
CREATE INDEX event_of_paid_order ON event (order_id) WHERE type = 'OrderPaidEvent';
CREATE INDEX idempotency_of_payment ON idempotency (order_id) WHERE payment_id IS NOT NULL;
