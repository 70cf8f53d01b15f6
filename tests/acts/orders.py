"""How far orders are brought, and how they stand."""

from typing import Any

from tests.payments.conftest import ADDRESS, Answer, Api


async def ready(api: Api, cents: int = 15400, **given: Any) -> Answer:
    """An order that lacks nothing but its payment."""
    address = await api.create("addresses", ADDRESS)
    attributes = {"customer_email": "ada@example.com", **given.pop("attributes", {})}
    order = await api.order(cents, attributes=attributes, **given)
    return await api.update(order, billing_address=address)


async def authorized(api: Api, cents: int = 15400, **given: Any) -> tuple[Answer, Answer]:
    """An order whose card was authorized, and its payment."""
    order = await ready(api, cents, **given)
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"])
    await api.update(payment, {"_refresh": True})
    return await api.get(order), await api.get(payment)


async def approved(api: Api, cents: int = 15400, **given: Any) -> tuple[Answer, Answer, dict[str, str]]:
    """An approved order, its payment, and its authorization."""
    order, payment = await authorized(api, cents, **given)
    await api.update(order, {"_place": True})
    await api.update(order, {"_approve": True})
    return order, payment, await only(api, order, "authorizations")


async def only(api: Api, order: Answer, kind: str) -> dict[str, str]:
    (one,) = (await api.get(f"orders/{order.id}/{kind}")).data
    return {"type": kind, "id": one["id"]}


async def stands(api: Api, order: Answer) -> tuple[str, str, str]:
    now = await api.get(order)
    return now["status"], now["payment_status"], now["fulfillment_status"]


async def moved(api: Api, order: Answer) -> list[tuple[str, int, bool]]:
    """Kind, amount and outcome of an order's transactions, oldest first."""
    found = (await api.get(f"orders/{order.id}/transactions", "?sort=number")).data
    return [(one["type"], one["attributes"]["amount_cents"], one["attributes"]["succeeded"]) for one in found]


async def at_stripe(api: Api, payment: Answer) -> tuple[str, int, int]:
    """Status, received and refunded sums, as Stripe tells them."""
    intent = await api.stripe.v1.payment_intents.retrieve_async(payment["stripe_id"])
    refunds = await api.stripe.v1.refunds.list_async({"payment_intent": intent.id})
    back = sum(one.amount for one in refunds.data if one.status == "succeeded")
    # What is released without having been taken is listed among the refunds, too.
    return intent.status, intent.amount_received, back if intent.amount_received else 0


def patch(link: dict[str, str], trigger: str) -> dict[str, Any]:
    return {"data": {**link, "attributes": {trigger: True}}}


PARTS = {"options": {"payment_method_options": {"card": {"request_multicapture": "if_available"}}}}


async def in_parts(api: Api) -> tuple[Answer, Answer, dict[str, str]]:
    """An approved order whose card's bank lets the authorization be captured in parts."""
    order = await ready(api)
    payment = await api.payment(order, PARTS)
    await api.stripe.confirm(payment["stripe_id"])
    await api.update(order, {"_place": True})
    await api.update(order, {"_approve": True})
    return order, await api.get(payment), await only(api, order, "authorizations")
