"""The backend: everything that the calls of one sandbox share."""

from collections.abc import Callable
from pathlib import Path

from paydesk.sandbox.core.accounts import Account, Accounts
from paydesk.sandbox.core.clock import Clock
from paydesk.sandbox.core.deliveries import Deliveries
from paydesk.sandbox.core.endpoints import Endpoints
from paydesk.sandbox.core.faults import Faults
from paydesk.sandbox.core.jobs import Jobs
from paydesk.sandbox.core.state import State

SEARCH_LAG_SECONDS = 60
"""How far the search index is behind, on the sandbox's clock; a control call can change it."""


class Backend:
    """The state, the clock, the accounts, and the jobs and deliveries that are owed.

    furnish  puts the first objects into an account that is new
    """

    def __init__(self, folder: Path, clock: Clock | None, furnish: "Callable[[Backend, Account], None]") -> None:
        self.state = State(folder)
        self.clock = clock or Clock()
        self.clock.offset = max(self.clock.offset, float(self.state.fact("clock_offset") or 0.0))
        self.search_lag = SEARCH_LAG_SECONDS
        self.faults = Faults()
        self.endpoints = Endpoints(self.state)
        self.jobs = Jobs(self.state)
        self.deliveries = Deliveries(self.state, self.clock, self.faults)
        self.accounts = Accounts(self.state, lambda account: furnish(self, account))
