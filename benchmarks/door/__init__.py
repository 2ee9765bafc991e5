"""How many events the door takes durably, and how long one waits for its verdict."""
