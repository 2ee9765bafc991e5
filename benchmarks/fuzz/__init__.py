"""Inputs that nobody thought of, for whatever reads what strangers write."""
