-- The outbox goes to a broker as well as to webhooks: one table of where each stands.

ALTER TABLE webhook_endpoint RENAME TO endpoint;
