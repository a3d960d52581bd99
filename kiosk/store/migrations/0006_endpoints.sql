-- The outbox goes to a broker as well as to webhooks: one table of where each stands.

CREATE TABLE endpoint (
  url        TEXT PRIMARY KEY,
  sequence   INTEGER NOT NULL,
  state      TEXT NOT NULL CHECK (state IN ('active', 'suspended', 'disabled')),
  tries      INTEGER NOT NULL DEFAULT 0,
  next_at    TEXT,
  last_error TEXT,
  delivered_at TEXT
) STRICT, WITHOUT ROWID;

INSERT INTO endpoint SELECT url, sequence, state, tries, next_at, last_error, delivered_at FROM webhook_endpoint;

DROP TABLE webhook_endpoint;
