"""`hakam evaluate`: how good the shipped classifiers are, on labelled texts and on functional tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from hakam.cli.labelled_rows import LeftOut, files_of, name_of, rows_of
from hakam.cli.screen import ERR, OUT, CommandError, show_whole, table

if TYPE_CHECKING:
    from hakam.signals.evaluation.figures import Figures
    from hakam.signals.models.heads import Head
    from hakam.signals.models.reading import Reading

_CHUNK = 256
_FEWEST = 5  # texts of each kind before a line is shown
_Read = Callable[[Sequence[str], Sequence[str | None]], "list[Reading]"]


class Tier(StrEnum):
    """Which models read."""

    LINEAR = "linear"
    ENCODER = "encoder"  # it alone, of every text
    CASCADE = "cascade"  # both, as the doors use them: the encoder where the linear model is unsure
    ALL = "all"  # each of them, if the encoder is installed


_REMEMBERED = 100_000  # sums of texts, which two tiers share
_TIERS = tuple(Tier)
_PLACES = {tier: place for place, tier in enumerate(_TIERS)}


class Judged(NamedTuple):
    """One label of one text beside what the models say."""

    tier: Tier
    source: str
    language: str
    head: Head
    label: int
    probability: float
    flagged: bool
    groups: tuple[str, ...]
    function: str = ""


def evaluate(
    data: Annotated[
        Path | None,
        typer.Argument(help="File or folder of labelled texts; without it, the functional tests alone."),
    ] = None,
    split: Annotated[str, typer.Option(help="Rows to measure; of files without `split`, all.")] = "test",
    leave_out: Annotated[
        list[str] | None, typer.Option("--leave-out", metavar="NAME", help="Leave a file of the folder out.")
    ] = None,
    most: Annotated[int, typer.Option(min=10, help="Rows of each file, spread evenly.")] = 2_000,
    tier: Annotated[
        Tier, typer.Option(help="Which models read; all: each of them, if the encoder is installed.")
    ] = Tier.ALL,
    languages: Annotated[
        list[str] | None,
        typer.Option(
            "--language", metavar="TAG", help="Functional tests of this language; without it, of all."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Measure the shipped classifiers: AUC, average precision, F1 at the threshold, calibration, with intervals.

    One line for each source, language, head and tier of DATA, beside the baseline where one is known; then false
    positives by the group of people that a text names; then the functional tests, by what they test. Intervals
    are 95 %, by bootstrap. Exit code 0 whatever the figures are.
    """
    from hakam.signals.evaluation.functional import LANGUAGES, cases  # noqa: PLC0415 -- `hakam --help` stays instant

    strange = sorted(set(languages or ()) - set(LANGUAGES))
    if strange:
        raise CommandError(f"no functional tests in {', '.join(strange)}; there are {', '.join(LANGUAGES)}")
    tested = [case for language in languages or LANGUAGES for case in cases(language)]
    tiers = _tiers(tier)
    corpora: list[Judged] = []
    skipped = set(leave_out or ())
    for path in files_of(data) if data is not None else []:
        if name_of(path) not in skipped:
            left_out = LeftOut()
            for one in tiers:
                left_out = LeftOut()
                corpora += _judge_file(path, split, most, one, left_out)
            if left_out.rows:
                ERR.print(left_out.told(path), soft_wrap=True, markup=False)
    if data is not None and not corpora:
        raise CommandError(f"{data} holds no labelled row of the split {split}")
    functional = [row for one in tiers for row in _judge_functional(tested, one)]
    if as_json:
        _print_json(tiers, corpora, functional)
        return
    for one in tiers:
        OUT.print(f"{one.tier}: {one.model}", soft_wrap=True)
    if corpora:
        _print_sources(corpora)
        _print_groups([*corpora, *functional])
    _print_functional(functional)


class _Reading(NamedTuple):
    """One tier, ready to read."""

    tier: Tier
    model: str
    read: _Read


def _tiers(wanted: Tier) -> list[_Reading]:
    """Return the tiers to measure. Raises `CommandError` if one is asked for by name that is not installed."""
    from hakam.signals.models import shipped  # noqa: PLC0415 -- `hakam --help` stays instant
    from hakam.signals.models.encoder import Encoder, EncoderUnavailableError, folder_of_package  # noqa: PLC0415
    from hakam.signals.models.linear import UnreadableModelError  # noqa: PLC0415 -- as above
    from hakam.signals.models.reading import Reader, read_alone  # noqa: PLC0415 -- as above

    try:
        model = shipped.linear()
    except (OSError, UnreadableModelError) as error:
        raise CommandError(f"{shipped.OWN}: {error}") from error
    linear = _Reading(Tier.LINEAR, model.id, Reader(model).read)
    if wanted is Tier.LINEAR:
        return [linear]
    try:
        encoder = Encoder(folder_of_package(), remember=_REMEMBERED)
    except EncoderUnavailableError as error:
        if wanted is not Tier.ALL:
            raise CommandError(str(error)) from error
        ERR.print(str(error), style="dim", soft_wrap=True)
        return [linear]
    both = Reader(model, encoder)
    alone = _Reading(Tier.ENCODER, encoder.id, lambda texts, tags: read_alone(encoder, texts, tags))
    found = [linear, alone, _Reading(Tier.CASCADE, both.model, both.read)]
    return [one for one in found if wanted in {Tier.ALL, one.tier}]


def _judge_file(path: Path, split: str, most: int, one: _Reading, left_out: LeftOut) -> list[Judged]:
    from hakam.signals.evaluation.groups import groups_named  # noqa: PLC0415 -- `hakam --help` stays instant

    rows = [row for row in rows_of(path, left_out) if row.split in {split, None}]
    step = max(1, -(-len(rows) // most))
    rows = rows[::step]
    found: list[Judged] = []
    for start in range(0, len(rows), _CHUNK):
        part = rows[start : start + _CHUNK]
        readings = one.read([row.text for row in part], [row.language for row in part])
        for row, reading in zip(part, readings, strict=True):
            named = groups_named(row.text)
            found += [
                Judged(
                    one.tier,
                    name_of(path),
                    row.language or reading.language or "?",
                    head,
                    label,
                    reading.scores[head],
                    head in reading.flagged,
                    named,
                )
                for head, label in row.labels.items()
            ]
    return found


def _judge_functional(cases: Sequence[Any], one: _Reading) -> list[Judged]:
    readings = one.read([case.text for case in cases], [case.language for case in cases])
    return [
        Judged(
            one.tier,
            "functional",
            case.language,
            case.head,
            int(case.expected),
            reading.scores[case.head],
            case.head in reading.flagged,
            (case.group,) if case.group else (),
            case.function,
        )
        for case, reading in zip(cases, readings, strict=True)
    ]


def _figures(rows: Sequence[Judged]) -> Figures:
    from hakam.signals.evaluation.figures import measure  # noqa: PLC0415 -- `hakam --help` stays instant

    return measure(
        [row.probability for row in rows], [row.flagged for row in rows], [row.label for row in rows]
    )


def _grouped(rows: Iterable[Judged], key: Callable[[Judged], Any]) -> list[tuple[Any, list[Judged]]]:
    groups: dict[Any, list[Judged]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return sorted(groups.items(), key=lambda item: item[0])


def _enough(rows: Sequence[Judged]) -> bool:
    ones = sum(row.label for row in rows)
    return min(ones, len(rows) - ones) >= _FEWEST


def _print_sources(rows: Sequence[Judged]) -> None:
    from hakam.signals.evaluation.baselines import baselines  # noqa: PLC0415 -- `hakam --help` stays instant

    shown = table(
        "head", "language", "source", "texts", "tier", "AUC", "average precision", "F1", "macro-F1",
        "calibration error", "baseline AUC", "baseline macro-F1", title="Test splits",
    )  # fmt: skip
    for (head, language, source, place), part in _grouped(
        rows, lambda row: (row.head, row.language, row.source, _PLACES[row.tier])
    ):
        if not _enough(part):
            continue
        found = _figures(part)
        base = baselines().get(source, {}).get(head)
        shown.add_row(
            head, language, source, f"{found.positives}+{found.negatives}", _TIERS[place], str(found.auc),
            str(found.ap), str(found.f1), str(found.macro_f1), str(found.calibration_error),
            "" if base is None else f"{base[1]:.3f}", "" if base is None else f"{base[0]:.3f}",
        )  # fmt: skip
    show_whole(shown)


def _print_groups(rows: Sequence[Judged]) -> None:
    from hakam.signals.models.heads import Head  # noqa: PLC0415 -- `hakam --help` stays instant

    shown = table(
        "head",
        "group named",
        "harmless texts",
        "tier",
        "flagged of them",
        "others flagged",
        title="By group of people",
    )
    for head in (Head.TOXICITY, Head.HATE):
        harmless = [row for row in rows if row.head is head and not row.label and row.source != "functional"]
        for group in sorted({group for row in harmless for group in row.groups}):
            for place, part in _grouped(harmless, lambda row: _PLACES[row.tier]):
                named = [row for row in part if group in row.groups]
                others = [row for row in part if not row.groups]
                share = sum(row.flagged for row in others) / max(len(others), 1)
                if len(named) >= _FEWEST:
                    shown.add_row(
                        head,
                        group,
                        str(len(named)),
                        _TIERS[place],
                        str(_figures(named).false_positives),
                        f"{share:.3f}",
                    )
    show_whole(shown)


def _print_functional(rows: Sequence[Judged]) -> None:
    from hakam.signals.evaluation.figures import share  # noqa: PLC0415 -- `hakam --help` stays instant

    tiers = sorted({_PLACES[row.tier] for row in rows})
    shown = table(
        "language",
        "head",
        "what is tested",
        "right answer",
        "texts",
        *(f"right: {_TIERS[place]}" for place in tiers),
        title="Functional tests",
    )
    for (language, head, label, function), part in _grouped(
        rows, lambda row: (row.language, row.head, -row.label, row.function)
    ):
        shares = []
        for place in tiers:
            mine = [row for row in part if _PLACES[row.tier] == place]
            right = share(sum(row.flagged == bool(row.label) for row in mine), len(mine))
            shares.append(f"{right.value:.0%} ({right.low:.0%}-{right.high:.0%})".replace("%-", "-"))
        count = len(part) // len(tiers)
        shown.add_row(language, head, function, "leave" if label == 0 else "flag", str(count), *shares)
    show_whole(shown)
    totals = table(
        "language", "head", "texts", "tier", "AUC", "macro-F1", "found", "wrongly flagged", title="In all"
    )
    for (language, head, place), part in _grouped(
        rows, lambda row: (row.language, row.head, _PLACES[row.tier])
    ):
        found = _figures(part)
        totals.add_row(
            language, head, str(len(part)), _TIERS[place], str(found.auc), str(found.macro_f1), f"{found.recall:.0%}",
            str(found.false_positives),
        )  # fmt: skip
    show_whole(totals)


def _print_json(tiers: Sequence[_Reading], corpora: Sequence[Judged], functional: Sequence[Judged]) -> None:
    import msgspec  # noqa: PLC0415 -- `hakam --help` stays instant

    lines = [
        {
            "source": source,
            "language": language,
            "head": head,
            "function": function,
            "tier": _TIERS[place],
            "figures": _figures(part),
        }
        for (head, language, source, function, place), part in _grouped(
            [*corpora, *functional],
            lambda row: (row.head, row.language, row.source, row.function, _PLACES[row.tier]),
        )
    ]
    models = {one.tier: one.model for one in tiers}
    print(msgspec.json.encode({"models": models, "lines": lines}).decode())
