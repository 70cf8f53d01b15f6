"""The jobs on disk: what has to happen to an object at a later moment of the sandbox's clock."""

import asyncio

from paydesk.sandbox.core.state import State

NEVER = float("inf")


class Jobs:
    """The jobs that wait, and the moment at which the first of them is due. `running/schedule.py` does them."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.wake = asyncio.Event()
        self.next_due = NEVER
        self.find_next()

    def find_next(self) -> None:
        """Look in the state for the first job that is left."""
        first = next(self.state.rows("select min(at) from jobs"))[0]
        self.next_due = NEVER if first is None else float(first)

    def add(self, at: float, kind: str, account: int, identifier: str) -> None:
        """Keep a job for the moment `at`."""
        self.state.put("jobs", (self.state.next(), at, kind, account, identifier))
        if at < self.next_due:
            self.next_due = at
            self.wake.set()
