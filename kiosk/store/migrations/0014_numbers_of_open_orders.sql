-- Whose number is still somebody's is asked at every order: by what is open, not by all that ever was.
CREATE INDEX orders_open_number ON orders (number) WHERE status IN ('created', 'paying', 'paid', 'cooking', 'ready');
