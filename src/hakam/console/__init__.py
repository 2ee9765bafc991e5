"""Pages for people: the moderators' console and the public pages."""
