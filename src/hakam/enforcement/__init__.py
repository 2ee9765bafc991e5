"""What is done and undone: measures, outbox, connectors."""
