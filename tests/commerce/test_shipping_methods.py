"""Shipping methods with their zones, tiers and lead times, as an integration keeps them and a shopper reads them."""

from typing import Any

import pytest

from paydesk.commerce.shipping.shipping_weight_tiers import ShippingWeightTier
from paydesk.rules.work import Work
from tests.acts.stock import location
from tests.commerce.conftest import Record, Refused, Shop


async def refused(asked: Any) -> tuple[int, list[tuple[str, str]]]:
    with pytest.raises(Refused) as found:
        await asked
    return found.value.status, found.value.said


async def method(shop: Shop, related: Any = None, **given: Any) -> Record:
    values = {"name": "Standard", "price_amount_cents": 1000, **given}
    return await shop.integration.create("shipping_methods", related, **values)


async def other_market(shop: Shop, currency: str) -> Record:
    prices = await shop.integration.create("price_lists", name=currency, currency_code=currency)
    related = {"merchant": shop.merchant, "price_list": prices}
    return await shop.integration.create("markets", related, name=f"Market in {currency}")


async def test_a_method_says_what_it_costs_and_for_what_it_is(shop: Shop) -> None:
    zone = await shop.integration.create("shipping_zones", name="Europe", country_code_regex="IT|DE", reference="eu")
    category = await shop.integration.create("shipping_categories", name="Goods")
    here = await location(shop, "Milano")
    related = {"market": shop.market, "shipping_zone": zone, "shipping_category": category, "stock_location": here}
    made = await method(
        shop, related, free_over_amount_cents=9900, min_weight=3.5, max_weight=300, unit_of_weight="gr", tax_code="FR"
    )
    attributes = {**made.data["attributes"]}
    secret = attributes.pop("shared_secret")
    assert len(secret) == 32
    for name in ("created_at", "updated_at"):
        attributes.pop(name)
    assert attributes == {
        "name": "Standard",
        "scheme": "flat",
        "currency_code": "EUR",
        "external_prices_url": None,
        "price_amount_cents": 1000,
        "price_amount_float": 10.0,
        "formatted_price_amount": "€10,00",
        "free_over_amount_cents": 9900,
        "free_over_amount_float": 99.0,
        "formatted_free_over_amount": "€99,00",
        "use_subtotal": False,
        "price_amount_for_shipment_cents": None,
        "price_amount_for_shipment_float": None,
        "formatted_price_amount_for_shipment": None,
        "min_weight": 3.5,
        "max_weight": 300.0,
        "unit_of_weight": "gr",
        "tax_code": "FR",
        "disabled_at": None,
        "circuit_state": "closed",
        "circuit_failure_count": 0,
        "external_includes": [],
        "reference": None,
        "reference_origin": None,
        "metadata": {},
    }
    read = await shop.integration.get(made, ",".join(related))
    assert {name: read.related(name) for name in related} == {name: one.link for name, one in related.items()}
    for name, one in related.items():
        found = await shop.integration.list(f"shipping_methods?filter[q][{name}_id_eq]={one.id}")
        assert [each.id for each in found] == [made.id]
    changed = await shop.integration.update(made, {"shipping_zone": None}, use_subtotal=True, _reset_circuit=True)
    assert changed["use_subtotal"] is True
    renewed = await shop.integration.update(made, _regenerate_shared_secret=True)
    assert len(renewed["shared_secret"]) == 32
    assert renewed["shared_secret"] != secret
    await shop.integration.update(shop.market, {"default_shipping_method": made})
    order = await shop.guest.create("orders", {"market": shop.market})
    for one in (shop.market, order):
        assert (await shop.guest.get(one, "default_shipping_method")).related("default_shipping_method") == made.link
    # What is in use is not deleted.
    await shop.integration.delete(zone)
    assert (await refused(shop.integration.delete(category)))[0] == 423
    await shop.integration.delete(made)
    await shop.integration.delete(category)
    assert await shop.integration.list("shipping_methods") == []


async def test_what_does_not_hold_together_is_refused_where_it_stands(shop: Shop) -> None:
    at = "/data/attributes/"
    for given, said in (
        ({"name": ""}, ("name", "blank")),
        ({"price_amount_cents": None}, ("price_amount_cents", "blank")),
        ({"price_amount_cents": -1}, ("price_amount_cents", "greater_than_or_equal_to")),
        ({"free_over_amount_cents": -1}, ("free_over_amount_cents", "greater_than_or_equal_to")),
        ({"scheme": "by boat"}, ("scheme", "inclusion")),
        ({"scheme": "external", "external_prices_url": "https://prices.example.com"}, ("scheme", "not_served")),
        ({"min_weight": 1}, ("unit_of_weight", "blank")),
        ({"max_weight": 1}, ("unit_of_weight", "blank")),
        ({"max_weight": -1, "unit_of_weight": "gr"}, ("max_weight", "greater_than_or_equal_to")),
        ({"unit_of_weight": "kg"}, ("unit_of_weight", "inclusion")),
        ({"min_weight": 2, "max_weight": 1.5, "unit_of_weight": "lb"}, ("max_weight", "greater_than_or_equal_to")),
        ({"currency_code": "USD"}, ("currency_code", "currency_mismatch")),
    ):
        expected = (422, [(at + said[0], said[1])])
        assert await refused(method(shop, {"market": shop.market}, **given)) == expected, given
    assert await refused(method(shop)) == (422, [(at + "currency_code", "blank")])
    assert await refused(method(shop, currency_code="XXX")) == (422, [(at + "currency_code", "invalid")])
    assert await refused(method(shop, currency_code="KWD", price_amount_cents=1001)) == (
        422,
        [(at + "price_amount_cents", "not_a_multiple_of")],
    )
    assert await shop.integration.list("shipping_methods") == []


async def test_a_method_of_a_market_has_the_currency_of_the_market(shop: Shop) -> None:
    made, dinars = await method(shop, {"market": shop.market}, price_amount_cents=1005), await other_market(shop, "KWD")
    at = "/data/attributes/"
    for given, related, said in (
        ({"currency_code": "USD"}, {}, ("currency_code", "currency_mismatch")),
        ({}, {"market": dinars}, ("price_amount_cents", "not_a_multiple_of")),
    ):
        assert await refused(shop.integration.update(made, related, **given)) == (422, [(at + said[0], said[1])])
    tier = await shop.integration.create(
        "shipping_weight_tiers", {"shipping_method": made}, name="Any", price_amount_cents=1001
    )
    moving = shop.integration.update(made, {"market": dinars}, price_amount_cents=1000)
    assert await refused(moving) == (422, [(at + "price_amount_cents", "not_a_multiple_of")])
    await shop.integration.update(tier, price_amount_cents=1010)
    moved = await shop.integration.update(made, {"market": dinars}, price_amount_cents=1000)
    assert (moved["currency_code"], moved["formatted_price_amount"]) == ("KWD", "KWD 1.000")
    assert (await shop.integration.get(tier))["formatted_price_amount"] == "KWD 1.010"
    wrong = (422, [(at + "price_amount_cents", "not_a_multiple_of")])
    assert await refused(shop.integration.update(tier, price_amount_cents=1011)) == wrong
    links = {"shipping_method": moved}
    assert await refused(shop.integration.create("shipping_weight_tiers", links, name="Odd", price_amount_cents=1)) == (
        wrong
    )
    free = await shop.integration.update(made, {"market": None}, currency_code="EUR")
    assert (free["currency_code"], (await shop.integration.get(free, "market")).related("market")) == ("EUR", None)


async def test_a_zones_expressions_are_regular_expressions(shop: Shop) -> None:
    names = [f"{no}{place}_code_regex" for place in ("country", "state", "zip") for no in ("", "not_")]
    zone = await shop.integration.create("shipping_zones", name="Anywhere")
    given = dict.fromkeys(names, "(?=IT)")
    expected = (422, [(f"/data/attributes/{name}", "invalid") for name in names])
    assert await refused(shop.integration.create("shipping_zones", name="Odd", **given)) == expected
    assert await refused(shop.integration.update(zone, **given)) == expected
    (kept,) = await shop.integration.list("shipping_zones")
    assert {kept[name] for name in names} == {None}
    changed = await shop.integration.update(zone, **dict.fromkeys(names, "IT|DE"))
    assert {changed[name] for name in names} == {"IT|DE"}


async def test_a_tier_is_of_one_method_and_read_as_what_it_shares_with_others(shop: Shop) -> None:
    made = await method(shop, {"market": shop.market}, scheme="weight_tiered", unit_of_weight="lb")
    other = await method(shop, currency_code="EUR")
    related = {"shipping_method": made}
    light = await shop.integration.create(
        "shipping_weight_tiers", related, name="Light", up_to=20.5, price_amount_cents=500
    )
    heavy = await shop.integration.create("shipping_weight_tiers", related, name="Heavy", price_amount_cents=1500)
    assert (light["type"], light["up_to"], light["formatted_price_amount"]) == ("shipping_weight_tiers", 20.5, "€5,00")
    assert heavy["up_to"] is None
    for path in ("shipping_method_tiers", "shipping_weight_tiers"):
        found = await shop.integration.list(f"shipping_methods/{made.id}/{path}?sort=price_amount_cents")
        assert [one.id for one in found] == [light.id, heavy.id], path
        found = await shop.integration.list(f"{path}?filter[q][shipping_method_id_eq]={made.id}&sort=-up_to")
        assert [(one.data["type"], one.id) for one in found] == [(path, light.id), (path, heavy.id)]
    assert await refused(shop.integration.create("shipping_method_tiers", related, name="Any")) == (
        405,
        [("", "METHOD_NOT_ALLOWED")],
    )
    for given, links, said in (
        ({"price_amount_cents": None}, related, ("attributes/price_amount_cents", "blank")),
        ({"up_to": -1}, related, ("attributes/up_to", "greater_than_or_equal_to")),
        ({}, {}, ("relationships/shipping_method", "blank")),
    ):
        values = {"name": "Odd", "price_amount_cents": 1, **given}
        asked = shop.integration.create("shipping_weight_tiers", links, **values)
        assert await refused(asked) == (422, [(f"/data/{said[0]}", said[1])]), given
    await shop.integration.update(heavy, {"shipping_method": other}, up_to=3)
    assert [one.id for one in await shop.integration.list(f"shipping_methods/{other.id}/shipping_weight_tiers")] == [
        heavy.id
    ]
    await shop.integration.delete(other)
    assert [one.id for one in await shop.integration.list("shipping_method_tiers")] == [light.id]
    third = await method(shop, {"market": shop.market, "shipping_method_tiers": [light.link]}, name="Third")
    read = await shop.integration.get(third, "shipping_method_tiers,shipping_weight_tiers")
    assert read.related("shipping_weight_tiers") == [light.link]
    assert await shop.integration.list(f"shipping_methods/{made.id}/shipping_method_tiers") == []


async def test_a_method_has_a_hundred_tiers_at_most(shop: Shop) -> None:
    made, other = await method(shop, currency_code="EUR"), await method(shop, currency_code="EUR")
    work = Work(shop.actors[shop.integration.token], "2023-11-14T22:13:20.000Z")
    for up_to in range(100):
        work.create(
            ShippingWeightTier,
            name="Tier",
            type="shipping_weight_tiers",
            up_to=float(up_to),
            price_amount_cents=up_to,
            shipping_method_id=made.id,
        )
    await shop.write(work)
    related = {"shipping_method": made}
    given = {"name": "One more", "price_amount_cents": 1}
    full = (422, [("/data/relationships/shipping_method", "too_long")])
    assert await refused(shop.integration.create("shipping_weight_tiers", related, **given)) == full
    tier = await shop.integration.create("shipping_weight_tiers", {"shipping_method": other}, **given)
    assert await refused(shop.integration.update(tier, related)) == full
    links = [tier.link, *({"type": "shipping_weight_tiers", "id": one.id} for one in work.created)]
    too_many = shop.integration.update(made, {"shipping_method_tiers": links})
    assert await refused(too_many) == (422, [("/data/relationships/shipping_method_tiers", "too_long")])
    await shop.integration.delete(Record(links[1]))
    await shop.integration.update(tier, related)
    await shop.integration.update(other, {"shipping_method_tiers": links[2:]})
    found = await shop.integration.list(f"shipping_methods/{made.id}/shipping_weight_tiers")
    assert [one.id for one in found] == [tier.id]


async def test_a_shopper_reads_what_is_enabled_in_the_market(shop: Shop) -> None:
    elsewhere, dollars = await other_market(shop, "EUR"), await other_market(shop, "USD")
    ours, anywhere = await method(shop, {"market": shop.market}), await method(shop, currency_code="EUR")
    theirs = [
        await method(shop, {"market": elsewhere}),
        await method(shop, {"market": dollars}),
        await method(shop, currency_code="USD"),
        await method(shop, {"market": shop.market}, _disable=True),
    ]
    assert theirs[-1]["disabled_at"] == "2023-11-14T22:13:20.000Z"
    here = await location(shop, "Milano")
    times = [
        await shop.integration.create(
            "delivery_lead_times", {"stock_location": here, "shipping_method": one}, min_hours=36, max_hours=59
        )
        for one in (ours, anywhere, *theirs)
    ]
    assert (times[0]["min_days"], times[0]["max_days"]) == (2, 2)
    scoped = shop.caller("integration", market=shop.market)
    for one in (ours, anywhere):
        read = (await shop.guest.get(one)).data["attributes"]
        assert (read["name"], "shared_secret" in read) == ("Standard", False)
        assert len((await scoped.get(one))["shared_secret"]) == 32
    for one in theirs:
        assert (await refused(shop.guest.get(one)))[0] == 401
    for one in theirs[:-1]:
        assert (await refused(scoped.get(one)))[0] == 401
    assert (await scoped.get(theirs[-1]))["name"] == "Standard"
    assert (await refused(shop.guest.send("GET", "shipping_methods")))[0] == 401
    listed = await shop.guest.send("GET", "delivery_lead_times?include=shipping_method,stock_location")
    assert {one["id"] for one in listed["data"]} == {one.id for one in times[:2]}
    assert {one["id"] for one in listed["included"]} == {ours.id, anywhere.id}
    assert (await shop.guest.get(times[0]))["max_hours"] == 59
    assert (await refused(shop.guest.get(times[2])))[0] == 401
    zone = await shop.integration.create("shipping_zones", name="Europe")
    tier = await shop.integration.create(
        "shipping_weight_tiers", {"shipping_method": ours}, name="Any", price_amount_cents=1
    )
    for path in (f"shipping_zones/{zone.id}", "shipping_zones", f"shipping_weight_tiers/{tier.id}"):
        assert (await refused(shop.guest.send("GET", path)))[0] == 401, path
    for asked in (
        shop.guest.update(ours, name="Mine"),
        shop.guest.create("shipping_methods", name="Mine", price_amount_cents=0, currency_code="EUR"),
        shop.guest.delete(times[0]),
    ):
        assert (await refused(asked))[0] == 401
    await shop.integration.update(theirs[-1], _enable=True)
    assert (await shop.guest.get(theirs[-1]))["disabled_at"] is None


async def test_a_lead_time_is_from_one_location_by_one_method(shop: Shop) -> None:
    here, made = await location(shop, "Milano"), await method(shop, currency_code="EUR")
    related = {"stock_location": here, "shipping_method": made}
    time = await shop.integration.create("delivery_lead_times", related, min_hours=48, max_hours=72)
    assert [time[name] for name in ("min_hours", "max_hours", "min_days", "max_days")] == [48, 72, 2, 3]
    at = "/data/attributes/"
    for given, said in (
        ({"min_hours": 73}, ("max_hours", "greater_than_or_equal_to")),
        ({"max_hours": 47}, ("max_hours", "greater_than_or_equal_to")),
        ({"min_hours": -1}, ("min_hours", "greater_than_or_equal_to")),
        ({"max_hours": None}, ("max_hours", "blank")),
    ):
        assert await refused(shop.integration.update(time, **given)) == (422, [(at + said[0], said[1])]), given
    for name in related:
        links = {each: one for each, one in related.items() if each != name}
        asked = shop.integration.create("delivery_lead_times", links, min_hours=1, max_hours=2)
        assert await refused(asked) == (422, [(f"/data/relationships/{name}", "blank")])
    asked = shop.integration.create("delivery_lead_times", related, min_hours=1, max_hours=2)
    taken = (422, [("/data/relationships/shipping_method", "taken")])
    assert await refused(asked) == taken
    there = await location(shop, "Torino")
    other = await shop.integration.create(
        "delivery_lead_times", {**related, "stock_location": there}, min_hours=1, max_hours=2
    )
    assert await refused(shop.integration.update(other, {"stock_location": here})) == taken
    assert len(await shop.integration.list("delivery_lead_times")) == 2
    await shop.integration.delete(other)
    later = await shop.integration.update(time, max_hours=84)
    assert (later["min_days"], later["max_days"]) == (2, 4)
    found = await shop.integration.list("delivery_lead_times?filter[q][max_days_gteq]=4&filter[q][min_days_eq]=2")
    assert [one.id for one in found] == [time.id]
    assert (await refused(shop.integration.delete(here)))[0] == 423
    # Those of a sku are those of the locations where it lies.
    sku, other = await shop.sku("HAT", 100), await shop.sku("CAP", 100)
    await shop.integration.create("stock_items", {"stock_location": here, "sku": sku}, quantity=3)
    read = await shop.integration.get(sku, "delivery_lead_times.shipping_method")
    assert read.related("delivery_lead_times") == [time.link]
    assert await shop.integration.list(f"skus/{other.id}/delivery_lead_times") == []
    found = await shop.integration.list(f"skus?filter[q][delivery_lead_times_id_eq]={time.id}")
    assert [one["code"] for one in found] == ["HAT"]
    await shop.integration.delete(made)
    assert await shop.integration.list("delivery_lead_times") == []
