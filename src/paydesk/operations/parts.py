"""What an operation is given to work with: the running parts of this process, which `app` puts together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from paydesk.base.instants import Clock
from paydesk.commerce.payments.payment_sources import PaymentSource
from paydesk.desk import Desk
from paydesk.gateways.port.account import Credentials
from paydesk.rules.registry import Registry
from paydesk.settings import Settings
from paydesk.store.sql.ask import Database
from paydesk.vault import Vault


class Hashing(Protocol):
    """Makes the hash under which a password is kept."""

    async def hash(self, password: str, /) -> str: ...


class Ownership(Protocol):
    """Knows which installation acts."""

    async def look(self) -> bool:
        """See who acts; False where a gateway could not be asked."""
        ...


class Recovery(Protocol):
    """Finishes what was begun, by this process or another."""

    async def begin(self, *, beside: bool = False) -> None:
        """Say that this process is at work. beside: another process serves the database."""
        ...


class Watching(Protocol):
    """Looks after payments that are under way."""

    @property
    def types(self) -> Sequence[type[PaymentSource]]:
        """The types of payment sources whose authorizations end."""
        ...


class Parts(Protocol):
    """The parts of one process, as `app.Parts` has them."""

    @property
    def settings(self) -> Settings: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def database(self) -> Database: ...
    @property
    def desk(self) -> Desk: ...
    @property
    def registry(self) -> Registry: ...
    @property
    def views(self) -> Any: ...
    @property
    def passwords(self) -> Hashing: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def owner(self) -> Ownership: ...
    @property
    def recovery(self) -> Recovery: ...
    @property
    def watching(self) -> Watching: ...
    def credentials(self, record: Any) -> Credentials:
        """What a gateway record's calls are made with."""
        ...

    def fixed_address(self, slug: str, kind: str, gateway_id: str) -> str | None:
        """Where a gateway's events are to be sent, as far as the settings say."""
        ...
