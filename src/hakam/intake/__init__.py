"""What comes in: events from the log, notices from people."""
