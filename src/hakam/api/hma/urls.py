"""The addresses of the HMA shape, below `/hma/`: HMA's own address plus that prefix."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt

from hakam.api.hma import curation, hashing, matching
from hakam.api.hma.answers import answered
from hakam.staff.roles import Scope

_R, _W = Scope.BANKS_READ, Scope.BANKS_WRITE


def status(_request: HttpRequest, **_named: str) -> HttpResponse:
    """`GET /status`: that of HMA, in its one word."""
    return HttpResponse("I-AM-ALIVE", content_type="text/html; charset=utf-8")


@csrf_exempt
def nothing_here(_request: HttpRequest, **_named: str) -> HttpResponse:
    """Say so in HMA's shape for every other address."""
    return JsonResponse({"message": "there is no such address; docs: switch from HMA"}, status=404)


urlpatterns = [
    path("status", status),
    path("status/live", status),
    path("h/hash", answered({"GET": (_R, hashing.hash_address), "POST": (_R, hashing.hash_upload)})),
    path("m/raw_lookup", answered({"GET": (_R, matching.raw_lookup)})),
    path("m/lookup", answered({"GET": (_R, matching.lookup), "POST": (_R, matching.lookup_upload)})),
    path("m/compare", answered({"POST": (_R, matching.compare)})),
    path("m/index/status", answered({"GET": (_R, matching.index_status)})),
    path("c/banks", answered({"GET": (_R, curation.banks), "POST": (_W, curation.create)})),
    path(
        "c/bank/<str:name>",
        answered({"GET": (_R, curation.bank), "PUT": (_W, curation.change), "DELETE": (_W, curation.delete)}),
    ),
    path("c/bank/<str:name>/content", answered({"POST": (_W, curation.add_file)})),
    path("c/bank/<str:name>/signal", answered({"POST": (_W, curation.add_signal)})),
    path(
        "c/bank/<str:name>/content/<int:number>",
        answered(
            {
                "GET": (_R, curation.content),
                "PUT": (_W, curation.change_content),
                "DELETE": (_W, curation.remove_content),
            }
        ),
    ),
    path("c/signal_type", answered({"GET": (_R, curation.signal_types)})),
    path("c/content_type", answered({"GET": (_R, curation.content_types)})),
    path("c/exchanges", answered({"GET": (_R, curation.exchanges)})),
    re_path(r"^(?P<rest>.*)$", nothing_here),
]
