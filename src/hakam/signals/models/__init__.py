"""Classifiers that ship with Hakam: what a text is likely to be, as calibrated probabilities with a versioned id."""
