-- What nobody paid is looked for every minute.

CREATE INDEX orders_unpaid ON orders (order_id) WHERE status = 'created';
