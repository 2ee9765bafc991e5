"""The exchange's door: partners post envelopes, everybody may read whose it is. Docs: `docs/reference/exchange.md`."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from hakam.exchange import keys
from hakam.exchange.http import MEDIA_TYPE
from hakam.exchange.messages import LARGEST
from hakam.exchange.receiving import receive


@csrf_exempt  # signatures, not cookies, say who calls
def door(request: HttpRequest) -> HttpResponse:
    """`POST`: an envelope, answered by an envelope. `GET`: the name and the public key of this installation."""
    chosen = settings.HAKAM
    key = keys.signing_key(chosen.secret(keys.SECRET))
    if request.method in {"GET", "HEAD"}:
        public = key.public_key()
        told = {
            "name": chosen.platform_name,
            "version": 1,
            "jwk": keys.jwk(public),
            "thumbprint": keys.thumbprint(public),
        }
        return JsonResponse(told)
    if request.method != "POST":
        return HttpResponse(status=405, headers={"allow": "GET, HEAD, POST"})
    answer = receive(request.read(LARGEST + 1), key=key, now=timezone.now())
    return HttpResponse(
        answer.body,
        status=answer.status,
        content_type=MEDIA_TYPE if answer.envelope else "application/json",
        headers={"cache-control": "no-store"},
    )


urlpatterns = [path("v1", door), path("v1/", door)]
