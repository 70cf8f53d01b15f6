"""What the background of a server does, once and now."""

from dataclasses import dataclass
from typing import Any

from paydesk.background.fetch_events import Fetched
from paydesk.background.watch_payments import AT_MOST, Looked
from paydesk.operations.parts import Parts
from paydesk.store.inbox import events
from paydesk.store.journal import calls as journal

ROUNDS = 20
DAY = 24 * 3600.0


@dataclass(frozen=True)
class Recovered:
    """What one run of recovery did.

    fetched    what was asked for at the gateways' lists of events
    looked     which payments were looked at by the clock
    finished   gateway calls that were open and are at their end now
    worked     events that were waiting and are worked now
    ended      orders whose time was over, ended now
    calls      `(tenant, id, kind, subject type, subject id, tries, created at)` of calls still open
    events     how many events still wait
    """

    fetched: Fetched
    looked: Looked
    finished: int
    worked: int
    ended: int
    calls: list[Any]
    events: int

    @property
    def is_left(self) -> bool:
        """Something is to be done still, or may be, where a gateway did not tell."""
        return bool(self.calls or self.events or self.fetched.silent or self.looked.silent or self.looked.refused)


async def recover(parts: Parts) -> Recovered:
    """Finish open gateway calls, work events, look at payments that are due, end orders whose time is over."""
    database = parts.database
    await parts.recovery.begin()
    await parts.recovery.bring_back()
    await parts.owner.look()
    # Whenever a server asked last: it is down now, and what happened since is what is wanted.
    fetched = await parts.catching_up.round(every_seconds=0)
    events_before = await database.read(events.waiting)
    finished = await _finish(parts)
    # Afterwards: a payment of which an event told is not due any more.
    looked = await _look(parts)
    # As late: an event may tell that an order was paid in time.
    ended = await parts.recovery.lapsing.once(every_seconds=0)
    finished += await _finish(parts)
    calls = await database.read(journal.still_open)
    waiting = await database.read(events.waiting)
    return Recovered(fetched, looked, finished, events_before - waiting, ended, calls, waiting)


async def _finish(parts: Parts) -> int:
    """Make open calls and work events until nothing comes of it; returns how many calls ended."""
    finished = 0
    for _ in range(ROUNDS):
        ended = await parts.desk.finish_due(ahead=DAY)
        finished += ended
        if not ended + await parts.inbox.work():
            break
    return finished


async def _look(parts: Parts) -> Looked:
    """Look at every payment that is due, a round at a time."""
    total = Looked()
    while True:
        looked = await parts.watching.round()
        total.due += looked.due
        total.read += looked.read
        total.silent |= looked.silent
        total.refused |= looked.refused
        if looked.due < AT_MOST:
            return total
