-- Who said which document it is, where the drive that holds it is lost; null: the drive told it.
ALTER TABLE fiscal_intent ADD COLUMN told_by TEXT;
