-- What a person may ask for: their data is found by number or address, taken out, and erased; each consent is kept.
CREATE TABLE consent (
  customer_id TEXT NOT NULL REFERENCES customer (customer_id) ON DELETE CASCADE,
  at          TEXT NOT NULL,
  version     TEXT NOT NULL,
  terminal_id TEXT NOT NULL,
  PRIMARY KEY (customer_id, at)
) STRICT, WITHOUT ROWID;
INSERT INTO consent SELECT customer_id, consent_at, consent, ifnull(consent_terminal_id, '') FROM customer
  WHERE consent IS NOT NULL AND consent_at IS NOT NULL;
ALTER TABLE customer DROP COLUMN consent;
ALTER TABLE customer DROP COLUMN consent_at;
ALTER TABLE customer DROP COLUMN consent_terminal_id;
ALTER TABLE customer ADD COLUMN blocked_at TEXT;
ALTER TABLE customer ADD COLUMN blocked_reason TEXT;
ALTER TABLE customer ADD COLUMN erased_at TEXT;
CREATE INDEX customer_by_age ON customer (created_at) WHERE erased_at IS NULL;
CREATE INDEX customer_erased ON customer (customer_id) WHERE erased_at IS NOT NULL;
-- Where receipts went to, found by itself and by its age.
CREATE INDEX payment_contact ON payment (receipt_to COLLATE NOCASE) WHERE receipt_to IS NOT NULL;
CREATE INDEX payment_contact_by_age ON payment (created_at) WHERE receipt_to IS NOT NULL;
CREATE INDEX guest_notice_phone ON guest_notice (phone);
CREATE INDEX message_address ON message (address) WHERE address <> '';
-- Its fingerprint is made of it too. An archive needs none: what is given back after a year is given back without an electronic copy.
UPDATE payment SET receipt_to = NULL, fingerprint = ''
  WHERE receipt_to IS NOT NULL AND EXISTS (SELECT 1 FROM meta WHERE key = 'archive_of');
