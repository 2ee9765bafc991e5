"""How long a live stream is seen or heard after it is cut, with the real servers."""
