"""Mail servers: `port` says what is asked, `smtp` speaks SMTP."""
