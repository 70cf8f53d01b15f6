"""How many files a process may hold, and how many of them go to the connections of clients.

Each connection is a file. A server that takes fewer connections than it could lets anybody who opens that many, and
says nothing, keep everybody else out; one that takes more fails at opening its database.
"""

from __future__ import annotations

import sys

MOST = 32_768
"""More are not asked for: an idle connection takes some 15 KB."""

FEWEST_KEPT, MOST_KEPT = 64, 1024
"""How many files stay for the database, Stripe and the log: a quarter of all, within these bounds."""

ELSEWHERE = 1024
"""What is counted upon where the system does not tell."""


def raise_limit() -> None:
    """Raise the number of files this process and its children may hold, as far as the system allows."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else min(MOST, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):
            return  # Some systems name a hard limit that they do not grant.


def connections() -> int:
    """How many connections of clients this process may hold at a time."""
    if sys.platform == "win32":
        return ELSEWHERE
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = MOST if soft == resource.RLIM_INFINITY else min(MOST, soft)
    return max(1, files - min(MOST_KEPT, max(FEWEST_KEPT, files // 4)))
