"""Messages to customers: written down with their cause, delivered by SMS and push."""
