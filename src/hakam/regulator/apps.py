"""Django's handle on the room."""

from django.apps import AppConfig


class RegulatorConfig(AppConfig):
    """The room `regulator`."""

    name = "hakam.regulator"
    label = "regulator"
    default_auto_field = "django.db.models.BigAutoField"
