"""Statements of reasons, for the platform whose users they concern (DSA Art. 17)."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router

from hakam.api import installation
from hakam.api.keys import PlatformKey, caller
from hakam.api.problems import ProblemError, ProblemKind
from hakam.api.shapes import StatementOut, StatementSectionOut
from hakam.compliance import statements
from hakam.compliance.statement_text import render
from hakam.staff.roles import Scope

router = Router(auth=PlatformKey(Scope.STATEMENTS_READ), tags=["statements"])


@router.get("/{statement_id}", response=StatementOut, operation_id="getStatement")
def get(
    request: HttpRequest,
    statement_id: str,
    language: Annotated[
        str, Query(max_length=35, description="Of the words; by default the statement's own.")
    ] = "",
) -> StatementOut:
    """Return a statement of reasons, as data and in words."""
    found = statements.by_id(statement_id)
    if found is None or found.platform != caller(request).platform:
        raise ProblemError(ProblemKind.NOT_FOUND)
    text = render(
        found,
        language or found.language,
        base_url=installation.base_url(),
        platform_name=installation.platform_name(),
    )
    item = {"kind": found.item_kind, "id": found.item_id, "url": found.item_url or None}
    return StatementOut(
        id=str(found.pk),
        decision=found.decision,
        item=item,
        recipient=found.recipient,
        measures=found.measures,
        reasons=found.reasons,
        issued_at=found.issued_at,
        effective_from=found.effective_from,
        effective_until=found.effective_until,
        complain_until=found.complain_until,
        withdrawn_at=found.withdrawn_at,
        language=text.language,
        title=text.title,
        sections=[
            StatementSectionOut(key=part.key, heading=part.heading, paragraphs=list(part.paragraphs))
            for part in text.sections
        ],
        link=installation.base_url() + statements.path_of(found),
    )
