"""`hakam compare`: run a file of texts through two moderation services and tell how often they agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import httpx
import typer

from hakam.backtest.rows import RowFile, UnreadableFileError
from hakam.cli.screen import OUT, CommandError, table
from hakam.vocabulary.counted import counted

_APART = 0.005  # of scores: less is written as 0.00
_SHOWN = 5
_CUT = 80
_PERSPECTIVE = ("TOXICITY", "IDENTITY_ATTACK", "INSULT", "THREAT", "SEVERE_TOXICITY", "PROFANITY")
_CHANCE = 1e-9


class Shape(StrEnum):
    """Whose interface both services speak."""

    OPENAI = "openai"
    PERSPECTIVE = "perspective"


class Said(NamedTuple):
    """What one service says of a text: per category a score and whether it is over the line."""

    scores: dict[str, float]
    flags: dict[str, bool]


class Side(NamedTuple):
    """One of the two services."""

    name: str
    url: str
    key: str


def compare(
    file: Annotated[Path, typer.Argument(help="CSV, TSV, NDJSON or Parquet with a column `text`.")],
    a: Annotated[str, typer.Option(help="Address of the first service, as `https://api.openai.com`.")],
    b: Annotated[str, typer.Option(help="Address of the second, as `http://127.0.0.1:8421`.")],
    shape: Annotated[Shape, typer.Option(help="The interface that both speak.")] = Shape.OPENAI,
    a_key: Annotated[str, typer.Option(envvar="HAKAM_SECRET_COMPARE_A", help="Key of the first.")] = "",
    b_key: Annotated[str, typer.Option(envvar="HAKAM_SECRET_COMPARE_B", help="Key of the second.")] = "",
    most: Annotated[int, typer.Option(min=1, help="Texts to send.")] = 200,
    cut: Annotated[
        float, typer.Option(min=0, max=1, help="Perspective: at or over it counts as flagged.")
    ] = 0.7,
    wait: Annotated[float, typer.Option(min=0, help="Seconds between requests, for a quota.")] = 0.0,
) -> None:
    """Send every text to both and print, category by category, how often they agree.

    Agreement that goes beyond chance is Cohen's kappa: 0 is chance, 1 is always. `apart` is the mean distance of
    scores. Then the texts that they disagree on most. The texts leave this machine for both addresses.
    """
    for side in (Side("a", a, a_key), Side("b", b, b_key)):
        _require_usable(side)
    texts = list(_texts(file, most))
    ask = _ask_openai if shape is Shape.OPENAI else _ask_perspective(cut)
    answers: list[tuple[Said, Said]] = []
    with httpx.Client(timeout=30, trust_env=_outside(a) or _outside(b)) as client:
        for text in texts:
            answers.append((ask(client, Side("a", a, a_key), text), ask(client, Side("b", b, b_key), text)))
            if wait:
                _sleep(wait)
    OUT.print(f"{counted(len(texts), 'text')}; a = {a}, b = {b}", soft_wrap=True)
    _print_agreement(answers)
    print_disagreements(texts, answers)


def _require_usable(side: Side) -> None:
    try:
        httpx.URL(side.url)
    except httpx.InvalidURL as error:
        raise CommandError(f"--{side.name}: {side.url!r} is no address: {error}") from error
    if not side.key.isascii() or not side.key.isprintable():
        raise CommandError(
            f"the key of {side.name} can't be one: keys are letters, digits and signs of ASCII"
        )


def _outside(url: str) -> bool:
    return httpx.URL(url).host not in {"127.0.0.1", "localhost", "::1"}


def _sleep(seconds: float) -> None:
    import time  # noqa: PLC0415 -- only with a quota

    time.sleep(seconds)


def _texts(file: Path, most: int) -> Iterator[str]:
    try:
        found = 0
        for row in RowFile(file).rows():
            text = row.values.get("text")
            if not row.problem and isinstance(text, str) and text.strip():
                yield text
                found += 1
                if found == most:
                    return
    except UnreadableFileError as error:
        raise CommandError(str(error)) from error
    if not found:
        raise CommandError(f"{file} has no row with a `text`")


def _post(client: httpx.Client, side: Side, path: str, body: dict[str, Any], **more: Any) -> Any:
    url = side.url.rstrip("/") + path
    try:
        answer = client.post(url, json=body, **more)
    except httpx.HTTPError as error:
        raise CommandError(f"{url} can't be reached: {error}") from error
    if not answer.is_success:
        raise CommandError(f"{url} answers {answer.status_code}: {answer.text[:300]}")
    try:
        return answer.json()
    except ValueError as error:
        raise CommandError(f"{url} does not answer JSON") from error


def _ask_openai(client: httpx.Client, side: Side, text: str) -> Said:
    path = "/moderations" if side.url.rstrip("/").endswith("/v1") else "/v1/moderations"
    answer = _post(
        client,
        side,
        path,
        {"input": text},
        headers={"authorization": f"Bearer {side.key}"} if side.key else {},
    )
    try:
        result = answer["results"][0]
        return Said(
            {name: float(value) for name, value in result["category_scores"].items()},
            {name: bool(value) for name, value in result["categories"].items()}
            | {"flagged": bool(result["flagged"])},
        )
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise CommandError(f"{side.url} does not answer as a moderation endpoint") from error


def _ask_perspective(cut: float) -> Callable[[httpx.Client, Side, str], Said]:
    def ask(client: httpx.Client, side: Side, text: str) -> Said:
        body = {
            "comment": {"text": text},
            "requestedAttributes": {name: {} for name in _PERSPECTIVE},
            "doNotStore": True,
        }
        answer = _post(client, side, "/v1alpha1/comments:analyze", body, params={"key": side.key})
        try:
            scores = {
                name: float(found["summaryScore"]["value"])
                for name, found in answer["attributeScores"].items()
            }
        except (KeyError, TypeError, AttributeError) as error:
            raise CommandError(f"{side.url} does not answer as Perspective") from error
        return Said(scores, {name: value >= cut for name, value in scores.items()})

    return ask


def kappa(pairs: list[tuple[bool, bool]]) -> float:
    """Return Cohen's kappa: agreement beyond chance. 1 if both always say the same one thing."""
    n = len(pairs)
    same = sum(x == y for x, y in pairs) / n
    ones = sum(x for x, _ in pairs) / n, sum(y for _, y in pairs) / n
    chance = ones[0] * ones[1] + (1 - ones[0]) * (1 - ones[1])
    return 1.0 if 1 - chance < _CHANCE else (same - chance) / (1 - chance)


def _print_agreement(answers: list[tuple[Said, Said]]) -> None:
    shown = table("flagged as", "agree", "kappa", "by a alone", "by b alone", "by both", "apart")
    shown.columns[0].overflow = "fold"  # half a name may be that of another
    names = [
        name for name in answers[0][0].flags if all(name in one.flags for pair in answers for one in pair)
    ]
    for name in names:
        pairs = [(x.flags[name], y.flags[name]) for x, y in answers]
        gaps = [
            abs(x.scores[name] - y.scores[name]) for x, y in answers if name in x.scores and name in y.scores
        ]
        shown.add_row(
            name,
            f"{sum(x == y for x, y in pairs) / len(pairs):.1%}",
            f"{kappa(pairs):.2f}",
            str(sum(x and not y for x, y in pairs)),
            str(sum(y and not x for x, y in pairs)),
            str(sum(x and y for x, y in pairs)),
            f"{sum(gaps) / len(gaps):.3f}" if gaps else "",
        )
    OUT.print(shown)


def print_disagreements(texts: list[str], answers: list[tuple[Said, Said]]) -> None:
    """Print the texts on which the two are furthest apart, if they are."""
    gaps = [
        (max((abs(x.scores[n] - y.scores[n]) for n in x.scores if n in y.scores), default=0.0), text)
        for text, (x, y) in zip(texts, answers, strict=True)
    ]
    apart = sorted((one for one in gaps if one[0] >= _APART), reverse=True)[:_SHOWN]
    if not apart:
        return
    shown = table("distance", "text", title="Furthest apart")
    for gap, text in apart:
        shown.add_row(f"{gap:.2f}", " ".join(text.split())[:_CUT])
    OUT.print(shown)
