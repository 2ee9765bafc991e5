"""Which addresses a webhook may go to: resolved once, judged, and then pinned, so that a name can't change its mind.

Without this, whoever can set an endpoint could make Hakam call what only Hakam can reach (server-side request
forgery): the machine itself, its neighbours, the metadata service of a cloud.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], list[str]]

_PORTS = {"https": 443, "http": 80}
_MAX_PORT = 65_535
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_ALSO_SPECIAL = (
    tuple(  # what older versions of Python's own table do not know (IANA special-purpose registries)
        ipaddress.ip_network(text)
        for text in (
            "100.64.0.0/10",
            "192.0.0.0/24",
            "192.88.99.0/24",
            "100:0:0:1::/64",
            "3fff::/20",
            "5f00::/16",
            "fec0::/10",
        )
    )
)


class ForbiddenAddressError(ValueError):
    """This address must not be called."""


class UnresolvedError(OSError):
    """The name has no address now. It may have one later."""


class Address(NamedTuple):
    """Where to connect, and as whom to present the certificate and the Host header."""

    ip: str
    port: int
    host: str
    scheme: str
    path: str  # with the query

    @property
    def url(self) -> str:
        """The URL with the address in place of the name."""
        ip = f"[{self.ip}]" if ":" in self.ip else self.ip
        return f"{self.scheme}://{ip}:{self.port}{self.path}"

    @property
    def host_header(self) -> str:
        """The Host header: the name, and the port where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def url_problems(settings: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with `settings["url"]`, before anything is resolved."""
    url = settings.get("url")
    if not isinstance(url, str) or not url:
        return ["`url` is missing: the https address that takes the webhooks"]
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        return [f"`url` is no address: {error}"]
    problems = []
    if parts.scheme not in _PORTS:
        problems.append(f"`url` begins with {parts.scheme or 'nothing'}:, but must with https: (or http:)")
    if not parts.hostname:
        problems.append("`url` names no host")
    if parts.username or parts.password:
        problems.append("`url` holds a user name or password; webhooks are signed instead")
    if parts.fragment:
        problems.append("`url` has a fragment (#), which is never sent")
    if port == 0:
        problems.append("`url` names port 0")
    if any(ord(c) <= ord(" ") for c in url):
        problems.append("`url` holds a blank or a control character")
    return problems


def resolve(url: str, *, allow_private: bool, resolver: Resolver | None = None) -> Address:
    """Return the one address to connect to. Raises `ForbiddenAddressError` and `UnresolvedError`.

    A name with several addresses is refused when any of them is forbidden: which one is called must not be luck.
    Plain http is for private addresses only, and only where they are allowed.
    """
    problems = url_problems({"url": url})
    if problems:
        raise ForbiddenAddressError("; ".join(problems))
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    found = (resolver or _lookup)(host, port)
    if not found:
        raise UnresolvedError(f"{host} has no address")
    private = [ip for ip in found if not is_public(ip)]
    if private and not allow_private:
        raise ForbiddenAddressError(
            f"{host} is at {private[0]}, which is not a public address (HAKAM_ALLOW_PRIVATE_ENDPOINTS permits it)"
        )
    path = parts.path or "/"
    return Address(found[0], port, host, parts.scheme, f"{path}?{parts.query}" if parts.query else path)


def is_public(text: str) -> bool:
    """Whether an IP address is one of the public Internet, seen through every way of writing another within it."""
    ip: IpAddress = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = _embedded(ip)
        if inner is not None:
            return is_public(str(inner))
    if any(ip in network for network in _ALSO_SPECIAL if network.version == ip.version):
        return False
    return ip.is_global and not (
        ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback or ip.is_link_local
    )


def _embedded(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for: mapped, 6to4, Teredo, NAT64."""
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip.sixtofour is not None:
        return ip.sixtofour
    if ip.teredo is not None:
        return ip.teredo[1]
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return None


def _lookup(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnresolvedError(f"{host} can't be resolved: {error}") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
