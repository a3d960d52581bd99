-- Jobs that are taken up at start and ended in a bug: after the third time they wait for a person.
CREATE TABLE failed_job (
  job      TEXT PRIMARY KEY,
  failures INTEGER NOT NULL,
  at       TEXT NOT NULL,
  error    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
