"""Weights of Hakam's second tier, as files beside this one. Read by `hakam.signals.models.encoder`."""
