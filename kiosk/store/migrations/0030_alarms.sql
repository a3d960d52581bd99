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
