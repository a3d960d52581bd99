-- How long food may stand in its cell, who was told that it does (1: the guest, 2: staff, 3: staff has seen to it), how
-- often it was thrown away, and the cell where that still lies.
ALTER TABLE portion ADD COLUMN hold_until TEXT;
ALTER TABLE portion ADD COLUMN reminded INTEGER NOT NULL DEFAULT 0;
ALTER TABLE portion ADD COLUMN spoiled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE portion ADD COLUMN locked_cell INTEGER;
CREATE INDEX portion_locked ON portion (locked_cell) WHERE locked_cell IS NOT NULL;
UPDATE portion SET hold_until = strftime('%Y-%m-%dT%H:%M:%fZ', ready_at, '+3600 seconds')
  WHERE status IN ('waiting', 'submitting', 'queued', 'cooking', 'ready', 'failed') AND status = 'ready';
