"""Live: what those who stream and those who serve streams must know at once."""
