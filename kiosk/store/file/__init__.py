"""The database file itself: opening, copying, checking, what goes with time."""
