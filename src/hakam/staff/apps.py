"""Django's handle on the room."""

from django.apps import AppConfig


class StaffConfig(AppConfig):
    """The room `staff`."""

    name = "hakam.staff"
    label = "staff"
    default_auto_field = "django.db.models.BigAutoField"
