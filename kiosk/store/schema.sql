-- The present shape of the database; migrations/ is the way here, a test proves both end equal.

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
  session_id  TEXT PRIMARY KEY,
  terminal_id TEXT NOT NULL,
  customer_id TEXT,
  created_at  TEXT NOT NULL,
  expires_at  TEXT NOT NULL,
  ended_at    TEXT,
  verified    INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX session_expiry ON session (expires_at);

CREATE TABLE chart (
  fingerprint TEXT PRIMARY KEY,
  code        INTEGER NOT NULL,
  revision    INTEGER NOT NULL,
  body        TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE orders (
  order_id             TEXT PRIMARY KEY,
  number               TEXT NOT NULL,
  terminal_id          TEXT NOT NULL,
  session_id           TEXT NOT NULL REFERENCES session (session_id),
  customer_id          TEXT,
  service              TEXT NOT NULL CHECK (service IN ('dine_in', 'take_away')),
  status               TEXT NOT NULL,
  amount_kopecks       INTEGER NOT NULL CHECK (amount_kopecks > 0),
  ready_in_s           INTEGER NOT NULL,
  pickup_code          TEXT NOT NULL,
  receipt_unknown      INTEGER NOT NULL DEFAULT 0 CHECK (receipt_unknown IN (0, 1)),
  created_at           TEXT NOT NULL,
  promised_at          TEXT
) STRICT;
CREATE INDEX orders_of_session ON orders (session_id, created_at);
CREATE INDEX orders_in_work ON orders (status) WHERE status IN ('paying', 'paid', 'cooking', 'ready');
CREATE INDEX orders_by_number ON orders (number, created_at);

CREATE TABLE order_item (
  order_id          TEXT NOT NULL REFERENCES orders (order_id),
  line              INTEGER NOT NULL,
  item_id           TEXT NOT NULL,
  name_ru           TEXT NOT NULL,
  name_en           TEXT NOT NULL,
  quantity          INTEGER NOT NULL CHECK (quantity > 0),
  price_kopecks     INTEGER NOT NULL CHECK (price_kopecks > 0),
  options           TEXT NOT NULL,
  recipe            INTEGER NOT NULL,
  chart_fingerprint TEXT NOT NULL REFERENCES chart (fingerprint),
  formula           TEXT NOT NULL,
  combo_id          TEXT,
  names             TEXT NOT NULL DEFAULT '{}',
  combo_places      INTEGER,
  combo_name_ru     TEXT,
  sold_options      TEXT NOT NULL DEFAULT '[]',
  PRIMARY KEY (order_id, line)
) STRICT, WITHOUT ROWID;

-- portion_id is the robot's job id: never used twice, also after a new database (it starts from the clock).
CREATE TABLE portion (
  portion_id INTEGER PRIMARY KEY AUTOINCREMENT,
  order_id   TEXT NOT NULL,
  line       INTEGER NOT NULL,
  ordinal    INTEGER NOT NULL,
  status     TEXT NOT NULL,
  attempt    INTEGER NOT NULL DEFAULT 1,
  cell       INTEGER,
  fault      TEXT,
  released   INTEGER NOT NULL DEFAULT 0,
  cooking_at TEXT,
  ready_at   TEXT,
  called     INTEGER NOT NULL DEFAULT 0 CHECK (called IN (0, 1)),
  hold_until TEXT,
  reminded   INTEGER NOT NULL DEFAULT 0,
  spoiled    INTEGER NOT NULL DEFAULT 0,
  opened_at  TEXT,
  accepted_at TEXT,
  fetched_at TEXT,
  lowest_c   REAL,
  highest_c  REAL,
  cold_s     REAL,
  UNIQUE (order_id, line, ordinal),
  FOREIGN KEY (order_id, line) REFERENCES order_item (order_id, line)
) STRICT;
CREATE INDEX portion_in_work ON portion (status)
  WHERE status IN ('waiting', 'submitting', 'queued', 'cooking', 'ready', 'failed');
CREATE INDEX portion_by_ready ON portion (ready_at) WHERE ready_at IS NOT NULL;

CREATE TABLE timeline (
  order_id TEXT NOT NULL REFERENCES orders (order_id),
  status   TEXT NOT NULL,
  at       TEXT NOT NULL
) STRICT;
CREATE INDEX timeline_of_order ON timeline (order_id);

CREATE TABLE reservation (
  reservation_id TEXT PRIMARY KEY,
  order_id       TEXT NOT NULL,
  status         TEXT NOT NULL CHECK (status IN ('held', 'committed', 'released')),
  expires_at     TEXT NOT NULL
) STRICT, WITHOUT ROWID;
-- One that is not released; the others are found by their order too.
CREATE UNIQUE INDEX one_live_reservation ON reservation (order_id, iif(status = 'released', reservation_id, ''));

CREATE TABLE reservation_line (
  reservation_id TEXT NOT NULL REFERENCES reservation (reservation_id),
  portion_id     INTEGER,
  ingredient     TEXT NOT NULL,
  amount         INTEGER NOT NULL,
  handed_over    INTEGER NOT NULL DEFAULT 0 CHECK (handed_over IN (0, 1))
) STRICT;
CREATE INDEX reservation_lines ON reservation_line (reservation_id);
CREATE INDEX reservation_of_portion ON reservation_line (portion_id) WHERE portion_id IS NOT NULL;

CREATE TABLE payment (
  payment_id         TEXT PRIMARY KEY,
  order_id           TEXT NOT NULL REFERENCES orders (order_id),
  attempt            INTEGER NOT NULL,
  terminal_id        TEXT NOT NULL,
  session_id         TEXT NOT NULL,
  method             TEXT NOT NULL,
  step               TEXT NOT NULL,
  amount_kopecks     INTEGER NOT NULL CHECK (amount_kopecks > 0),
  bonus_points       INTEGER NOT NULL DEFAULT 0,
  card_token         TEXT NOT NULL,
  idempotency_key    TEXT,
  fingerprint        TEXT NOT NULL,
  receipt_to         TEXT,
  created_at         TEXT NOT NULL,
  posts              INTEGER NOT NULL DEFAULT 0,
  posted_at          TEXT,
  bank_unknown_since TEXT,
  transaction_id     TEXT,
  auth_code          TEXT,
  rrn                TEXT,
  card_brand         TEXT,
  card_last4         TEXT,
  charged_at         TEXT,
  receipt_failed_at  TEXT,
  released_at        TEXT,
  failure            TEXT,
  answer             TEXT,
  bonus_accrued      INTEGER NOT NULL DEFAULT 0,
  customer_id        TEXT,
  refunded_kopecks   INTEGER NOT NULL DEFAULT 0,
  receipt_error      TEXT,
  reverse_asked_by   TEXT,
  failure_reason     TEXT,
  charge_error       TEXT,
  cancel_asked_at    TEXT,
  operation          INTEGER,
  operation_before   INTEGER,
  held_at            TEXT,
  capturing_at       TEXT,
  captured_at        TEXT,
  reader_id          TEXT,
  merchant_id        TEXT,
  till_code          TEXT,
  expires_at         TEXT,
  tender             TEXT CHECK (tender IN ('cash', 'card')),
  given_kopecks      INTEGER,
  taken_by           TEXT,
  bank_payment_id    TEXT,
  qr                 TEXT,
  cancel_reason      TEXT,
  receipt_first      INTEGER NOT NULL DEFAULT 0,
  ending             TEXT,
  UNIQUE (order_id, attempt)
) STRICT;
CREATE UNIQUE INDEX one_live_payment ON payment (order_id)
  WHERE step IN ('reserving', 'preflight', 'choosing', 'announcing', 'announced', 'charging', 'charged', 'printing',
  'fiscalised', 'reversing', 'taking_back');
CREATE INDEX payment_in_work ON payment (step)
  WHERE step IN ('reserving', 'preflight', 'choosing', 'announcing', 'announced', 'charging', 'charged', 'printing',
  'fiscalised', 'reversing', 'taking_back', 'abandoned');
-- A card reader has one operation at a time, one that was given up in doubt included.
CREATE UNIQUE INDEX one_payment_at_the_reader ON payment (method) WHERE method = 'terminal' AND captured_at IS NULL
  AND step IN ('reserving', 'preflight', 'choosing', 'announcing', 'announced', 'charging', 'charged', 'printing',
  'fiscalised', 'reversing', 'taking_back', 'abandoned');
CREATE UNIQUE INDEX one_till_code ON payment (till_code)
  WHERE step IN ('choosing', 'announcing', 'announced', 'charging');
CREATE INDEX payment_receipt_first ON payment (created_at) WHERE receipt_first = 1;
CREATE INDEX payment_of_till_code ON payment (till_code, created_at) WHERE taken_by IS NOT NULL;
-- Where receipts went to, found by itself and by its age.
CREATE INDEX payment_contact ON payment (receipt_to COLLATE NOCASE) WHERE receipt_to IS NOT NULL;
CREATE INDEX payment_contact_by_age ON payment (created_at) WHERE receipt_to IS NOT NULL;

-- One intent for every document asked of a registrar; the fiscal counter stands in it before the wire.
CREATE TABLE fiscal_intent (
  intent_id       INTEGER PRIMARY KEY,
  order_id        TEXT NOT NULL REFERENCES orders (order_id),
  payment_id      TEXT NOT NULL REFERENCES payment (payment_id),
  refund_id       TEXT REFERENCES refund (refund_id),
  operation       TEXT NOT NULL CHECK (operation IN ('sale', 'refund')),
  status          TEXT NOT NULL CHECK (status IN ('open', 'registered', 'absent')),
  drive_number    TEXT NOT NULL,
  fd_before       INTEGER NOT NULL,
  shift           INTEGER NOT NULL,
  total_kopecks   INTEGER NOT NULL,
  intended_at     TEXT NOT NULL,
  document_number INTEGER,
  fiscal_sign     INTEGER,
  document_shift  INTEGER,
  issued_at       TEXT,
  correction      INTEGER NOT NULL DEFAULT 0,
  fix             INTEGER NOT NULL DEFAULT 0,
  told_by         TEXT
) STRICT;
CREATE INDEX intent_of_order ON fiscal_intent (order_id);
CREATE INDEX intent_in_doubt ON fiscal_intent (intent_id) WHERE status = 'open';
CREATE INDEX intent_of_document ON fiscal_intent (drive_number, document_number) WHERE status = 'registered';
-- One that is open or registered; those proved absent are found by their payment too.
CREATE UNIQUE INDEX one_receipt ON fiscal_intent
  (payment_id, operation, ifnull(refund_id, ''), fix, iif(status = 'absent', intent_id, 0));

CREATE TABLE receipt_line (
  intent_id     INTEGER NOT NULL REFERENCES fiscal_intent (intent_id),
  position      INTEGER NOT NULL,
  line          INTEGER NOT NULL,
  name          TEXT NOT NULL,
  price_kopecks INTEGER NOT NULL,
  quantity      INTEGER NOT NULL,
  sum_kopecks   INTEGER NOT NULL CHECK (sum_kopecks = price_kopecks * quantity),
  vat           TEXT NOT NULL,
  subject       INTEGER NOT NULL DEFAULT 1,
  PRIMARY KEY (intent_id, position)
) STRICT, WITHOUT ROWID;

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

CREATE TABLE refund (
  refund_id      TEXT PRIMARY KEY,
  order_id       TEXT NOT NULL REFERENCES orders (order_id),
  payment_id     TEXT NOT NULL REFERENCES payment (payment_id),
  kind           TEXT NOT NULL CHECK (kind IN ('void', 'refund')),
  step           TEXT NOT NULL CHECK (step IN ('pending', 'done')),
  amount_kopecks INTEGER NOT NULL CHECK (amount_kopecks > 0),
  reason         TEXT NOT NULL,
  actor          TEXT NOT NULL,
  created_at     TEXT NOT NULL,
  done_at        TEXT,
  portions       TEXT NOT NULL DEFAULT '[]',
  bank_done_at   TEXT,
  receipt_done_at TEXT,
  whole          INTEGER NOT NULL DEFAULT 1,
  bank_tried_at  TEXT,
  error          TEXT,
  -- at a card reader that counts nothing itself: journalled before the wire, asked about by it
  operation      INTEGER,
  operation_before INTEGER,
  operation_at   TEXT
) STRICT;
CREATE INDEX refund_of_order ON refund (order_id);
CREATE INDEX refund_at_reader ON refund (refund_id) WHERE operation IS NOT NULL AND bank_done_at IS NULL;

-- The card reader's own days; one without an end is asked about.
CREATE TABLE settlement (
  operation        INTEGER PRIMARY KEY,
  operation_before INTEGER NOT NULL,
  asked_at         TEXT NOT NULL,
  asked_by         TEXT NOT NULL,
  ended_at         TEXT,
  error            TEXT,
  text             TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX settlement_ended ON settlement (ended_at);

CREATE TABLE idempotency (
  session_id  TEXT NOT NULL,
  call        TEXT NOT NULL,
  key         TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  order_id    TEXT NOT NULL,
  payment_id  TEXT,
  status      INTEGER,
  body        TEXT,
  created_at  TEXT NOT NULL,
  PRIMARY KEY (session_id, call, key)
) STRICT, WITHOUT ROWID;

-- The outbox. `sequence` is gap-free: a rolled-back transaction gives its number back.
CREATE TABLE event (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  event_id TEXT NOT NULL UNIQUE,
  type     TEXT NOT NULL,
  order_id TEXT,
  at       TEXT NOT NULL,
  data     TEXT NOT NULL
) STRICT;

CREATE TABLE cursor (
  consumer TEXT PRIMARY KEY,
  sequence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE shift (
  drive_number TEXT NOT NULL,
  shift        INTEGER NOT NULL,
  opened_at    TEXT NOT NULL,
  closed_at    TEXT,
  PRIMARY KEY (drive_number, shift)
) STRICT, WITHOUT ROWID;

CREATE TABLE fiscal_report (
  report_id    INTEGER PRIMARY KEY,
  kind         TEXT NOT NULL CHECK (kind IN ('x', 'z')),
  drive_number TEXT NOT NULL,
  shift        INTEGER NOT NULL,
  at           TEXT NOT NULL,
  actor        TEXT NOT NULL,
  body         TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX one_z_report ON fiscal_report (drive_number, shift) WHERE kind = 'z';

CREATE TABLE fiscal_drive (
  drive_number TEXT PRIMARY KEY,
  adopted_at   TEXT NOT NULL,
  actor        TEXT NOT NULL,
  reason       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE stop_list (
  item_id    TEXT UNIQUE,
  ingredient TEXT UNIQUE,
  until_at   TEXT,
  actor      TEXT NOT NULL,
  CHECK ((item_id IS NULL) <> (ingredient IS NULL))
) STRICT;

CREATE TABLE device_fault (
  device TEXT PRIMARY KEY,
  code   TEXT NOT NULL,
  since  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Jobs that are taken up at start (`pay:…`, `refund:…`, `return:…`, `correct:…`) and ended in a bug.
CREATE TABLE failed_job (
  job      TEXT PRIMARY KEY,
  failures INTEGER NOT NULL,
  at       TEXT NOT NULL,
  error    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE journal (
  entry  INTEGER PRIMARY KEY AUTOINCREMENT,
  at     TEXT NOT NULL,
  actor  TEXT NOT NULL,
  action TEXT NOT NULL,
  detail TEXT NOT NULL,
  seal   TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX journal_by_time ON journal (at);

CREATE TABLE customer (
  customer_id  TEXT PRIMARY KEY,
  phone        TEXT NOT NULL UNIQUE,
  language     TEXT NOT NULL DEFAULT 'ru',
  created_at   TEXT NOT NULL,
  confirmed_at TEXT,
  push_address TEXT,
  blocked_at     TEXT,
  blocked_reason TEXT,
  erased_at      TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX customer_unconfirmed ON customer (created_at) WHERE confirmed_at IS NULL;
CREATE INDEX customer_by_age ON customer (created_at) WHERE erased_at IS NULL;
CREATE INDEX customer_erased ON customer (customer_id) WHERE erased_at IS NOT NULL;

-- To which text a customer agreed, when and where; each time.
CREATE TABLE consent (
  customer_id TEXT NOT NULL REFERENCES customer (customer_id) ON DELETE CASCADE,
  at          TEXT NOT NULL,
  version     TEXT NOT NULL,
  terminal_id TEXT NOT NULL,
  PRIMARY KEY (customer_id, at)
) STRICT, WITHOUT ROWID;

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
  language      TEXT NOT NULL DEFAULT 'ru',
  not_sent_at   TEXT,
  place         TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE INDEX one_time_code_of_phone ON one_time_code (phone, created_at);
CREATE INDEX one_time_code_of_place ON one_time_code (place, created_at);
CREATE INDEX one_time_code_lately ON one_time_code (created_at);
CREATE INDEX one_time_code_to_send ON one_time_code (created_at) WHERE code IS NOT NULL;

-- Tries of a code without its temporary token, by the address they came from.
CREATE TABLE one_time_code_try (
  code_id TEXT NOT NULL REFERENCES one_time_code (code_id) ON DELETE CASCADE,
  place   TEXT NOT NULL,
  tries   INTEGER NOT NULL,
  PRIMARY KEY (code_id, place)
) STRICT, WITHOUT ROWID;

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
CREATE INDEX message_address ON message (address) WHERE address <> '';

-- The number of a guest who wants to be told about one order; the row goes once nothing more can be told.
CREATE TABLE guest_notice (
  order_id TEXT PRIMARY KEY REFERENCES orders (order_id),
  phone    TEXT NOT NULL,
  language TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX guest_notice_phone ON guest_notice (phone);

CREATE TABLE endpoint (
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
  bonus_spent      INTEGER NOT NULL DEFAULT 0,
  bonus_earned     INTEGER NOT NULL DEFAULT 0,
  bonus_returned   INTEGER NOT NULL DEFAULT 0,
  bonus_taken_back INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE stat_dish (
  day             TEXT NOT NULL,
  item_id         TEXT NOT NULL,
  name            TEXT NOT NULL,
  quantity        INTEGER NOT NULL,
  revenue_kopecks INTEGER NOT NULL,
  PRIMARY KEY (day, item_id)
) STRICT, WITHOUT ROWID;

-- What a dish was chosen with, and the bundle it was chosen in.
CREATE TABLE stat_choice (
  day             TEXT NOT NULL,
  kind            TEXT NOT NULL CHECK (kind IN ('combo', 'option')),
  choice_id       TEXT NOT NULL,
  name            TEXT NOT NULL,
  quantity        INTEGER NOT NULL,
  revenue_kopecks INTEGER NOT NULL,
  PRIMARY KEY (day, kind, choice_id)
) STRICT, WITHOUT ROWID;

-- What was promised and what came of it, by the day on which it was ready; seconds are sums over the orders.
CREATE TABLE stat_promise (
  day        TEXT PRIMARY KEY,
  orders     INTEGER NOT NULL,
  kept       INTEGER NOT NULL,
  promised_s INTEGER NOT NULL,
  actual_s   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

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

CREATE TABLE stat_report (
  day  TEXT PRIMARY KEY,
  body TEXT NOT NULL,
  at   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- How long each operation at each station takes, in the chart's own seconds: learned from what was seen.
CREATE TABLE pace (
  operation INTEGER NOT NULL,
  station   INTEGER NOT NULL,
  seen      INTEGER NOT NULL,
  mean      REAL NOT NULL,
  spread    REAL NOT NULL,
  PRIMARY KEY (operation, station)
) STRICT, WITHOUT ROWID;

-- Of every minute, °C by place as JSON.
CREATE TABLE temperature (
  at   TEXT PRIMARY KEY,
  body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE temperature_day (
  day         TEXT NOT NULL,
  place       TEXT NOT NULL,
  lowest_c    REAL NOT NULL,
  highest_c   REAL NOT NULL,
  minutes     INTEGER NOT NULL,
  out_minutes INTEGER NOT NULL,
  PRIMARY KEY (day, place)
) STRICT, WITHOUT ROWID;

-- Every cell where food lies that was thrown away in the books: of one portion there may be two, cooked one after the
-- other.
CREATE TABLE locked_cell (
  portion_id INTEGER NOT NULL,
  cell       INTEGER NOT NULL,
  since      TEXT NOT NULL,
  PRIMARY KEY (portion_id, cell)
) STRICT, WITHOUT ROWID;

-- A place that is beyond its limits; once it is stopped only a person's word ends that.
CREATE TABLE excursion (
  place      TEXT PRIMARY KEY,
  cause      TEXT NOT NULL CHECK (cause IN ('too_warm', 'too_cold')),
  since      TEXT NOT NULL,
  temp_c     REAL NOT NULL,
  stopped_at TEXT
) STRICT, WITHOUT ROWID;

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

-- What calls a person: each stands once while its cause lasts; its time is what has passed, in seconds, so that a clock
-- that is set calls nobody.
CREATE TABLE alarm (
  alarm_id        INTEGER PRIMARY KEY AUTOINCREMENT,
  rule            TEXT NOT NULL,
  subject         TEXT NOT NULL,
  detail_ru       TEXT NOT NULL,
  detail_en       TEXT NOT NULL,
  urgent          INTEGER NOT NULL CHECK (urgent IN (0, 1)),
  state           TEXT NOT NULL CHECK (state IN ('pending', 'raised', 'acknowledged', 'cleared')),
  seen_at         TEXT NOT NULL,
  waited_s        REAL NOT NULL DEFAULT 0,
  gone_s          REAL NOT NULL DEFAULT 0,
  level           INTEGER NOT NULL DEFAULT 0,
  round           INTEGER NOT NULL DEFAULT 0,
  raised_at       TEXT,
  told_at         TEXT,
  acknowledged_at TEXT,
  acknowledged_by TEXT,
  cleared_at      TEXT
) STRICT;
CREATE UNIQUE INDEX one_standing_alarm ON alarm (rule, subject) WHERE state <> 'cleared';
CREATE INDEX alarm_over ON alarm (cleared_at) WHERE state = 'cleared';

-- Written before it goes out under this very id; `doubts`: how often nobody knows whether it was taken.
CREATE TABLE alarm_message (
  message_id  TEXT PRIMARY KEY,
  channel     TEXT NOT NULL,
  kind        TEXT NOT NULL CHECK (kind IN ('alarms', 'test')),
  urgent      INTEGER NOT NULL CHECK (urgent IN (0, 1)),
  title       TEXT NOT NULL,
  body        TEXT NOT NULL,
  created_at  TEXT NOT NULL,
  tries       INTEGER NOT NULL DEFAULT 0,
  doubts      INTEGER NOT NULL DEFAULT 0,
  error       TEXT,
  accepted_at TEXT,
  gone        TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX alarm_message_to_send ON alarm_message (channel, created_at) WHERE accepted_at IS NULL AND gone IS NULL;
CREATE INDEX alarm_message_by_age ON alarm_message (created_at);
CREATE INDEX alarm_message_of_channel ON alarm_message (channel, created_at);

-- How far an alarm has been told by a channel, and by which message last.
CREATE TABLE alarm_notice (
  alarm_id   INTEGER NOT NULL REFERENCES alarm (alarm_id) ON DELETE CASCADE,
  channel    TEXT NOT NULL,
  round      INTEGER NOT NULL,
  over       INTEGER NOT NULL DEFAULT 0 CHECK (over IN (0, 1)),
  message_id TEXT NOT NULL,
  PRIMARY KEY (alarm_id, channel)
) STRICT, WITHOUT ROWID;
CREATE INDEX alarm_notice_of_message ON alarm_notice (message_id);
-- Those that are told a cause is gone, once it is.
CREATE INDEX alarm_notice_open ON alarm_notice (channel) WHERE over = 0;

-- What lies in a bin, by lot. How much lies there is the robot's word (its level); the lots say of what, and are brought
-- to it. `missing`: of a lot, what the robot's level does not show though nothing took it.
CREATE TABLE lot (
  lot_id     INTEGER PRIMARY KEY AUTOINCREMENT,
  bin        INTEGER NOT NULL,
  ingredient TEXT NOT NULL,
  name       TEXT NOT NULL,
  name_key   TEXT NOT NULL,
  expires_at TEXT,
  arrived_at TEXT NOT NULL,
  amount     INTEGER NOT NULL CHECK (amount >= 0),
  remaining  INTEGER NOT NULL CHECK (remaining >= 0),
  missing    INTEGER NOT NULL DEFAULT 0 CHECK (missing >= 0),
  expired_at TEXT
) STRICT;
CREATE INDEX lot_in_bin ON lot (bin) WHERE remaining + missing > 0;
CREATE INDEX lot_by_name ON lot (name_key, lot_id) WHERE name_key <> '';
CREATE INDEX lot_of_bin ON lot (bin, lot_id);

-- What people did with lots: the journal of a day.
CREATE TABLE lot_entry (
  entry_id INTEGER PRIMARY KEY AUTOINCREMENT,
  lot_id   INTEGER NOT NULL REFERENCES lot (lot_id),
  at       TEXT NOT NULL,
  kind     TEXT NOT NULL CHECK (kind IN ('received', 'written_off', 'relabelled')),
  amount   INTEGER NOT NULL,
  actor    TEXT NOT NULL,
  reason   TEXT NOT NULL
) STRICT;
CREATE INDEX lot_entry_by_time ON lot_entry (at);

CREATE TABLE lot_recall (
  recall_id     INTEGER PRIMARY KEY AUTOINCREMENT,
  name          TEXT NOT NULL,
  name_key      TEXT NOT NULL,
  at            TEXT NOT NULL,
  actor         TEXT NOT NULL,
  reason        TEXT NOT NULL,
  lifted_at     TEXT,
  lifted_by     TEXT,
  lifted_reason TEXT
) STRICT;
CREATE UNIQUE INDEX one_standing_recall ON lot_recall (name_key) WHERE lifted_at IS NULL;
CREATE INDEX lot_recall_by_time ON lot_recall (at);
CREATE INDEX lot_recall_lifted ON lot_recall (lifted_at) WHERE lifted_at IS NOT NULL;

-- A level that a person is giving to a bin: written before the robot is told, gone once the lots are what it then holds.
CREATE TABLE bin_act (
  bin          INTEGER PRIMARY KEY,
  ingredient   TEXT NOT NULL,
  level_before INTEGER NOT NULL,
  level_after  INTEGER NOT NULL,
  held_before  INTEGER NOT NULL,
  name         TEXT NOT NULL,
  expires_at   TEXT,
  lot_id       INTEGER,
  reason       TEXT NOT NULL,
  actor        TEXT NOT NULL,
  at           TEXT NOT NULL
) STRICT;

-- What a portion was made of, by ingredient and lot; of each attempt, once. `lot_id` 0: nobody knows.
CREATE TABLE portion_lot (
  portion_id INTEGER NOT NULL REFERENCES portion (portion_id),
  attempt    INTEGER NOT NULL,
  ingredient TEXT NOT NULL,
  lot_id     INTEGER NOT NULL,
  bin        INTEGER NOT NULL,
  name       TEXT NOT NULL,
  expires_at TEXT,
  amount     INTEGER NOT NULL,
  at         TEXT NOT NULL,
  PRIMARY KEY (portion_id, attempt, ingredient, lot_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX portion_lot_of_lot ON portion_lot (lot_id, at);

-- What was done at stations, the latest of each counts; `work_s`: what its station had worked by then.
CREATE TABLE upkeep_record (
  upkeep_id TEXT NOT NULL,
  at        TEXT NOT NULL,
  actor     TEXT NOT NULL,
  note      TEXT NOT NULL,
  work_s    INTEGER NOT NULL CHECK (work_s >= 0),
  PRIMARY KEY (upkeep_id, at)
) STRICT, WITHOUT ROWID;
CREATE INDEX upkeep_record_by_time ON upkeep_record (at);

-- Seconds in which something was cooked there, since the first start.
CREATE TABLE station_work (
  station INTEGER PRIMARY KEY,
  work_s  INTEGER NOT NULL CHECK (work_s >= 0)
) STRICT;

CREATE INDEX orders_of_customer ON orders (customer_id, created_at) WHERE customer_id IS NOT NULL;
CREATE INDEX refund_in_work ON refund (step) WHERE step = 'pending';
CREATE INDEX intent_of_sign ON fiscal_intent (fiscal_sign) WHERE status = 'registered';
CREATE INDEX refund_lately ON refund (done_at) WHERE done_at IS NOT NULL;
CREATE INDEX orders_open_number ON orders (number) WHERE status IN ('created', 'paying', 'paid', 'cooking', 'ready');
CREATE INDEX orders_unpaid ON orders (order_id) WHERE status = 'created';
CREATE INDEX reservation_line_held ON reservation_line (reservation_id, ingredient, amount) WHERE handed_over = 0;
CREATE INDEX reservation_held ON reservation (expires_at) WHERE status = 'held';
CREATE INDEX receipt_fix_open ON receipt_fix (created_at) WHERE done_at IS NULL;
CREATE INDEX refund_of_payment ON refund (payment_id);
CREATE INDEX intent_of_shift ON fiscal_intent (drive_number, document_shift) WHERE status = 'registered';
CREATE INDEX event_of_paid_order ON event (order_id) WHERE type = 'OrderPaidEvent';
CREATE INDEX idempotency_of_payment ON idempotency (order_id) WHERE payment_id IS NOT NULL;
CREATE INDEX idempotency_by_age ON idempotency (created_at);
CREATE INDEX message_by_age ON message (created_at);
CREATE INDEX intent_of_refund ON fiscal_intent (refund_id) WHERE refund_id IS NOT NULL;
CREATE INDEX receipt_fix_of_order ON receipt_fix (order_id);

-- Who works here, each with a PIN and a role of their own; nobody is deleted, the journal names them by number.
-- `pin_seal` is the salted scrypt of the PIN; `session_key` changes with whatever ends a person's open sessions.
CREATE TABLE staff (
  person_id   INTEGER PRIMARY KEY AUTOINCREMENT,
  name        TEXT NOT NULL,
  role        TEXT NOT NULL CHECK (role IN ('technician', 'shift', 'manager', 'owner')),
  pin_salt    TEXT NOT NULL,
  pin_seal    TEXT NOT NULL,
  session_key TEXT NOT NULL,
  created_at  TEXT NOT NULL,
  blocked_at  TEXT
) STRICT;

-- Refunds above the limit, which wait for a second person; `portions` are what would go back and nothing else.
CREATE TABLE refund_request (
  request_id     INTEGER PRIMARY KEY AUTOINCREMENT,
  order_id       TEXT NOT NULL,
  portions       TEXT NOT NULL,
  amount_kopecks INTEGER NOT NULL CHECK (amount_kopecks > 0),
  reason         TEXT NOT NULL,
  state          TEXT NOT NULL CHECK (state IN ('waiting', 'confirmed', 'refused', 'expired')),
  actor          TEXT NOT NULL,
  identity       TEXT NOT NULL,
  asked_at       TEXT NOT NULL,
  expires_at     TEXT NOT NULL,
  settled_by     TEXT,
  settled_at     TEXT
) STRICT;
CREATE INDEX refund_request_waiting ON refund_request (state) WHERE state = 'waiting';

-- Staff looks for an order by what a guest can show of the card.
CREATE INDEX payment_of_card ON payment (card_last4, created_at) WHERE card_last4 IS NOT NULL;

-- Every menu that was sold, with its charts: the newest is the current one. `source`: of a roll back the revision that it
-- brought back, of the cloud's menu its number there. `edit`: of a draft, the edit that was published. The body of a
-- revision that is old goes; its row stays. `body` is JSON: `menu` and `charts`.
CREATE TABLE menu_revision (
  revision     INTEGER PRIMARY KEY,
  origin       TEXT NOT NULL CHECK (origin IN ('file', 'editor', 'cloud', 'rollback')),
  source       INTEGER,
  edit         INTEGER,
  actor        TEXT NOT NULL,
  published_at TEXT NOT NULL,
  version      TEXT NOT NULL,
  differences  INTEGER NOT NULL,
  body         TEXT
) STRICT;
CREATE UNIQUE INDEX menu_revision_of_edit ON menu_revision (edit) WHERE edit IS NOT NULL;

-- By which number the robot knows each ingredient there ever was: an order of an earlier menu is cooked by it.
CREATE TABLE menu_ingredient (
  ingredient TEXT PRIMARY KEY,
  code       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The menu that is being written, one at a time. `edit` counts every change of every draft: it names what a person has
-- seen, so that two of them never overwrite each other. `begun_over`: the revision that was sold when it was begun, or last
-- brought up to date.
CREATE TABLE menu_draft (
  one        INTEGER PRIMARY KEY CHECK (one = 1),
  edit       INTEGER NOT NULL,
  based_on   INTEGER NOT NULL,
  actor      TEXT NOT NULL,
  changed_at TEXT NOT NULL,
  body       TEXT NOT NULL,
  begun_over INTEGER NOT NULL DEFAULT 0
) STRICT;
