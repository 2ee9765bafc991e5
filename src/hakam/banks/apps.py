"""Django's handle on the room."""

from django.apps import AppConfig


class BanksConfig(AppConfig):
    """The room `banks`."""

    name = "hakam.banks"
    label = "banks"
    default_auto_field = "django.db.models.BigAutoField"
