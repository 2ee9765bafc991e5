"""The hot door: takes events in, judges them, stores them, answers. Knows no Django."""
