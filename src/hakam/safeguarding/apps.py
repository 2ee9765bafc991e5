"""Django's handle on the room."""

from django.apps import AppConfig


class SafeguardingConfig(AppConfig):
    """The room `safeguarding`."""

    name = "hakam.safeguarding"
    label = "safeguarding"
    default_auto_field = "django.db.models.BigAutoField"
