"""Deliveries to the cloud: `port` says what is asked, `sender` speaks HTTP and refuses private addresses."""
