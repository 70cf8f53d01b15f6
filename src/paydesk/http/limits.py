"""Rate limits: how many requests a client address may make, by a sliding window (off unless `PAYDESK_RATE_LIMITS`).

Two windows hold for each request: an average over all endpoints and a burst on one. Counted in this process's memory,
so with several workers a client may have as many times more. Source: Commerce Layer, "Rate limits".
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

CACHEABLE = frozenset(
    {
        "bundles",
        "imports",
        "markets",
        "price_lists",
        "prices",
        "promotions",
        "sku_options",
        "skus",
        "stock_items",
        "stock_locations",
    }
)
"""Reads of these are counted apart, and of all `*_promotions`."""

CLIENTS = 20_000
"""How many client addresses are remembered; the one that was idle longest is forgotten first."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `requests` in any `seconds`."""

    requests: int
    seconds: int


TOKEN = Limit(30, 60)
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


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a request is told: whether it goes through, and how the tighter of its windows stands."""

    limit: Limit
    remaining: int
    retry_after: int | None = None

    def headers(self) -> list[tuple[bytes, bytes]]:
        told = [
            (b"x-ratelimit-limit", str(self.limit.requests).encode()),
            (b"x-ratelimit-interval", str(self.limit.seconds).encode()),
            (b"x-ratelimit-remaining", str(self.remaining).encode()),
        ]
        if self.retry_after is not None:
            told.append((b"retry-after", str(self.retry_after).encode()))
        return told


class Limits:
    """The windows of every client address."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._windows: OrderedDict[str, dict[str, deque[float]]] = OrderedDict()

    def token(self, client: str) -> Verdict:
        """A request for a token."""
        return self._count(client, [("token", TOKEN)])

    def request(self, client: str, method: str, type_: str, live: bool) -> Verdict:
        """A request to the API: reads of what changes seldom are counted apart from everything else."""
        cacheable = method in ("GET", "HEAD") and (type_ in CACHEABLE or type_.endswith("_promotions"))
        kind = "cacheable" if cacheable else "other"
        average, burst = AVERAGE[(cacheable, live)], BURST[(cacheable, live)]
        return self._count(client, [(f"{kind} {live}", average), (f"{method} {type_} {live}", burst)])

    def _count(self, client: str, windows: list[tuple[str, Limit]]) -> Verdict:
        now = self._clock()
        kept = self._windows.get(client)
        if kept is None:
            kept = self._windows[client] = {}
            if len(self._windows) > CLIENTS:
                self._windows.popitem(last=False)
        else:
            self._windows.move_to_end(client)
        counted: list[tuple[int, Limit, deque[float]]] = []
        for name, limit in windows:
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
