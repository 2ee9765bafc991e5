"""Storage on one machine with no server: SQLite and plain files."""
