"""Orders that time alone ends."""

from paydesk.base.instants import months_before
from tests.acts.lapsing import ahead
from tests.acts.orders import at_stripe, authorized, moved, ready, stands
from tests.payments.conftest import Api, on_sqlite


async def lapse(api: Api, after: float = 60.0) -> int:
    """What the background ends, `after` seconds from now."""
    await api.recover(after=after)
    return await api.parts.recovery.lapsing.once()


async def test_past_its_time_an_order_is_cancelled_and_what_it_holds_let_go(api: Api) -> None:
    held, payment = await authorized(api, attributes={"expires_at": ahead(1)})
    waiting = await ready(api, attributes={"expires_at": ahead(1)})
    unpaid = await api.payment(waiting)
    cart = await api.create("orders", {"expires_at": ahead(1)}, market=api.market)
    placed, _ = await authorized(api, attributes={"expires_at": ahead(1)})
    await api.update(placed, {"_place": True})
    young = await ready(api, attributes={"expires_at": ahead(3)})
    assert await lapse(api) == 0
    assert await lapse(api, after=7200) == 3
    assert (await api.update(held, {"_place": True}, expect=422)).said == [
        ("/data/attributes/status", "invalid_transition")
    ]
    await api.recover()
    assert await stands(api, held) == ("cancelled", "voided", "unfulfilled")
    assert await moved(api, held) == [("authorizations", 15400, True), ("voids", 15400, True)]
    assert (await at_stripe(api, payment))[0] == (await at_stripe(api, unpaid))[0] == "canceled"
    assert await stands(api, waiting) == ("cancelled", "unpaid", "unfulfilled")
    assert (await api.get(cart))["status"] == "cancelled"
    assert (await stands(api, placed))[:2] == ("placed", "authorized")
    assert (await api.get(young))["status"] == "pending"
    newest = (await api.get(f"orders/{held.id}/event_stores")).data
    assert {"worker": {"id": held.id, "type": "lapsing"}} in [one["attributes"]["who"] for one in newest]
    assert await lapse(api) == 0


@on_sqlite
async def test_an_order_is_not_placed_after_its_time(api: Api) -> None:
    order, _ = await authorized(api, attributes={"expires_at": ahead(1)})
    await api.recover(after=7200)
    assert (await api.update(order, {"_place": True}, expect=422)).said == [("/data/attributes/expires_at", "expired")]
    await api.update(order, {"expires_at": None})
    assert (await api.update(order, {"_place": True}))["status"] == "placed"


async def test_a_cart_that_nobody_owns_goes_two_months_after_its_last_change(api: Api) -> None:
    left = await api.order()
    (line,) = (await api.get(f"orders/{left.id}/line_items")).data
    option = await api.create("sku_options", {"name": "Embossing"}, market=api.market)
    held = {"type": "line_items", "id": line["id"]}
    await api.create("line_item_options", {"quantity": 1, "options": {}}, line_item=held, sku_option=option)
    payment = await api.payment(left)
    owned = await api.order(attributes={"customer_email": "ada@example.com"})
    used = await api.order()
    assert await lapse(api, after=31 * 86400) == 0
    await api.update(used, {"language_code": "it"})
    assert await lapse(api, after=32 * 86400) == 1
    await api.get(left, expect=404)
    await api.get(payment, expect=404)
    await api.recover()
    assert (await at_stripe(api, payment))[0] == "canceled"
    assert (await api.get(owned))["status"] == "pending"
    assert (await api.get(used))["status"] == "draft"
    assert [one for one in await api.rows("line_items", "order_id") if one[0] == left.id] == []


def test_months_are_the_calendars() -> None:
    assert months_before("2026-11-25T22:41:14.123Z", 2) == "2026-09-25T22:41:14.123Z"
    assert months_before("2026-04-30T00:00:00.000Z", 2) == "2026-02-28T00:00:00.000Z"
    assert months_before("2027-01-31T00:00:00.000Z", 2) == "2026-11-30T00:00:00.000Z"
