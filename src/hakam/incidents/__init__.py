"""Incidents: a crisis declared, with powers chosen one by one, a clock, and an end that takes all of them back."""
