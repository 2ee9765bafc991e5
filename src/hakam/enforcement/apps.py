"""Django's handle on the room."""

from django.apps import AppConfig


class EnforcementConfig(AppConfig):
    """The room `enforcement`."""

    name = "hakam.enforcement"
    label = "enforcement"
    default_auto_field = "django.db.models.BigAutoField"
