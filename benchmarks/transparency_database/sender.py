"""The process that sends, and that is killed: as the worker does, at the pace of the benchmark."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from hakam.wiring.start import start_django


def main(url: str) -> None:
    """Send until nothing is left."""
    start_django()
    from hakam.compliance.eu_database import submissions
    from hakam.enforcement.connectors.eu_database.client import HttpDatabase
    from hakam.enforcement.connectors.eu_database.sending import Pace, send_due
    from hakam.testing.eu_database import TOKEN

    database = HttpDatabase(url, TOKEN)
    submissions.take_over(now=datetime.now(tz=UTC))
    while True:
        done = send_due(database, now=datetime.now(tz=UTC), pace=Pace(a_second=1e9, batches=1_000))
        if not (done.sent or done.known or done.refused or done.later):
            return


if __name__ == "__main__":
    main(sys.argv[1])
