"""Django's handle on the room."""

from django.apps import AppConfig


class LiveConfig(AppConfig):
    """The room `live`."""

    name = "hakam.live"
    label = "live"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Hand the erasers of this room to the one below that keeps the schedule."""
        from hakam.live import erasing  # noqa: PLC0415 -- models exist only now

        erasing.register()
