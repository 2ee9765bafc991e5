"""One folder for each kind of platform that effects are delivered to."""
