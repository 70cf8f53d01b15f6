"""What an operation is given to work with: the running parts of this process, which `app` puts together."""

from __future__ import annotations

from typing import Any, Protocol

from paydesk.desk import Desk
from paydesk.rules.registry import Registry
from paydesk.settings import Settings
from paydesk.store.ask import Database
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
