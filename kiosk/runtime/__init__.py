"""What keeps the process going: the dispatcher of events and the talk with systemd."""
