"""The models of others as people and metrics see them: what is declared, what is on, what it did and what went wrong.

Nothing is built or asked here: a page may show a model whose network takes a minute to load.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from django.db.models import Sum

from hakam.adapters import declared as declarations
from hakam.adapters.declared import Declaration, DeclarationError, Declared
from hakam.adapters.shipped import NAME as SHIPPED
from hakam.intake.asking import waiting
from hakam.intake.models import ModelSwitch, ModelUse
from hakam.storage.event_log import EventLog
from hakam.storage.model_figures import ModelFigures

DAYS: Final = 7  # shown beside today
_SUMS: Final = (
    "texts", "remembered", "unknown", "calls", "characters", "tokens", "micros", "milliseconds", "reviews",
)  # fmt: skip


class ModelState(StrEnum):
    """Whether a model reads."""

    SHIPPED = "shipped"  # comes with Hakam and reads where a rule reads its scores
    ON = "on"
    OFF = "off"
    CHANGED = (
        "changed"  # another version of its declaration was switched on than lies there: it does not read
    )
    UNREADABLE = "unreadable"


class Share(NamedTuple):
    """One budget of a day and what is used of it. `kind`: calls, tokens or money."""

    kind: str
    used: float
    most: float

    @property
    def share(self) -> float:
        """0 to 1, and more where the last batch went beyond."""
        return self.used / self.most if self.most else 1.0


class ModelRow(NamedTuple):
    """One model. `declared` is None for those that ship and for a file that can't be read; `today` may be unsaved."""

    name: str
    state: ModelState
    declared: Declared | None
    unreadable: str  # why its declaration can't be read
    today: ModelUse
    week: dict[str, int]  # sums of the last days, today included
    model: str  # the id under which it answered last, with its version; empty if it never did
    trouble: str  # the last one
    trouble_at: datetime | None
    behind: int
    switched_by: str = ""
    switched_at: datetime | None = None

    @property
    def what(self) -> Declaration | None:
        """What the operator declared."""
        return self.declared.what if self.declared else None

    @property
    def sends_to(self) -> str:
        """The host that gets texts, empty for none."""
        return urlsplit(str(self._setting("url") or "")).netloc

    @property
    def seconds(self) -> float | None:
        """What one text may take, where the adapter has such a limit."""
        found = self._setting("seconds")
        return float(found) if isinstance(found, int | float) else None

    @property
    def budgets(self) -> list[Share]:
        """The budgets of a day, with what is used of each today."""
        if self.what is None:
            return []
        budget, today = self.what.budget, self.today
        found = (
            ("calls", today.calls, budget.calls),
            ("tokens", today.tokens, budget.tokens),
            ("money", today.micros / 1_000_000, budget.money),
        )
        return [Share(kind, used, most) for kind, used, most in found if most is not None]

    @property
    def mean_seconds(self) -> float | None:
        """How long a text took over the last days, None if none was read."""
        read = self.week["texts"] - self.week["remembered"]
        return self.week["milliseconds"] / 1_000 / read if read > 0 else None

    @property
    def mean_milliseconds(self) -> float | None:
        """The same, for pages."""
        return None if self.mean_seconds is None else self.mean_seconds * 1_000

    def _setting(self, name: str) -> Any:
        return self.what.settings.get(name) if self.what else None


def rows(home: Path, log: EventLog, *, now: datetime) -> Iterator[ModelRow]:
    """Yield those that ship as one, then every declaration in order of name."""
    today = now.astimezone(UTC).date()
    yield _row(SHIPPED, ModelState.SHIPPED, log, today)
    switches = {one.name: one for one in ModelSwitch.objects.filter(on=True)}
    for one in declarations.all_in(home):
        if isinstance(one, DeclarationError):
            name, _, why = str(one).partition(": ")
            yield _row(name, ModelState.UNREADABLE, log, today, unreadable=why)
            continue
        switch = switches.get(one.name)
        state = ModelState.OFF
        if switch is not None:
            state = ModelState.ON if switch.version == one.version else ModelState.CHANGED
        yield _row(one.name, state, log, today, one=one, switch=switch)


def figures(home: Path, log: EventLog, *, now: datetime) -> list[ModelFigures]:
    """Return what metrics tell of each model whose declaration can be read."""
    summed = ModelUse.objects.values("name").annotate(**{f"all_{one}": Sum(one) for one in _SUMS})
    sums: dict[str, dict[str, Any]] = {found["name"]: dict(found) for found in summed}
    out = []
    for row in rows(home, log, now=now):
        if row.state is ModelState.UNREADABLE:
            continue
        total = {one: int(sums.get(row.name, {}).get(f"all_{one}") or 0) for one in _SUMS}
        out.append(
            ModelFigures(
                name=row.name,
                on=row.state in {ModelState.ON, ModelState.SHIPPED},
                money=total.pop("micros") / 1_000_000,
                seconds=total.pop("milliseconds") / 1_000,
                behind=row.behind,
                budget_used=max((one.share for one in row.budgets), default=0.0),
                trouble_at=row.trouble_at.timestamp() if row.trouble_at else 0.0,
                **total,
            )
        )
    return out


def _row(
    name: str,
    state: ModelState,
    log: EventLog,
    today: date,
    *,
    one: Declared | None = None,
    switch: ModelSwitch | None = None,
    unreadable: str = "",
) -> ModelRow:
    uses = ModelUse.objects.filter(name=name)
    used = uses.filter(day__gt=today - timedelta(days=DAYS)).aggregate(**{f"all_{n}": Sum(n) for n in _SUMS})
    answered = uses.exclude(model="").order_by("-day").first()
    failed = uses.filter(trouble_at__isnull=False).order_by("-trouble_at").first()
    return ModelRow(
        name=name,
        state=state,
        declared=one,
        unreadable=unreadable,
        today=uses.filter(day=today).first() or ModelUse(name=name, day=today),
        week={n: int(used[f"all_{n}"] or 0) for n in _SUMS},
        model=answered.model if answered else "",
        trouble=failed.trouble if failed else "",
        trouble_at=failed.trouble_at if failed else None,
        behind=waiting(name, log)
        if state in {ModelState.ON, ModelState.SHIPPED} and (one is None or one.what.reads == "text")
        else 0,
        switched_by=switch.by if switch else "",
        switched_at=switch.at if switch else None,
    )
