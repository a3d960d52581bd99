-- What the manager looks at: where food is eaten, what payments came to, minutes promised and taken, how far visits at
-- the screens went, and how long dishes were not to be had. All are counts by day: no order, no guest is in them.
CREATE TABLE stat_service (
  day             TEXT NOT NULL,
  service         TEXT NOT NULL CHECK (service IN ('dine_in', 'take_away')),
  orders          INTEGER NOT NULL,
  revenue_kopecks INTEGER NOT NULL,
  PRIMARY KEY (day, service)
) STRICT, WITHOUT ROWID;

-- `code` empty: the payment was done; else what it was refused with, and the bank's own reason where it gave one.
CREATE TABLE stat_payment (
  day      TEXT NOT NULL,
  method   TEXT NOT NULL,
  code     TEXT NOT NULL,
  reason   TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  PRIMARY KEY (day, method, code, reason)
) STRICT, WITHOUT ROWID;

-- How many orders that were ready on a day had so many whole minutes promised, or took so many.
CREATE TABLE stat_minutes (
  day     TEXT NOT NULL,
  kind    TEXT NOT NULL CHECK (kind IN ('promised', 'actual')),
  minutes INTEGER NOT NULL,
  orders  INTEGER NOT NULL,
  PRIMARY KEY (day, kind, minutes)
) STRICT, WITHOUT ROWID;

CREATE TABLE stat_visit (
  day         TEXT NOT NULL,
  terminal_id TEXT NOT NULL,
  reached     TEXT NOT NULL,
  left_at     TEXT NOT NULL,
  visits      INTEGER NOT NULL,
  PRIMARY KEY (day, terminal_id, reached, left_at)
) STRICT, WITHOUT ROWID;

-- Minutes in which sales were open, and those of them in which a dish was not to be had.
CREATE TABLE stat_open (
  day     TEXT PRIMARY KEY,
  minutes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE stat_sold_out (
  day     TEXT NOT NULL,
  item_id TEXT NOT NULL,
  reason  TEXT NOT NULL,
  minutes INTEGER NOT NULL,
  PRIMARY KEY (day, item_id, reason)
) STRICT, WITHOUT ROWID;

-- The report of a day to each who gets it by mail; written with the report, before anything is sent.
CREATE TABLE report_letter (
  day        TEXT NOT NULL,
  address    TEXT NOT NULL,
  created_at TEXT NOT NULL,
  tries      INTEGER NOT NULL DEFAULT 0,
  doubts     INTEGER NOT NULL DEFAULT 0,
  error      TEXT,
  sent_at    TEXT,
  gone       TEXT,
  PRIMARY KEY (day, address)
) STRICT, WITHOUT ROWID;
CREATE INDEX report_letter_to_send ON report_letter (created_at) WHERE sent_at IS NULL AND gone IS NULL;
