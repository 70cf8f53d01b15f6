"""Counts of the events that each gateway sent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BigInteger, bindparam, case, func, null
from sqlalchemy.dialects.postgresql import insert

from paydesk.base.instants import SKEW_SECONDS, later
from paydesk.store.inbox.tables import gateway_tallies as tallies
from paydesk.store.sql.ask import Ask, Asks
from paydesk.store.types import Instant

COUNTED = ("foreign_events", "forged_events", "orphaned_events")

NEVER = "9999-12-31T00:00:00.000Z"


@dataclass
class Tally:
    """The events of a gateway since they were written down last; the columns of `gateway_tallies`.

    counts     how many of each of `COUNTED`
    own        an event of the gateway's own account and mode was among them
    """

    counts: Counter[str] = field(default_factory=Counter)
    verified_at: str | None = None
    forged_at: str | None = None
    tested_at: str | None = None
    own: bool = False
    forged_since: int = 0
    foreign_since: int = 0


_LAST = ("verified_at", "forged_at", "tested_at")

_SINCE = ("forged_since", "foreign_since")


def tally(tenant: str, gateway_id: str, came: Tally) -> Asks:
    """Add to what came to a gateway's door."""

    def build() -> Any:
        made = insert(tallies).values(
            {name: bindparam(name, type_=tallies.c[name].type) for name in ("tenant", "gateway_id", *_LAST, *COUNTED)}
            | {name: bindparam(name, type_=tallies.c[name].type) for name in _SINCE}
        )
        heard = made.excluded.verified_at >= tallies.c.unheard_since
        heard |= tallies.c.unheard_since > bindparam("beyond", type_=Instant())
        return made.on_conflict_do_update(
            index_elements=["tenant", "gateway_id"],
            set_={
                **{name: func.coalesce(made.excluded[name], tallies.c[name]) for name in _LAST},
                **{name: tallies.c[name] + made.excluded[name] for name in COUNTED},
                # What was counted before a verified event counts no longer.
                **{
                    name: tallies.c[name] * bindparam(f"{name}_goes_on", type_=BigInteger()) + made.excluded[name]
                    for name in _SINCE
                },
                "unheard_since": case((heard, null()), else_=tallies.c.unheard_since),
            },
        )

    values = {"tenant": tenant, "gateway_id": gateway_id}
    values |= {name: getattr(came, name) for name in (*_LAST, *_SINCE)} | {name: came.counts[name] for name in COUNTED}
    goes_on = {"forged_since_goes_on": int(came.verified_at is None), "foreign_since_goes_on": int(not came.own)}
    values["beyond"] = later(came.verified_at, SKEW_SECONDS) if came.verified_at else NEVER
    yield Ask(("tally",), build, {**values, **goes_on})


def unheard(tenant: str, gateway_id: str, now: str) -> Asks:
    """A gateway's list brought an event that no webhook has brought, which would have by now."""

    def build() -> Any:
        names = ("tenant", "gateway_id", "unheard_since", *COUNTED, *_SINCE)
        made = insert(tallies).values({name: bindparam(name, type_=tallies.c[name].type) for name in names})
        # Of two times the sooner: the one kept may be of a clock that ran ahead.
        kept, new = tallies.c.unheard_since, made.excluded.unheard_since
        return made.on_conflict_do_update(
            index_elements=["tenant", "gateway_id"],
            set_={"unheard_since": case((kept <= new, kept), else_=new)},
        )

    values = {"tenant": tenant, "gateway_id": gateway_id, "unheard_since": now}
    yield Ask(("unheard",), build, values | dict.fromkeys((*COUNTED, *_SINCE), 0))
