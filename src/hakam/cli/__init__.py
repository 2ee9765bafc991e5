"""The command `hakam`: parse, call a verb, print."""
