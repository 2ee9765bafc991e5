"""Django's handle on the room."""

from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    """The room `exchange`."""

    name = "hakam.exchange"
    label = "exchange"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let the records of processing name who gets what the room gives away."""
        from hakam.exchange import recipients  # noqa: PLC0415 -- models exist only now

        recipients.register()
