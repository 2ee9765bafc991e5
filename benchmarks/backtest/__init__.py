"""How fast stored events are judged, and that the answer is the door's."""
