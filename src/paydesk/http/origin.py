"""Under which address a request reached this server: what links and issuers are made of.

A fixed domain (`PAYDESK_PUBLIC_DOMAIN`) wins; otherwise the request's Host, or what a trusted proxy forwarded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, NamedTuple

Network = IPv4Network | IPv6Network

_HOST = re.compile(
    r"(?i)(?:[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?)*\.?|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?"
)


class BadHost(Exception):
    """The Host header is missing, there more than once, or no host name."""


class Origin(NamedTuple):
    """`scheme://host`, and the host's first label, in lower case."""

    scheme: str
    host: str
    label: str
    client: str
    forwarded_for: str | None = None
    """Whom a peer says that it forwards (`X-Forwarded-For`) whose word does not count: `client` is that peer."""

    @property
    def address(self) -> str:
        """The address that limits count."""
        return _counted(self.client)

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}"


@dataclass(frozen=True, slots=True)
class Peer:
    """Where a guess, or a request that is limited always, comes from.

    address   what counts as one address (a network, for IPv6)
    unlisted  it forwards others' requests and is not in `PAYDESK_TRUSTED_PROXIES`
    vouched   the request bears an application's right secret: it comes from the shop's own server
    """

    address: str = ""
    unlisted: bool = False
    vouched: bool = False


@lru_cache(4096)
def _checked(host: str) -> str:
    if len(host) > 255 or not _HOST.fullmatch(host):
        raise BadHost(host)
    return host.lower()


@lru_cache(4096)
def is_within(client: str, networks: tuple[Network, ...]) -> bool:
    """Whether a client's address is of one of these networks."""
    try:
        address = ip_address(client)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in networks)


@lru_cache(4096)
def _counted(client: str) -> str:
    """The address that limits count: of IPv6 a whole /64, since nobody is given less."""
    try:
        address = ip_address(client)
    except ValueError:
        return client[:64]
    if address.version == 4:
        return client
    mapped = address.ipv4_mapped
    return str(mapped) if mapped is not None else str(ip_network((address, 64), strict=False))


def origin(scope: Any, headers: dict[bytes, bytes], trusted: tuple[Network, ...]) -> Origin:
    """Where a request came in. Raises BadHost."""
    host = headers.get(b"host")
    if host is None:
        raise BadHost("none")
    scheme = scope.get("scheme", "http")
    client = (scope.get("client") or ("",))[0]
    name, forwarded_for = host.decode("latin-1"), None
    if trusted and is_within(client, trusted):
        forwarded = headers.get(b"x-forwarded-host")
        if forwarded:
            name = forwarded.decode("latin-1").partition(",")[0].strip()
        said = headers.get(b"x-forwarded-proto", b"").decode("latin-1").partition(",")[0].strip().lower()
        if said in ("http", "https"):
            scheme = said
        # The nearest address that is no proxy of ours is the client's.
        for hop in reversed(headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")):
            if hop.strip():
                client = hop.strip()
                if not is_within(client, trusted):
                    break
    elif b"x-forwarded-for" in headers:
        forwarded_for = _counted(headers[b"x-forwarded-for"].decode("latin-1").rpartition(",")[2].strip())
    name = _checked(name)
    return Origin(scheme, name, name.partition(".")[0].partition(":")[0], client, forwarded_for)


def links(came: Origin, slug: str, public_domain: str | None) -> str:
    """The base of every link for a caller of the organization `slug`."""
    return f"https://{slug}.{public_domain}" if public_domain else f"{came.scheme}://{came.host}"


def single(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Headers by lower-case name. Raises BadHost where Host is there twice."""
    values: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in values:
            if name == b"host":
                raise BadHost("two")
            values[name] = values[name] + b", " + value
        else:
            values[name] = value
    return values
