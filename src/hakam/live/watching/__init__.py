"""Watching: each stream sampled on a plan by risk, its frames and sound compared with the banks, a score over time."""
