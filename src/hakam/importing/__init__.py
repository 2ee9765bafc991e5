"""Rules that people wrote for other systems, carried over into packs, with a report of what could not be."""
