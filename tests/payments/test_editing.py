"""Editing an order after it was placed."""

from tests.acts.orders import at_stripe, moved, ready, stands
from tests.payments.conftest import Answer, Api, on_sqlite


async def placed(api: Api, *lines: int) -> tuple[Answer, Answer, list[Answer]]:
    """A placed order with lines of these amounts, its payment, and the lines."""
    order = await ready(api, 0)
    made = [await api.line(order, cents) for cents in lines]
    payment = await api.payment(order, {"options": {"payment_method": "pm_card_visa"}})
    assert (await api.update(order, {"_place": True}))["status"] == "placed"
    return order, payment, made


async def test_an_order_may_come_to_cost_less_and_less_is_captured(api: Api) -> None:
    order, payment, (_, second) = await placed(api, 10000, 5400)
    placed_at = (await api.get(order))["placed_at"]
    editing = await api.update(order, {"_start_editing": True})
    assert (editing["status"], editing["payment_status"], editing["editable"]) == ("editing", "authorized", True)
    assert (await api.update(order, {"_start_editing": True}))["updated_at"] == editing["updated_at"]
    for trigger in ("_place", "_approve", "_capture"):
        assert (await api.update(order, {trigger: True}, expect=422)).said == [
            ("/data/attributes/status", "invalid_transition")
        ]
    dearer = await api.line(order, 300)
    assert (await api.get(order))["payment_status"] == "authorized"
    refused = await api.update(order, {"_stop_editing": True}, expect=422)
    assert refused.said == [("/data/attributes/total_amount_with_taxes_cents", "less_than_or_equal_to")]
    assert refused.errors[0]["meta"] == {"error": "less_than_or_equal_to", "value": 15700, "count": 15400}
    await api.delete(dearer)
    await api.delete(second)
    stopped = await api.update(order, {"_stop_editing": True})
    assert (stopped["status"], stopped["payment_status"], stopped["editable"]) == ("placed", "authorized", False)
    assert (stopped["total_amount_with_taxes_cents"], stopped["place_total_amount_cents"]) == (10000, 15400)
    assert stopped["placed_at"] == placed_at
    assert (await api.update(order, {"_stop_editing": True}))["updated_at"] == stopped["updated_at"]
    (customer,) = (await api.get("customers")).data
    assert customer["attributes"]["total_orders_count"] == 1
    done = await api.update(order, {"_approve_and_capture": True})
    assert (done["status"], done["payment_status"]) == ("approved", "paid")
    assert await moved(api, order) == [("authorizations", 15400, True), ("captures", 10000, True)]
    assert (await at_stripe(api, payment))[:2] == ("succeeded", 10000)
    assert (await api.update(order, {"_start_editing": True}, expect=422)).said == [
        ("/data/attributes/status", "invalid_transition")
    ]


@on_sqlite
async def test_only_a_placed_order_is_edited_and_only_by_an_integration(api: Api) -> None:
    order, _, (line,) = await placed(api, 15400)
    guest = await api.guest()
    for trigger in ("_start_editing", "_stop_editing", "_fix_payment_source"):
        await api.update(order, {trigger: True}, token=guest, expect=401)
    await api.update(order, {"_start_editing": True})
    await api.get(order, token=guest, expect=401)
    await api.delete(line)
    assert (await api.update(order, {"_stop_editing": True}, expect=422)).said == [
        ("/data/relationships/line_items", "blank")
    ]
    assert (await api.update(order, {"_cancel": True}))["status"] == "cancelled"
    assert (await stands(api, order))[:2] == ("cancelled", "voided")
    assert (await api.update(order, {"_stop_editing": True}, expect=422)).said == [
        ("/data/attributes/status", "invalid_transition")
    ]
    pending = await ready(api)
    for trigger in ("_start_editing", "_stop_editing"):
        assert (await api.update(pending, {trigger: True}, expect=422)).said == [
            ("/data/attributes/status", "invalid_transition")
        ]
