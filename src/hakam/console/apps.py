"""Django's handle on the room."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """The room `console`."""

    name = "hakam.console"
    label = "console"
