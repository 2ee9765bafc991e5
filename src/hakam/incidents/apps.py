"""Django's handle on the room."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """The room `incidents`."""

    name = "hakam.incidents"
    label = "incidents"
    default_auto_field = "django.db.models.BigAutoField"
