-- A lost portion that a person had accepted, as after a restore, held its ingredients for good, and its order was never
-- moved to the archive.
UPDATE reservation_line SET handed_over = 1 WHERE handed_over = 0 AND portion_id IN
  (SELECT portion_id FROM portion WHERE status IN ('handed_out', 'written_off', 'dropped'));
