-- Lines that money depends on are chained: each seal is made of its line and of the seal before it. Older lines have none.
ALTER TABLE journal ADD COLUMN seal TEXT NOT NULL DEFAULT '';
