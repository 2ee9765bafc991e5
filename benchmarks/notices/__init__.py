"""Very many notices of one item, through the public path of a whole installation."""
