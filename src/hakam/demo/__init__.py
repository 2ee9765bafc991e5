"""Maydan, a small platform in Arabic and English that Hakam keeps in order."""
