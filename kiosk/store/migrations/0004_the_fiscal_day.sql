-- The fiscal day: what a line was settled as, documents that are corrections, reports kept, drives that were put in.

ALTER TABLE receipt_line ADD COLUMN subject INTEGER NOT NULL DEFAULT 1;
ALTER TABLE fiscal_intent ADD COLUMN correction INTEGER NOT NULL DEFAULT 0;

CREATE TABLE fiscal_report (
  report_id    INTEGER PRIMARY KEY,
  kind         TEXT NOT NULL CHECK (kind IN ('x', 'z')),
  drive_number TEXT NOT NULL,
  shift        INTEGER NOT NULL,
  at           TEXT NOT NULL,
  actor        TEXT NOT NULL,
  body         TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX one_z_report ON fiscal_report (drive_number, shift) WHERE kind = 'z';

CREATE TABLE fiscal_drive (
  drive_number TEXT PRIMARY KEY,
  adopted_at   TEXT NOT NULL,
  actor        TEXT NOT NULL,
  reason       TEXT NOT NULL
) STRICT, WITHOUT ROWID;
