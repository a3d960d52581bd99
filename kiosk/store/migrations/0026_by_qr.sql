-- A bill by QR code at its bank, and why the money is wanted no more.
ALTER TABLE payment ADD COLUMN bank_payment_id TEXT;
ALTER TABLE payment ADD COLUMN qr TEXT;
ALTER TABLE payment ADD COLUMN cancel_reason TEXT;
