"""The deliveries that are owed: each is one event on its way to one webhook endpoint.

A delivery is a row that is written in the transaction of its event and stays until the endpoint has answered 2xx, so a
sandbox that was killed sends it after its restart. `running/deliverer.py` sends them.
"""

import asyncio
import heapq

import apsw

from paydesk.sandbox.core.accounts import Account
from paydesk.sandbox.core.clock import Clock
from paydesk.sandbox.core.faults import Fault, Faults
from paydesk.sandbox.core.state import Delivery, State

REVERSED_SECONDS = 2


class Deliveries:
    """The deliveries that wait for their time, the first due in front."""

    def __init__(self, state: State, clock: Clock, faults: Faults) -> None:
        self.state = state
        self.clock = clock
        self.faults = faults
        self.waiting: list[tuple[float, int, Delivery]] = []
        self.starting: set[asyncio.Task[None]] = set()
        self.wake = asyncio.Event()
        for row in state.rows("select * from deliveries where state = 'pending'"):
            self.wait(Delivery._make(row))

    def wait(self, delivery: Delivery) -> None:
        """Queue a delivery until its time has come."""
        heapq.heappush(self.waiting, (delivery.due, delivery.order_key, delivery))

    def take(self) -> Delivery:
        """Take the first delivery out of the queue."""
        return heapq.heappop(self.waiting)[2]

    @property
    def next_due(self) -> float:
        """The moment, on the sandbox's clock, at which the next delivery is due."""
        return self.waiting[0][0] if self.waiting else float("inf")

    def add(self, event: int, kind: str, endpoints: list[str], account: Account, method: str, path: str) -> None:
        """Owe an event to endpoints. The rows are written with the event, and are sent only after that.

        method, path  the call that made the event, by which a fault may strike its delivery
        """
        now = self.clock.exact()
        due, copies, status, order, reversing = now, 1, "pending", event, None
        if self.faults.on_webhooks:
            fault = self.faults.strike_webhook(kind, method, path, account.id)
            mode = fault.do["webhook"] if fault else None
            if mode == "twice":
                copies = 2
            elif mode == "lost":
                status = "lost"
            elif fault is not None and mode == "late":
                due = now + fault.do.get("seconds", 60)
            elif fault is not None and mode == "reversed":
                due, order = now + fault.do.get("seconds", REVERSED_SECONDS), -event
                reversing = fault
        deliveries = []
        for endpoint in endpoints:
            for _ in range(copies):
                delivery = Delivery(self.state.next(), account.n, event, endpoint, 0, due, status, order)
                self.state.put("deliveries", delivery)
                deliveries.append(delivery)
        if status == "pending":
            task = asyncio.get_running_loop().create_task(self._wait_after_commit(deliveries, reversing))
            self.starting.add(task)
            task.add_done_callback(self.starting.discard)

    async def _wait_after_commit(self, deliveries: list[Delivery], reversing: Fault | None) -> None:
        try:
            await self.state.written()
        except apsw.Error:  # the rows stay with the state and are written later; the next start finds them
            return
        for delivery in deliveries:
            self.wait(delivery)
            if reversing is not None:
                reversing.held.append(delivery.n)
        if reversing is not None and reversing.left == 0:
            # The last event of a reversed series is here: all of the series are due now, the newest first.
            series = set(reversing.held)
            now = self.clock.exact()
            self.waiting = [
                (now if delivery.n in series else due, order, delivery) for due, order, delivery in self.waiting
            ]
            heapq.heapify(self.waiting)
        self.wake.set()
