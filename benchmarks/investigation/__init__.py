"""How fast questions are asked of the event log."""
