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

-- A portion in its cell whose customer was called, also before the whole order is ready.
ALTER TABLE portion ADD COLUMN called INTEGER NOT NULL DEFAULT 0 CHECK (called IN (0, 1));
UPDATE portion SET called = 1 WHERE status = 'ready'
  AND order_id IN (SELECT order_id FROM orders WHERE status IN ('ready', 'completed', 'refunded'));
