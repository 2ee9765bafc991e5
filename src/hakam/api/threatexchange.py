"""Shared banks in the shape of ThreatExchange's Graph API, so that `python-threatexchange` and HMA fetch from us.

Shapes: https://developers.facebook.com/docs/threat-exchange/reference/apis. A bank is a privacy group; the access token
is any number of 8 digits or more, `|`, and a key. `last_updated` counts the changes of a bank from the second in which
it was made: it orders them exactly, and it is no time of day.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from hakam.banks import sharing
from hakam.banks.formats.threatexchange import TYPES
from hakam.banks.kinds import BankSource
from hakam.banks.models import Bank
from hakam.banks.sharing import Change, Place
from hakam.staff import keys
from hakam.staff.roles import Scope
from hakam.vocabulary.bank import EntryKind

OWNER = "1"  # our own id, where an application's stands
_PAGE, _MOST = 25, 1_000
_PLACE = re.compile(r"([0-9]{1,18})\.([01])\.([0-9]{1,18})", re.ASCII)
_COUNT = re.compile(r"[0-9]{1,18}", re.ASCII)


class GraphError(Exception):
    """A refusal with the code that the Graph API has for it."""

    def __init__(self, status: int, code: int, kind: str, message: str) -> None:
        self.status, self.code, self.kind = status, code, kind
        super().__init__(message)


def _answered(view: Callable[..., dict[str, Any]]) -> Callable[..., HttpResponse]:
    @csrf_exempt  # keys, not cookies, say who calls
    def answer(request: HttpRequest, **named: Any) -> HttpResponse:
        try:
            _admit(request)
            return JsonResponse(view(request, **named))
        except GraphError as wrong:
            error = {"message": str(wrong), "type": wrong.kind, "code": wrong.code}
            return JsonResponse({"error": error}, status=wrong.status)

    return answer


def _admit(request: HttpRequest) -> None:
    if request.method not in {"GET", "HEAD"}:
        raise GraphError(400, 100, "GraphMethodException", "Unsupported post request: this feed is read only")
    token = request.GET.get("access_token", "")
    key = keys.find(token.rpartition("|")[2], now=timezone.now())
    if key is None:
        raise GraphError(
            400, 190, "OAuthException", "Invalid OAuth access token: a number, | and a key are expected"
        )
    if Scope.BANKS_READ.value not in key.scopes:
        raise GraphError(
            403, 10, "OAuthException", f"The key may not do this: the scope `{Scope.BANKS_READ}` is needed"
        )


def _bank(group: int) -> Bank:
    found = sharing.shared_bank(group)
    if found is None:
        raise GraphError(
            400,
            100,
            "GraphMethodException",
            f"Unsupported get request. Object with ID '{group}' does not exist",
        )
    return found


def _number(request: HttpRequest, name: str, otherwise: int) -> int:
    given = request.GET.get(name)
    if given is None or given == "":
        return otherwise
    if not _COUNT.fullmatch(given):
        raise GraphError(400, 100, "OAuthException", f"(#100) Param {name} must be an integer")
    return int(given)


def updates(request: HttpRequest, group: int, **_named: str) -> dict[str, Any]:
    """`GET /GROUP/threat_updates`: a page of what came and left, from `start_time` on, itself included."""
    bank = _bank(group)
    base = int(bank.created_at.timestamp())
    limit = min(max(_number(request, "limit", _PAGE), 1), _MOST)
    start = max(_number(request, "start_time", 0) - base, 0)
    stop = _number(request, "stop_time", 0)
    place = _PLACE.fullmatch(request.GET.get("after", ""))
    after = Place(*map(int, place.groups())) if place else Place(start)
    found = sharing.changes(bank, after, limit + 1)
    page = [one for one in found[:limit] if not stop or one.place.revision + base < stop]
    answer: dict[str, Any] = {"data": [_update(bank, base, one) for one in page]}
    if len(found) > limit and len(page) == limit:
        last = ".".join(map(str, page[-1].place))
        query = urlencode({**request.GET.dict(), "after": last})
        answer["paging"] = {
            "cursors": {"after": last},
            "next": f"{request.build_absolute_uri(request.path)}?{query}",
        }
    return answer


def _update(bank: Bank, base: int, one: Change) -> dict[str, Any]:
    number = str(one.place.row * 2 + one.place.left)
    told: dict[str, Any] = {
        "id": number,
        "indicator": one.digest,
        "type": TYPES[EntryKind(one.kind)],
        "last_updated": base + one.place.revision,
        "should_delete": one.gone,
    }
    if not one.gone:
        # Only our own decisions were looked at by people here; what we pass on is for the partner to look at.
        status = "MALICIOUS" if bank.source == BankSource.OWN else "SUSPICIOUS"
        tags = [tag for tag in one.label.split(", ") if tag]
        told["descriptors"] = {
            "data": [{"id": number, "owner": {"id": OWNER}, "status": status, "tags": tags}]
        }
    return told


def _group(bank: Bank) -> dict[str, Any]:
    return {
        "id": str(bank.pk),
        "name": bank.name,
        "description": bank.purpose,
        "members_can_see": True,
        "members_can_use": True,
        "threat_updates_enabled": True,
        "added_on": bank.created_at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "last_updated": bank.created_at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
    }


def member(_request: HttpRequest, **_named: Any) -> dict[str, Any]:
    """`GET /APP/threat_privacy_groups_member`: the shared banks."""
    return {"data": [_group(bank) for bank in sharing.shared_banks()]}


def owner(_request: HttpRequest, **_named: Any) -> dict[str, Any]:
    """`GET /APP/threat_privacy_groups_owner`: none, since no partner owns a bank of ours."""
    return {"data": []}


def one_group(_request: HttpRequest, group: int, **_named: str) -> dict[str, Any]:
    """`GET /GROUP`: one shared bank."""
    return _group(_bank(group))


urlpatterns = [
    path("<str:version>/<int:group>/threat_updates/", _answered(updates)),
    path("<str:version>/<int:group>/threat_updates", _answered(updates)),
    path("<str:version>/<int:app>/threat_privacy_groups_member", _answered(member)),
    path("<str:version>/<int:app>/threat_privacy_groups_owner", _answered(owner)),
    path("<str:version>/<int:group>", _answered(one_group)),
]
