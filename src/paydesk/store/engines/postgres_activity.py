"""What the server says of its processes and who holds locks."""

from __future__ import annotations

from sqlalchemy import text

from paydesk.store.sql.ask import Ask, Rows, Transaction

_PROCESS = "SELECT 1 FROM pg_stat_activity WHERE pid = :pid"

_HOLDERS = """
SELECT DISTINCT holder.pid, holder.application_name, holder.state, holder.query_start
FROM pg_stat_activity waiting
CROSS JOIN LATERAL unnest(pg_blocking_pids(waiting.pid)) AS blocking (pid)
JOIN pg_stat_activity holder ON holder.pid = blocking.pid
WHERE waiting.application_name = 'paydesk' AND waiting.datname = current_database()
AND waiting.wait_event_type = 'Lock' AND holder.wait_event_type IS DISTINCT FROM 'Lock'
ORDER BY holder.pid
"""
"""Who holds what transactions of paydesk wait for, and waits for no lock itself."""


def is_working(process: int) -> Transaction[bool]:
    """Whether this process of the server is still there."""
    return bool((yield Ask(("server process",), lambda: text(_PROCESS), {"pid": process})))


def lock_holders() -> Transaction[Rows]:
    return (yield Ask(("lock holders",), lambda: text(_HOLDERS)))
