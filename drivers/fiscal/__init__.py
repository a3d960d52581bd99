"""Fiscal registrars by vendor. `port` says what is asked of each; `wiring` picks the vendor."""
