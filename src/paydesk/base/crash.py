"""Named places where a process can be made to end as a power cut would end it: for tests and for `paydesk prove`.

`PAYDESK_CRASH_AT=open_payment.asked` kills the process with SIGKILL when it comes to that place for the first time;
`PAYDESK_CRASH_AT=open_payment.asked:3` for the third. Unset, a place costs one comparison.
"""

from __future__ import annotations

import os
import signal

PLACES = ("begun", "journalled", "asking", "asked", "settling", "settled")
"""Before the first commit, after it; before the gateway is asked, after it answered; before the second commit, after
it."""

_at, _left = "", 0


def place(kind: str, name: str) -> None:
    """The process is at `{kind}.{name}`."""
    global _left
    if _at and _at == f"{kind}.{name}":
        _left -= 1
        if _left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def arm(at: str) -> None:
    """End this process at a place, in the words of the environment variable; nowhere if that is empty."""
    global _at, _left
    _at, _, times = at.partition(":")
    _left = int(times or 1)


arm(os.environ.get("PAYDESK_CRASH_AT", ""))
