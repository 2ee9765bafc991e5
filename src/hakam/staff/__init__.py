"""The people and keys that may act: users, roles, permissions, API keys."""
