"""What answers over HTTP: bank, SMS, push."""
