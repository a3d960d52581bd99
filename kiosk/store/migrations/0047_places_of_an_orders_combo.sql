-- How many places the combo had that a dish was sold as a part of: combos are counted by the menu they were sold under,
-- not by that of the moment when they are. NULL: of a combo sold before this was kept, or of none.
ALTER TABLE order_item ADD COLUMN combo_places INTEGER;
