"""Django's SQLite, where writers wait in line. Django asks an engine for its module `base`."""
