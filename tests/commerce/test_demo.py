"""What `paydesk dev` finds in its demo organization."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from paydesk import commerce
from paydesk.declare import eq
from paydesk.desk import Request, Write
from paydesk.jsonapi.documents.views import Views
from paydesk.operations import demo
from paydesk.rules.asking import Change, Find
from paydesk.rules.resource import Resource
from paydesk.store.records.sessions import Session
from tests.commerce.conftest import ADDRESS, Record, Refused, Shop

KEYS = {
    "base_url": "http://localhost:8000",
    "stripe_secret_key": "sk_test_x",
    "stripe_publishable_key": "pk_test_x",
    "customer_password": "secret",
}


def hands(shop: Shop, made: list[str]) -> tuple[Any, Any]:
    """What the demo is made with: changes by the rules clients meet, and a look at what is there."""
    registry = commerce.registry()
    actor = shop.actors[shop.integration.token]
    reader = shop.desk.reader

    async def find(type: str, column: str, value: str) -> list[Any]:
        session = Session(actor.tenant, {})
        asked = Find(registry[type], eq(column, value), many=True)
        return list(await shop.desk.database.read(lambda: reader.records(session, asked)))

    async def do(
        type: str,
        verb: str,
        attributes: Mapping[str, Any],
        relationships: Mapping[str, Resource | None],
        *,
        id: str | None = None,
    ) -> Any:
        made.append(f"{verb} {type}")
        related = {name: Record({"type": one.shape.type, "id": one.id}) for name, one in relationships.items() if one}
        if type == "stripe_gateways":
            return (await find(type, "id", "gateway"))[0]
        if id is not None and verb == "create":
            id = await _create_with_id(shop, type, id, related)
        elif id is not None:
            await shop.integration.update(Record({"type": type, "id": id}), related, **attributes)
        else:
            id = (await shop.integration.create(type, related, **attributes)).id
        return (await find(type, "id", id))[0]

    return do, find


async def _create_with_id(shop: Shop, type: str, id: str, related: dict[str, Record]) -> str:
    resource = commerce.registry()[type]
    view = Views(commerce.registry()).of(resource, {}, {}, in_list=False)
    change = Change(type, arguments={"id": id})
    links = {name: (one.data["type"], one.id) for name, one in related.items()}
    actor = shop.actors[shop.integration.token]
    response = await shop.desk.change(Request(actor, ""), Write("create", resource, None, change, links), view)
    return str(response.record_id)


async def test_the_demo_holds_the_documented_order_and_is_made_once(shop: Shop) -> None:
    made: list[str] = []
    do, find = hands(shop, made)
    keys = KEYS
    first = await demo.ensure_demo(do, find, **keys)
    order = await shop.integration.get(
        Record({"type": "orders", "id": "ABCRtyUpBa"}), "billing_address,payment_method,line_items,payment_source"
    )
    assert (order["status"], order["guest"], order["currency_code"]) == ("pending", True, "EUR")
    assert (order["total_amount_with_taxes_cents"], order["country_code"]) == (15400, "IT")
    assert (order["tax_rate"], order["total_tax_amount_cents"]) == (0.22, 2777)
    assert (order.related("payment_source"), len(order.related("line_items"))) == (None, 3)
    assert order.related("payment_method")["id"] == first.payment_method.id
    assert first.payment_method.auto_place is True
    made.clear()
    again = await demo.ensure_demo(do, find, **keys)
    assert [one for one in made if one != "create stripe_gateways"] == []
    assert (again.market.id, again.customer.id) == (first.market.id, first.customer.id)


async def test_the_demos_second_market_adds_taxes_to_its_prices(shop: Shop) -> None:
    made: list[str] = []
    do, find = hands(shop, made)
    keys = KEYS
    await demo.ensure_demo(do, find, **keys)
    (market,) = await shop.integration.list("markets?filter[q][code_eq]=demo-us")
    order = await shop.integration.create("orders", {"market": market}, customer_email="ada@example.com")
    await shop.integration.create("line_items", {"order": order}, sku_code="FIELD-GUIDE", quantity=1)
    for state, rate, total in (("CA", 0.0725, 5255), ("TX", 0.0625, 5206), ("OR", 0.0, 4900)):
        address = await shop.integration.create("addresses", **{**ADDRESS, "country_code": "US", "state_code": state})
        order = await shop.integration.update(order, {"billing_address": address})
        assert (order["currency_code"], order["tax_rate"]) == ("USD", rate)
        assert (order["total_amount_cents"], order["total_amount_with_taxes_cents"]) == (4900, total)
    # What is changed of the rules stays.
    (rule, *_) = await shop.integration.list("tax_rules?filter[q][name_eq]=Sales tax in Texas")
    await shop.integration.update(rule, tax_rate=0.07)
    made.clear()
    await demo.ensure_demo(do, find, **keys)
    assert [one for one in made if one != "create stripe_gateways"] == []


async def test_the_method_of_an_earlier_version_is_told_to_place_once(shop: Shop) -> None:
    made: list[str] = []
    do, find = hands(shop, made)
    keys = KEYS
    method = (await demo.ensure_demo(do, find, **keys)).payment_method
    record = Record({"type": "payment_methods", "id": method.id})
    await shop.integration.update(record, auto_place=False, metadata={"mine": 1})
    again = (await demo.ensure_demo(do, find, **keys)).payment_method
    assert (again.id, again.auto_place, again.metadata["mine"]) == (method.id, True, 1)
    # Whoever switches it off afterwards keeps it so.
    await shop.integration.update(record, auto_place=False)
    assert (await demo.ensure_demo(do, find, **keys)).payment_method.auto_place is False


async def test_the_demos_goods_have_pictures_prices_and_stock_in_both_markets(shop: Shop) -> None:
    made: list[str] = []
    do, find = hands(shop, made)
    await demo.ensure_demo(do, find, **KEYS)
    markets = [(await shop.integration.list(f"markets?filter[q][code_eq]={code}"))[0] for code in ("demo", "demo-us")]
    shoppers = [shop.caller("sales_channel", market=market) for market in markets]
    goods = await shop.integration.list("skus?filter[q][do_not_ship_true]=false&sort=code")
    pictures = {
        "TENT-LANTERN": (4500, 4900, 180, 120),
        "TIN-MUG": (1600, 1800, 600, 400),
        "TRAIL-COMPASS": (3900, 4200, 240, 160),
        "TRAIL-PACK": (8900, 9900, 90, 60),
        "WATER-FLASK": (2800, 3100, 400, 300),
        "WOOL-HAT": (3400, 3700, 300, 200),
    }
    assert [sku["code"] for sku in goods] == list(pictures)
    for sku, (euros, dollars, here, there) in zip(goods, pictures.values(), strict=True):
        assert sku["image_url"] == f"http://localhost:8000/pictures/{sku['code'].lower()}.svg"
        for shopper, currency, cents, pieces in zip(
            shoppers, ("EUR", "USD"), (euros, dollars), (here, there), strict=True
        ):
            shown = await shopper.get(Record({"type": "skus", "id": sku.id}), "prices")
            assert (shown["inventory"]["available"], shown["inventory"]["quantity"]) == (True, pieces)
            found = {one["attributes"]["currency_code"]: one["attributes"] for one in shown.included}
            assert (list(found), found[currency]["amount_cents"]) == ([currency], cents)
    # Both markets send them in two ways, and say how long that takes.
    for shopper, ways in zip(
        shoppers,
        (
            [("Express shipping", "€15,00", None, 24, 48), ("Standard shipping", "€7,00", "€99,00", 48, 96)],
            [("Express shipping", "$18.00", None, 24, 48), ("Standard shipping", "$8.00", "$99.00", 48, 96)],
        ),
        strict=True,
    ):
        (level,) = (await shopper.get(goods[0]))["inventory"]["levels"]
        assert [
            (
                one["shipping_method"]["name"],
                one["shipping_method"]["formatted_price_amount"],
                one["shipping_method"]["formatted_free_over_amount"],
                one["min"]["hours"],
                one["max"]["hours"],
            )
            for one in level["delivery_lead_times"]
        ] == ways
        listed = await shopper.send("GET", "delivery_lead_times?include=shipping_method,stock_location")
        assert (len(listed["data"]), len(listed["included"])) == (2, 3)
    zones = await shop.integration.list("shipping_zones?sort=name")
    assert [(one["name"], one["country_code_regex"][:5]) for one in zones] == [
        ("Europe", "AT|BE"),
        ("United States", "US"),
    ]
    for market, address, offers in (
        (markets[0], ADDRESS, [("Express shipping", 1500), ("Standard shipping", 0)]),
        (
            markets[1],
            {**ADDRESS, "country_code": "US", "state_code": "TX"},
            [("Express shipping", 1800), ("Standard shipping", 0)],
        ),
        (markets[1], ADDRESS, []),
    ):
        goal = await shop.integration.create("addresses", **address)
        order = await shop.integration.create("orders", {"market": market, "shipping_address": goal})
        await shop.integration.create("line_items", {"order": order}, sku_code="TIN-MUG", quantity=7)
        answer = await shop.integration.get(order, "shipments.available_shipping_methods")
        offered = [one["attributes"] for one in answer.included if one["type"] == "shipping_methods"]
        assert sorted((one["name"], one["price_amount_for_shipment_cents"]) for one in offered) == offers
    # No more is sold than there is, and a line shows the picture.
    order = await shop.integration.create("orders", {"market": markets[1]})
    line = await shop.integration.create("line_items", {"order": order}, sku_code="TRAIL-PACK", quantity=60)
    assert (line["image_url"], line["total_amount_cents"]) == ("http://localhost:8000/pictures/trail-pack.svg", 594000)
    with pytest.raises(Refused) as refused:
        await shop.integration.update(line, quantity=61)
    assert refused.value.said == [("/data/attributes/quantity", "out_of_stock")]


async def test_a_demo_of_an_earlier_version_gets_what_is_missing_and_keeps_what_was_changed(shop: Shop) -> None:
    made: list[str] = []
    do, find = hands(shop, made)
    await demo.ensure_demo(do, find, **KEYS)
    (guide,) = await shop.integration.list("skus?filter[q][code_eq]=FIELD-GUIDE")
    (sound,) = await shop.integration.list("skus?filter[q][code_eq]=SOUND-LIBRARY")
    (mug,) = await shop.integration.list("skus?filter[q][code_eq]=TIN-MUG")
    (market,) = await shop.integration.list("markets?filter[q][code_eq]=demo-us")
    await shop.integration.update(guide, image_url=None, description="Mine")
    await shop.integration.update(sound, image_url="https://elsewhere.example/sound.png")
    await shop.integration.delete(mug)
    (model,) = await shop.integration.list("inventory_models?filter[q][reference_eq]=demo-us")
    for kind in ("inventory_stock_locations", "inventory_return_locations"):
        for place in await shop.integration.list(f"{kind}?filter[q][inventory_model_reference_eq]=demo-us"):
            await shop.integration.delete(place)
    await shop.integration.update(market, {"inventory_model": None})
    made.clear()
    await demo.ensure_demo(do, find, **{**KEYS, "base_url": "https://localhost:8443"})
    assert Counter(one for one in made if one != "create stripe_gateways") == {
        "update skus": 7,  # All but the one that was made anew and the one with a picture from elsewhere.
        "create skus": 1,
        "create prices": 2,
        "create stock_items": 2,
        "create inventory_return_locations": 1,
        "create inventory_stock_locations": 1,
        "update markets": 1,
    }
    guide, sound = await shop.integration.get(guide), await shop.integration.get(sound)
    assert (guide["image_url"], guide["description"]) == ("https://localhost:8443/pictures/field-guide.svg", "Mine")
    assert sound["image_url"] == "https://elsewhere.example/sound.png"
    found = await shop.integration.get(market, "inventory_model")
    assert [one["id"] for one in found.included] == [model.id]
