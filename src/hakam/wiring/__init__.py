"""The only room that knows all others: settings, addresses, processes, subscriptions."""
