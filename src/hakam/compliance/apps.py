"""Django's handle on the room."""

from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    """The room `compliance`."""

    name = "hakam.compliance"
    label = "compliance"
    default_auto_field = "django.db.models.BigAutoField"
