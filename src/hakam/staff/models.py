"""Nouns of the room: who may act."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from hakam.staff.roles import PERMISSIONS, Permission, Role
from hakam.vocabulary.actor import Actor, ActorKind


class User(AbstractUser):
    """A person who works with Hakam."""

    role = models.CharField(
        _("role"), max_length=32, choices=[(r.value, r.value) for r in Role], default=Role.VIEWER
    )
    language = models.CharField(_("language"), max_length=35, default="en")
    languages_read = models.JSONField(_("languages read"), default=list, blank=True)
    queues = models.JSONField(_("queues"), default=list, blank=True)  # empty: all
    theme = models.CharField(_("theme"), max_length=8, default="auto")  # auto, light, dark
    arabic_indic_digits = models.BooleanField(_("Arabic-Indic digits"), default=False)
    preferences = models.JSONField(default=dict, blank=True)

    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]

    @property
    def actor(self) -> Actor:
        """This person as the `by` of a verb."""
        return Actor(ActorKind.STAFF, str(self.pk))

    def may(self, permission: Permission) -> bool:
        """Whether the role of this person permits it."""
        return self.is_active and permission in PERMISSIONS[Role(self.role)]


class ApiKey(models.Model):
    """A key of a platform, or of a person there. Only its SHA-256 is kept; the key itself is shown once."""

    prefix = models.CharField(max_length=16, unique=True)  # public part, for people to tell keys apart
    digest = models.CharField(max_length=64, unique=True)
    platform = models.CharField(max_length=63)
    scopes = models.JSONField(default=list)
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    person = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True
    )  # whose deeds its deeds are; of few scopes
