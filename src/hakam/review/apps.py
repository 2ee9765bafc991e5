"""Django's handle on the room."""

from django.apps import AppConfig


class ReviewConfig(AppConfig):
    """The room `review`."""

    name = "hakam.review"
    label = "review"
    default_auto_field = "django.db.models.BigAutoField"
