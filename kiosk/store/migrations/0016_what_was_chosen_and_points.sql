-- Combos and options by day, and points by hour. What was sold before is in no table by its options: it stays uncounted.

CREATE TABLE stat_choice (
  day             TEXT NOT NULL,
  kind            TEXT NOT NULL CHECK (kind IN ('combo', 'option')),
  choice_id       TEXT NOT NULL,
  name            TEXT NOT NULL,
  quantity        INTEGER NOT NULL,
  revenue_kopecks INTEGER NOT NULL,
  PRIMARY KEY (day, kind, choice_id)
) STRICT, WITHOUT ROWID;

ALTER TABLE stat_hour ADD COLUMN bonus_earned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stat_hour ADD COLUMN bonus_returned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stat_hour ADD COLUMN bonus_taken_back INTEGER NOT NULL DEFAULT 0;
