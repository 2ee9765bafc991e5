"""What the door counts about itself, in plain numbers: reading them costs something, counting them next to nothing."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric

from hakam.storage import model_figures
from hakam.vocabulary.problem import Problem

if TYPE_CHECKING:
    from hakam.door.app import Door

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_EVENTS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 4_000.0)


class _Histogram:
    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def buckets(self) -> list[tuple[str, float]]:
        total, out = 0, []
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True):
            total += count
            out.append((bound, float(total)))
        return out


class Metrics:
    """The numbers of one door since its start."""

    def __init__(self) -> None:
        self.stored = 0
        self.duplicates = 0
        self.problems: Counter[str] = Counter()
        self.requests: Counter[tuple[str, int]] = Counter()
        self.reloads: Counter[str] = Counter()
        self.groups = _Histogram(_EVENTS)
        self.commits = _Histogram(_SECONDS)
        self._latency: dict[str, _Histogram] = {}

    def request(self, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self.requests[route, status] += 1
        latency = self._latency.get(route)
        if latency is None:
            latency = self._latency[route] = _Histogram(_SECONDS)
        latency.observe(seconds)

    def problem(self, problem: Problem, times: int = 1) -> None:
        """Count a problem of a request or of events."""
        self.problems[problem.type] += times

    def group(self, events: int, seconds: float) -> None:
        """Count one group commit. Called by the thread that writes."""
        self.groups.observe(events)
        self.commits.observe(seconds)

    def exposition(self, door: Door) -> tuple[str, bytes]:
        """Return the media type and the text that Prometheus reads."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Snapshot(self, door))
        return CONTENT_TYPE_LATEST, generate_latest(registry)


class _Snapshot:
    def __init__(self, metrics: Metrics, door: Door) -> None:
        self._metrics = metrics
        self._door = door

    def collect(self) -> Iterator[Metric]:
        """Yield everything, as it stands."""
        metrics, door = self._metrics, self._door
        events = CounterMetricFamily(
            "hakam_door_events", "Events answered, by what became of them", labels=["outcome"]
        )
        events.add_metric(["stored"], metrics.stored)
        events.add_metric(["duplicate"], metrics.duplicates)
        yield events
        problems = CounterMetricFamily("hakam_door_problems", "Problems answered, by type", labels=["type"])
        for kind, number in sorted(metrics.problems.items()):
            problems.add_metric([kind], number)
        yield problems
        requests = CounterMetricFamily("hakam_door_requests", "Requests answered", labels=["route", "status"])
        for (route, status), number in sorted(metrics.requests.items()):
            requests.add_metric([route, str(status)], number)
        yield requests
        latency = HistogramMetricFamily(
            "hakam_door_request_seconds",
            "Seconds from the last byte of a request to its answer",
            labels=["route"],
        )
        for route, histogram in sorted(metrics._latency.items()):  # noqa: SLF001 -- its other half
            latency.add_metric([route], histogram.buckets(), histogram.sum)
        yield latency
        groups = HistogramMetricFamily("hakam_door_group_events", "Events made durable by one fsync")
        groups.add_metric([], metrics.groups.buckets(), metrics.groups.sum)
        yield groups
        commits = HistogramMetricFamily("hakam_door_commit_seconds", "Seconds that a group commit took")
        commits.add_metric([], metrics.commits.buckets(), metrics.commits.sum)
        yield commits
        yield GaugeMetricFamily(
            "hakam_door_waiting_events", "Events judged and not yet on disk", door.commit.events
        )
        yield GaugeMetricFamily("hakam_door_waiting_bytes", "Their bytes", door.commit.bytes)
        yield GaugeMetricFamily(
            "hakam_door_ready", "Whether events are taken in", float(door.judgement is not None)
        )
        reloads = CounterMetricFamily(
            "hakam_door_publications", "Publications met, by outcome", labels=["outcome"]
        )
        for outcome, number in sorted(metrics.reloads.items()):
            reloads.add_metric([outcome], number)
        yield reloads
        yield GaugeMetricFamily(
            "hakam_door_trouble", "Whether the latest publication is not in force", bool(door.trouble)
        )
        yield GaugeMetricFamily(
            "hakam_door_revision", "Number of the publication in force", door.published.revision
        )
        yield from _models(door)
        judgement = door.judgement
        if judgement is not None:
            ref = judgement.engine.ref
            yield InfoMetricFamily(
                "hakam_door_pack",
                "The pack in force",
                {"id": ref.id, "version": ref.version, "digest": ref.digest},
            )
            quarantined = CounterMetricFamily(
                "hakam_door_quarantined", "Events on which a rule failed and was left out", labels=["rule"]
            )
            for rule, number in sorted(judgement.quarantined.items()):
                quarantined.add_metric([rule], number)
            yield quarantined
            aside = GaugeMetricFamily(
                "hakam_door_rule_aside",
                "Rules that are not asked, since they failed too often",
                labels=["rule"],
            )
            for rule in sorted(judgement.engine.aside):
                aside.add_metric([rule], 1)
            yield aside
            counters = judgement.counters
            yield GaugeMetricFamily(
                "hakam_door_counter_entries", "Entries of the counters in memory", counters.entries
            )
            yield CounterMetricFamily(
                "hakam_door_counter_forgotten", "Entries dropped to stay within memory", counters.forgotten
            )


_SUMS = (
    ("texts", "Texts that a model was to read"),
    ("remembered", "Of them answered from memory"),
    ("unknown", "Of them without an answer"),
    ("calls", "Calls of its endpoint, failed ones included"),
    ("characters", "Characters that left this machine for it"),
    ("tokens", "Tokens that it counted"),
    ("money", "What it cost, in the currency of its prices"),
    ("reviews", "Cases opened since it had no answer"),
    ("seconds", "Seconds that it took to answer"),
)
_STATES = (
    ("on", "Whether a model is switched on"),
    ("behind", "Records of the log that it has not come to"),
    ("budget_used", "The largest share of its budgets of the day"),
    ("trouble_at", "Unix time of its last trouble, 0 for none"),
)


def _models(door: Door) -> Iterator[Metric]:
    """Yield what the worker wrote of the models of others, which it asks."""
    figures = model_figures.read(door.config.home)
    for name, told in _SUMS:
        sums = CounterMetricFamily(f"hakam_model_{name}", told, labels=["model"])
        for one in figures:
            sums.add_metric([one.name], getattr(one, name))
        yield sums
    for name, told in _STATES:
        states = GaugeMetricFamily(f"hakam_model_{name}", told, labels=["model"])
        for one in figures:
            states.add_metric([one.name], float(getattr(one, name)))
        yield states
