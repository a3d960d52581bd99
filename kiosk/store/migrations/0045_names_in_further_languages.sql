-- A dish of an order is called in the guest's language, also where the menu has it in more than Russian and English:
-- JSON, language to name, of those that it had when it was ordered.
ALTER TABLE order_item ADD COLUMN names TEXT NOT NULL DEFAULT '{}';
