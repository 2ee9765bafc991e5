"""Letters by e-mail."""
