-- A receipt may be printed before the money is asked for (54-FZ art. 1.2 p. 5.11): the attempt says so from its beginning,
-- and keeps what it ends with while that receipt is taken back.
ALTER TABLE payment ADD COLUMN receipt_first INTEGER NOT NULL DEFAULT 0;
ALTER TABLE payment ADD COLUMN ending TEXT;
CREATE INDEX payment_receipt_first ON payment (created_at) WHERE receipt_first = 1;

-- Its steps are live too.
DROP INDEX one_live_payment;
CREATE UNIQUE INDEX one_live_payment ON payment (order_id)
  WHERE step IN ('reserving', 'preflight', 'announcing', 'announced', 'charging', 'charged', 'printing', 'fiscalised',
  'reversing', 'taking_back');
DROP INDEX payment_in_work;
CREATE INDEX payment_in_work ON payment (step)
  WHERE step IN ('reserving', 'preflight', 'announcing', 'announced', 'charging', 'charged', 'printing', 'fiscalised',
  'reversing', 'taking_back', 'abandoned');
DROP INDEX one_payment_at_the_reader;
CREATE UNIQUE INDEX one_payment_at_the_reader ON payment (method) WHERE method = 'terminal' AND captured_at IS NULL
  AND step IN ('reserving', 'preflight', 'announcing', 'announced', 'charging', 'charged', 'printing', 'fiscalised',
  'reversing', 'taking_back', 'abandoned');
