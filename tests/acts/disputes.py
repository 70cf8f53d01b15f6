"""Payments that their owners dispute."""

from typing import Any

from tests.acts.orders import ready
from tests.payments.conftest import Api, link_of


async def paid(api: Api, card: str) -> tuple[Any, Any]:
    """An order whose money was taken, at a card with consequences."""
    order = await ready(api)
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"], card)
    for trigger in ("_place", "_approve", "_capture"):
        await api.update(order, {trigger: True})
    return order, payment


async def history(api: Api, record: Any, what: str) -> list[Any]:
    """What the event stores of a record tell of one fact, newest first, and who they say told it."""
    found = (await api.get("{type}/{id}/event_stores".format(**(link_of(record) or {})))).document["data"]
    return [
        (one["attributes"]["payload"][what], one["attributes"]["event"], list(one["attributes"]["who"]))
        for one in found
        if what in one["attributes"]["payload"]
    ]
