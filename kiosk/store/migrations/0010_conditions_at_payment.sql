-- What a dish was sold as part of; and the stop list knows ingredients too.
ALTER TABLE order_item ADD COLUMN combo_id TEXT;

ALTER TABLE stop_list RENAME TO stop_list_before;
CREATE TABLE stop_list (
  item_id    TEXT UNIQUE,
  ingredient TEXT UNIQUE,
  until_at   TEXT,
  actor      TEXT NOT NULL,
  CHECK ((item_id IS NULL) <> (ingredient IS NULL))
) STRICT;
INSERT INTO stop_list (item_id, until_at, actor) SELECT item_id, until_at, actor FROM stop_list_before;
DROP TABLE stop_list_before;
