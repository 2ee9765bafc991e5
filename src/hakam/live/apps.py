"""Django's handle on the room."""

from django.apps import AppConfig


class LiveConfig(AppConfig):
    """The room `live`."""

    name = "hakam.live"
    label = "live"
    default_auto_field = "django.db.models.BigAutoField"
