"""Exact search among 256-bit hashes by distance: a base that never changes, a journal of what changed since."""
