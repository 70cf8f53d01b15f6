"""What every process keeps in memory of keys, revocations and administrators."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, bindparam, select

from paydesk.store.oauth.administrators import User, enabled_users
from paydesk.store.oauth.revocations import revocations
from paydesk.store.oauth.signing_keys import KeyRow, keys
from paydesk.store.oauth.tokens import AccessToken
from paydesk.store.sql.ask import Ask, Transaction
from paydesk.store.sql.statements import OneOf
from paydesk.store.types import METADATA, ListOf


@dataclass(frozen=True, slots=True)
class State:
    """What every process re-reads every few seconds, so that no request pays a query for it.

    revoked   access tokens revoked since the instant asked for
    gone      client ids of applications revoked since, and those asked about that have no application any more
    """

    keys: list[KeyRow]
    revoked: list[AccessToken]
    slugs: frozenset[str]
    users: list[User]
    gone: frozenset[str]


def state(since: str, client_ids: Iterable[str]) -> Transaction[State]:
    """See `State`; `client_ids` are those of the tokens that a process keeps verified."""
    found = yield from keys()

    def newly_revoked() -> Any:
        return select(revocations.c.digest, revocations.c.until).where(revocations.c.revoked_at >= bindparam("since"))

    revoked = yield Ask(("oauth", "revoked"), newly_revoked, {"since": since})

    def every_slug() -> Any:
        return select(METADATA.tables["organizations"].c.slug)

    slugs = yield Ask(("oauth", "slugs"), every_slug)
    everyone = yield Ask(("oauth", "users"), enabled_users)
    asked = list(client_ids)

    def told() -> Any:
        c = METADATA.tables["applications"].c
        wanted = OneOf(c.uid, bindparam("uids", type_=ListOf(Text())))
        return select(c.uid, c.revoked_at).where(wanted | (c.revoked_at >= bindparam("since")))

    applications = yield Ask(("oauth", "told applications"), told, {"uids": asked, "since": since})
    alive = {row[0] for row in applications if row[1] is None}
    ended = {row[0] for row in applications if row[1] is not None}
    return State(
        found,
        [AccessToken(*row) for row in revoked],
        frozenset(row[0] for row in slugs if row[0]),
        [User(*row) for row in everyone],
        frozenset(ended | (set(asked) - alive)),
    )
