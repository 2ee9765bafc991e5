"""`/m/...`: what the banks in force say of a hash or of a file."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.utils import timezone

from hakam.api import installation
from hakam.api.hma.answers import RefusedError, asked, body_of, flag
from hakam.api.hma.hashing import SIGNALS, looked_for, upload_of
from hakam.banks import access, publication
from hakam.banks.rows import BadRow, row
from hakam.staff.models import ApiKey
from hakam.storage.known_content import KnownContent
from hakam.storage.published import PublishedBank
from hakam.vocabulary.bank import LARGEST_DISTANCE, EntryKind

MOST = 500  # hashes of one answer, the nearest
ByBank = dict[str, list[dict[str, Any]]]
_lock = threading.Lock()
_opened: dict[Path, tuple[tuple[PublishedBank, ...], KnownContent]] = {}


class Match(NamedTuple):
    """Something in a bank, by the number of its content, and by how many bits it differs."""

    bank: str
    content: int
    distance: int


def their_name(bank: str) -> str:
    """Return the name of a bank as HMA writes it: `known-spam` is `KNOWN_SPAM`."""
    return bank.upper().replace("-", "_")


def our_name(bank: str) -> str:
    """Return the name of a bank as it is written here."""
    return bank.lower().replace("_", "-")


def known() -> KnownContent:
    """Return the banks in force, opened anew when something in them changed."""
    home = installation.home()
    banks = publication.in_force(home, now=timezone.now())
    with _lock:
        if home not in _opened or _opened[home][0] != banks:
            _opened[home] = banks, KnownContent(home, banks)
        return _opened[home][1]


def digest_of(signal: str, signal_type: str) -> str:
    """Return a hash as it is looked up, or refuse it as HMA does."""
    if signal_type not in SIGNALS:
        raise RefusedError(400, f"No such SignalType '{signal_type}'")
    checked = row(1, SIGNALS[signal_type], signal)
    if isinstance(checked, BadRow):
        raise RefusedError(400, f"invalid signal: {checked.why}")
    return signal.strip().lower()


def find(signal_type: str, digests: Iterable[str], only: set[str] | None = None) -> list[Match]:
    """Return every content near to one of some hashes, the nearest first. `only`: names of banks, as HMA has them."""
    kind, at = SIGNALS[signal_type], timezone.now().timestamp()
    nearest: dict[tuple[str, int], int] = {}
    for digest in digests:
        for name, one in known().banks.items():
            if not one.in_force(at) or (only is not None and their_name(name) not in only):
                continue
            for near in one.shelf.find(kind, digest, one.bank.distance):
                place = (name, near.entry)
                nearest[place] = min(near.distance, nearest.get(place, near.distance))
    kept = sorted(nearest.items(), key=lambda one: (one[1], one[0]))[:MOST]
    contents = access.contents_of([entry for (_, entry), _ in kept])
    found: dict[tuple[str, int], int] = {}
    for (name, entry), distance in kept:
        place = (name, contents.get(entry, entry))
        found[place] = min(distance, found.get(place, distance))
    return sorted(
        (Match(*place, distance) for place, distance in found.items()), key=lambda m: (m.distance, m)
    )


def _chosen(request: HttpRequest) -> set[str] | None:
    named = request.GET.get("banks")
    return set(named.split(",")) if named else None


def _by_bank(matches: Iterable[Match]) -> ByBank:
    found: ByBank = {}
    for match in matches:
        told = {"bank_content_id": match.content, "distance": str(match.distance)}
        found.setdefault(their_name(match.bank), []).append(told)
    return found


def raw_lookup(request: HttpRequest, _key: ApiKey) -> dict[str, Any]:
    """`GET /m/raw_lookup`."""
    signal, signal_type = asked(request, "signal"), asked(request, "signal_type")
    with_distance = flag(request.GET.get("include_distance", "false"))
    matches = find(signal_type, [digest_of(signal, signal_type)], _chosen(request))
    if not with_distance:
        return {"matches": [match.content for match in matches]}
    return {
        "matches": [{"bank_content_id": match.content, "distance": str(match.distance)} for match in matches]
    }


def lookup(request: HttpRequest, _key: ApiKey) -> Any:
    """`GET /m/lookup` by hash."""
    if request.GET.get("url"):
        upload_of(request)
    signal, signal_type = request.GET.get("signal"), request.GET.get("signal_type")
    if not signal or not signal_type:
        raise RefusedError(400, "Either url or both signal and signal_type are required")
    return _by_bank(find(signal_type, [digest_of(signal, signal_type)], _chosen(request)))


def lookup_upload(request: HttpRequest, _key: ApiKey) -> dict[str, ByBank]:
    """`POST /m/lookup` with a file."""
    return {
        name: _by_bank(find(name, digests, _chosen(request)))
        for name, digests in looked_for(upload_of(request)).items()
    }


def compare(request: HttpRequest, _key: ApiKey) -> dict[str, Any]:
    """`POST /m/compare`: whether two hashes of a type match, and how far they are apart."""
    answer: dict[str, Any] = {}
    for signal_type, pair in body_of(request).items():
        if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(one, str) for one in pair):  # noqa: PLR2004
            raise RefusedError(400, f"`{signal_type}` should be two signals")
        first, second = (digest_of(one, signal_type) for one in pair)
        apart = (int(first, 16) ^ int(second, 16)).bit_count()
        least = LARGEST_DISTANCE if SIGNALS[signal_type] is EntryKind.PDQ else 0
        answer[signal_type] = [apart <= least, {"distance": apart}]
    return answer


def index_status(request: HttpRequest, _key: ApiKey) -> dict[str, Any]:
    """`GET /m/index/status`."""
    limit = request.GET.get("signal_type")
    if limit is not None and limit not in SIGNALS:
        raise RefusedError(400, f"No such signal type '{limit}'")
    counts = access.counted({kind: name for name, kind in SIGNALS.items()})
    return {
        name: {"present": size > 0, "built_to": newest if size else -1, "size": size}
        for name, (size, newest) in counts.items()
        if limit in {None, name}
    }
