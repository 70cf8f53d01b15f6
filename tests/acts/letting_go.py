"""Orders that no longer need their payment."""

from tests.payments.conftest import Answer, Api


async def confirmed(api: Api, order: Answer) -> Answer:
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"])
    await api.update(payment, {"_refresh": True})
    return payment


async def emptied(api: Api, order: Answer) -> None:
    for line in (await api.get(f"orders/{order.id}/line_items")).data:
        await api.delete({"type": "line_items", "id": line["id"]})
