"""Back-tests: what rules would have done to events that are stored already, by the door's own compiled function."""
