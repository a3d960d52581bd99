"""Acquirers: `port` says what is asked of each, `acquirer` speaks the HTTP form."""
