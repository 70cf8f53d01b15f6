"""What an operation is given to work with: the running parts of this process, which `app` puts together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from paydesk.background.fetch_events import CatchingUp
from paydesk.background.keep_ownership import Owner
from paydesk.background.recover_calls import Recovery
from paydesk.background.watch_payments import Watching
from paydesk.background.work_events import Inbox
from paydesk.base.instants import Clock
from paydesk.desk import Desk
from paydesk.gateways.port.account import Credentials
from paydesk.gateways.port.gateway import Gateway
from paydesk.rules.registry import Registry
from paydesk.settings import Settings
from paydesk.store.sql.ask import Database
from paydesk.vault import Vault


class Hashing(Protocol):
    """Makes the hash under which a password is kept."""

    async def hash(self, password: str, /) -> str: ...


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
    def owner(self) -> Owner: ...
    @property
    def recovery(self) -> Recovery: ...
    @property
    def inbox(self) -> Inbox: ...
    @property
    def catching_up(self) -> CatchingUp: ...
    @property
    def watching(self) -> Watching: ...
    @property
    def gateways(self) -> Mapping[str, Gateway]: ...
    def credentials(self, record: Any) -> Credentials:
        """What a gateway record's calls are made with."""
        ...

    def fixed_address(self, slug: str, kind: str, gateway_id: str) -> str | None:
        """Where a gateway's events are to be sent, as far as the settings say."""
        ...
