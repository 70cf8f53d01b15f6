"""An order is deleted while a payment that it left is about to be let go: whatever that holds goes with the order."""

import pytest

from tests.acts.orders import at_stripe, ready
from tests.payments.conftest import Api


@pytest.mark.parametrize("confirmed", ["before it was left", "before the order was deleted"])
async def test_what_a_replaced_payment_holds_is_let_go_with_its_order(api: Api, confirmed: str) -> None:
    order = await ready(api)
    former = await api.payment(order)
    if confirmed == "before it was left":
        await api.stripe.confirm(former["stripe_id"])
    payment = await api.payment(order, {"options": {"description": "another"}})
    assert payment.id != former.id
    if confirmed == "before the order was deleted":
        await api.stripe.confirm(former["stripe_id"])
    await api.delete(order)
    await api.recover()
    assert await at_stripe(api, former) == ("canceled", 0, 0)
    assert await at_stripe(api, payment) == ("canceled", 0, 0)
    assert await api.open_calls() == []
