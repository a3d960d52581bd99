-- When a code's SMS was last tried and certainly reached nobody: it is not counted against the limits of a number, and
-- is tried again while it is valid.
ALTER TABLE one_time_code ADD COLUMN not_sent_at TEXT;
