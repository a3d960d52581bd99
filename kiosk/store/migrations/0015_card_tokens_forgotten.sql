-- The token of a card is kept only while its charge may be posted again.
UPDATE payment SET card_token = '' WHERE step NOT IN ('reserving', 'preflight', 'charging') AND card_token <> '';
