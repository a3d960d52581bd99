"""Numbers, addresses and how often one may ask."""
