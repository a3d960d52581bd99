-- A draft knows which menu was sold when it was begun, or last brought up to date: published over another, it would undo
-- what somebody else has changed meanwhile. Of a draft that is there by now it is the revision that it began as.
ALTER TABLE menu_draft ADD COLUMN begun_over INTEGER NOT NULL DEFAULT 0;
UPDATE menu_draft SET begun_over = based_on;
