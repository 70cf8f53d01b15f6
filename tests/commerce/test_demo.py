"""What `paydesk dev` finds in its demo organization."""

from collections.abc import Mapping
from typing import Any

from paydesk import commerce
from paydesk.declare import eq
from paydesk.desk import Request, Write
from paydesk.jsonapi.documents.views import Views
from paydesk.operations import demo
from paydesk.rules.asking import Change, Find
from paydesk.rules.resource import Resource
from paydesk.store.records.sessions import Session
from tests.commerce.conftest import ADDRESS, Record, Shop


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
    keys = {"stripe_secret_key": "sk_test_x", "stripe_publishable_key": "pk_test_x", "customer_password": "secret"}
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
    keys = {"stripe_secret_key": "sk_test_x", "stripe_publishable_key": "pk_test_x", "customer_password": "secret"}
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
    keys = {"stripe_secret_key": "sk_test_x", "stripe_publishable_key": "pk_test_x", "customer_password": "secret"}
    method = (await demo.ensure_demo(do, find, **keys)).payment_method
    record = Record({"type": "payment_methods", "id": method.id})
    await shop.integration.update(record, auto_place=False, metadata={"mine": 1})
    again = (await demo.ensure_demo(do, find, **keys)).payment_method
    assert (again.id, again.auto_place, again.metadata["mine"]) == (method.id, True, 1)
    # Whoever switches it off afterwards keeps it so.
    await shop.integration.update(record, auto_place=False)
    assert (await demo.ensure_demo(do, find, **keys)).payment_method.auto_place is False
