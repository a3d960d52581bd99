-- What is forgotten after its days is found by its age.
CREATE INDEX idempotency_by_age ON idempotency (created_at);
CREATE INDEX message_by_age ON message (created_at);
