"""Points in time, as the wire writes them: UTC with milliseconds, `2018-01-01T12:00:00.000Z`.

The text sorts as time does, so rows, rules, versions and documents all hold the same value and nothing converts.
"""

from __future__ import annotations

import calendar
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

Clock = Callable[[], float]
"""Seconds since 1970. Rules never read it: they take `work.now`."""

SKEW_SECONDS = 600.0
"""How far apart two clocks are that are both taken to be right."""


def wall() -> float:
    return time.time()


def passed() -> float:
    """Seconds since some moment, for durations: nobody sets this clock, and it goes on while the machine is halted."""
    return time.clock_gettime(_GOES_ON)


_GOES_ON = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def instant(seconds: float) -> str:
    """The instant of a Unix time, cut to the millisecond."""
    return instant_of(math.floor(seconds * 1000 + 1e-6))


def instant_of(milliseconds: int) -> str:
    """The same of whole milliseconds since 1970."""
    whole, rest = divmod(milliseconds, 1000)
    return f"{_second(whole)}.{rest:03d}Z"


class Followed:
    """The clock of another machine, as it was told last, and what passed since: what sets the clock of this one has no
    part in it.
    """

    def __init__(self) -> None:
        self._offset = wall() - passed()

    def __call__(self) -> float:
        return passed() + self._offset

    def set(self, seconds: float, asked: float) -> None:
        """The other clock said so when it was asked, at `asked` by `passed`, or until now."""
        self._offset = seconds - (asked + passed()) / 2


@lru_cache(1024)
def _second(whole: int) -> str:
    moment = time.gmtime(whole)
    return (
        f"{moment.tm_year:04d}-{moment.tm_mon:02d}-{moment.tm_mday:02d}T"
        f"{moment.tm_hour:02d}:{moment.tm_min:02d}:{moment.tm_sec:02d}"
    )


@lru_cache(1024)
def seconds(text: str) -> float:
    """The Unix time of an instant."""
    return datetime.fromisoformat(text).timestamp()


def later(text: str, by_seconds: float) -> str:
    return instant(seconds(text) + by_seconds)


def months_before(text: str, months: int) -> str:
    """The same time of the same day, months earlier; the month's last day where it has fewer days."""
    moment = datetime.fromisoformat(text)
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return f"{year:04d}-{month + 1:02d}-{day:02d}{text[10:]}"


def parse(text: str) -> str | None:
    """The instant that a client's ISO 8601 text means, None when it means none.

    Accepts offsets, second precision, and dates alone (midnight UTC).
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        return None
    return moment.strftime("%Y-%m-%dT%H:%M:%S.").zfill(20) + f"{moment.microsecond // 1000:03d}Z"
