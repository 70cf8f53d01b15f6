"""A kept card takes the place of a wire transfer: the method that the payment was made for is the card's."""

from tests.acts.by_hand import by_hand
from tests.acts.orders import ready, stands
from tests.acts.wallet import customer_of, imported
from tests.payments.conftest import Api


async def test_an_order_is_placed_on_a_kept_card_that_was_paid_behind_a_wire(api: Api) -> None:
    card, gateway = api.method, api.gateway
    wire = await by_hand(api)
    api.gateway = gateway
    kept = await imported(api, await customer_of(api), payment_method=card)
    order = await ready(api, method=wire)
    await api.update(order, {"_customer_payment_source_id": kept.id})
    (payment,) = (await api.get("stripe_payments")).data
    await api.update(order, payment_method=wire)
    await api.stripe.confirm(payment["attributes"]["stripe_id"])
    await api.create("wire_transfers", order=order)
    await api.update({"type": "stripe_payments", "id": payment["id"]}, {"_refresh": True})
    assert (await stands(api, order))[:2] == ("pending", "authorized")
    assert await api.source_of(order) == payment["id"]
    placed = await api.update(order, {"_place": True})
    assert (placed["status"], placed["payment_status"]) == ("placed", "authorized")
    shown = (await api.get(order, "?include=payment_method")).data["relationships"]["payment_method"]["data"]
    assert shown == card.link
