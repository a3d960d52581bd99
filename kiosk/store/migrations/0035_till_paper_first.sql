-- At the till, too, the receipt may come before the money: staff say first how it will be paid, the paper is printed,
-- and the guest's code holds until the money is taken.
DROP INDEX one_live_payment;
CREATE UNIQUE INDEX one_live_payment ON payment (order_id)
  WHERE step IN ('reserving', 'preflight', 'choosing', 'announcing', 'announced', 'charging', 'charged', 'printing',
  'fiscalised', 'reversing', 'taking_back');
DROP INDEX payment_in_work;
CREATE INDEX payment_in_work ON payment (step)
  WHERE step IN ('reserving', 'preflight', 'choosing', 'announcing', 'announced', 'charging', 'charged', 'printing',
  'fiscalised', 'reversing', 'taking_back', 'abandoned');
DROP INDEX one_payment_at_the_reader;
CREATE UNIQUE INDEX one_payment_at_the_reader ON payment (method) WHERE method = 'terminal' AND captured_at IS NULL
  AND step IN ('reserving', 'preflight', 'choosing', 'announcing', 'announced', 'charging', 'charged', 'printing',
  'fiscalised', 'reversing', 'taking_back', 'abandoned');
DROP INDEX one_till_code;
CREATE UNIQUE INDEX one_till_code ON payment (till_code)
  WHERE step IN ('choosing', 'announcing', 'announced', 'charging');
