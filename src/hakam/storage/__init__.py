"""What the ORM must not touch: event log, evidence vault, published configuration. `embedded/` is the default."""
