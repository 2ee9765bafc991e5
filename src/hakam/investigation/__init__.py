"""Investigation: what an analyst asks of everything that came through the door."""
