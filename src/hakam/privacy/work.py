"""The worker's part of requests: looking through the log, writing the copy, erasing. One bounded step a call."""

from __future__ import annotations

from datetime import datetime

from hakam.privacy import account_erasure, document, gathering, letters, requests
from hakam.privacy.models import Subject
from hakam.privacy.requests import RequestKind, RequestState
from hakam.privacy.retention import Stores
from hakam.vocabulary.actor import SYSTEM


def step(stores: Stores, *, secret: str, now: datetime) -> int:
    """Do the next part of the oldest request that waits for the worker; return 1, or 0 when none waits."""
    for request in requests.working():
        if request.state == RequestState.GATHERING:
            _gather(request, stores, now=now)
            return 1
        if request.state == RequestState.ERASING:
            if letters.on_their_way(request.platform, request.account, now=now):
                continue  # they leave first: without their addressee they never could
            if not account_erasure.erase(request, stores, now=now):
                account_erasure.finish(request, stores, secret=secret, now=now)
            return 1
    for request in requests.waiting():
        whose = request.platform, request.account
        if not account_erasure.undecided(*whose) and not account_erasure.telling(*whose, now=now):
            requests.go_on(request)
            return 1
    return 0


def _gather(request: Subject, stores: Stores, *, now: datetime) -> None:
    if not account_erasure.search(request, stores):
        return
    if request.kind == RequestKind.ERASURE:
        outcome = account_erasure.plan(request, stores, now=now)
        requests.prepared(request, document="", outcome=outcome, by=SYSTEM, now=now)
        return
    held = gathering.gather(request, log=stores.events, vault=stores.vault, now=now)
    digest = stores.vault.put(document.as_zip(held))
    requests.prepared(
        request, document=digest, outcome={"parts": gathering.figures(held)}, by=SYSTEM, now=now
    )
