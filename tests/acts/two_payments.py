"""An order that two payments were made for."""

from tests.payments.conftest import Answer, Api


async def paid_beside(api: Api, order: Answer) -> Answer:
    """Another payment for the order, which replaces its source and is confirmed by the shopper."""
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"])
    return payment
