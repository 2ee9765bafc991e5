"""`python -m hakam.door`: the door alone, for service managers and benchmarks."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from hakam.door.config import DoorConfig
from hakam.door.server import serve


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(
        prog="python -m hakam.door", description="Take events in and judge them."
    )
    parser.add_argument(
        "--home", type=Path, required=True, help="folder of the event log and of published.json"
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8421)
    parser.add_argument("--metrics-public", action="store_true", help="serve /metrics to other machines too")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    serve(DoorConfig(given.home, given.host, given.port, given.metrics_public))


if __name__ == "__main__":
    main()
