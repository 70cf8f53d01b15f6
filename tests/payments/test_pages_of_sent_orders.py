"""What the pages of the official cart, checkout and account read of an order of goods that ship: two shipments, an
option, a bundle, an adjustment and tags.

Source: mfe-cart 4.4, mfe-checkout 6.5 and mfe-my-account 2.1, read.
"""

from typing import Any

from tests.acts.checkout import INC, OWN_COPY, linked
from tests.acts.stocked import counted
from tests.payments.conftest import ADDRESS, Answer, Api
from tests.reading import Read, misfits, read, unlinked

CART = "line_items.item,line_items.line_item_options.sku_option,available_payment_methods,payment_source,payment_method"


async def page(api: Api, order: Answer, query: str, token: str) -> Read:
    answer = await api.get(order, f"?{query}".replace("[", "%5B").replace("]", "%5D"), token=token)
    assert misfits(answer.document) == []
    include = next(one.removeprefix("include=") for one in query.split("&") if one.startswith("include="))
    assert unlinked(answer.document, include) == []
    found: Read = read(answer.document)
    return found


async def full_cart(api: Api, token: str) -> Answer:
    """A lamp with an engraving, and a set of a lamp and two vases, which lie elsewhere."""
    locations = await counted(api, 1, 2, strategy="split_shipments")
    prices = (await api.get(f"markets/{api.market['id']}?include=price_list")).data["relationships"]["price_list"][
        "data"
    ]
    skus = []
    for code, cents, location in (("LAMP", 3000, locations[0]), ("VASE", 5000, locations[1])):
        sku = await api.sku(code, image_url=f"https://img.example.com/{code}.png")
        await api.create("prices", {"amount_cents": cents}, price_list=prices, sku=sku)
        await api.create("stock_items", {"quantity": 9}, sku=sku, stock_location=location)
        skus.append(sku)
    method = await api.create("shipping_methods", {"name": "Post", "price_amount_cents": 500}, market=api.market)
    for days, location in enumerate(locations, 1):
        hours = {"min_hours": 24 * days, "max_hours": 48 * days}
        await api.create("delivery_lead_times", hours, shipping_method=method, stock_location=location)
    together = await api.create("sku_lists", {"name": "Set", "manual": True})
    for quantity, sku in enumerate(skus, 1):
        await api.create("sku_list_items", {"quantity": quantity}, sku_list=together, sku=sku)
    bundle = {"code": "SET", "name": "Set", "currency_code": "EUR", "price_amount_cents": 9000}
    await api.create("bundles", bundle, sku_list=together, market=api.market)
    engraving = await api.create("sku_options", {"name": "Engraving", "price_amount_cents": 250}, market=api.market)
    order = await api.create("orders", {"customer_email": "ada@example.com"}, token=token)
    line = await api.create("line_items", {"sku_code": "LAMP", "quantity": 2}, token=token, order=order)
    option = {"quantity": 2, "options": {"text": "Ada"}}
    await api.create("line_item_options", option, token=token, line_item=line, sku_option=engraving)
    await api.create("line_items", {"bundle_code": "SET", "quantity": 1}, token=token, order=order)
    thanks = await api.create("adjustments", {"name": "Thanks", "currency_code": "EUR", "amount_cents": -150})
    await api.create("line_items", {"quantity": 1}, order=order, item=thanks)
    for name in ("gift", "vip"):
        await api.create("tags", {"name": name})
    await api.update(order, {"_add_tags": "gift,vip"})
    address = await api.create("addresses", ADDRESS, token=token)
    given = {"_shipping_address_same_as_billing": True}
    return await api.update(order, given, token=token, billing_address=linked("addresses", address.id))


def by_goods(order: Read) -> list[Any]:
    return sorted(order["shipments"], key=lambda one: str(one["number"]))


async def test_every_page_reads_what_it_shows_of_goods_that_ship(api: Api) -> None:
    token = await api.guest()
    order = await full_cart(api, token)
    cart = await page(api, order, f"include={CART}", token)
    lines = {line["item_type"]: line for line in cart["line_items"]}
    names = ("name", "quantity", "sku_code", "bundle_code", "unit_amount_cents", "total_amount_cents")
    assert [lines[kind][name] for kind in ("skus", "bundles", "adjustments") for name in names] == [
        *("Lamp", 2, "LAMP", None, 3000, 6500),
        *("Set", 1, None, "SET", 9000, 9000),
        *("Thanks", 1, None, None, -150, -150),
    ]
    (option,) = lines["skus"]["line_item_options"]
    assert (option["name"], option["options"], option["sku_option"]["name"]) == (
        "Engraving",
        {"text": "Ada"},
        "Engraving",
    )
    assert (lines["skus"]["formatted_unit_amount"], option["formatted_total_amount"]) == ("€30,00", "€5,00")
    # The quantity that the cart's spinner goes up to.
    assert lines["skus"]["item"]["inventory"]["quantity"] == 9
    assert [lines[kind]["line_item_options"] for kind in ("bundles", "adjustments")] == [[], []]

    whole = await page(api, order, f"include={INC}", token)
    assert [
        (
            shipment["number"],
            shipment["status"],
            [
                (each["name"], each["formatted_price_amount_for_shipment"])
                for each in shipment["available_shipping_methods"]
            ],
            shipment["shipping_method"],
            [
                (each["quantity"], each["line_item"]["item_type"], each["line_item"]["name"])
                for each in sorted(shipment["stock_line_items"], key=lambda each: str(each["line_item"]["item_type"]))
            ],
            (shipment["stock_transfers"], shipment["parcels"]),
        )
        for shipment in by_goods(whole)
    ] == [
        (
            f"{order['number']}/S/001",
            "draft",
            [("Post", "€5,00")],
            None,
            [(1, "bundles", "Set"), (2, "skus", "Lamp")],
            ([], []),
        ),
        (f"{order['number']}/S/002", "draft", [("Post", "€5,00")], None, [(2, "bundles", "Set")], ([], [])),
    ]
    times = read((await api.get("delivery_lead_times?include=shipping_method,stock_location", token=token)).document)
    assert {one["stock_location"]["id"] for one in times} == {one["stock_location"]["id"] for one in whole["shipments"]}
    assert sorted((one["min_days"], one["max_days"], one["shipping_method"]["name"]) for one in times) == [
        (1, 2, "Post"),
        (2, 4, "Post"),
    ]

    for shipment in by_goods(whole):
        (method,) = shipment["available_shipping_methods"]
        chosen = linked("shipping_methods", method["id"])
        await api.update(linked("shipments", shipment["id"]), token=token, shipping_method=chosen)
    own = await page(api, order, OWN_COPY, token)
    assert [shipment["shipping_method"]["name"] for shipment in own["shipments"]] == ["Post", "Post"]
    # Two shipments at 5.00: 65.00 + 90.00 - 1.50 + 10.00.
    assert (own["shipping_amount_float"], own["total_amount_with_taxes_float"]) == (10.0, 163.5)
    shown = await page(api, order, f"include={INC}", token)
    assert [shown[f"formatted_{name}_amount"] for name in ("subtotal", "shipping", "adjustment", "total")] == [
        "€155,00",
        "€10,00",
        "-€1,50",
        "€163,50",
    ]
    assert (shown["skus_count"], shown["shipments_count"], shown["line_item_options_count"]) == (5, 2, 2)

    account = "include=shipping_address,billing_address,shipments&fields[orders]=id,status,placed_at,number,guest,"
    account += "shipping_address,billing_address,shipments"
    summary = await page(api, order, account, token)
    assert (summary["shipping_address"]["city"], len(summary["shipments"])) == (ADDRESS["city"], 2)
    tags = read((await api.get(f"orders/{order.id}/tags")).document)
    assert sorted(one["name"] for one in tags) == ["gift", "vip"]
