"""What shipments come to, where shipments and what they hold were changed by hand meanwhile."""

import pytest

from tests.acts.matters import counted
from tests.acts.orders import at_stripe, moved, stands
from tests.payments.conftest import Api, Running
from tests.payments.test_ending import ends_in, wished
from tests.payments.test_sent_goods import approved, ship, turn


async def test_goods_that_were_taken_out_of_shipments_are_not_charged_with_others(api: Api, running: Running) -> None:
    order, payment, (hat, coats) = await approved(api, running)
    await ship(api, hat)
    (held,) = (await api.get(f"shipments/{coats['id']}/stock_line_items")).data
    coat = {"type": "stock_line_items", "id": held["id"]}
    # One of two coats is put aside.
    await api.update(coat, {"quantity": 1})
    assert await turn(api) == 1
    assert await at_stripe(api, payment) == ("requires_capture", 1500, 0)
    await api.delete(coats)
    assert await turn(api) == 0
    assert await stands(api, order) == ("approved", "partially_paid", "fulfilled")
    assert await at_stripe(api, payment) == ("requires_capture", 1500, 0)


@pytest.mark.parametrize("says", ["line_item", "sku"])
async def test_goods_that_were_put_into_another_shipment_are_charged_with_it(
    api: Api, running: Running, says: str
) -> None:
    order, payment, (hat, coats) = await approved(api, running)
    place = (await api.get(f"shipments/{coats['id']}/inventory_stock_location")).data
    (held,) = (await api.get(f"shipments/{coats['id']}/stock_line_items", "?include=sku,line_item")).data
    await api.delete(coats)
    link = {"type": "inventory_stock_locations", "id": place["id"]}
    other = await api.create("shipments", {}, order=order, inventory_stock_location=link)
    goods = {says: held["relationships"][says]["data"]}
    await api.create("stock_line_items", {"quantity": 1}, shipment=other, **goods)
    await ship(api, hat)
    assert await turn(api) == 1
    assert await at_stripe(api, payment) == ("requires_capture", 1500, 0)
    await api.create("stock_line_items", {"quantity": 1}, shipment=other, **goods)
    await ship(api, other.link)
    assert await turn(api) == 1
    assert await moved(api, order) == [
        ("authorizations", 6000, True), ("captures", 1500, True), ("captures", 4500, True),
    ]  # fmt: skip
    assert await at_stripe(api, payment) == ("succeeded", 6000, 0)
    assert await stands(api, order) == ("approved", "paid", "fulfilled")


async def test_goods_that_leave_after_the_rest_was_let_go_are_a_matter(api: Api, running: Running) -> None:
    order, payment, (hat, coats) = await approved(api, running)
    await ship(api, hat)
    assert await turn(api) == 1
    # What is left ends at Stripe before the coats have gone.
    await api.stripe.v1.payment_intents.cancel_async(payment["stripe_id"])
    await api.update(payment, {"_refresh": True})
    assert await counted(api) == {}
    await ship(api, coats)
    assert await turn(api) == 0
    assert await stands(api, order) == ("approved", "partially_paid", "fulfilled")
    assert await moved(api, order) == [
        ("authorizations", 6000, True), ("captures", 1500, True), ("voids", 4500, True),
    ]  # fmt: skip
    assert await counted(api) == {"capture_failed": 1}
    # Nobody is asked again for what he will not be given.
    await api.update(payment, {"_refresh": True})
    assert (await turn(api), await counted(api)) == (0, {"capture_failed": 1})


async def test_what_will_not_be_sent_is_not_taken_before_it_ends_either(api: Api, running: Running) -> None:
    order, payment, (hat, coats) = await approved(api, running)
    await wished(running)
    await ship(api, hat)
    assert await turn(api) == 1
    await api.update(coats, {"_cancel": True})
    assert await stands(api, order) == ("approved", "partially_paid", "fulfilled")
    await ends_in(api, payment, 11)
    assert await turn(api) == 0
    assert await at_stripe(api, payment) == ("requires_capture", 1500, 0)
