-- When the door of a portion's cell was last opened: whoever stands before it gets the food, not its money.
ALTER TABLE portion ADD COLUMN opened_at TEXT;

-- Every cell where food lies that was thrown away in the books: of one portion there may be two, cooked one after the
-- other.
CREATE TABLE locked_cell (
  portion_id INTEGER NOT NULL,
  cell       INTEGER NOT NULL,
  since      TEXT NOT NULL,
  PRIMARY KEY (portion_id, cell)
) STRICT, WITHOUT ROWID;
INSERT INTO locked_cell SELECT portion_id, locked_cell, ifnull(hold_until, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
  FROM portion WHERE locked_cell IS NOT NULL;
DROP INDEX portion_locked;
ALTER TABLE portion DROP COLUMN locked_cell;
