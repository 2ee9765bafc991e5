"""Doors in the shape of other services, so that their clients need only another address."""
