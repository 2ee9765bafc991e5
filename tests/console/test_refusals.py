"""What a verb refuses is said in the reader's language: every place that raises such an error is looked at."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from django.utils import translation

import hakam
from hakam.intake import already
from hakam.intake.disputes import DisputeState
from hakam.intake.flaggers import FlaggerState
from hakam.intake.notices import Submission, check
from hakam.intake.orders import OrderState
from hakam.intake.threats import ThreatState

PACKAGE = Path(hakam.__file__).parent
CATALOGUE = PACKAGE / "console" / "locale" / "ar" / "LC_MESSAGES" / "django.po"
ROOMS = (
    "intake",
    "review",
    "staff",
    "enforcement",
    "banks",
    "compliance",
    "regulator",
    "privacy",
    "safeguarding",
)
# What pages and letters show as it is. An error that is none of these has words of its own in the console.
SHOWN = [
    "MisuseError",
    "OrderError",
    "ChildReportError",
    "ResearchError",
    "ScheduleError",
    "HoldError",
    "RequestError",
    "AuthorityError",
    "ThreatError",
    "DisputeError",
    "FlaggerError",
    "ComplaintError",
    "NothingToContestError",
    "SamePersonError",
    "MachineError",
    "DecisionError",
    "NotYoursError",
    "ProposalError",
    "OwnProposalError",
    "TripError",
    "ReleaseError",
    "NoReasonError",
    "UntriedError",
    "OwnReleaseError",
    "OverError",
    "SubmissionError",
    "StaffError",
    "OwnRoleError",
    "LastAdministratorError",
    "BadKeyError",
    "EffectError",
    "BankError",
    "FormatError",
    "KeeperError",
    "RiskError",
    "AttestationError",
    "ContactError",
]
WORDS = re.compile(r"[a-z]{3}")


def messages(node: ast.expr) -> Iterator[ast.expr]:
    """Yield what an argument may say: both arms of a choice, every value of a mapping, what is joined."""
    match node:
        case ast.IfExp(body=one, orelse=other):
            yield from messages(one)
            yield from messages(other)
        case ast.Dict(values=values):
            for value in values:
                yield from messages(value)
        case _:
            yield node


def bare(node: ast.expr) -> bool:
    """Whether this says something in one language only."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and WORDS.search(node.value) is not None
    if isinstance(node, ast.JoinedStr):
        return any(bare(part) for part in node.values if isinstance(part, ast.Constant))
    return False


def name_of(call: ast.Call) -> str:
    """Return what is called."""
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def untranslatable(source: str) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of every message of a refusal that is bare."""
    for node in ast.walk(ast.parse(source)):
        said: list[ast.expr] = []
        if isinstance(node, ast.Call) and name_of(node) in SHOWN:
            said = [*node.args, *(k.value for k in node.keywords)]
        elif isinstance(node, ast.Call) and name_of(node) in {"_said", "say"}:
            said = node.args[-1:]
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            into = node.targets[0].value
            said = [node.value] if isinstance(into, ast.Name) and into.id == "wrong" else []
        for argument in said:
            for message in messages(argument):
                if bare(message):
                    yield message.lineno, ast.unparse(message)


def test_the_walk_finds_what_it_looks_for() -> None:
    source = """
raise OrderError("there is none")
raise OrderError(f"the order is {state}", wrong={"field": "say it"})
_said(text, "say why")
wrong["name"] = "a name is needed" if name else ""
raise OrderError(_("there is none"), wrong={"field": _("say it")})
raise LookupError("no word of this reaches a page")
"""
    assert sorted(line for line, _text in untranslatable(source)) == [2, 3, 3, 4, 5]


def test_no_refusal_is_said_in_one_language_only() -> None:
    looked_at, found = 0, []
    for room in ROOMS:
        for path in sorted((PACKAGE / room).rglob("*.py")):
            source = path.read_text(encoding="utf-8")
            looked_at += sum(f"raise {name}(" in line for line in source.splitlines() for name in SHOWN)
            found += [(str(path.relative_to(PACKAGE)), *where) for where in untranslatable(source)]
    assert looked_at > 150
    assert found == []


def test_every_refusal_has_its_arabic() -> None:
    arabic = {entry.msgid: entry.msgstr for entry in polib.pofile(str(CATALOGUE))}
    wanting = set()
    for room in ROOMS:
        for path in (PACKAGE / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.Call)
                    and name_of(node) == "_"
                    and isinstance(node.args[0], ast.Constant)
                ):
                    message = str(node.args[0].value)
                    if not re.search("[\u0600-\u06ff]", arabic.get(message, "")):
                        wanting.add((path.name, message))
    assert wanting == set()


@pytest.mark.parametrize(
    ("said", "states"),
    [
        (already.ORDER, OrderState),
        (already.THREAT, ThreatState),
        (already.DISPUTE, DisputeState),
        (already.FLAGGER, FlaggerState),
    ],
)
def test_every_state_has_its_sentence(said: dict[str, object], states: type[OrderState]) -> None:
    assert set(said) == {state.value for state in states}
    with translation.override("ar"):
        assert all(re.search("[\u0600-\u06ff]", str(sentence)) for sentence in said.values())


def test_a_notice_that_lacks_everything_is_answered_in_arabic() -> None:
    empty = Submission(
        platform="",
        urls=("ftp://nowhere", "https://"),
        harm="none",
        explanation="",
        language="",
        illegal=True,
    )
    with translation.override("ar"):
        wrong = check(empty)
    assert len(wrong) >= 6
    assert all(re.search("[\u0600-\u06ff]", one.message) for one in wrong)
