"""OAuth: the room as the rest of paydesk knows it. It holds the keys and tokens of one process and keeps them fresh."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

from paydesk.base.actor import Actor
from paydesk.base.errors import InvalidToken
from paydesk.base.instants import Clock, instant, wall
from paydesk.oauth import keys
from paydesk.oauth.guesses import Guesses
from paydesk.oauth.keys import Keyring, Sealer
from paydesk.oauth.secrets import Passwords
from paydesk.oauth.tokens import LONGEST_LIFETIME_SECONDS, Tokens
from paydesk.rules.registry import Registry
from paydesk.store.oauth import clearing, customers
from paydesk.store.oauth import state as stored_state
from paydesk.store.sql.ask import Database

CUSTOMERS = "customers"
"""The type of the people who sign in at a shop."""

log = logging.getLogger("paydesk.oauth")

_OVERLAP_SECONDS = 300.0
"""How much of what was read before is read again, for clocks that differ from node to node and late commits."""
_CLEARING_SECONDS = 600.0
_PORTIONS = 10
"""How many portions of what has ended are deleted before it is read again what others revoked."""


@dataclass
class OAuth:
    """Tokens for one server.

    clock            seconds since 1970
    public_domain    fixes the issuer to `https://auth.{public_domain}`; None takes it from each request
    auto_approve     an authorization code is given without asking a person (`paydesk dev`)
    resources        what `tokeninfo` tells permissions of
    refresh_seconds  how often what other processes revoked is read; under five (Commerce Layer revokes "at once")
    """

    database: Database
    vault: Sealer
    clock: Clock = wall
    public_domain: str | None = None
    auto_approve: bool = False
    resources: Registry | None = None
    refresh_seconds: float = 4.0
    passwords: Passwords = field(default_factory=Passwords)

    def __post_init__(self) -> None:
        self.keyring = Keyring()
        self.tokens = Tokens(self.keyring, self.clock, self.public_domain)
        self.guesses = Guesses(self.database, self.clock)
        self._task: asyncio.Task[None] | None = None
        self._read_at: float | None = None
        self._cleared_at: float | None = None

    @property
    def now(self) -> str:
        return instant(self.clock())

    @property
    def slugs(self) -> frozenset[str]:
        """Of all organizations of this server, a few seconds old."""
        return self.tokens.slugs

    async def start(self) -> None:
        """Load the keys, making the first one where there is none, and begin to follow what others revoke."""
        await keys.ensure(self.database, self.vault, self.clock())
        await self.refresh()
        self._task = asyncio.create_task(self._follow(), name="oauth refresh")

    async def stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self.passwords.close()

    async def refresh(self) -> None:
        """Read what is new of keys, revocations, organizations and users."""
        began = self.clock()
        # A token that was revoked before its longest lifetime has ended by itself.
        since = (self._read_at or began - LONGEST_LIFETIME_SECONDS - 86_400) - _OVERLAP_SECONDS
        client_ids = self.tokens.client_ids()
        state = await self.database.read(lambda: stored_state.state(instant(since), client_ids))
        self.keyring.take(state.keys, self.vault, self.now)
        self.tokens.take(state)
        self.tokens.sweep()
        self._read_at = began

    async def clear(self) -> None:
        """Delete from the database what has ended; what is more than a few portions is left to the next round."""
        self._cleared_at = self.clock()
        for _ in range(_PORTIONS):
            if not await self.database.write(lambda: clearing.clear(self.now)):
                return
        self._cleared_at = None

    def actor(self, token: str, host_slug: str | None) -> Actor:
        """Who bears this token, at a host whose first label is `host_slug` (None: it has none). Asks nobody.

        A label that is not the slug of an organization is no reason to refuse; another organization's slug is.
        raises  InvalidToken
        """
        return self.tokens.actor(token, host_slug)

    async def admit(self, token: str, host_slug: str | None) -> Actor:
        """As `actor`, and `who` says a customer's email too: one query when a process meets a customer first.

        raises  InvalidToken; also for a customer who was deleted since
        """
        actor = self.tokens.actor(token, host_slug)
        if not self.tokens.is_known(actor):
            tenant, customer_id = actor.tenant, actor.owner_id or ""
            email = await self.database.read(lambda: customers.customer_email(CUSTOMERS, tenant, customer_id))
            if email is None:
                raise InvalidToken("The owner of the access token is no more.")
            self.tokens.introduce(actor, email)
        return actor

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(self.refresh_seconds)
            try:
                await self.refresh()
                if self._cleared_at is None or self.clock() - self._cleared_at >= _CLEARING_SECONDS:
                    await self.clear()
            except Exception:
                # What was known stays in force; the next round tries again.
                log.exception("what other processes revoked could not be read")
