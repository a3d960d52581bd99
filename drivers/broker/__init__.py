"""A message broker: `port` says what is asked, `kafka` speaks its protocol."""
