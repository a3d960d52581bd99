-- Staff looks for an order by what a guest can show of the card: its last four digits.
CREATE INDEX payment_of_card ON payment (card_last4, created_at) WHERE card_last4 IS NOT NULL;
