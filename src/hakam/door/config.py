"""What the door must be told to start. Keys, packs and size limits come from what the console publishes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hakam.signals.models.heads import Head


@dataclass(frozen=True)
class DoorConfig:
    """Where the door keeps its log, finds what is published, and listens."""

    home: Path
    host: str = "127.0.0.1"
    port: int = 8421
    metrics_public: bool = False  # serve /metrics to other than this machine
    scores: tuple[Head, ...] = ()  # measured of every text, besides those that rules ask for

    max_events: int = 1_000  # in one request
    max_waiting_events: int = 20_000  # judged and not yet on disk; beyond this the door says 503
    max_waiting_bytes: int = 128 * 1024 * 1024
    future_seconds: float = 300.0  # how far an event's time may lie ahead of ours
    poll_seconds: float = 0.25  # how often to look for something newly published
    grace_seconds: float = 30.0  # how long a stop waits for requests under way

    @property
    def log_path(self) -> Path:
        """The event log."""
        return self.home / "events"

    @property
    def notice_log_path(self) -> Path:
        """The log of notices."""
        return self.home / "notices"

    @property
    def published_path(self) -> Path:
        """What the console publishes."""
        return self.home / "published.json"
