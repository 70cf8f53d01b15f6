"""Orders that were bought by a guest."""

from tests.payments.conftest import ADDRESS, Answer, Api


async def placeable(api: Api, cents: int = 15400) -> Answer:
    """A guest's order with all that it needs to be placed, but its payment."""
    address = await api.create("addresses", ADDRESS)
    order = await api.order(cents, attributes={"customer_email": "ada@example.com"})
    await api.update(order, billing_address=address)
    return order


async def bought(api: Api) -> tuple[Answer, Answer]:
    """An order that was paid, captured and partly given back, and its payment."""
    order = await placeable(api)
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"])
    await api.update(order, {"_place": True})
    await api.update(order, {"_approve_and_capture": True})
    (capture,) = (await api.get(f"orders/{order.id}/captures")).data
    await api.update({"type": "captures", "id": capture["id"]}, {"_refund": True, "_refund_amount_cents": 2900})
    return order, payment
