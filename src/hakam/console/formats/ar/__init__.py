"""How numbers and times are written."""
