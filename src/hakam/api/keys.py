"""Who calls: the platform behind an API key, and what the key may do."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from hakam.api.problems import ProblemError, ProblemKind
from hakam.staff import keys
from hakam.staff.models import ApiKey
from hakam.staff.roles import Scope


class PlatformKey(HttpBearer):
    """`Authorization: Bearer hk_...` of a key with one scope."""

    openapi_name = "platform key"

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> Any:
        """Find the key; tell a missing one from an unknown one."""
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not text.strip():
            raise ProblemError(ProblemKind.KEY_MISSING)
        return self.authenticate(request, text.strip())

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey:
        """Return the key behind `token`. Raises `ProblemError`."""
        del request
        key = keys.find(token, now=timezone.now())
        if key is None:
            raise ProblemError(ProblemKind.KEY_UNKNOWN)
        if self.scope.value not in key.scopes:
            raise ProblemError(ProblemKind.SCOPE_MISSING, f"the scope `{self.scope}` is needed")
        return key


def caller(request: HttpRequest) -> ApiKey:
    """Return the key of an authenticated request."""
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    return key
