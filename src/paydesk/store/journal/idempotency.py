"""Clients' idempotency keys: which request a key was sent with, the call that it opened, and the answer once known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from paydesk.store.sql.ask import Ask, Asks
from paydesk.store.sql.portions import PORTION, oldest
from paydesk.store.types import METADATA, Document, Instant

idempotency_keys = Table(
    "idempotency_keys",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("application_id", Text, primary_key=True),
    Column("owner_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request", Text, nullable=False),
    Column("call_id", Text),
    Column("status", Integer),
    Column("headers", Document),
    Column("body", LargeBinary),
    Column("created_at", Instant, nullable=False),
)
"""A client's `Idempotency-Key`: which request it named, the call it opened, and the answer once there is one."""
Index("ix_idempotency_keys_created_at", idempotency_keys.c.created_at)

_c = idempotency_keys.c


@dataclass(frozen=True, slots=True)
class KeyOwner:
    """Whose key it is; the same text of another client is another key.

    owner_id  the customer or user of the token, or the token itself where that is a guest's (`Actor.key_owner`)
    """

    tenant: str
    application_id: str
    owner_id: str
    key: str

    def binds(self) -> dict[str, Any]:
        return {"at_tenant": self.tenant, "at_app": self.application_id, "at_owner": self.owner_id, "at_key": self.key}


def _at() -> Any:
    return (
        (_c.tenant == bindparam("at_tenant"))
        & (_c.application_id == bindparam("at_app"))
        & (_c.owner_id == bindparam("at_owner"))
        & (_c.key == bindparam("at_key"))
    )


class KeptKey(NamedTuple):
    """What a key was sent for, and how that ended: by the call that it opened, or the answer that is kept (sealed)."""

    request: str
    call_id: str | None
    status: int | None
    headers: dict[str, str] | None
    body: bytes | None


def kept(owner: KeyOwner, since: str) -> Asks:
    """The `KeptKey` of an owner that is younger than `since`, or None."""

    def build() -> Any:
        return select(
            _c.request,
            _c.call_id,
            _c.status,
            _c.headers,
            _c.body,
        ).where(_at(), _c.created_at > bindparam("since", type_=Instant()))

    rows = yield Ask(("kept key",), build, {**owner.binds(), "since": since})
    return KeptKey(*rows[0]) if rows else None


def is_kept(owner: KeyOwner) -> Asks:
    """Whether a key is known."""
    rows = yield Ask(("key is kept",), lambda: select(_c.key).where(_at()), owner.binds())
    return bool(rows)


def write(
    owner: KeyOwner,
    request: str,
    now: str,
    *,
    call_id: str | None = None,
    status: int | None = None,
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
) -> Asks:
    """Keep a key with what is known so far; an expired key of the same text gives way."""
    yield from forget(owner)

    def build() -> Any:
        return insert(idempotency_keys).values(
            {column.name: bindparam(column.name, type_=column.type) for column in _c}
        )

    yield Ask(
        ("keep key",),
        build,
        {
            "tenant": owner.tenant,
            "application_id": owner.application_id,
            "owner_id": owner.owner_id,
            "key": owner.key,
            "request": request,
            "call_id": call_id,
            "status": status,
            "headers": headers,
            "body": body,
            "created_at": now,
        },
    )


def forget(owner: KeyOwner) -> Asks:
    """Let a key go: its request is to be done from the beginning."""
    yield Ask(("forget key",), lambda: delete(idempotency_keys).where(_at()), owner.binds())


def tie(owner: KeyOwner, request: str, now: str, since: str, call_id: str) -> Asks:
    """Keep a key with the call that its request joined, unless it is kept already and younger than `since`."""
    if (yield from kept(owner, since)) is None:
        yield from write(owner, request, now, call_id=call_id)


def answer(owner: KeyOwner, status: int, headers: dict[str, str], body: bytes) -> Asks:
    """Keep the answer to a request whose key was written before."""

    def build() -> Any:
        return (
            update(idempotency_keys)
            .where(_at())
            .values(status=bindparam("status"), headers=bindparam("headers", type_=Document()), body=bindparam("body"))
        )

    yield Ask(("answer key",), build, {**owner.binds(), "status": status, "headers": headers, "body": body})


def forget_before(instant: str, limit: int = PORTION) -> Asks:
    """Drop keys whose time is over, the oldest first; whether there may be more than the limit let go."""

    def build() -> Any:
        return oldest(
            idempotency_keys,
            _c.created_at,
            _c.created_at <= bindparam("before", type_=Instant()),
        )

    rows = yield Ask(("old keys",), build, {"before": instant, "limit": limit})
    return len(rows) == limit


def sealed_otherwise(prefix: str) -> Asks:
    """How many answers are kept that are not sealed under the key that this prefix names."""

    def build() -> Any:
        under = (_c.body >= bindparam("first")) & (_c.body < bindparam("beyond"))
        return select(func.count()).select_from(idempotency_keys).where(_c.body.is_not(None), ~under)

    rows = yield Ask(
        ("answers sealed otherwise",), build, {"first": f"{prefix}.".encode(), "beyond": f"{prefix}/".encode()}
    )
    return rows[0][0]
