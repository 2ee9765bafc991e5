"""Complaints handed on by a platform (DSA Art. 20)."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Status

from hakam.api import installation
from hakam.api.keys import PlatformKey, caller
from hakam.api.problems import Fault, ProblemError, ProblemKind
from hakam.api.shapes import ComplaintIn, ComplaintOut
from hakam.compliance import statements
from hakam.intake import access, objections
from hakam.review import complaints
from hakam.review.models import Complaint
from hakam.review.states import ComplaintState
from hakam.staff.roles import Scope

router = Router(auth=PlatformKey(Scope.COMPLAINTS_WRITE), tags=["complaints"])


@router.post("", response={201: ComplaintOut}, operation_id="complain")
def complain(request: HttpRequest, complaint: ComplaintIn) -> Status[ComplaintOut]:
    """Take a complaint: of the affected person (`statement`) or of a notifier (`notice`)."""
    _check(complaint)
    try:
        kept = _take(complaint, platform=caller(request).platform)
    except complaints.NothingToContestError as error:
        raise ProblemError(ProblemKind.NOT_FOUND, str(error)) from error
    except complaints.WindowClosedError as error:
        raise ProblemError(ProblemKind.WINDOW_CLOSED, str(error)) from error
    except complaints.AlreadyComplainedError as error:
        raise ProblemError(ProblemKind.ALREADY_COMPLAINED, str(error)) from error
    except objections.SuspendedError as error:
        raise ProblemError(ProblemKind.SUSPENDED, str(error)) from error
    except complaints.ComplaintError as error:
        raise ProblemError(ProblemKind.INVALID, errors=[Fault("/text", str(error))]) from error
    return Status(
        201,
        ComplaintOut(
            id=str(kept.pk),
            decision=f"decision:{kept.decision_id}",
            state=ComplaintState(kept.state),
            received_at=kept.received_at,
            due_at=kept.due_at,
            link=installation.base_url() + complaints.path_of(kept),
        ),
    )


def _check(complaint: ComplaintIn) -> None:
    faults = []
    if bool(complaint.statement) == bool(complaint.notice):
        faults.append(Fault("/statement", "name either a statement or a notice"))
    if "\x00" in complaint.text + complaint.email + complaint.language:
        faults.append(Fault("/text", "the character NUL can't be kept"))
    if complaint.email:
        try:
            validate_email(complaint.email)
        except ValidationError:
            faults.append(Fault("/email", "this is no e-mail address"))
    if faults:
        raise ProblemError(ProblemKind.INVALID, errors=faults)


def _take(complaint: ComplaintIn, *, platform: str) -> Complaint:
    now = timezone.now()
    if complaint.statement:
        statement = statements.by_id(complaint.statement)
        if statement is None or statement.platform != platform:
            raise complaints.NothingToContestError("there is no such statement")
        return objections.complain_as_affected(
            statement_token=statement.token,
            text=complaint.text,
            now=now,
            email=complaint.email,
            language=complaint.language,
            answer_within=installation.answer_within(),
        )
    found = access.status_by_id(
        complaint.notice, platform=platform, now=now, notices=installation.notice_log()
    )
    if found is None:
        raise complaints.NothingToContestError("there is no such notice")
    return objections.complain(
        token=found.token,
        position=complaint.item,
        text=complaint.text,
        now=now,
        email=complaint.email,
        language=complaint.language,
        answer_within=installation.answer_within(),
        notices=installation.notice_log(),
    )
