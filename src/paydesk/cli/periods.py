"""Spans and moments as a command line says them: "7d", "12h", or an ISO 8601 time."""

import re

from paydesk.base.instants import instant, parse
from paydesk.cli.screen import Exit, fail

_UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


def span(text: str) -> int | None:
    """The seconds that "7d", "12h", "30m", "2w" mean; None when it means none."""
    told = re.fullmatch(r"(\d{1,6})([mhdw])", text, re.ASCII)
    return int(told[1]) * _UNITS[told[2]] if told else None


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
            fail(f"{name} {text}: no time.", hint="Say 7d, 12h, 30m, or 2026-11-22T10:00:00Z.", exit=Exit.USAGE)
    assert begins is not None and ends is not None
    return begins, ends
