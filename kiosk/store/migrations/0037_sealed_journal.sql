-- Lines that money depends on are chained: each seal is made of its line and of the seal before it. Older lines have none.
INSERT INTO meta SELECT 'journal_sealed_from', CAST(ifnull(max(entry), 0) AS TEXT) FROM journal;
ALTER TABLE journal ADD COLUMN seal TEXT NOT NULL DEFAULT '';
