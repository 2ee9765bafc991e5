"""Datasets of FIRES, for everybody: nodeinfo that leads to them, the datasets, their snapshots and changes, the labels.

Shapes: https://fires.fedimod.org/reference/protocol/. Docs: `docs/how-to/share-with-the-fediverse.md`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.http import require_safe

import hakam
from hakam.exchange.fires import offering
from hakam.exchange.fires.shapes import (
    BEGINNING,
    CONTEXT,
    MEDIA_TYPE,
    About,
    ChangeType,
    EntityKind,
    Policy,
    Told,
    change,
    collection,
    stamp,
)
from hakam.exchange.models import Dataset, DatasetChange
from hakam.vocabulary.harm import Harm, crosswalk

_FRESH: Final = "public, max-age=60"


def _root() -> str:
    return f"{settings.HAKAM.base_url}/fires"


def _answered(view: Callable[..., dict[str, Any] | None]) -> Callable[..., HttpResponse]:
    @require_safe
    def answer(request: HttpRequest, **named: Any) -> HttpResponse:
        said = view(request, **named)
        if said is None:
            return JsonResponse({"error": "there is nothing here"}, status=404, content_type=MEDIA_TYPE)
        response = JsonResponse(said, content_type=MEDIA_TYPE)
        response["Cache-Control"] = _FRESH
        response["Access-Control-Allow-Origin"] = "*"
        return response

    return answer


@require_safe
def well_known(_request: HttpRequest) -> HttpResponse:
    """Return where nodeinfo is; nothing, while no dataset is offered."""
    if not offering.offered():
        return HttpResponse(status=404)
    link = {
        "rel": "http://nodeinfo.diaspora.software/ns/schema/2.1",
        "href": f"{settings.HAKAM.base_url}/nodeinfo/2.1",
    }
    return JsonResponse({"links": [link]})


@require_safe
def nodeinfo(_request: HttpRequest) -> HttpResponse:
    """Return nodeinfo 2.1, which says where datasets and labels are. No figure of people is told."""
    if not offering.offered():
        return HttpResponse(status=404)
    said = {
        "version": "2.1",
        "software": {"name": "hakam", "version": hakam.__version__},
        "protocols": ["fires"],
        "services": {"inbound": [], "outbound": []},
        "openRegistrations": False,
        "usage": {"users": {}},
        "metadata": {"fires": {"datasets": f"{_root()}/datasets", "labels": f"{_root()}/labels"}},
    }
    return JsonResponse(said)


def datasets(_request: HttpRequest) -> dict[str, Any] | None:
    """Return all datasets."""
    items = [_dataset(one) for one in offering.offered()]
    return {
        "@context": CONTEXT, "id": f"{_root()}/datasets", "type": "Collection", "totalItems": len(items),
        "items": items,
    }  # fmt: skip


def dataset(_request: HttpRequest, number: str) -> dict[str, Any] | None:
    """Return one dataset."""
    found = _find(number)
    return None if found is None else {"@context": CONTEXT, **_dataset(found)}


def snapshot(_request: HttpRequest, number: str) -> dict[str, Any] | None:
    """Return the newest change of each entry, the newest first, and where reading goes on."""
    found = _find(number)
    if found is None:
        return None
    rows = list(offering.latest(found).values())[::-1]
    about = _about(found)
    last = rows[0].number if rows else BEGINNING
    changes = f"{about.address}/changes?since={last}"
    items = [change(about, _told(row)) for row in rows]
    more = {"updated": stamp(rows[0].at)} if rows else {}
    return collection(
        f"{about.address}/snapshot", items, dataset=about.address, changes=changes,
        endpoints={"changes": changes}, **more,
    )  # fmt: skip


def changes(request: HttpRequest, number: str) -> dict[str, Any] | None:
    """Return the collection of changes, or with `since` the page of those after a change, the oldest first."""
    found = _find(number)
    if found is None:
        return None
    about = _about(found)
    here = f"{about.address}/changes"
    since = request.GET.get("since", "")
    if not since:
        return {
            "@context": CONTEXT, "id": here, "type": "OrderedCollection", "totalItems": found.changes.count(),
            "dataset": about.address, "first": f"{here}?since={BEGINNING}",
        }  # fmt: skip
    page = offering.changes_after(found, since)
    if page is None:
        return None
    rows, more = page
    said = {
        "@context": CONTEXT, "id": f"{here}?since={since}", "type": "OrderedCollectionPage", "partOf": here,
        "dataset": about.address,
        "totalItems": found.changes.count(), "orderedItems": [change(about, _told(row)) for row in rows],
    }  # fmt: skip
    return said | ({"next": f"{here}?since={rows[-1].number}"} if more else {})


def one_change(_request: HttpRequest, number: str, which: str) -> dict[str, Any] | None:
    """Return one change."""
    found = _find(number)
    row = found.changes.filter(number=which).first() if found is not None else None
    return (
        None if found is None or row is None else {"@context": CONTEXT, **change(_about(found), _told(row))}
    )


def labels(_request: HttpRequest) -> dict[str, Any] | None:
    """Return the labels: the kinds of harm, each at a place of this collection."""
    used = sorted({one.harm for one in offering.offered() if one.harm})
    items = [{"id": _label(harm), "type": "Label", "name": crosswalk()[Harm(harm)].label} for harm in used]
    return {
        "@context": CONTEXT, "id": f"{_root()}/labels", "type": "Collection", "totalItems": len(items), "items": items
    }  # fmt: skip


def _find(number: str) -> Dataset | None:
    return Dataset.objects.filter(number=number).first()


def _label(harm: str) -> str:
    return f"{_root()}/labels#{harm}" if harm else ""


def _about(one: Dataset) -> About:
    address = f"{_root()}/datasets/{one.number}"
    return About(address, EntityKind(one.kind), Policy(one.policy), tuple(one.filters), _label(one.harm))


def _told(row: DatasetChange) -> Told:
    return Told(row.of or row.number, ChangeType(row.type), row.key, row.at)


def _dataset(one: Dataset) -> dict[str, Any]:
    address = _about(one).address
    said = {
        "id": address,
        "type": "Dataset",
        "name": one.title,
        "summary": one.summary,
        "published": stamp(one.created_at),
        "endpoints": {"changes": f"{address}/changes", "snapshot": f"{address}/snapshot"},
    }
    return said | ({"updated": stamp(one.ended_at)} if one.ended_at else {})


urlpatterns = [
    path(".well-known/nodeinfo", well_known),
    path("nodeinfo/2.1", nodeinfo),
    path("fires/labels", _answered(labels)),
    path("fires/datasets", _answered(datasets)),
    path("fires/datasets/<str:number>", _answered(dataset)),
    path("fires/datasets/<str:number>/snapshot", _answered(snapshot)),
    path("fires/datasets/<str:number>/changes", _answered(changes)),
    path("fires/datasets/<str:number>/changes/<str:which>", _answered(one_change)),
]
