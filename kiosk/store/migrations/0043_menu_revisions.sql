-- Every menu that was sold, with its charts: the newest is the current one. `source`: of a roll back the revision that it
-- brought back, of the cloud's menu its number there. `edit`: of a draft, the edit that was published. The body of a
-- revision that is old goes; its row stays. `body` is JSON: `menu` and `charts`.
CREATE TABLE menu_revision (
  revision     INTEGER PRIMARY KEY,
  origin       TEXT NOT NULL CHECK (origin IN ('file', 'editor', 'cloud', 'rollback')),
  source       INTEGER,
  edit         INTEGER,
  actor        TEXT NOT NULL,
  published_at TEXT NOT NULL,
  version      TEXT NOT NULL,
  differences  INTEGER NOT NULL,
  body         TEXT
) STRICT;
CREATE UNIQUE INDEX menu_revision_of_edit ON menu_revision (edit) WHERE edit IS NOT NULL;

-- By which number the robot knows each ingredient there ever was: an order of an earlier menu is cooked by it.
CREATE TABLE menu_ingredient (
  ingredient TEXT PRIMARY KEY,
  code       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
