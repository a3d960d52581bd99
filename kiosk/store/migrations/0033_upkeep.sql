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
