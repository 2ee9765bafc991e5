"""`/c/...`: making, changing and ending banks, and what is in them. Exchanges are not configured here."""

from __future__ import annotations

from typing import Any

import msgspec
from django.http import HttpRequest
from django.utils import timezone

from hakam.api.hma.answers import RefusedError, body_of, flag
from hakam.api.hma.hashing import CONTENT_TYPES, SIGNALS, hashes_of, sandbox, upload_of
from hakam.api.hma.matching import digest_of, our_name, their_name
from hakam.banks import access
from hakam.banks.filling import fill
from hakam.banks.keeping import change_bank, create_bank, delete_bank
from hakam.banks.kinds import BankSource
from hakam.banks.models import Bank
from hakam.banks.pictures import kept_as
from hakam.banks.rows import Read, row
from hakam.banks.withdraw import withdraw
from hakam.staff import keys
from hakam.staff.models import ApiKey

_METADATA = {"content_id", "content_uri", "json"}
_THEIRS = {kind.value: name for name, kind in SIGNALS.items()}


def _bank(name: str) -> Bank:
    found = access.find(our_name(name))
    if found is None:
        raise RefusedError(404, f"bank '{name}' not found")
    return found


def _shown(bank: Bank) -> dict[str, Any]:
    return {"name": their_name(bank.name), "matching_enabled_ratio": 1.0 if bank.enabled else 0.0}


def _enabled(body: dict[str, Any]) -> bool | None:
    """Return whether matches count, None if nothing is said of it."""
    ratio = body.get("enabled_ratio")
    if ratio is not None:
        if isinstance(ratio, bool) or ratio not in {0, 1, "0", "1", "0.0", "1.0"}:
            raise RefusedError(400, "a bank here matches always (1) or never (0); stage a rule for a share")
        return float(ratio) == 1
    enabled = body.get("enabled")
    return enabled if enabled is None or isinstance(enabled, bool) else flag(str(enabled))


def banks(_request: HttpRequest, _key: ApiKey) -> list[dict[str, Any]]:
    """`GET /c/banks`."""
    return [_shown(told.bank) for told in access.told()]


def bank(_request: HttpRequest, _key: ApiKey, name: str) -> dict[str, Any]:
    """`GET /c/bank/NAME`."""
    return _shown(_bank(name))


def create(request: HttpRequest, key: ApiKey) -> tuple[dict[str, Any], int]:
    """`POST /c/banks`. Beside HMA's `name`: `clause`, the clause of the rule book, and `purpose`, in words."""
    body, now, by = body_of(request), timezone.now(), keys.actor_of(key)
    name = body.get("name")
    if not isinstance(name, str):
        raise RefusedError(400, "name is required")
    if access.find(our_name(name)) is not None:
        raise RefusedError(403, "Bank already exists")
    enabled = _enabled(body)
    made = create_bank(
        our_name(name),
        source=BankSource.OWN,
        purpose=str(body.get("purpose") or f"made by {key.platform} through the interface of HMA"),
        clause=str(body.get("clause") or ""),
        by=by,
        now=now,
    )
    if enabled is False:
        made = change_bank(made.name, enabled=False, by=by, now=now)
    return _shown(made), 201


def change(request: HttpRequest, key: ApiKey, name: str) -> dict[str, Any]:
    """`PUT /c/bank/NAME`."""
    body, held = body_of(request), _bank(name)
    if isinstance(body.get("name"), str) and our_name(body["name"]) != held.name:
        raise RefusedError(400, "a bank keeps its name: rules and the record call it by it")
    return _shown(change_bank(held.name, enabled=_enabled(body), by=keys.actor_of(key), now=timezone.now()))


def delete(_request: HttpRequest, key: ApiKey, name: str) -> dict[str, str]:
    """`DELETE /c/bank/NAME`. What is not there is no error."""
    if access.find(our_name(name)) is not None:
        reason = f"deleted by {key.platform} through the interface of HMA"
        delete_bank(our_name(name), reason=reason, by=keys.actor_of(key), now=timezone.now())
    return {"message": "Done"}


def _metadata(request: HttpRequest) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(request.POST.get("metadata") or "{}")
    except msgspec.DecodeError:
        found = None
    if not isinstance(found, dict):
        raise RefusedError(400, "metadata should be a json object")
    if unexpected := set(found) - _METADATA:
        raise RefusedError(400, f"metadata contains unexpected keys: {' ,'.join(sorted(unexpected))}")
    return found


def add_file(request: HttpRequest, key: ApiKey, name: str) -> dict[str, Any]:
    """`POST /c/bank/NAME/content`: a picture is kept under all that people do to one, a clip by its MD5."""
    held, metadata = _bank(name), _metadata(request)
    if not request.GET.get("url") and not request.FILES:
        raise RefusedError(400, "Neither `url` nor multipart file upload was received")
    upload = upload_of(request)
    label = str(metadata.get("content_id") or "")
    signals = hashes_of(upload)
    if upload.content_type == "photo":
        kept = kept_as(upload.data, label=label, sandbox=sandbox())
        rows, variants = kept.rows, kept.variants
    else:
        rows, variants = (
            [row(1, SIGNALS[one], digest, label=label[:120]) for one, digest in signals.items()],
            {},
        )
    return _added(held, rows, signals, key, variants)


def add_signal(request: HttpRequest, key: ApiKey, name: str) -> dict[str, Any]:
    """`POST /c/bank/NAME/signal`: hashes as they are. Several are one content."""
    held, body = _bank(name), body_of(request)
    body.pop("note", None)
    if not body:
        raise RefusedError(400, "No signals given")
    signals = {}
    for one, value in body.items():
        if one not in SIGNALS:
            raise RefusedError(400, f"No such signal type {one}")
        signals[one] = digest_of(value if isinstance(value, str) else "", one)
    first = next(iter(signals.values()))
    item = f"signals-{first[:16]}" if len(signals) > 1 else ""
    rows = [row(1, SIGNALS[one], digest, item=item) for one, digest in signals.items()]
    return _added(held, rows, signals, key, {})


def _added(
    held: Bank, rows: list[Read], signals: dict[str, str], key: ApiKey, variants: dict[str, str]
) -> dict[str, Any]:
    filled = fill(
        held.name,
        rows,
        variants=variants,
        origin="the interface of HMA",
        by=keys.actor_of(key),
        now=timezone.now(),
    )
    if filled.bad:
        raise RefusedError(400, filled.bad[0].why)
    one, digest = next((name, value) for name, value in signals.items() if value)
    content = access.content_with(held, SIGNALS[one], digest)
    return {"id": content, "signals": signals}


def content(request: HttpRequest, _key: ApiKey, name: str, number: int) -> dict[str, Any]:
    """`GET /c/bank/NAME/content/ID`."""
    held = _bank(name)
    entries = access.content(held, number)
    if not entries:
        raise RefusedError(404, f"content {number} not found")
    answer: dict[str, Any] = {
        "id": number,
        "disable_until_ts": 1,  # as HMA writes "enabled"
        "original_media_uri": None,
        "bank": _shown(held),
    }
    if flag(request.GET.get("include_signals", "false")):
        plain = [one for one in entries if one.kind in _THEIRS and one.variant in {"", "as it is"}]
        answer["signals"] = {_THEIRS[one.kind]: one.digest for one in plain}
    if flag(request.GET.get("include_metadata", "false")):
        answer["metadata"] = {"content_id": entries[0].label, "content_uri": None, "json": None}
    return answer


def remove_content(_request: HttpRequest, key: ApiKey, name: str, number: int) -> dict[str, int]:
    """`DELETE /c/bank/NAME/content/ID`: every hash of it goes, at once."""
    held = _bank(name)
    entries = [one.pk for one in access.content(held, number)]
    if entries:
        reason = f"removed by {key.platform} through the interface of HMA"
        withdraw(held.name, entries=entries, reason=reason, by=keys.actor_of(key), now=timezone.now())
    return {"deleted": 1 if entries else 0}


def change_content(_request: HttpRequest, _key: ApiKey, name: str, number: int) -> dict[str, Any]:
    """`PUT /c/bank/NAME/content/ID`: not here."""
    _bank(name)
    raise RefusedError(
        501, f"content {number} can't be put aside for a time: remove it, or turn the bank off"
    )


def signal_types(_request: HttpRequest, _key: ApiKey) -> list[dict[str, Any]]:
    """`GET /c/signal_type`."""
    return [{"name": name, "enabled_ratio": 1.0} for name in SIGNALS]


def content_types(_request: HttpRequest, _key: ApiKey) -> list[dict[str, Any]]:
    """`GET /c/content_type`."""
    return [{"name": name, "enabled": True} for name in CONTENT_TYPES]


def exchanges(_request: HttpRequest, _key: ApiKey) -> list[str]:
    """`GET /c/exchanges`: none is configured here; lists are imported."""
    return []
