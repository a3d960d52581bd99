-- Lines that money depends on are chained: each seal is made of its line and of the seal before it. Older lines have none.
INSERT INTO meta SELECT 'journal_sealed_from', CAST(max(entry) AS TEXT) FROM journal HAVING count(*) > 0;
ALTER TABLE journal ADD COLUMN seal TEXT NOT NULL DEFAULT '';
