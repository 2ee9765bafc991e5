"""Django's handle on the room."""

from django.apps import AppConfig

from hakam.privacy import rooms_above


class ExchangeConfig(AppConfig):
    """The room `exchange`."""

    name = "hakam.exchange"
    label = "exchange"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let the records of processing name who gets what the room gives away, and requests for erasure reach it."""
        rooms_above.announce("hakam.exchange.recipients")
        rooms_above.announce("hakam.exchange.naming")
