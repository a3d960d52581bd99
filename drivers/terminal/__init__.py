"""Card readers that the kiosk drives: `port` says what is asked of each, a folder for each protocol."""
