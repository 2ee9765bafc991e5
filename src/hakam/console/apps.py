"""Django's handle on the room."""

from django.apps import AppConfig

from hakam.privacy import rooms_above


class ConsoleConfig(AppConfig):
    """The room `console`."""

    name = "hakam.console"
    label = "console"

    def ready(self) -> None:
        """Let the copies of people's data be written in words."""
        rooms_above.announce("hakam.console.copy_terms")
