"""Lists, their pages, and the expansion of ids into objects.

Sources: Stripe, "Pagination" and "Expanding objects".
"""

from typing import Any

import orjson

from paydesk.sandbox.core.call import Call
from paydesk.sandbox.core.errors import StripeError, invalid, missing

RANGES = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}

EXPANDABLE = {
    "payment_intent": {"customer", "latest_charge", "payment_method", "review"},
    "setup_intent": {"customer", "payment_method"},
    "charge": {"balance_transaction", "customer", "payment_intent", "refunds", "review"},
    "refund": {"balance_transaction", "charge", "failure_balance_transaction", "payment_intent"},
    "dispute": {"charge", "payment_intent"},
    "payment_method": {"customer"},
    "review": {"charge", "payment_intent"},
    "balance_transaction": {"source"},
    "customer": {"default_source", "invoice_settings"},
    "invoice_settings": {"default_payment_method"},
    "confirmation_token": set(),
    "list": {"data"},
    "search_result": {"data"},
}
"""Object → the fields in it that may be expanded, or stand on the way to such a field."""

MAXIMUM_DEPTH = 4

_BALANCE = ("balance_transaction", "failure_balance_transaction")
_BALANCE_RIGHT = "rak_balance_transaction_source_read"


def limit_of(call: Call) -> int:
    """The page size of the request; 10 by default.

    raises   StripeError 400 outside 1 to 100
    """
    limit: int = call.params.get("limit", 10)
    if limit < 1:
        raise invalid("This value must be greater than or equal to 1.", code="parameter_invalid_integer", param="limit")
    if limit > 100:
        raise invalid("This value must be less than or equal to 100.", code="parameter_invalid_integer", param="limit")
    return limit


def page(
    call: Call,
    kind: str,
    url: str,
    *,
    customer: str | None = None,
    intent: str | None = None,
    charge: str | None = None,
    fields: dict[str, Any] | None = None,
    condition: str | None = None,
) -> bytes:
    """One page of an account's objects of a kind, newest first, as JSON.

    customer, intent, charge  only objects that belong to it
    fields                    only objects whose body has these plain values
    condition                 a further condition in SQL over the columns of `objects`
    """
    params = call.params
    limit = limit_of(call)
    where, values = ["account = ?", "kind = ?"], [call.account.n, kind]
    for column, value in (("customer", customer), ("intent", intent), ("charge", charge)):
        if value is not None:
            where.append(f"{column} = ?")
            values.append(value)
    for name, value in (fields or {}).items():
        where.append("json_extract(body, ?) = ?")
        values += [f"$.{name}", value]
    if condition:
        where.append(condition)
    created_between(params.get("created"), where, values)
    after, before = params.get("starting_after"), params.get("ending_before")
    if after is not None and before is not None:
        raise invalid(
            "You may only specify one of these parameters: ending_before, starting_after.", param="ending_before"
        )
    order = "desc"
    if after is not None:
        where.append("seq < ?")
        values.append(call.get(kind, after, "starting_after").seq)
    elif before is not None:
        where.append("seq > ?")
        values.append(call.get(kind, before, "ending_before").seq)
        order = "asc"
    rows = call.state.objects(f"{' and '.join(where)} order by seq {order} limit {limit + 1}", tuple(values))
    more = len(rows) > limit
    rows = rows[:limit]
    if before is not None:
        rows.reverse()
    data = [orjson.Fragment(row.body) for row in rows]
    return orjson.dumps({"object": "list", "data": data, "has_more": more, "url": url})


def created_between(limits: Any, where: list[str], values: list[Any]) -> None:
    """Add the conditions of a `created` parameter: one moment, or a hash of limits."""
    if isinstance(limits, dict):
        for name, value in limits.items():
            where.append(f"created {RANGES[name]} ?")
            values.append(value)
    elif limits is not None:
        where.append("created = ?")
        values.append(limits)


def expand(call: Call, body: dict[str, Any], paths: list[str]) -> dict[str, Any]:
    """`body` with the ids at `paths` replaced by their objects.

    raises   StripeError 400 for a property that cannot be expanded, or more than four levels
    """
    for path in paths:
        parts = path.split(".")
        if len(parts) - (parts[0] == "data") > MAXIMUM_DEPTH:
            raise invalid(
                f"You cannot expand more than {MAXIMUM_DEPTH} levels of a property. Property: {path}", param="expand"
            )
        _expand(call, body, parts, path)
    return body


def _expand(call: Call, body: Any, parts: list[str], path: str) -> None:
    if isinstance(body, list):
        for each in body:
            _expand(call, each, parts, path)
        return
    if not isinstance(body, dict):
        return
    name, rest = parts[0], parts[1:]
    kind = body.get("object")
    if (
        name not in EXPANDABLE.get(kind, ())
        if kind is not None
        else name not in {"default_payment_method", "payment_method"}
    ):
        raise _not_expandable(path)
    if name == "refunds" and kind == "charge" and name not in body:
        body[name] = _refunds(call, body["id"])
    value = body.get(name)
    if isinstance(value, str):
        _may_see(call, name)
        value = body[name] = _object(call, value)
    if rest:
        _expand(call, value, rest, path)
    elif name == "data" and kind == "list":
        raise _not_expandable(path)


def _may_see(call: Call, name: str) -> None:
    """raises   StripeError 403 for a restricted key that may not read what is to be expanded"""
    key = call.key
    if key is not None and name in _BALANCE and _BALANCE_RIGHT in key.without:
        raise invalid(
            f"The provided key '{key.masked}' does not have the required permissions for this endpoint on account "
            f"'{call.account.id}'. Having the '{_BALANCE_RIGHT}' permission would allow this request to continue.",
            code="more_permissions_required",
            status=403,
        ).unstored()


def _not_expandable(path: str) -> StripeError:
    return invalid(
        f"This property cannot be expanded ({path}). You may want to try expanding 'data.{path}' instead."
        if "." not in path
        else f"This property cannot be expanded ({path}).",
        param="expand",
    )


def _object(call: Call, identifier: str) -> Any:
    row = call.state.object(call.account.n, identifier)
    record = call.records.get(identifier)
    if record is not None:
        return orjson.loads(record.json())
    if row is None:
        raise missing("object", identifier, "expand", status=400)
    return orjson.loads(row.body)


def _refunds(call: Call, charge: str) -> dict[str, Any]:
    """The ten newest refunds of a charge; the ones that this call makes are among them."""
    rows = call.state.objects(
        "account = ? and kind = 'refund' and charge = ? order by seq desc limit 11", (call.account.n, charge)
    )
    bodies = {row.id: (row.seq, row.body) for row in rows}
    for record in call.records.values():
        if record.kind == "refund" and record.body["charge"] == charge:
            bodies[record.id] = (record.seq, record.json())
    newest = sorted(bodies.values(), reverse=True)
    return {
        "object": "list",
        "data": [orjson.loads(body) for _, body in newest[:10]],
        "has_more": len(newest) > 10,
        "url": f"/v1/charges/{charge}/refunds",
    }
