"""Pages for those who work with Hakam: signed in, each behind a permission."""
