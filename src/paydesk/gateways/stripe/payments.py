"""Reading payments: one, with its refunds and disputes; the one that carries some metadata; all of a time."""

from __future__ import annotations

import logging
import math
import sys
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from paydesk.gateways.port.account import Credentials
from paydesk.gateways.port.problems import Refused
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.gateways.stripe.failures import understood
from paydesk.gateways.stripe.reading.balance import CAPTURED, REFUNDED, is_of_parts
from paydesk.gateways.stripe.reading.refunds import agree
from paydesk.gateways.stripe.reading.snapshots import review_of, snapshot
from paydesk.gateways.stripe.reading.values import Object
from paydesk.gateways.stripe.requests import Requests, checked
from paydesk.gateways.stripe.verbs.intents import EXPAND, PATH

log = logging.getLogger("paydesk.gateways.stripe")

_LOOKS: Final = 4
"""How often a payment and its refunds are read until they agree; only captured amounts are booked anyway."""


async def read(
    requests: Requests, payment_id: str, credentials: Credentials, seconds: float | None, *, closely: bool = False
) -> Snapshot:
    """A payment as it is now, as `port.Gateway.read` has it."""
    whose: dict[str, Any] = {"payment_intent": payment_id}
    for look in range(_LOOKS):
        intent, headers = await _intent(requests, payment_id, credentials, seconds)
        charge = intent.get("latest_charge")
        # Asked for even when the charge counts no refund: a failed one is no longer counted, yet has to be seen.
        if not isinstance(charge, dict) or not charge.get("amount_captured"):
            refunds: list[Object] = []
            break
        refunds = await _refunds(requests, whose, credentials, seconds)
        if understood(lambda value: agree(value, refunds), intent):  # noqa: B023
            break
        # The payment changed between the two requests; the snapshot has to be of one moment.
        log.info("stripe payment %s and its refunds do not agree (look %d)", payment_id, look + 1)
    disputes: list[Object] = []
    if isinstance(charge, dict) and charge.get("disputed"):
        disputes = [one async for one in requests.every("/v1/disputes", whose, credentials, seconds)]
    captures: list[Object] | None = None
    if isinstance(charge, dict) and is_of_parts(charge):
        source = {"source": charge["id"]}
        captures = [one async for one in requests.every("/v1/balance_transactions", source, credentials, seconds)]
    watched = await _watched(requests, payment_id, intent, credentials, seconds) if closely else None
    request_id = headers.get("Request-Id")
    return understood(
        lambda value: snapshot(
            value, refunds=refunds, disputes=disputes, watched=watched, captures=captures, request_id=request_id
        ),
        intent,
        request_id,
    )


async def _intent(
    requests: Requests, payment_id: str, credentials: Credentials, seconds: float | None
) -> tuple[Object, Mapping[str, str]]:
    """The intent with its charge, and what that moved on the balance unless the key may not see it."""
    path = f"{PATH}/{checked(payment_id)}"
    if requests.sees_balance(credentials):
        sent = {"expand": [*EXPAND, CAPTURED]}
        try:
            return await requests.ask(
                "get", path, sent, what="read with fees", credentials=credentials, seconds=seconds
            )
        except Refused as refusal:
            if refusal.http_status != 403:
                raise
            # A payment is read whether its fees may be seen or not.
            requests.hide_balance(credentials)
    sent = {"expand": list(EXPAND)}
    return await requests.ask("get", path, sent, what="read", credentials=credentials, seconds=seconds)


async def _refunds(
    requests: Requests, whose: Mapping[str, Any], credentials: Credentials, seconds: float | None
) -> list[Object]:
    """The refunds of a payment, likewise: of a charge whose own movement is not known yet, they are the first to show
    that the key may not see any.
    """
    if requests.sees_balance(credentials):
        shown = {**whose, "expand": list(REFUNDED)}
        try:
            return [
                one async for one in requests.every("/v1/refunds", shown, credentials, seconds, what="read with fees")
            ]
        except Refused as refusal:
            if refusal.http_status != 403:
                raise
            requests.hide_balance(credentials)
    return [one async for one in requests.every("/v1/refunds", whose, credentials, seconds)]


async def _watched(
    requests: Requests, payment_id: str, intent: Object, credentials: Credentials, seconds: float | None
) -> dict[str, Object | None]:
    """The review and the early fraud warning of a payment, as far as a restricted key may see them."""
    found: dict[str, Object | None] = {}
    review_id = review_of(intent)
    sought: dict[str, tuple[str, dict[str, Any]]] = {
        "warning": ("/v1/radar/early_fraud_warnings", {"payment_intent": payment_id, "limit": 1})
    }
    if review_id is not None:
        sought["review"] = (f"/v1/reviews/{checked(review_id)}", {})
    for name, (path, sent) in sought.items():
        try:
            answer, _ = await requests.ask("get", path, sent, what=name, credentials=credentials, seconds=seconds)
        except Refused as refusal:
            if refusal.http_status not in (403, 404):
                raise
            continue
        listed = answer.get("data")
        found[name] = answer if listed is None else next(iter(listed), None)
    return found


async def find(
    requests: Requests,
    metadata: Mapping[str, str],
    credentials: Credentials,
    since: float | None,
    seconds: float | None,
) -> Snapshot | None:
    """The payment that carries all of `metadata`, as `port.Gateway.find` has it."""
    found = await requests.bearing(PATH, metadata, credentials, since, seconds)
    if not found:
        return None
    first = min(found, key=lambda one: (one.get("status") == "canceled", one.get("created") or 0, one["id"]))
    return await read(requests, str(first["id"]), credentials, seconds)


async def made_between(
    requests: Requests, since: float, until: float, credentials: Credentials, seconds: float | None
) -> AsyncIterator[Snapshot]:
    """All payments of a time, as `port.Account.payments_made` has them."""
    created = {"created": {"gte": math.floor(since), "lt": math.ceil(until)}}
    async for one in requests.every(PATH, created, credentials, seconds, most_pages=sys.maxsize):
        yield understood(snapshot, one)
