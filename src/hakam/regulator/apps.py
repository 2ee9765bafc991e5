"""Django's handle on the room."""

from django.apps import AppConfig

from hakam.privacy import rooms_above


class RegulatorConfig(AppConfig):
    """The room `regulator`."""

    name = "hakam.regulator"
    label = "regulator"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let requests be erased by the schedule."""
        rooms_above.announce("hakam.regulator.erasing")
