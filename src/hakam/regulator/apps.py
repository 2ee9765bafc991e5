"""Django's handle on the room."""

from django.apps import AppConfig


class RegulatorConfig(AppConfig):
    """The room `regulator`."""

    name = "hakam.regulator"
    label = "regulator"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let requests be erased by the schedule."""
        from hakam.regulator import erasing  # noqa: PLC0415 -- models exist only now

        erasing.register()
