"""`paydesk recover`: what the background of a server does, once and now."""

from dataclasses import dataclass
from typing import Any

from paydesk.app import Parts
from paydesk.settings import Settings
from paydesk.store import events, journal

ROUNDS = 20
DAY = 24 * 3600.0


@dataclass(frozen=True)
class Recovered:
    """What one run of recovery did.

    fetched    events that no webhook had brought
    finished   gateway calls that were open and are at their end now
    worked     events that were waiting and are worked now
    calls      `(tenant, id, kind, subject type, subject id, tries, created at)` of calls still open
    events     how many events still wait
    """

    fetched: int
    finished: int
    worked: int
    calls: list[Any]
    events: int


async def recover(settings: Settings) -> Recovered:
    """Finish the open gateway calls, fetch and work events. Raises as `Parts.open`."""
    parts = await Parts.open(settings)
    database = parts.database
    try:
        await parts.recovery.begin()
        fetched = await parts.catching_up.once()
        events_before = await database.read(events.waiting)
        finished = 0
        for _ in range(ROUNDS):
            ended = await parts.desk.finish_due(ahead=DAY)
            finished += ended
            if not ended + await parts.inbox.work():
                break
        calls = await database.read(journal.still_open)
        waiting = await database.read(events.waiting)
        return Recovered(fetched, finished, events_before - waiting, calls, waiting)
    finally:
        await parts.recovery.stop()
        await parts.close()
