"""Hakam, an online-safety system for any platform."""

__version__ = "0.1.0"
