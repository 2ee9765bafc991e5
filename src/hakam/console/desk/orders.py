"""Orders of authorities at the desk (DSA Arts 9 and 10; TCO): read, checked, carried out, answered by the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hakam.compliance.access import deadlines_of
from hakam.console.admission import admit, person
from hakam.console.desk.order_forms import AuthorityForm, OrderForm
from hakam.console.installation import event_log, installation, vault
from hakam.enforcement.ordered import states_of
from hakam.intake import annex_one, authorities, disclosures, order_access, orders, production
from hakam.intake.annex_one import AnnexError, Read
from hakam.intake.authorities import AuthorityError
from hakam.intake.models import Order
from hakam.intake.order_contents import DISCLOSES, missing
from hakam.intake.orders import OrderError
from hakam.regulator import annexes
from hakam.regulator.annexes import AnnexAnswerError
from hakam.staff.roles import Permission
from hakam.storage.vault import DamagedEvidenceError

_SALT = "annex I"


def _list(
    request: HttpRequest, form: OrderForm, *, status: int = 200, read: Read | None = None, error: str = ""
) -> HttpResponse:
    user = person(request)
    context = {
        "read": read,
        "error": error,
        "rows": order_access.orders(user, closed=request.GET.get("state") == "closed"),
        "closed": request.GET.get("state") == "closed",
        "form": form,
        "may_handle": user.may(Permission.ORDER_HANDLE),
        "known": order_access.authorities(user),
        "removals": order_access.removals(user, now=timezone.now()),
        "final": order_access.final(user),
    }
    return render(request, "console/desk/orders.html", context, status=status)


@require_GET
@admit(Permission.ORDER_READ)
def listing(request: HttpRequest) -> HttpResponse:
    """List the orders, the first due on top."""
    return _list(request, OrderForm())


def _refuse(form: OrderForm | AuthorityForm, wrong: dict[str, str], otherwise: str) -> None:
    for field, what in wrong.items():
        form.add_error(field if field in form.fields else None, what)
    if not wrong:
        form.add_error(None, otherwise)


@require_POST
@admit(Permission.ORDER_HANDLE)
def receive(request: HttpRequest) -> HttpResponse:
    """Take an order that arrived; incomplete ones too. What was typed is never lost to an error."""
    form = OrderForm(request.POST, request.FILES)
    if not form.is_valid():
        return _list(request, form, status=422)
    given = form.cleaned_data
    try:
        order = orders.receive(
            form.contents(),
            platform=installation().platform,
            authority_id=given["authority"],
            vault=vault(),
            log=event_log(),
            by=person(request).actor,
            now=timezone.now(),
            received_at=given["received_at"],
            document=given["document"].read() if given["document"] else _kept(given["kept"]),
            signature=given["signed"].read(1_000) if given["signed"] else b"",
        )
    except OrderError as error:
        _refuse(form, error.wrong, str(error))
        return _list(request, form, status=422)
    messages.success(request, _("Taken. The clock runs."))
    return redirect("console:order", order.pk)


def _kept(token: str) -> bytes:
    """Return the document that the reader of forms kept, by its signed name; nothing without one."""
    try:
        return vault().get(str(signing.loads(token, salt=_SALT))) if token else b""
    except (signing.BadSignature, KeyError, DamagedEvidenceError):
        return b""


@require_POST
@admit(Permission.ORDER_HANDLE)
def read_form(request: HttpRequest) -> HttpResponse:
    """Read a removal order that came as the form of Annex I, and fill the fields for a person to look at."""
    came = request.FILES.get("form")
    if came is None:
        return _list(request, OrderForm(), error=_("Choose the file of the form."), status=422)
    data = came.read(annex_one.MOST + 1)
    try:
        read = annex_one.read(data)
    except AnnexError as error:
        return _list(request, OrderForm(), error=str(error), status=422)
    said = read.contents
    initial = {
        **order_access.fields(said),
        "received_at": timezone.now(),
        "authority": order_access.authority_like(
            person(request), read.found.get("authority", ""), read.found.get("email", "")
        ),
        "kept": signing.dumps(vault().put(data), salt=_SALT),
    }
    return _list(request, OrderForm(initial=initial), read=read)


@require_GET
@admit(Permission.ORDER_READ)
def annex(request: HttpRequest, order_id: UUID, annex: int) -> HttpResponse:
    """Give the answer to a removal order as Annex II or III, every field filled, as PDF."""
    found, user, now = _find(request, order_id), person(request), timezone.now()
    try:
        filled = annexes.sections(
            found,
            annex,
            provider=installation().platform_name,
            person=user.get_full_name() or user.username,
            now=now,
        )
    except AnnexAnswerError as error:
        raise Http404 from error
    response = HttpResponse(
        annexes.pdf(annex, filled, now=now, language=annexes.language_of(found)),
        content_type="application/pdf",
    )
    response["Content-Disposition"] = f'attachment; filename="annex-{annex}-{found.pk}.pdf"'
    response["Cache-Control"] = "no-store"
    return response


def _find(request: HttpRequest, order_id: UUID) -> Order:
    found = order_access.order(person(request), str(order_id))
    if found is None:
        raise Http404
    return found


def _page(
    request: HttpRequest, found: Order, *, form: OrderForm | None = None, error: str = "", status: int = 200
) -> HttpResponse:
    contents = orders.contents_of(found)
    user = person(request)
    disclosure = order_access.disclosure(found)
    waits = production.waits_until(found)
    typed = {**order_access.fields(contents), "authority": found.authority_id}
    context: dict[str, Any] = {
        "order": found,
        "annex": _read_annex(request, found),
        "contents": contents,
        "missing": missing(contents),
        "clocks": [one for one in deadlines_of(orders.subject_of(found)) if one.met_at is None],
        "is_final": any(one.clock == orders.EXPOSURE for one in deadlines_of(orders.subject_of(found))),
        "measures": states_of(orders.subject_of(found)),
        "disclosure": disclosure,
        "discloses": contents.kind in DISCLOSES,
        "waits_until": waits,
        "may_refuse": waits is not None and waits > timezone.now(),
        "own_disclosure": disclosure is not None and disclosure.prepared_by == str(user.actor),
        "may_handle": user.may(Permission.ORDER_HANDLE),
        "cross_border": contents.kind == "removal"
        and contents.home_state not in {"", found.authority.country},
        "form": form or OrderForm(initial=typed),
        "error": error,
        "given": request.POST,
    }
    return render(request, "console/desk/order.html", context, status=status)


def _read_annex(request: HttpRequest, found: Order) -> dict[str, Any] | None:
    """Return the annex that answers the order as it stands, in the words of this reader; None if there is none."""
    number = 2 if found.carried_out_at else 3
    user, mine = person(request), (get_language() or "en").partition("-")[0]
    try:
        filled = annexes.sections(
            found, number, provider=installation().platform_name, person=user.get_full_name() or user.username,
            now=timezone.now(), language=mine,
        )  # fmt: skip
    except AnnexAnswerError:
        return None
    return {
        "number": number,
        "name": "I" * number,
        "sections": filled,
        "language": annexes.language_of(found),
    }


@require_GET
@admit(Permission.ORDER_READ)
def one(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Show one order: what it says, what it lacks, its clocks, and what can be done now."""
    return _page(request, _find(request, order_id))


@require_POST
@admit(Permission.ORDER_HANDLE)
def act(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Acknowledge, verify, return, clarify, carry out, answer, have examined, take back, or disclose."""
    found = _find(request, order_id)
    do, because = request.POST.get("do", ""), request.POST.get("because", "")[:10_000]
    key = str(found.pk)
    given: dict[str, Any] = {"by": person(request).actor, "now": timezone.now()}
    verb = _VERBS.get(do)
    if verb is None:
        return _page(request, found, error=_("Choose what to do."), status=422)
    if do in _ANNEX_OF:
        given["annex"] = _annexed(request, _ANNEX_OF[do], given["now"])
    try:
        document = verb(key, because, given)
    except OrderError as error:
        return _page(request, found, error=str(error), status=422)
    if isinstance(document, bytes):
        return _document(document, key)
    messages.success(request, _("Saved."))
    return redirect("console:order", found.pk)


_ANNEX_OF: Final = {"answer": 2, "return": 3, "impossible": 3}  # what goes with the letter of a removal order


def _annexed(request: HttpRequest, annex: int, now: datetime) -> orders.Annexed:
    user = person(request)
    signed = user.get_full_name() or user.username
    return partial(
        annexes.attached, annex=annex, provider=installation().platform_name, person=signed, now=now
    )


def _return(key: str, because: str, given: dict[str, Any], *, impossible: bool) -> object:
    return orders.return_to_authority(key, because=because, impossible=impossible, **given)


_VERBS: dict[str, Callable[[str, str, dict[str, Any]], object]] = {
    "acknowledge": lambda key, _because, given: orders.acknowledge(key, **given),
    "verify": lambda key, because, given: orders.verify(key, note=because, **given),
    "return": partial(_return, impossible=False),
    "impossible": partial(_return, impossible=True),
    "carry_out": lambda key, because, given: orders.carry_out(key, unverified_because=because, **given),
    "answer": lambda key, because, given: orders.answer(key, note=because, **given),
    "scrutiny": lambda key, because, given: orders.ask_scrutiny(key, because=because, **given),
    "clear": lambda key, because, given: production.clear(key, because=because, **given),
    "final": lambda key, because, given: orders.finalise(key, because=because, **given),
    "annul": lambda key, because, given: orders.annul(key, because=because, **given),
    "prepare": lambda key, _because, given: disclosures.prepare(key, vault=vault(), **given),
    "release": lambda key, _because, given: disclosures.release(key, **given),
    "take": lambda key, _because, given: disclosures.hand_over(key, vault=vault(), **given),
}


def _document(document: bytes, name: str) -> HttpResponse:
    response = HttpResponse(document, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="disclosure-{name}.json"'
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@admit(Permission.ORDER_HANDLE)
def clarify(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Take what the authority clarified, or what was mistyped: the whole order as it reads now."""
    found = _find(request, order_id)
    form = OrderForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form=form, error=_("Something is missing or wrong."), status=422)
    try:
        orders.clarify(str(found.pk), form.contents(), by=person(request).actor, now=timezone.now())
    except OrderError as error:
        _refuse(form, error.wrong, str(error))
        return _page(request, found, form=form, error=str(error), status=422)
    messages.success(request, _("Saved."))
    return redirect("console:order", found.pk)


def _authorities(
    request: HttpRequest, form: AuthorityForm, *, error: str = "", status: int = 200
) -> HttpResponse:
    user = person(request)
    context = {
        "rows": order_access.authorities(user),
        "form": form,
        "error": error,
        "me": str(user.actor),
        "may_handle": user.may(Permission.ORDER_HANDLE),
    }
    return render(request, "console/desk/authorities.html", context, status=status)


@require_GET
@admit(Permission.ORDER_READ)
def register(request: HttpRequest) -> HttpResponse:
    """List the authorities: who is confirmed, and how each is verified."""
    return _authorities(request, AuthorityForm())


@require_POST
@admit(Permission.ORDER_HANDLE)
def add_authority(request: HttpRequest) -> HttpResponse:
    """Enter an authority, for a second person to confirm."""
    form = AuthorityForm(request.POST)
    if not form.is_valid():
        return _authorities(request, form, status=422)
    try:
        authorities.register(by=person(request).actor, now=timezone.now(), **form.cleaned_data)
    except AuthorityError as error:
        _refuse(form, error.wrong, str(error))
        return _authorities(request, form, status=422)
    messages.success(request, _("Entered. A second person must confirm it."))
    return redirect("console:authorities")


@require_POST
@admit(Permission.ORDER_HANDLE)
def confirm_authority(request: HttpRequest, authority_id: int) -> HttpResponse:
    """Confirm an authority as a second person."""
    if authority_id not in {one.pk for one in order_access.authorities(person(request))}:
        raise Http404
    try:
        authorities.confirm(authority_id, by=person(request).actor, now=timezone.now())
    except AuthorityError as error:
        return _authorities(request, AuthorityForm(), error=str(error), status=422)
    messages.success(request, _("Confirmed."))
    return redirect("console:authorities")
