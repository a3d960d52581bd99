-- Where a code was asked for, and how often it was tried from where without its temporary token: a stranger spends a share
-- of the budget of SMS, and nobody's tries but his own.
ALTER TABLE one_time_code ADD COLUMN place TEXT NOT NULL DEFAULT '';
CREATE INDEX one_time_code_of_place ON one_time_code (place, created_at);
CREATE INDEX one_time_code_lately ON one_time_code (created_at);
CREATE TABLE one_time_code_try (
  code_id TEXT NOT NULL REFERENCES one_time_code (code_id) ON DELETE CASCADE,
  place   TEXT NOT NULL,
  tries   INTEGER NOT NULL,
  PRIMARY KEY (code_id, place)
) STRICT, WITHOUT ROWID;
