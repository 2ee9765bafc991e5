"""Somebody who works at one of three platforms: `python -m tests.exchange.agent`, in its namespace and on its home.

Reads orders as JSON, one a line, and answers each with a line. It uses the verbs that console and commands use, and the
platform's side of the door.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import django.apps

from hakam.wiring import start

_ORDERS: dict[str, Callable[..., Any]] = {}


def order(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a function an order."""

    def kept(function: Callable[..., Any]) -> Callable[..., Any]:
        _ORDERS[name] = function
        return function

    return kept


def now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 -- our own
            return bool(answer.status == 200)
    except OSError:
        return False


@order("wait until ready")
def wait_until_ready(seconds: float) -> str:
    until = time.monotonic() + seconds
    urls = ["http://127.0.0.1:8420/healthz", "http://127.0.0.1:8421/healthz"]
    while not all(map(_answers, urls)):
        if time.monotonic() > until:
            raise TimeoutError("console or door do not answer")
        time.sleep(0.2)
    if not django.apps.apps.ready:
        start.start_django()
    return "ready"


@order("key")
def key() -> str:
    from hakam.exchange import keys  # noqa: PLC0415 -- needs Django started
    from hakam.wiring.settings import settings  # noqa: PLC0415

    return keys.written(keys.signing_key(settings().secret(keys.SECRET)).public_key())


def _person(name: str) -> Any:
    from hakam.staff.models import User  # noqa: PLC0415 -- needs Django started
    from hakam.staff.roles import Role  # noqa: PLC0415
    from hakam.staff.users import create_user  # noqa: PLC0415
    from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415

    found = User.objects.filter(username=name).first()
    role = Role.INCIDENT_LEAD
    return found or create_user(username=name, email=f"{name}@x.example", role=role, by=SYSTEM, now=now())


def _clause() -> str:
    from hakam.compliance import rulebook  # noqa: PLC0415 -- needs Django started

    version = rulebook.active()
    assert version is not None
    clauses = rulebook.load(version).clauses
    return next(name for name, clause in sorted(clauses.items()) if clause.harm.value.startswith("terrorism"))


@order("partner")
def partner(name: str, address: str, key: str) -> str:
    from hakam.exchange import partners  # noqa: PLC0415 -- needs Django started
    from hakam.exchange.kinds import Response, Trust, Way  # noqa: PLC0415

    one, two = _person("amal"), _person("basil")
    partners.add_partner(name, title=name.title(), address=address, key=key, own="", by=one.actor, now=now())
    partners.agree(name, Way.GIVE, "incident", by=one.actor, now=now())
    partners.agree(
        name, Way.TAKE, "incident", clause=_clause(), response=Response.HOLD, by=one.actor, now=now()
    )
    partners.ask_trust(name, Trust.ACT, because="we met them", by=one.actor, now=now())
    partners.confirm_trust(name, by=two.actor, now=now())
    return "done"


@order("declare")
def declare(slug: str) -> str:
    """Make the shared bank of an incident."""
    from hakam.banks.keeping import change_bank, create_bank  # noqa: PLC0415 -- needs Django started
    from hakam.banks.kinds import BankAction, BankSource  # noqa: PLC0415

    by, name = _person("amal").actor, f"incident-{slug}"
    create_bank(
        name,
        source=BankSource.OWN,
        purpose="an attack",
        clause=_clause(),
        action=BankAction.HOLD,
        by=by,
        now=now(),
    )
    change_bank(name, shared=True, by=by, now=now())
    return name


@order("put hashes")
def put_hashes(bank: str, hashes: list[str]) -> float:
    from hakam.banks.filling import fill  # noqa: PLC0415 -- needs Django started
    from hakam.banks.rows import row  # noqa: PLC0415

    fill(
        bank,
        [row(n, "sha256", h, item=h[:16]) for n, h in enumerate(hashes, 1)],
        by=_person("amal").actor,
        now=now(),
    )
    return time.time()


@order("put clip")
def put_clip(bank: str, path: str) -> dict[str, Any]:
    from pathlib import Path  # noqa: PLC0415 -- only here

    from hakam.banks.clips import clip_kept_as  # noqa: PLC0415 -- needs Django started
    from hakam.banks.filling import fill  # noqa: PLC0415

    kept = clip_kept_as(Path(path).read_bytes(), label="", landmarks=True)
    fill(bank, kept.rows, by=_person("amal").actor, now=now())
    return {"at": time.time(), "item": kept.rows[0].item, "rows": len(kept.rows)}


@order("withdraw")
def withdraw(bank: str, items: list[str]) -> int:
    from hakam.banks.withdraw import withdraw as take_out  # noqa: PLC0415 -- needs Django started

    return take_out(bank, items=items, reason="it was another event", by=_person("amal").actor, now=now())


@order("active since")
def active_since(sha256: str, seconds: float) -> float:
    """Ask the door until it knows a file; return when it did, in Unix seconds."""
    until = time.monotonic() + seconds
    number = 0
    while time.monotonic() < until:
        number += 1
        verdict = _send(_event(f"probe-{sha256[:12]}-{number}", {"hashes": {"sha256": sha256}}), "check")
        if any(m["kind"] == "hold" for m in verdict.get("measures", [])):
            return time.time()
        time.sleep(0.05)
    raise TimeoutError("the door does not know it")


def _event(id_: str, media: dict[str, Any]) -> dict[str, Any]:
    from hakam.wiring.settings import settings  # noqa: PLC0415 -- needs Django started

    author = {
        "id": f"u-{id_}",
        "email": "poster@x.example",
        "language": "ar",
    }  # so that nobody seems to flood
    item = {"id": id_, "text": "look", "media": [media]}
    return {
        "id": id_,
        "platform": settings().platform,
        "kind": "post",
        "at": now().isoformat(),
        "author": author,
        "item": item,
    }


_KEY: list[str] = []


def _send(event: dict[str, Any], where: str) -> dict[str, Any]:
    if not _KEY:
        from hakam.staff.keys import issue_key  # noqa: PLC0415 -- needs Django started
        from hakam.staff.roles import Scope  # noqa: PLC0415
        from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415
        from hakam.wiring import publish  # noqa: PLC0415
        from hakam.wiring.settings import settings  # noqa: PLC0415

        scopes = [Scope.EVENTS_WRITE, Scope.CHECK]
        made = issue_key(platform=settings().platform, scopes=scopes, name="door", by=SYSTEM, now=now())
        publish.publish(settings(), now=now())
        _KEY.append(made[1])
    request = urllib.request.Request(
        f"http://127.0.0.1:8421/v1/{where}",
        json.dumps(event).encode(),
        {"authorization": f"Bearer {_KEY[0]}", "content-type": "application/json"},
    )
    said = _answered(request)
    return said.get("verdict", said)  # type: ignore[no-any-return]


def _answered(request: urllib.request.Request, seconds: float = 60.0) -> dict[str, Any]:
    """Ask again while the door has not read of our key yet."""
    until = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 -- our own
                said: dict[str, Any] = json.loads(answer.read())
                return said
        except urllib.error.HTTPError as error:
            if error.code != HTTPStatus.UNAUTHORIZED or time.monotonic() > until:
                raise
            time.sleep(0.2)


@order("upload")
def upload(name: str, file: str) -> str:
    """Post an item whose clip lies in the platform's media folder."""
    _send(_event(name, {"url": f"https://media.example/{file}", "mime": "video/mp4"}), "events")
    return name


@order("held")
def held() -> list[str]:
    """Return the items that are held, by their decisions."""
    from hakam.review.models import Decision  # noqa: PLC0415 -- needs Django started

    rows = Decision.objects.filter(state="final", outcome="violation", by__startswith="rule:bank:")
    return sorted(rows.values_list("item_id", flat=True))


@order("letters")
def letters() -> list[tuple[str, str]]:
    """Return the messages to people about items, by kind and item's statement."""
    from hakam.enforcement.models import Effect  # noqa: PLC0415 -- needs Django started

    return sorted((e.kind, e.stream) for e in Effect.objects.filter(channel="email"))


@order("looked at")
def looked_at() -> int:
    """Return how many records of the log the worker has looked at for pictures."""
    from hakam.intake import cursors  # noqa: PLC0415 -- needs Django started
    from hakam.intake.pictures import CURSOR  # noqa: PLC0415

    return cursors.position(CURSOR)


@order("last record")
def last_record() -> int:
    from hakam.wiring import ports  # noqa: PLC0415 -- needs Django started

    return ports.event_log().last_seq()


@order("mirror")
def mirror() -> dict[str, list[str]]:
    """Return the digests of every bank that a partner gave, by the bank's name here."""
    from hakam.exchange.models import Mirror  # noqa: PLC0415 -- needs Django started

    return {
        one.bank.name: sorted(one.bank.entries.values_list("digest", flat=True))
        for one in Mirror.objects.select_related("bank")
    }


@order("bank")
def bank(name: str) -> list[str]:
    from hakam.banks.models import BankEntry  # noqa: PLC0415 -- needs Django started

    return sorted(BankEntry.objects.filter(bank__name=name).values_list("digest", flat=True))


@order("decide")
def decide(item: str) -> str:
    """Let a person find nothing in an item that is held."""
    from hakam.review.decisions import decide as decided  # noqa: PLC0415 -- needs Django started
    from hakam.review.models import Case  # noqa: PLC0415
    from hakam.review.states import Outcome  # noqa: PLC0415

    case = Case.objects.get(item_id=item, state="open")
    decided(case.pk, by=_person("basil").actor, now=now(), outcome=Outcome.NO_VIOLATION, undo_seconds=0)
    return "done"


@order("words")
def words() -> list[tuple[str, bool, bool | None]]:
    """Return what partners said of our entries: who, whether it was seen, whether it was right."""
    from hakam.exchange.models import WordIn  # noqa: PLC0415 -- needs Django started

    return sorted(
        (w.partner.name, w.seen_at is not None, w.right) for w in WordIn.objects.select_related("partner")
    )


@order("chain")
def chain() -> list[str]:
    """Return what is wrong with the ledger."""
    from hakam.compliance import ledger  # noqa: PLC0415 -- needs Django started

    return [one.message for one in ledger.verify_chain()]


def main() -> None:
    """Carry out orders until there are none."""
    from django.db import close_old_connections  # noqa: PLC0415 -- after the settings

    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = {"said": _ORDERS[asked.pop("do")](**asked)}
        except Exception:  # noqa: BLE001 -- told to whoever asked
            answer = {"error": traceback.format_exc()[-3_000:]}
        close_old_connections()
        print(json.dumps(answer), flush=True)  # noqa: T201 -- the answer


if __name__ == "__main__":
    main()
