-- Asked before each receipt: is the number it would get another's already?

CREATE INDEX intent_of_document ON fiscal_intent (drive_number, document_number) WHERE status = 'registered';
