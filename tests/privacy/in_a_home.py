"""What colleagues do on a real home, for `test_traces`: one act a call, its outcome as JSON on the last line."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec


def act(words: list[str]) -> dict[str, Any]:
    """Do what the words say. Django must be started."""
    from tests.house import PLATFORM  # noqa: PLC0415

    from hakam.intake.models import KnownItem  # noqa: PLC0415 -- needs Django started
    from hakam.privacy import requests  # noqa: PLC0415
    from hakam.privacy.models import Subject  # noqa: PLC0415
    from hakam.staff.models import User  # noqa: PLC0415

    now = datetime.now(tz=UTC)
    people = {user.username: user.actor for user in User.objects.all()}
    match words:
        case ["seen"]:
            return {"known": KnownItem.objects.values("item_id").distinct().count()}
        case ["report", *items]:
            return {"cases": [_report(PLATFORM, item, people["amal"], now) for item in items]}
        case ["ask"]:
            made = requests.receive("erasure", platform=PLATFORM, account="u1", by=people["lena"], now=now)
            requests.identify(str(made.pk), how="Signed in.", by=people["lena"], now=now)
            return {"request": str(made.pk)}
        case ["release", number]:
            requests.release(number, by=people["mira"], now=now)
            return {}
        case ["state", number]:
            return {"state": Subject.objects.get(pk=number).state}
    raise SystemExit(f"nobody does {words}")


def _report(platform: str, item: str, by: Any, now: datetime) -> int:
    from hakam.intake.notices import Submission, receive_notice  # noqa: PLC0415 -- needs Django started
    from hakam.review.decisions import decide, finalise_due  # noqa: PLC0415
    from hakam.review.models import Case  # noqa: PLC0415
    from hakam.review.states import Outcome  # noqa: PLC0415
    from hakam.wiring import ports  # noqa: PLC0415

    receive_notice(
        Submission(
            platform=platform, harm="spam", explanation="I do not like it.", name="Nora", email="n@people.example",
            urls=(f"https://forum.example/p/{item[1:]}",), good_faith="In good faith.",
        ),
        vault=ports.vault(), log=ports.event_log(), now=now,
    )  # fmt: skip
    case = Case.objects.get(item_id=item)
    decide(case.pk, by=by, now=now, outcome=Outcome.NO_VIOLATION, undo_seconds=0)
    finalise_due(now + timedelta(seconds=1))
    return case.pk


if __name__ == "__main__":
    from hakam.wiring import start

    start.start_django()
    sys.stdout.write("\n" + msgspec.json.encode(act(sys.argv[1:])).decode() + "\n")
