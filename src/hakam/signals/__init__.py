"""Measurements of an item: pure functions over what the event says. Nothing here touches the world."""
