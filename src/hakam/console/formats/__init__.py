"""How numbers and times are written, by language. One clock of 24 hours, days before months."""
