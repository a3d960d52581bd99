-- The journal of a day is found by its moments: what came into cells, and what people did.
CREATE INDEX portion_by_ready ON portion (ready_at) WHERE ready_at IS NOT NULL;
CREATE INDEX journal_by_time ON journal (at);
