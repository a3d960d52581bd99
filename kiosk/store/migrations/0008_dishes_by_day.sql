-- Dishes are read by day only: by hour they were many times the rows.

ALTER TABLE stat_dish RENAME TO stat_dish_by_hour;

CREATE TABLE stat_dish (
  day             TEXT NOT NULL,
  item_id         TEXT NOT NULL,
  name            TEXT NOT NULL,
  quantity        INTEGER NOT NULL,
  revenue_kopecks INTEGER NOT NULL,
  PRIMARY KEY (day, item_id)
) STRICT, WITHOUT ROWID;

INSERT INTO stat_dish
SELECT substr(hour, 1, 10), item_id, max(name), sum(quantity), sum(revenue_kopecks) FROM stat_dish_by_hour GROUP BY 1, 2;

DROP TABLE stat_dish_by_hour;
