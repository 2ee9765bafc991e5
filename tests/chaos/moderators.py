"""Two moderators at work in a process of their own: they decide cases and answer each other's complaints.

`python -m tests.chaos.moderators SEED` works until its standard input ends. It calls the console's own verbs.
"""

from __future__ import annotations

import random
import sys
import threading
from datetime import UTC, datetime

from hakam.wiring import start

start.start_django()

from django.conf import settings  # noqa: E402 -- needs Django started
from django.db import OperationalError  # noqa: E402
from django.utils.module_loading import import_string  # noqa: E402

from hakam.demo.moderators import decide_as, open_complaints  # noqa: E402
from hakam.review import access, leases  # noqa: E402
from hakam.review.complaints import ComplaintError, decide_complaint  # noqa: E402
from hakam.review.concluding import DecisionError  # noqa: E402
from hakam.staff.access import by_username  # noqa: E402

NAMES = ("mona", "omar")
EXPECTED = (DecisionError, ComplaintError, leases.NotOpenError, OperationalError)


def work(chance: random.Random, stop: threading.Event) -> None:
    """Decide a case, then answer a complaint, again and again."""
    vault = import_string(settings.HAKAM_VAULT)()
    while not stop.wait(0.2):
        user = by_username(chance.choice(NAMES))
        assert user is not None
        try:
            now = datetime.now(tz=UTC)
            case = access.next_case(user=user, now=now)
            view = None if case is None else access.case(case, user=user, now=now, vault=vault)
            if view is not None:
                decide_as(user, view, undo_seconds=chance.choice((0, 1)))
            for complaint in open_complaints(user)[:2]:
                decide_complaint(
                    complaint.id,
                    by=user.actor,
                    now=datetime.now(tz=UTC),
                    uphold=chance.random() < 0.7,
                    answer="Read again, in its context.",
                )
        except EXPECTED as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)


def _until_input_ends(stop: threading.Event) -> None:
    sys.stdin.buffer.read()
    stop.set()


if __name__ == "__main__":
    ended = threading.Event()
    threading.Thread(target=_until_input_ends, args=(ended,), daemon=True).start()
    work(random.Random(sys.argv[1]), ended)  # noqa: S311 -- chance, not secrecy
