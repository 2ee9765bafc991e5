"""The qualitative part, drafted from the same figures. A person reads and completes it before it is published."""

from __future__ import annotations

from hakam.compliance.reports.gathering import COMPLAINTS, NOT_SOLELY, SOLELY
from hakam.compliance.reports.period import Period
from hakam.compliance.reports.tally import Cell, Tally
from hakam.compliance.reports.template import APPEALS, AUTOMATED, ILLEGAL, NOTICES, TERMS, TEXTS, TOTAL, parts

_RESTRICTIONS = {
    "H": "removal", "I": "disabling of access", "J": "demotion", "K": "age restriction",
    "L": "restriction of interaction", "M": "labelling", "O": "suspension of payments",
    "R": "suspension of a part of the service", "T": "suspension of accounts", "U": "termination of accounts",
}  # fmt: skip


def drafts(tally: Tally, period: Period) -> dict[str, str]:
    """Return a draft for each text that every provider owes, by its indicator."""
    owed = [row["Indicator"] for row in parts()[TEXTS].rows if row["Applicability"] == "All"]
    written = (_summary, _information, _means, _accuracy, _purposes, _safeguards)
    return {indicator: write(tally, period) for indicator, write in zip(owed, written, strict=True)}


def _own(tally: Tally, column: str) -> int:
    row = (TOTAL, TOTAL, "", "")
    return tally.number(Cell(ILLEGAL, row, column)) + tally.number(Cell(TERMS, row, column))


def _summary(tally: Tally, period: Period) -> str:
    listed = [f"{name} ({count:,})" for c, name in _RESTRICTIONS.items() if (count := _own(tally, c))]
    illegal = tally.number(Cell(ILLEGAL, (TOTAL, TOTAL, "", ""), "F"))
    return (
        f"From {period.first} to {period.last} we took {_own(tally, 'F'):,} measures on our own initiative, "
        f"{illegal:,} "
        "of them because the content was illegal, the others because it was incompatible with "
        "our terms and conditions. "
        + (f"The restrictions were {', '.join(listed)}. " if listed else "No restriction was imposed. ")
        + "One measure may impose several restrictions. A measure counts when its decision is "
        "final; decisions that were "
        "taken back before anybody heard of them do not count."
    )


def _information(tally: Tally, _period: Period) -> str:
    return (
        "Content is examined by published rules of our rule book, by comparison with fingerprints of known illegal "
        f"content, and by people. {_own(tally, 'G'):,} of the measures followed a detection by "
        "automated means alone. Each "
        "restriction is explained to the person concerned in a statement of reasons that names "
        "the clause, the facts, the "
        "use of automated means and the ways to object. Measure of exposure: [to be completed by the provider]."
    )


def _means(_tally: Tally, _period: Period) -> str:
    return (
        "Rules are conditions over the text, the media, the account and the recent frequency of "
        "events. They are read by "
        "anybody in the published rule book, are checked before they take effect, are first "
        "observed without consequences, "
        "then applied to a stable share of accounts, then to all. A condition about something "
        "that is not known never "
        "restricts anybody. Fingerprints of images and videos are compared with banks of known content."
    )


def _accuracy(tally: Tally, _period: Period) -> str:
    reversed_ = tally.number(Cell(APPEALS, (COMPLAINTS, "Decisions reversed"), "G"))
    partly = tally.number(Cell(APPEALS, (COMPLAINTS, "Decisions partially reversed"), "G"))
    upheld = tally.number(Cell(APPEALS, (COMPLAINTS, "Decisions upheld"), "G"))
    decided = reversed_ + partly + upheld
    share = f"{(reversed_ + partly) / decided:.1%}" if decided else "none was decided"
    return (
        "Of the complaints decided in the period, decisions were reversed wholly or in part in "
        f"{reversed_ + partly:,} of "
        f"{decided:,} ({share}). This is a lower bound of the rate of error, since not everybody "
        "complains. Accuracy, "
        "precision and recall of single systems, and how they were sampled: [to be completed by the provider]."
    )


def _purposes(tally: Tally, _period: Period) -> str:
    solely = tally.number(Cell(AUTOMATED, (SOLELY, "Total number"), "G"))
    others = tally.number(Cell(AUTOMATED, (NOT_SOLELY, "Total number"), "G"))
    return (
        "Automated means find content that must be looked at, put what is most urgent first, and "
        "restrict by themselves "
        f"where a rule says so. {solely:,} measures were taken solely by automated means, {others:,} were not."
    )


def _safeguards(tally: Tally, _period: Period) -> str:
    received = tally.number(Cell(APPEALS, (COMPLAINTS, "Total number"), "G"))
    notices = tally.number(Cell(NOTICES, (TOTAL, TOTAL, "", ""), "F"))
    return (
        "What can't be undone needs two people. A person's decision takes the place of what a rule decided. Every "
        "restriction has a declared way back before it is imposed. Complaints are decided by a "
        "person who took no part in "
        f"the decision, never by automated means alone; {received:,} were received, beside "
        f"{notices:,} notices. Every act "
        "is recorded in a ledger that can't be changed unnoticed, from which the figures of this report are made."
    )
