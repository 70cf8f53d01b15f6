"""Rate limits: how often a client may ask, by a sliding window (`PAYDESK_RATE_LIMITS`).

Two windows hold for each request: an average over all endpoints and a burst on one. A client is an application, where
that is an integration, and an address otherwise. Counted in this process's memory, so with several workers a client
may have as many times more; what is counted for all of them together are guesses at secrets (`oauth/guesses.py`).
Source: Commerce Layer, "Rate limits".
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from paydesk.declare import Limited
from paydesk.http.origin import Peer

T = TypeVar("T")

log = logging.getLogger("paydesk.http")

MOST_TOLD = 20
"""Of so many peers a process tells that they are not listed."""
CLIENTS = 20_000
"""How many clients are remembered; the one that was idle longest is forgotten first."""
SHARED = 50
"""So many times more an address may ask that many clients share: a proxy that is not listed, or the server of many."""
APPLICATIONS = 20
"""One address with tokens of more applications is taken for one that many clients share."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `requests` in any `seconds`."""

    requests: int
    seconds: int

    def times(self, factor: float) -> Limit:
        return Limit(max(1, round(self.requests * factor)), self.seconds)


TOKEN = Limit(30, 60)
"""For each path at which tokens are given and ended: the token endpoint, revocation, the consent page."""
AVERAGE = {
    (True, True): Limit(1000, 60),
    (True, False): Limit(500, 60),
    (False, True): Limit(200, 60),
    (False, False): Limit(100, 60),
}
"""By (cacheable read, live)."""
BURST = {
    (True, True): Limit(250, 10),
    (True, False): Limit(125, 10),
    (False, True): Limit(50, 10),
    (False, False): Limit(25, 10),
}


class Guards(Protocol):
    """Limits requests that are limited under all settings: see `oauth.guesses.Guesses.limited`."""

    async def limited(
        self, asked: Limited, tenant: str, peer: Peer, shopper: bool, make: Callable[[], Awaitable[T]], /
    ) -> T: ...


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is counted.

    address        what counts as one address
    forwarded_for  whom a proxy that is not listed says it asks for; it may say what it likes
    application    of the token, with its tenant; None without a good one
    integration    the token is one of an integration, which is counted wherever it asks from
    """

    address: str
    forwarded_for: str | None = None
    application: str | None = None
    integration: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on one request: whether it goes through, and how the tighter of its windows stands."""

    limit: Limit
    remaining: int
    retry_after: int | None = None

    def headers(self) -> list[tuple[bytes, bytes]]:
        headers = [
            (b"x-ratelimit-limit", str(self.limit.requests).encode()),
            (b"x-ratelimit-interval", str(self.limit.seconds).encode()),
            (b"x-ratelimit-remaining", str(self.remaining).encode()),
        ]
        if self.retry_after is not None:
            headers.append((b"retry-after", str(self.retry_after).encode()))
        return headers


class Unlisted:
    """Tells, once for each, of peers that forward others' requests and are in no setting."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def tell(self, peer: str) -> None:
        """`peer` sent `X-Forwarded-For`, and its word does not count."""
        if peer not in self._told and len(self._told) < MOST_TOLD:
            self._told.add(peer)
            log.warning(
                "%s forwards requests (X-Forwarded-For) and is not in PAYDESK_TRUSTED_PROXIES: all who come through it "
                "count as one address",
                peer,
            )


class Limits:
    """The windows of every client. `factor`: so many times the documented requests."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, factor: float = 1.0) -> None:
        self._clock = clock
        self._windows: OrderedDict[str, dict[str, deque[float]]] = OrderedDict()
        self._applications: OrderedDict[str, set[str]] = OrderedDict()
        self._token = TOKEN.times(factor)
        self._average = {kind: limit.times(factor) for kind, limit in AVERAGE.items()}
        self._burst = {kind: limit.times(factor) for kind, limit in BURST.items()}

    def token(self, caller: Caller, path: str = "/oauth/token") -> Verdict:
        """A request to one of the paths at which tokens are given and ended."""
        return self._count(caller, [(path, self._token)])

    def request(self, caller: Caller, method: str, type_: str, live: bool, *, cacheable: bool = False) -> Verdict:
        """A request to the API: reads of what changes seldom are counted apart from everything else."""
        kind = "cacheable" if cacheable else "other"
        average, burst = self._average[(cacheable, live)], self._burst[(cacheable, live)]
        return self._count(caller, [(f"{kind} {live}", average), (f"{method} {type_} {live}", burst)])

    def _count(self, caller: Caller, windows: list[tuple[str, Limit]]) -> Verdict:
        now = self._clock()
        counted: list[tuple[int, Limit, deque[float]]] = []
        for client, times_more in self._clients(caller):
            kept = self._windows_of(client)
            for name, limit in windows:
                if times_more != 1:
                    limit = limit.times(times_more)
                times = kept.setdefault(name, deque())
                while times and times[0] <= now - limit.seconds:
                    times.popleft()
                counted.append((limit.requests - len(times), limit, times))
        left, limit, times = min(counted, key=lambda one: one[0])
        if left <= 0:
            return Verdict(limit, 0, max(1, -int(-(times[0] + limit.seconds - now) // 1)))
        for _, _, each in counted:
            each.append(now)
        return Verdict(limit, left - 1)

    def _clients(self, caller: Caller) -> tuple[tuple[str, int], ...]:
        """By what a caller is counted, and how many times the limit each may ask."""
        if caller.integration:
            return ((f"application {caller.application}", 1),)
        address = caller.address
        if caller.forwarded_for is not None:
            return ((f"{address} for {caller.forwarded_for}", 1), (f"all of {address}", SHARED))
        if self._is_shared(address, caller.application):
            return ((f"{address} with {caller.application}", 1), (f"all of {address}", SHARED))
        return ((address, 1),)

    def _is_shared(self, address: str, application: str | None) -> bool:
        """Whether tokens of more than `APPLICATIONS` come from an address; logged once."""
        seen = self._applications.get(address)
        if seen is None:
            if application is None:
                return False
            seen = self._applications[address] = set()
            if len(self._applications) > CLIENTS:
                self._applications.popitem(last=False)
        if application is not None and len(seen) <= APPLICATIONS and application not in seen:
            seen.add(application)
            if len(seen) > APPLICATIONS:
                log.warning(
                    "over %d applications ask from %s: if it is a proxy, name it in PAYDESK_TRUSTED_PROXIES and let it "
                    "send X-Forwarded-For; until then each application is counted there by itself",
                    APPLICATIONS,
                    address,
                )
        return len(seen) > APPLICATIONS

    def _windows_of(self, client: str) -> dict[str, deque[float]]:
        kept = self._windows.get(client)
        if kept is None:
            kept = self._windows[client] = {}
            if len(self._windows) > CLIENTS:
                self._windows.popitem(last=False)
        else:
            self._windows.move_to_end(client)
        return kept
