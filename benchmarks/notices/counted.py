"""What an installation counts of a flood: the open case, its crowd and the ledger, as JSON. Reads `HAKAM_HOME`."""

from __future__ import annotations

import json
import sys

from hakam.wiring import start

start.start_django()

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact
from hakam.intake import cursors
from hakam.intake.models import Crowd
from hakam.review.models import Case
from hakam.review.states import CaseState


def main() -> None:
    """Count."""
    cases = Case.objects.filter(state=CaseState.OPEN).order_by("-priority")
    received = Fact.objects.filter(kind=FactKind.NOTICE_RECEIVED).iterator()
    said = {
        "open": cases.count(),
        "case": max((case.notices for case in cases), default=0),
        "crowd": sum(Crowd.objects.values_list("count", flat=True)),
        "ledger": sum(ledger.body_of(fact).get("count", 1) for fact in received),
        "cursor": cursors.position("notices"),
    }
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main()
