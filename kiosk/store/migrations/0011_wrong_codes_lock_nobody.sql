-- Wrong pick-up codes slow down whoever types them, in memory, and close no order any more.

ALTER TABLE orders DROP COLUMN pickup_attempts_left;

-- A receipt's sign and sum find its order; the hall board looks for what was given back lately.
CREATE INDEX intent_of_sign ON fiscal_intent (fiscal_sign) WHERE status = 'registered';
CREATE INDEX refund_lately ON refund (done_at) WHERE done_at IS NOT NULL;
