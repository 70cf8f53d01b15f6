"""Spans and moments as a command line says them: "7d", "1d12h", or an ISO 8601 time."""

import re

from paydesk.base.instants import instant, parse
from paydesk.cli.screen import Exit, fail

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
SPANS = "Write for instance 90m, 36h, 7d or 1d12h."
MOMENTS = "Write how long ago, as 7d, 36h or 1d12h, or when, as 2026-11-22T10:00:00Z."
"""What to write where something else was given."""
_PART = r"(\d{1,6})([smhdw])"


def span(text: str) -> int | None:
    """The seconds that "7d", "12h", "90m" or "1d12h" mean; None when it means none."""
    if not re.fullmatch(f"(?:{_PART})+", text, re.ASCII):
        return None
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(_PART, text, re.ASCII))


def moment(text: str, now: float) -> str | None:
    """The instant that so long ago or an ISO 8601 time means; None when it means none."""
    ago = span(text)
    return parse(text) if ago is None else instant(max(now - ago, 0.0))


def period(since: str, until: str | None, now: float) -> tuple[str, str]:
    """The instants that --since and --until mean, the present one where none is said; ends the command where one means
    none.
    """
    begins, ends = moment(since, now), moment(until, now) if until else instant(now + 1)
    for name, text, at in (("--since", since, begins), ("--until", until, ends)):
        if at is None:
            fail(f"{name} {text}: that is no time.", hint=MOMENTS, exit=Exit.USAGE)
    assert begins is not None and ends is not None
    return begins, ends
