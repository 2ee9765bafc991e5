"""Whose connection a report comes from, so that floods can be told apart; kept in memory and only as a keyed hash."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

from hakam.intake.throttle import Throttle

_IPV6_HOUSEHOLD = 64  # bits of an address that one connection is given
THROTTLE = Throttle()


def wait_of(request: HttpRequest, *, now: datetime) -> int:
    """Return how many seconds this sender must wait before a report is taken; 0 to take it now."""
    sender = sender_of(request)
    return THROTTLE.admit(sender, now=now) if sender else 0


def sender_of(request: HttpRequest) -> str:
    """Return a name for the connection; empty if it can't be told from others, which then slows nobody."""
    told = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY_SSL_HEADER:  # behind a proxy, which names the sender last
        told = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    try:
        address = ip_address(told)
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or ip_network((address, _IPV6_HOUSEHOLD), strict=False).network_address
    return hmac.new(settings.SECRET_KEY.encode(), str(address).encode(), hashlib.sha256).hexdigest()
