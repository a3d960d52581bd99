-- A card reader's operation and the money it holds, a till's code and what staff were given, a wish to cancel.
ALTER TABLE payment ADD COLUMN failure_reason TEXT;
ALTER TABLE payment ADD COLUMN charge_error TEXT;
ALTER TABLE payment ADD COLUMN cancel_asked_at TEXT;
ALTER TABLE payment ADD COLUMN operation INTEGER;
ALTER TABLE payment ADD COLUMN operation_before INTEGER;
ALTER TABLE payment ADD COLUMN held_at TEXT;
ALTER TABLE payment ADD COLUMN capturing_at TEXT;
ALTER TABLE payment ADD COLUMN captured_at TEXT;
ALTER TABLE payment ADD COLUMN reader_id TEXT;
ALTER TABLE payment ADD COLUMN merchant_id TEXT;
ALTER TABLE payment ADD COLUMN till_code TEXT;
ALTER TABLE payment ADD COLUMN expires_at TEXT;
ALTER TABLE payment ADD COLUMN tender TEXT CHECK (tender IN ('cash', 'card'));
ALTER TABLE payment ADD COLUMN given_kopecks INTEGER;
ALTER TABLE payment ADD COLUMN taken_by TEXT;
CREATE UNIQUE INDEX one_payment_at_the_reader ON payment (method) WHERE method = 'terminal' AND captured_at IS NULL
  AND step IN ('reserving', 'preflight', 'charging', 'charged', 'printing', 'fiscalised', 'reversing', 'abandoned');
CREATE UNIQUE INDEX one_till_code ON payment (till_code) WHERE step = 'charging';
CREATE INDEX payment_of_till_code ON payment (till_code, created_at) WHERE taken_by IS NOT NULL;
