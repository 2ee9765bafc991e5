"""Django's handle on the room."""

from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    """The room `exchange`."""

    name = "hakam.exchange"
    label = "exchange"
    default_auto_field = "django.db.models.BigAutoField"
