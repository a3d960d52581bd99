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

-- Of the last attempt: when the robot took it, when it was fetched; in its cell the extremes, and the longest time that it
-- stood colder than its chart wants.
ALTER TABLE portion ADD COLUMN accepted_at TEXT;
ALTER TABLE portion ADD COLUMN fetched_at TEXT;
ALTER TABLE portion ADD COLUMN lowest_c REAL;
ALTER TABLE portion ADD COLUMN highest_c REAL;
ALTER TABLE portion ADD COLUMN cold_s REAL;
