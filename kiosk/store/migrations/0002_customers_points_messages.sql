-- Customers who sign in, their points, messages to them, webhooks to the cloud, statistics.

CREATE TABLE customer (
  customer_id  TEXT PRIMARY KEY,
  phone        TEXT NOT NULL UNIQUE,
  language     TEXT NOT NULL DEFAULT 'ru',
  created_at   TEXT NOT NULL,
  confirmed_at TEXT,
  push_address TEXT,
  consent      TEXT,
  consent_at   TEXT,
  consent_terminal_id TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX customer_unconfirmed ON customer (created_at) WHERE confirmed_at IS NULL;

-- `code` stands only until its SMS is sent; what is compared is the salted scrypt.
CREATE TABLE one_time_code (
  code_id       TEXT PRIMARY KEY,
  phone         TEXT NOT NULL,
  salt          BLOB NOT NULL,
  hash          BLOB NOT NULL,
  attempts_left INTEGER NOT NULL,
  created_at    TEXT NOT NULL,
  expires_at    TEXT NOT NULL,
  used_at       TEXT,
  code          TEXT,
  sending_at    TEXT,
  language      TEXT NOT NULL DEFAULT 'ru'
) STRICT, WITHOUT ROWID;
CREATE INDEX one_time_code_of_phone ON one_time_code (phone, created_at);
CREATE INDEX one_time_code_to_send ON one_time_code (created_at) WHERE code IS NOT NULL;

-- Immutable; the balance is the sum. A hold is taken at payment and given back by `release` on failure.
CREATE TABLE bonus_entry (
  entry_id    INTEGER PRIMARY KEY AUTOINCREMENT,
  customer_id TEXT NOT NULL REFERENCES customer (customer_id),
  kind        TEXT NOT NULL CHECK (kind IN ('hold', 'release', 'accrual', 'returned', 'taken_back')),
  points      INTEGER NOT NULL,
  order_id    TEXT NOT NULL,
  source      TEXT NOT NULL,
  at          TEXT NOT NULL,
  UNIQUE (source, kind)
) STRICT;
CREATE INDEX bonus_of_customer ON bonus_entry (customer_id, points);

CREATE TABLE message (
  client_id  TEXT PRIMARY KEY,
  channel    TEXT NOT NULL CHECK (channel IN ('sms', 'push')),
  address    TEXT NOT NULL,
  title      TEXT NOT NULL,
  body       TEXT NOT NULL,
  order_id   TEXT,
  created_at TEXT NOT NULL,
  tries      INTEGER NOT NULL DEFAULT 0,
  next_at    TEXT NOT NULL,
  sent_at    TEXT,
  gone       TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX message_to_send ON message (next_at) WHERE sent_at IS NULL AND gone IS NULL;

CREATE TABLE webhook_endpoint (
  url        TEXT PRIMARY KEY,
  sequence   INTEGER NOT NULL,
  state      TEXT NOT NULL CHECK (state IN ('active', 'suspended', 'disabled')),
  tries      INTEGER NOT NULL DEFAULT 0,
  next_at    TEXT,
  last_error TEXT,
  delivered_at TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE stat_hour (
  hour             TEXT PRIMARY KEY,
  orders_created   INTEGER NOT NULL DEFAULT 0,
  orders_paid      INTEGER NOT NULL DEFAULT 0,
  orders_completed INTEGER NOT NULL DEFAULT 0,
  orders_refunded  INTEGER NOT NULL DEFAULT 0,
  revenue_kopecks  INTEGER NOT NULL DEFAULT 0,
  refunded_kopecks INTEGER NOT NULL DEFAULT 0,
  bonus_spent      INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE stat_dish (
  hour            TEXT NOT NULL,
  item_id         TEXT NOT NULL,
  name            TEXT NOT NULL,
  quantity        INTEGER NOT NULL,
  revenue_kopecks INTEGER NOT NULL,
  PRIMARY KEY (hour, item_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE stat_report (
  day  TEXT PRIMARY KEY,
  body TEXT NOT NULL,
  at   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE session ADD COLUMN verified INTEGER NOT NULL DEFAULT 0;
CREATE INDEX orders_of_customer ON orders (customer_id, created_at) WHERE customer_id IS NOT NULL;
ALTER TABLE payment ADD COLUMN bonus_accrued INTEGER NOT NULL DEFAULT 0;
ALTER TABLE payment ADD COLUMN customer_id TEXT;
ALTER TABLE payment ADD COLUMN refunded_kopecks INTEGER NOT NULL DEFAULT 0;

-- A refund after payment goes by steps of its own: money, receipt, points; `portions` are those given back.
ALTER TABLE refund ADD COLUMN portions TEXT NOT NULL DEFAULT '[]';
ALTER TABLE refund ADD COLUMN bank_done_at TEXT;
ALTER TABLE refund ADD COLUMN receipt_done_at TEXT;
ALTER TABLE refund ADD COLUMN whole INTEGER NOT NULL DEFAULT 1;
CREATE INDEX refund_in_work ON refund (step) WHERE step = 'pending';
