-- The menu that is being written, one at a time. `edit` counts every change of every draft: it names what a person has
-- seen, so that two of them never overwrite each other.
CREATE TABLE menu_draft (
  one        INTEGER PRIMARY KEY CHECK (one = 1),
  edit       INTEGER NOT NULL,
  based_on   INTEGER NOT NULL,
  actor      TEXT NOT NULL,
  changed_at TEXT NOT NULL,
  body       TEXT NOT NULL
) STRICT;
