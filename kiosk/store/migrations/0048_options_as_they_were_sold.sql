-- What a combo and the options of a dish were called, and what the options added to its price, when they were sold: they
-- are counted by that, not by the menu of the moment when they are. NULL and []: of a line sold before this was kept.
ALTER TABLE order_item ADD COLUMN combo_name_ru TEXT;
ALTER TABLE order_item ADD COLUMN sold_options TEXT NOT NULL DEFAULT '[]';
