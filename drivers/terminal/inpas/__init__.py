"""INPAS DualConnector: a card reader behind an XML service on this machine (protocols/inpas.md)."""
