-- The number of a guest who wants to be told about one order; the row goes once nothing more can be told.
CREATE TABLE guest_notice (
  order_id TEXT PRIMARY KEY REFERENCES orders (order_id),
  phone    TEXT NOT NULL,
  language TEXT NOT NULL
) STRICT, WITHOUT ROWID;
