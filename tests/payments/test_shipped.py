"""Orders that are sent: what is chosen before they are placed, what that costs, and what becomes of their shipments."""

from typing import Any

import pytest

from tests.acts.orders import at_stripe, moved, only, stands
from tests.acts.stocked import counted, holdings, in_stock
from tests.payments.conftest import ADDRESS, Answer, Api


async def way(api: Api, name: str, cents: int, **given: Any) -> Answer:
    """A shipping method of the market."""
    related = {"market": api.market, **given.pop("related", {})}
    return await api.create("shipping_methods", {"name": name, "price_amount_cents": cents, **given}, **related)


async def to_send(api: Api, *codes: str, quantity: int = 1, address: dict[str, Any] | None = None) -> Answer:
    """A cart with so many of each of these skus, at 10.00 apiece, that lacks nothing but how it is sent and paid."""
    goal = await api.create("addresses", address or ADDRESS)
    order = await api.order(0, attributes={"customer_email": "ada@example.com"})
    for code in codes:
        found = (await api.get(f"skus?filter[q][code_eq]={code}")).data
        sku = {"type": "skus", "id": found[0]["id"]} if found else await api.sku(code)
        given = {"quantity": quantity, "unit_amount_cents": 1000}
        await api.create("line_items", given, order=order, item=sku)
    return await api.update(order, billing_address=goal, shipping_address=goal)


async def shipments(api: Api, order: Answer) -> list[dict[str, str]]:
    """Links to an order's shipments, by their numbers."""
    found = (await api.get(f"orders/{order.id}/shipments")).data
    return [
        {"type": "shipments", "id": one["id"]} for one in sorted(found, key=lambda one: one["attributes"]["number"])
    ]


async def statuses(api: Api, order: Answer) -> list[str]:
    found = (await api.get(f"orders/{order.id}/shipments")).data
    return [one["attributes"]["status"] for one in sorted(found, key=lambda one: one["attributes"]["number"])]


async def paid(api: Api, order: Answer) -> Answer:
    """Its payment, authorized."""
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"])
    return await api.update(payment, {"_refresh": True})


async def test_an_order_is_placed_once_it_is_known_how_it_is_sent_and_for_its_whole_cost(api: Api) -> None:
    post = await way(api, "Post", 500)
    order = await to_send(api, "HAT")
    (shipment,) = await shipments(api, order)
    payment = await paid(api, order)
    assert payment["mismatched_amounts"] is False
    missing = await api.update(order, {"_place": True}, expect=422)
    assert missing.said == [("/data/relationships/shipments", "shipping_method")]
    assert missing.errors[0]["detail"] == f"shipments - {order['number']}/S/001 has no shipping method"
    # The method costs more than the payment holds: it is mismatched, as after any other change of the amount.
    await api.update(shipment, shipping_method=post)
    assert (await api.get(payment))["mismatched_amounts"] is True
    short = await api.update(order, {"_place": True}, expect=422)
    assert ("/data/relationships/payment_source", "mismatched_amounts") in short.said
    assert (await stands(api, order))[0] == "pending"
    # Paid anew it is placed; what it is sent by is checked once more when it is.
    payment = await api.payment(order)
    assert (await api.stripe.v1.payment_intents.retrieve_async(payment["stripe_id"])).amount == 1500
    await api.stripe.confirm(payment["stripe_id"])
    await api.update(post, {"_disable": True})
    gone = await api.update(order, {"_place": True}, expect=422)
    assert ("/data/relationships/shipments", "shipping_method") in gone.said
    await api.update(post, {"_enable": True, "price_amount_cents": 600})
    dearer = await api.update(order, {"_place": True}, expect=422)
    assert ("/data/relationships/payment_source", "mismatched_amounts") in dearer.said
    await api.update(post, {"price_amount_cents": 500})
    placed = await api.update(order, {"_place": True})
    assert (placed["status"], placed["place_total_amount_cents"], placed["shipping_amount_cents"]) == (
        "placed", 1500, 500
    )  # fmt: skip
    assert await statuses(api, order) == ["upcoming"]
    # What the shop asks for later is not this order's.
    await api.update(post, {"price_amount_cents": 900})
    assert (await api.get(order))["total_amount_with_taxes_cents"] == 1500


async def test_shipping_is_taxed_where_its_switch_is_on(api: Api) -> None:
    post = await way(api, "Post", 610)
    calculator = await api.create("manual_tax_calculators", {"name": "Taxes"})
    rule = {"name": "Italy", "tax_rate": 0.22, "country_code_regex": "IT"}
    rule_ = await api.create("tax_rules", rule, manual_tax_calculator=calculator)
    await api.update(api.market, tax_calculator=calculator)
    order = await to_send(api, "HAT")
    (shipment,) = await shipments(api, order)
    await api.update(shipment, shipping_method=post)
    found = await api.get(order)
    assert (found["shipping_amount_cents"], found["shipping_tax_amount_cents"]) == (610, 0)
    await api.update(rule_, {"freight_taxable": True})
    found = await api.update(order, {"_refresh": True})
    # Prices contain their taxes in this market: 610 / 1.22 is 500.
    assert (found["shipping_tax_amount_cents"], found["shipping_taxable_amount_cents"]) == (110, 500)
    assert (found["subtotal_tax_amount_cents"], found["total_tax_amount_cents"]) == (180, 290)
    assert found["total_amount_with_taxes_cents"] == 1610
    await paid(api, order)
    assert (await api.update(order, {"_place": True}))["status"] == "placed"


async def placed(api: Api, *codes: str, strategy: str = "split_shipments") -> tuple[Answer, list[dict[str, str]]]:
    """A placed order with a shipment for each of these skus, which are of several shipping categories."""
    await counted(api, strategy=strategy)
    post = await way(api, "Post", 500)
    location = (await api.get("stock_locations")).data[0]
    for code in codes:
        sku = await api.sku(code)
        link = {"type": "stock_locations", "id": location["id"]}
        await api.create("stock_items", {"quantity": 5}, sku=sku, stock_location=link)
    order = await to_send(api, *codes)
    own = await shipments(api, order)
    for one in own:
        await api.update(one, shipping_method=post)
    await paid(api, order)
    await api.update(order, {"_place": True})
    return order, own


async def test_shipments_go_their_way_and_the_last_one_fulfils_the_order(api: Api) -> None:
    order, (hat, coat) = await placed(api, "HAT", "COAT")
    assert await statuses(api, order) == ["upcoming", "upcoming"]
    assert await in_stock(api) == [(5, 1), (5, 1)]
    # Nothing is picked before the goods may leave.
    early = await api.update(hat, {"_picking": True}, expect=422)
    assert early.said == [("/data/attributes/status", "not_in_progress")]
    await api.update(order, {"_approve": True})
    assert (await api.update(hat, {"_picking": True}, expect=422)).said == early.said
    await api.update(await only(api, order, "authorizations"), {"_capture": True})
    assert await stands(api, order) == ("approved", "paid", "in_progress")
    assert await in_stock(api) == [(4, 0), (4, 0)]
    wrong = await api.update(hat, {"_ship": True}, expect=422)
    assert wrong.said == [("/data/attributes/status", "invalid_transition")]
    for trigger, status in (
        ("_on_hold", "on_hold"),
        ("_upcoming", "upcoming"),
        ("_picking", "picking"),
        ("_packing", "packing"),
        ("_ready_to_ship", "ready_to_ship"),
    ):
        moved_on = await api.update(hat, {trigger: True})
        assert moved_on["status"] == status
        if status != "upcoming":
            assert moved_on[f"{status}_at"] is not None
    assert (await api.update(hat, {"_ready_to_ship": True}))["ready_to_ship_at"] == moved_on["ready_to_ship_at"]
    assert (await api.update(order, {"_fulfill": True}, expect=422)).said == [
        ("/data/relationships/shipments", "not_shipped")
    ]
    shipped = await api.update(hat, {"_ship": True})
    assert (shipped["status"], shipped["delivered_at"]) == ("shipped", None)
    assert await stands(api, order) == ("approved", "paid", "in_progress")
    # The other one is not sent: nothing is left to be.
    assert (await api.update(coat, {"_cancel": True}))["status"] == "cancelled"
    assert await stands(api, order) == ("approved", "paid", "fulfilled")
    assert (await api.get(order))["fulfillment_updated_at"] is not None
    delivered = await api.update(hat, {"_deliver": True})
    assert (delivered["status"], await statuses(api, order)) == ("delivered", ["delivered", "cancelled"])
    for trigger in ("_get_rates", "_purchase"):
        refused = await api.update(hat, {trigger: True}, expect=422)
        assert refused.said == [(f"/data/attributes/{trigger}", "not_served")]
    # What is wrong with it afterwards is given back; what was sent was sent.
    await api.update(await only(api, order, "captures"), {"_refund": True})
    assert await stands(api, order) == ("cancelled", "refunded", "fulfilled")
    assert await statuses(api, order) == ["delivered", "cancelled"]


async def test_a_cancelled_order_cancels_its_shipments(api: Api) -> None:
    order, _ = await placed(api, "HAT", "COAT")
    await api.update(order, {"_cancel": True})
    assert await stands(api, order) == ("cancelled", "voided", "unfulfilled")
    assert await statuses(api, order) == ["cancelled", "cancelled"]
    assert await in_stock(api) == [(5, 0), (5, 0)]
    # And one that is given back while its goods are packed.
    order, (shipment, _) = await placed(api, "SHOE", "SOCK")
    await api.update(order, {"_approve_and_capture": True})
    await api.update(shipment, {"_picking": True})
    await api.update(await only(api, order, "captures"), {"_refund": True})
    assert await stands(api, order) == ("cancelled", "refunded", "unfulfilled")
    assert await statuses(api, order) == ["cancelled", "cancelled"]
    assert await in_stock(api) == [(5, 0)] * 4
    assert [what for what, *_ in await moved(api, order)] == ["authorizations", "captures", "refunds"]


async def test_what_has_left_is_not_given_back_with_the_rest(api: Api) -> None:
    order, (hat, _) = await placed(api, "HAT", "COAT")
    await api.update(order, {"_approve_and_capture": True})
    for trigger in ("_picking", "_packing", "_ready_to_ship", "_ship"):
        await api.update(hat, {trigger: True})
    await api.update(await only(api, order, "captures"), {"_refund": True})
    assert await stands(api, order) == ("cancelled", "refunded", "unfulfilled")
    assert await statuses(api, order) == ["shipped", "cancelled"]
    assert await in_stock(api) == [(4, 0), (5, 0)]
    assert sorted(await holdings(api)) == [("given_back", 1), ("taken", 1)]
    # The same where stock is taken only once all has left, and of a sku that leaves in part.
    (model,) = (await api.get("inventory_models")).data
    await api.update({"type": "inventory_models", "id": model["id"]}, {"manual_stock_decrement": True})
    order = await to_send(api, "HAT", "COAT", quantity=3)
    (post,) = (await api.get("shipping_methods")).data
    own = await shipments(api, order)
    for one in own:
        await api.update(one, shipping_method={"type": "shipping_methods", "id": post["id"]})
    await paid(api, order)
    await api.update(order, {"_place": True})
    await api.update(order, {"_approve_and_capture": True})
    assert await in_stock(api) == [(4, 3), (5, 3)]
    (held,) = (await api.get(f"shipments/{own[1]['id']}/stock_line_items")).data
    await api.update({"type": "stock_line_items", "id": held["id"]}, {"quantity": 2})
    for trigger in ("_picking", "_packing", "_ready_to_ship", "_ship"):
        await api.update(own[1], {trigger: True})
    await api.update(await only(api, order, "captures"), {"_refund": True})
    assert await in_stock(api) == [(4, 0), (3, 0)]
    assert sorted(await holdings(api)) == [("given_back", 1), ("given_back", 3), ("taken", 1), ("taken", 2)]


async def test_a_shipment_waits_where_its_place_holds_what_leaves(api: Api) -> None:
    await counted(api)
    (place,) = (await api.get("inventory_stock_locations")).data
    await api.update({"type": "inventory_stock_locations", "id": place["id"]}, {"on_hold": True})
    post, sku = await way(api, "Post", 0), await api.sku("HAT", do_not_track=True)
    assert sku["do_not_track"] is True
    order = await to_send(api, "HAT")
    (shipment,) = await shipments(api, order)
    await api.update(shipment, shipping_method=post)
    # What costs nothing has a line of nothing.
    assert (await api.get(order))["shipping_amount_cents"] == 0
    lines = (await api.get(f"orders/{order.id}/line_items")).data
    assert sorted(one["attributes"]["item_type"] for one in lines) == ["shipments", "skus"]
    await paid(api, order)
    await api.update(order, {"_place": True})
    found = await api.get(shipment)
    assert (found["status"], found["on_hold_at"] is None) == ("on_hold", False)


async def test_an_edited_order_has_its_shipments_built_anew(api: Api) -> None:
    order, (hat, coat) = await placed(api, "HAT", "COAT")
    await api.update(order, {"_start_editing": True})
    lines = (await api.get(f"orders/{order.id}/line_items?filter[q][item_type_eq]=skus")).data
    (coats,) = [one for one in lines if one["attributes"]["sku_code"] == "COAT"]
    await api.delete({"type": "line_items", "id": coats["id"]})
    assert await statuses(api, order) == ["upcoming"]
    found = await api.get(order)
    assert (found["shipments_count"], found["shipping_amount_cents"]) == (1, 500)
    assert (await api.update(order, {"_stop_editing": True}))["status"] == "placed"
    (left,) = await shipments(api, order)
    assert left in (hat, coat)
    assert (await api.get(order))["total_amount_with_taxes_cents"] == 1500
    assert sum(reserved for _, reserved in await in_stock(api)) == 1


async def test_shipments_are_handled_by_hand_while_the_order_is_fulfilled(api: Api) -> None:
    order, (hat, coat) = await placed(api, "HAT", "COAT")
    (place,) = (await api.get("inventory_stock_locations")).data
    place = {"type": "inventory_stock_locations", "id": place["id"]}
    elsewhere = await api.create("addresses", {**ADDRESS, "city": "Milano"})
    early = await api.update(hat, shipping_address=elsewhere, expect=422)
    assert early.said == [("/data/relationships/shipping_address", "not_in_progress")]
    assert (await api.create("shipments", {}, order=order, inventory_stock_location=place, expect=422)).said == [
        ("/data/relationships/order", "not_in_progress")
    ]
    assert (await api.delete(hat, expect=423)).errors[0]["code"] == "LOCKED"
    await api.update(order, {"_approve_and_capture": True})
    third = await api.create("shipments", {"reference": "extra"}, order=order, inventory_stock_location=place)
    assert (third["number"], third["status"], third["skus_count"]) == (f"{order['number']}/S/003", "upcoming", 0)
    assert (await api.get(order))["shipments_count"] == 3
    assert (await api.create("shipments", {}, order=order, expect=422)).said == [
        ("/data/relationships/inventory_stock_location", "blank")
    ]
    moved_ = await api.update(hat, shipping_address=elsewhere)
    address = (await api.get(moved_, "?include=shipping_address")).document["included"][0]
    assert (address["attributes"]["city"], address["id"] == elsewhere.id) == ("Milano", False)
    # A piece moves from one shipment to the other, and no more pieces than were bought.
    (piece,) = (await api.get(f"{hat['type']}/{hat['id']}/stock_line_items")).data
    piece = {"type": "stock_line_items", "id": piece["id"]}
    assert (await api.update(piece, {"quantity": 2}, expect=422)).said == [
        ("/data/attributes/quantity", "less_than_or_equal_to")
    ]
    await api.update(piece, shipment=third)
    assert (await api.get(f"{hat['type']}/{hat['id']}/stock_line_items")).data == []
    await api.delete(hat)
    assert (await api.get(order))["shipments_count"] == 2
    for one in (coat, third.link):
        for trigger in ("_picking", "_packing", "_ready_to_ship", "_ship"):
            await api.update(one, {trigger: True})
    assert await stands(api, order) == ("approved", "paid", "fulfilled")
    late = await api.update(piece, {"quantity": 1}, expect=422)
    assert late.said == [("/data/relationships/shipment", "not_in_progress")]


async def test_what_is_reserved_and_taken_lies_where_shipments_are_sent_from(api: Api) -> None:
    near, far = await counted(api, 1, 2)
    post, hat = await way(api, "Post", 500), await api.sku("HAT")
    for location, pieces in ((near, 1), (far, 5)):
        await api.create("stock_items", {"quantity": pieces}, sku=hat, stock_location=location)
    order = await to_send(api, "HAT", quantity=3)
    # One shipment, from where all of it lies.
    (shipment,) = await shipments(api, order)
    assert (await api.get(shipment, "?include=stock_location")).document["included"][0]["id"] == far.id
    await api.update(shipment, shipping_method=post)
    await paid(api, order)
    await api.update(order, {"_place": True})
    assert await in_stock(api) == [(1, 0), (5, 3)]
    # Edited, it holds its own pieces still, and is sent from the same place.
    await api.update(order, {"_start_editing": True})
    (line,) = (await api.get(f"orders/{order.id}/line_items?filter[q][item_type_eq]=skus")).data
    await api.update({"type": "line_items", "id": line["id"]}, {"quantity": 2})
    await api.update(order, {"_stop_editing": True})
    assert await in_stock(api) == [(1, 0), (5, 2)]
    await api.update(order, {"_approve": True})
    assert await in_stock(api) == [(1, 0), (3, 0)]
    (piece,) = (await api.get(f"shipments/{shipment['id']}/stock_line_items", "?include=stock_item")).document["data"]
    assert (piece["attributes"]["sku_code"], piece["attributes"]["quantity"]) == ("HAT", 2)


async def test_parcels_hold_what_shipments_do_and_are_tracked_by_hand(api: Api) -> None:
    order, (hat, coat) = await placed(api, "HAT", "COAT")
    (location,) = (await api.get("stock_locations")).data
    box = {"name": "Large", "length": 60.0, "width": 40.0, "height": 30.5, "unit_of_length": "cm"}
    package = await api.create("packages", box, stock_location={"type": "stock_locations", "id": location["id"]})
    assert (package["name"], package["height"]) == ("Large", 30.5)
    weighs = {"weight": 1000.0, "unit_of_weight": "gr"}
    early = await api.create("parcels", weighs, shipment=hat, package=package, expect=422)
    assert early.said == [("/data/relationships/shipment", "not_in_progress")]
    await api.update(order, {"_approve_and_capture": True})
    missing = await api.create("parcels", {"weight": 1.0}, shipment=hat, expect=422)
    assert missing.said == [("/data/attributes/unit_of_weight", "blank"), ("/data/relationships/package", "blank")]
    parcel = await api.create("parcels", weighs, shipment=hat, package=package)
    number = f"{order['number']}/S/001/P/001"
    assert (parcel["number"], parcel["tracking_details"]) == (number, None)
    second = await api.create("parcels", weighs, shipment=hat, package=package)
    assert second["number"] == f"{order['number']}/S/001/P/002"
    # No more goes into parcels than the shipment holds, and nothing of another shipment.
    pieces = []
    for one in (hat, coat):
        (held,) = (await api.get(f"shipments/{one['id']}/stock_line_items")).data
        pieces.append({"type": "stock_line_items", "id": held["id"]})
    packed = await api.create("parcel_line_items", {"quantity": 1}, parcel=parcel, stock_line_item=pieces[0])
    assert (packed["sku_code"], packed["name"], packed["quantity"]) == ("HAT", "Hat", 1)
    more = await api.create("parcel_line_items", {"quantity": 1}, parcel=second, stock_line_item=pieces[0], expect=422)
    assert (more.said, more.errors[0]["meta"]["count"]) == (
        [("/data/attributes/quantity", "less_than_or_equal_to")],
        0,
    )
    other = await api.create("parcel_line_items", {"quantity": 1}, parcel=parcel, stock_line_item=pieces[1], expect=422)
    assert other.said == [("/data/relationships/stock_line_item", "invalid")]
    assert (await api.update(parcel, shipment=coat, expect=422)).said == [
        ("/data/relationships/shipment", "not_editable")
    ]
    # Nor does it leave its shipment.
    assert (await api.update(pieces[0], shipment=coat, expect=422)).said == [
        ("/data/relationships/shipment", "not_editable")
    ]
    # Tracking is what an integration says, also once it has left.
    for trigger in ("_picking", "_packing", "_ready_to_ship", "_ship"):
        await api.update(hat, {trigger: True})
    told = {
        "tracking_number": "1Z4V2A",
        "tracking_status": "in_transit",
        "tracking_details": [{"status": "pre_transit"}],
    }
    tracked = await api.update(parcel, told)
    assert {name: tracked[name] for name in told} == told
    found = await api.get("parcels?filter[q][tracking_status_eq]=in_transit")
    assert [one["id"] for one in found.data] == [parcel.id]
    inside = await api.get(order, "?include=shipments.parcels.parcel_line_items,shipments.parcels.package")
    kinds = [one["type"] for one in inside.document["included"]]
    assert sorted(kinds) == ["packages", "parcel_line_items", "parcels", "parcels", "shipments", "shipments"]
    assert (await api.delete(package, expect=423)).errors[0]["code"] == "LOCKED"
    await api.delete(parcel)
    assert (await api.get("parcel_line_items")).data == []
    # A guest is told nothing of parcels; the order's customer is.
    assert (await api.get(second, expect=401, token=await api.guest())).status == 401


async def test_nobody_is_charged_for_what_nobody_knows_how_to_send(api: Api) -> None:
    post = await way(api, "Post", 0)
    method = await api.method_of(api.gateway, auto_place=True, auto_capture=True)
    order = await to_send(api, "HAT")
    await api.update(order, payment_method=method)
    payment = await paid(api, order)
    await api.recover()
    assert await stands(api, order) == ("pending", "authorized", "unfulfilled")
    assert await at_stripe(api, payment) == ("requires_capture", 0, 0)
    (error,) = (await api.get(f"orders/{order.id}/resource_errors")).data
    assert error["attributes"]["message"].endswith("/S/001 has no shipping method")
    # Once that is said, it is placed for what it costs, which is taken at once.
    (shipment,) = await shipments(api, order)
    await api.update(shipment, shipping_method=post)
    await api.update(order, {"_place": True})
    await api.recover()
    assert await stands(api, order) == ("placed", "paid", "unfulfilled")
    assert await at_stripe(api, payment) == ("succeeded", 1000, 0)


async def test_a_payment_is_opened_for_what_sending_costs_by_then(api: Api) -> None:
    post, hat = await way(api, "Post", 500), await api.sku("HAT", weight=300.0, unit_of_weight="gr")
    order = await to_send(api, "HAT")
    (shipment,) = await shipments(api, order)
    await api.update(shipment, shipping_method=post)
    # Neither the order nor its lines were written since.
    await api.update(post, {"price_amount_cents": 700})
    payment = await api.payment(order)
    assert (await api.stripe.v1.payment_intents.retrieve_async(payment["stripe_id"])).amount == 1700
    assert (await api.get(order))["shipping_amount_cents"] == 700
    # A weight that the method does not carry, and an address that it does not go to, change the order as well.
    await api.update(post, {"max_weight": 1000.0, "unit_of_weight": "gr"})
    await api.update(hat, {"weight": 1500.0})
    await api.update(order, {"_refresh": True})
    assert (await api.get(order))["total_amount_with_taxes_cents"] == 1000
    assert (await api.get(payment))["mismatched_amounts"] is True
    await api.update(hat, {"weight": 300.0})
    await api.update(order, {"_refresh": True})
    await api.update(shipment, shipping_method=post)
    assert (await api.get(payment))["mismatched_amounts"] is False
    zone = await api.create("shipping_zones", {"name": "Italy", "country_code_regex": "IT"})
    await api.update(post, shipping_zone=zone)
    paris = await api.create("addresses", {**ADDRESS, "country_code": "FR", "zip_code": "75001"})
    moved_ = await api.update(order, shipping_address=paris)
    assert (moved_["total_amount_with_taxes_cents"], moved_["shipping_amount_cents"]) == (1000, 0)
    assert (await api.get(payment))["mismatched_amounts"] is True
    # What a shipment holds is told by line, and how long it takes by its way.
    (place,) = await counted(api)
    await api.create("stock_items", {"quantity": 3}, sku=hat, stock_location=place)
    hours = {"min_hours": 24, "max_hours": 48}
    await api.create("delivery_lead_times", hours, shipping_method=post, stock_location=place)
    back = await api.create("addresses", ADDRESS)
    await api.update(order, shipping_address=back)
    await api.update(shipment, shipping_method=post)
    found = await api.get(shipment, "?include=line_items,delivery_lead_time")
    told = {one["type"]: one["attributes"] for one in found.document["included"]}
    assert (told["line_items"]["sku_code"], told["delivery_lead_times"]["max_days"]) == ("HAT", 2)


@pytest.mark.parametrize("is_manual", [False, True])
async def test_a_shipment_that_is_cancelled_gives_its_stock_back_once(api: Api, is_manual: bool) -> None:
    order, (hat, coat) = await placed(api, "HAT", "COAT")
    (model,) = (await api.get("inventory_models")).data
    await api.update({"type": "inventory_models", "id": model["id"]}, {"manual_stock_decrement": is_manual})
    await api.update(order, {"_approve_and_capture": True})
    hats, coats = (await holdings(api))[:2]
    assert {hats, coats} == {("reserved" if is_manual else "taken", 1)}
    for _ in range(2):
        await api.update(hat, {"_cancel": True})
        assert sorted(await in_stock(api)) == ([(5, 0), (5, 1)] if is_manual else [(4, 0), (5, 0)])
        assert len(await holdings(api)) == 1
    for trigger in ("_picking", "_packing", "_ready_to_ship", "_ship"):
        await api.update(coat, {trigger: True})
    assert await stands(api, order) == ("approved", "paid", "fulfilled")
    assert (sorted(await in_stock(api)), await holdings(api)) == ([(4, 0), (5, 0)], [("taken", 1)])
    await api.update(await only(api, order, "captures"), {"_refund": True})
    assert sorted(await in_stock(api)) == [(4, 0), (5, 0)]
    # Placed and edited, an order holds again what its new shipments are to send.
    (post,) = (await api.get("shipping_methods")).data
    order = await to_send(api, "HAT", quantity=3)
    (own,) = await shipments(api, order)
    await api.update(own, shipping_method={"type": "shipping_methods", "id": post["id"]})
    await paid(api, order)
    await api.update(order, {"_place": True})
    await api.update(own, {"_cancel": True})
    assert (sorted(await in_stock(api)), await holdings(api)) == ([(4, 0), (5, 0)], [("taken", 1)])
    await api.update(order, {"_start_editing": True})
    await api.update(order, {"_refresh": True})
    _, again = await shipments(api, order)
    await api.update(again, shipping_method={"type": "shipping_methods", "id": post["id"]})
    assert (await api.update(order, {"_stop_editing": True}))["status"] == "placed"
    assert sorted(await holdings(api)) == [("reserved", 3), ("taken", 1)]
    await api.update(order, {"_cancel": True})
    assert sorted(await in_stock(api)) == [(4, 0), (5, 0)]
    assert sorted(await holdings(api)) == [("given_back", 3), ("taken", 1)]


async def test_an_error_of_placing_names_no_shipment_that_is_not_there(api: Api) -> None:
    order = await to_send(api, "HAT", "COAT")
    await way(api, "Post", 500)
    # The shop has its first shipping method by now: placing builds a shipment, and its failure takes it away again.
    error = (await api.update(order, {"_place": True}, expect=422)).errors[0]
    assert (error["source"]["pointer"], error["meta"]) == (
        "/data/relationships/shipments",
        {"error": "shipping_method", "value": ["COAT", "HAT"]},
    )
    assert error["detail"] == "shipments - the shipment of COAT, HAT has no shipping method"
    assert await shipments(api, order) == []
    await api.update(order, {"_refresh": True})
    error = (await api.update(order, {"_place": True}, expect=422)).errors[0]
    assert error["meta"] == {"error": "shipping_method", "value": f"{order['number']}/S/001"}
    assert len(await shipments(api, order)) == 1
