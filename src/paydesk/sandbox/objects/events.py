"""Events: those of the last 30 days, each with its number of deliveries still owed. Source: Stripe, "Events"."""

from typing import Any

import orjson

from paydesk.sandbox.core.call import Call
from paydesk.sandbox.core.errors import invalid, missing
from paydesk.sandbox.core.lists import created_between, limit_of

KEPT_SECONDS = 30 * 86400

_OWED = "(select count(*) from deliveries where event = events.seq and state = 'pending')"


def retrieve(call: Call, identifier: str) -> bytes:
    """GET /v1/events/:id"""
    for body, owed in call.state.rows(
        f"select body, {_OWED} from events where account = ? and id = ? and created > ?",
        (call.account.n, identifier, call.now - KEPT_SECONDS),
    ):
        return _with_owed(body, owed)
    raise missing("event", identifier, "id")


def _with_owed(body: bytes, owed: int) -> bytes:
    event = orjson.loads(body)
    if event["pending_webhooks"] == owed:
        return body
    event["pending_webhooks"] = owed
    return orjson.dumps(event)


def listing(call: Call) -> bytes:
    """GET /v1/events"""
    params = call.params
    limit = limit_of(call)
    where = ["account = ?", "created > ?"]
    values: list[Any] = [call.account.n, call.now - KEPT_SECONDS]
    if "type" in params and "types" in params:
        raise invalid("You may only specify one of these parameters: type, types.", param="types")
    types = params.get("types") or ([params["type"]] if "type" in params else [])
    if len(types) > 20:
        raise invalid("You may pass at most 20 event types.", param="types")
    if types:
        matches = []
        for pattern in types:
            matches.append("type glob ?")
            values.append("".join(f"[{letter}]" if letter in "[]?" else letter for letter in pattern))
        where.append(f"({' or '.join(matches)})")
    if "delivery_success" in params:
        failed = "exists (select 1 from deliveries where event = events.seq and state in ('pending', 'failed'))"
        where.append(f"not {failed}" if params["delivery_success"] else failed)
    created_between(params.get("created"), where, values)
    after, before = params.get("starting_after"), params.get("ending_before")
    order = "desc"
    for cursor, name, sign in ((after, "starting_after", "<"), (before, "ending_before", ">")):
        if cursor is not None:
            where.append(f"seq {sign} ?")
            values.append(_seq(call, cursor, name))
            order = "asc" if sign == ">" else "desc"
    rows = list(
        call.state.rows(
            f"select body, {_OWED} from events where {' and '.join(where)} order by seq {order} limit {limit + 1}",
            tuple(values),
        )
    )
    more = len(rows) > limit
    rows = rows[:limit]
    if order == "asc":
        rows.reverse()
    data = [orjson.Fragment(_with_owed(body, owed)) for body, owed in rows]
    return orjson.dumps({"object": "list", "data": data, "has_more": more, "url": "/v1/events"})


def _seq(call: Call, identifier: str, param: str) -> int:
    for (seq,) in call.state.rows("select seq from events where account = ? and id = ?", (call.account.n, identifier)):
        return int(seq)
    raise missing("event", identifier, param, status=400)
