"""Where a harm stands in the templates: the category, the sub-category, and the description of "other".

The more specific wins and nothing is counted twice; sub-categories add up to their category. What has no sub-category
of its own goes to a row "other" that says what it is.
"""

from __future__ import annotations

from functools import cache

from hakam.compliance.reports.template import (
    ILLEGAL,
    NOT_SPECIFIED_NOTICE,
    NOT_SPECIFIED_ORDER,
    NOTICES,
    ORDERS,
    OTHER,
    TERMS,
    TOTAL,
    parts,
)
from hakam.vocabulary.harm import Harm, crosswalk

OTHER_TERMS = "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"
# Where a part has no row for violations of the terms alone, as when such content is illegal after all.
_INSTEAD = {
    ORDERS: NOT_SPECIFIED_ORDER,
    NOTICES: NOT_SPECIFIED_NOTICE,
    ILLEGAL: "STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH",
    TERMS: OTHER_TERMS,
}
Place = tuple[str, str, str]


@cache
def places(part: int, harm: str | None) -> tuple[Place, ...]:
    """Return the rows of a part in which a harm counts: the total, its category, its sub-category.

    A row is (category, keyword, description); keyword and description are empty for a category itself.
    """
    blocks = parts()[part].blocks()
    try:
        row = crosswalk()[Harm(harm or "")]
    except ValueError:
        return ((TOTAL, "", ""), *_within(blocks, _INSTEAD[part], "", harm or "not specified"))
    category = row.tdb_category if row.tdb_category in blocks else _INSTEAD[part]
    keyword = row.tdb_keywords[0] if row.tdb_keywords else ""
    return ((TOTAL, "", ""), *_within(blocks, category, keyword, row.label))


def _within(blocks: dict[str, tuple[str, ...]], category: str, keyword: str, label: str) -> tuple[Place, ...]:
    if not blocks[category]:
        return ((category, "", ""),)
    if keyword in blocks[category] and keyword != OTHER:
        return ((category, "", ""), (category, keyword, ""))
    return ((category, "", ""), (category, OTHER, label))
