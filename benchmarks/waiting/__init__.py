"""What a waiting room costs and how fair it is."""
