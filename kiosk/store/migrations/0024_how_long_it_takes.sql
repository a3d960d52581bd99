-- How long each operation at each station takes, in the chart's own seconds: learned from what was seen.
CREATE TABLE pace (
  operation INTEGER NOT NULL,
  station   INTEGER NOT NULL,
  seen      INTEGER NOT NULL,
  mean      REAL NOT NULL,
  spread    REAL NOT NULL,
  PRIMARY KEY (operation, station)
) STRICT, WITHOUT ROWID;

-- What was promised and what came of it, by the day on which it was ready; seconds are sums over the orders.
CREATE TABLE stat_promise (
  day        TEXT PRIMARY KEY,
  orders     INTEGER NOT NULL,
  kept       INTEGER NOT NULL,
  promised_s INTEGER NOT NULL,
  actual_s   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
