"""Models of others as sources of scores: exported networks, local folders, endpoints. Rules read what they say."""
