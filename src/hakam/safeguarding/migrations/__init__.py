"""The one lineage, for SQLite and PostgreSQL."""
