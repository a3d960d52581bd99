-- Of every minute, °C by place as JSON; the minutes go by [keep], the days stay.
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

-- A place that is beyond its limits; once it is stopped only a person's word ends that.
CREATE TABLE excursion (
  place      TEXT PRIMARY KEY,
  cause      TEXT NOT NULL CHECK (cause IN ('too_warm', 'too_cold')),
  since      TEXT NOT NULL,
  temp_c     REAL NOT NULL,
  stopped_at TEXT
) STRICT, WITHOUT ROWID;
