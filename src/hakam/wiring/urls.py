"""Every address that the console process serves."""

from __future__ import annotations

from django.urls import include, path

from hakam.wiring.health import healthz

urlpatterns = [
    path("healthz", healthz),
    path("api/v1/", include("hakam.api.urls")),
    path("hma/", include("hakam.api.hma.urls")),
    path("exchange/", include("hakam.api.exchange")),
    path("threatexchange/", include("hakam.api.threatexchange")),
    path("", include("hakam.api.fires")),
    path("accounts/", include("allauth.urls")),
    path("", include("hakam.console.urls")),
]

handler400 = "hakam.console.outside.astray.bad_request"
handler403 = "hakam.console.outside.astray.not_allowed"
handler404 = "hakam.console.outside.astray.not_found"
