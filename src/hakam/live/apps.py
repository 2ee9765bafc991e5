"""Django's handle on the room."""

from django.apps import AppConfig

from hakam.privacy import rooms_above


class LiveConfig(AppConfig):
    """The room `live`."""

    name = "hakam.live"
    label = "live"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Hand the erasers of this room to the one below that keeps the schedule."""
        rooms_above.announce("hakam.live.erasing")
