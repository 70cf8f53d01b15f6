"""Addresses, customers, markets and the catalogue: what each needs, and what follows from a change."""

from typing import Any

import pytest

from tests.commerce.conftest import ADDRESS, Refused, Shop


async def test_an_address_says_itself_on_one_line(shop: Shop) -> None:
    address = await shop.guest.create("addresses", **ADDRESS)
    assert address["full_name"] == "Ada Rossi"
    assert address["full_address"] == "Via Garibaldi 12, 10122 Torino TO (IT) +39 011 0000000"
    assert address["name"] == "Ada Rossi, Via Garibaldi 12, 10122 Torino TO (IT) +39 011 0000000"
    assert (address["business"], address["map_url"], address["is_geocoded"]) == (False, None, False)


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"first_name": None, "last_name": " "}, ["first_name", "last_name"]),
        ({"business": True}, ["company"]),
        ({"phone": ""}, ["phone"]),
        ({"zip_code": None}, ["zip_code"]),
    ],
)
async def test_an_address_says_all_that_it_misses(shop: Shop, change: dict[str, Any], missing: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        await shop.guest.create("addresses", **{**ADDRESS, **change})
    assert refused.value.said == [(f"/data/attributes/{name}", "blank") for name in missing]


async def test_where_there_are_no_postal_codes_none_is_asked_for(shop: Shop) -> None:
    place = {**ADDRESS, "zip_code": None, "city": "Hong Kong", "state_code": None, "country_code": "HK"}
    assert (await shop.guest.create("addresses", **place))["zip_code"] is None
    with pytest.raises(Refused) as refused:
        await shop.guest.create("addresses", **{**ADDRESS, "country_code": "ZZ"})
    assert refused.value.said == [("/data/attributes/country_code", "invalid")]


async def test_an_order_follows_its_address(shop: Shop) -> None:
    address = await shop.guest.create("addresses", **ADDRESS)
    order = await shop.guest.create("orders", {"billing_address": address})
    await shop.guest.update(address, country_code="FR")
    assert (await shop.guest.get(order))["country_code"] == "FR"
    with pytest.raises(Refused) as refused:
        await shop.guest.delete(address)
    assert refused.value.status == 423


async def test_a_shopper_changes_no_address_of_a_merchant_or_of_anothers_order(shop: Shop) -> None:
    ada, eve = [
        shop.signed_in(await shop.guest.create("customers", email=f"{name}@example.com", password="secret"))
        for name in ("ada", "eve")
    ]
    of_order = await ada.create("addresses", **ADDRESS)
    await ada.create("orders", {"billing_address": of_order})
    of_merchant = await shop.integration.create("addresses", **ADDRESS)
    await shop.integration.create("merchants", {"address": of_merchant}, name="Other")
    for stranger, address in ((eve, of_order), (shop.guest, of_order), (eve, of_merchant), (shop.guest, of_merchant)):
        for act in (
            lambda of, to: of.update(to, city="Milano"),
            lambda of, to: of.update(to, metadata={"a": 1}),
            lambda of, to: of.delete(to),
        ):
            with pytest.raises(Refused) as refused:
                await act(stranger, address)
            assert refused.value.status == 401
        kept = await shop.integration.get(address)
        assert (kept["city"], kept["metadata"]) == ("Torino", {})
    assert (await ada.update(of_order, city="Milano"))["city"] == "Milano"


async def test_an_email_is_one_customers_whatever_its_case(shop: Shop) -> None:
    await shop.guest.create("customers", email="ada@example.com")
    with pytest.raises(Refused) as refused:
        await shop.guest.create("customers", email="ADA@Example.com")
    assert (refused.value.status, refused.value.said) == (422, [("/data/attributes/email", "taken")])


async def test_a_guest_cannot_read_customers(shop: Shop) -> None:
    customer = await shop.guest.create("customers", email="ada@example.com", password="secret")
    with pytest.raises(Refused) as refused:
        await shop.guest.get(customer)
    assert refused.value.status == 401
    assert (await shop.signed_in(customer).get(customer))["email"] == "ada@example.com"


async def test_orders_follow_their_customers_email(shop: Shop) -> None:
    customer = await shop.integration.create("customers", email="ada@example.com")
    order = await shop.integration.create("orders", {"market": shop.market, "customer": customer})
    assert (order["customer_email"], order["guest"]) == ("ada@example.com", True)
    await shop.integration.update(customer, email="eve@example.com", password="secret")
    order = await shop.integration.get(order)
    assert (order["customer_email"], order["guest"]) == ("eve@example.com", True)


async def test_a_sku_has_one_price_in_a_list_and_carries_its_code_there(shop: Shop) -> None:
    sku = await shop.sku("HAT", 1000)
    with pytest.raises(Refused) as refused:
        await shop.integration.create("prices", {"price_list": shop.price_list}, sku_code="HAT", amount_cents=1)
    assert refused.value.said == [("/data/relationships/sku", "taken")]
    with pytest.raises(Refused) as refused:
        await shop.integration.create("prices", {"price_list": shop.price_list}, sku_code="NONE", amount_cents=1)
    assert refused.value.said == [("/data/attributes/sku_code", "noent_sku")]
    await shop.integration.update(sku, code="CAP")
    price = (await shop.integration.list("prices"))[0]
    assert (price["sku_code"], price["formatted_original_amount"], price["currency_code"]) == ("CAP", "€10,00", "EUR")


async def test_a_sales_channel_sees_what_its_market_sells(shop: Shop) -> None:
    await shop.sku("HAT", 1000)
    await shop.sku("SECRET", None)
    assert [one["code"] for one in await shop.guest.list("skus")] == ["HAT"]
    assert len(await shop.integration.list("skus")) == 2
    assert [one["code"] for one in await shop.caller("sales_channel").list("skus")] == ["HAT"]


async def test_a_sku_goes_with_its_prices(shop: Shop) -> None:
    sku = await shop.sku("HAT", 1000)
    await shop.integration.delete(sku)
    assert await shop.integration.list("prices") == []


async def test_a_market_has_a_number_and_a_secret_that_can_be_renewed(shop: Shop) -> None:
    market = shop.market
    assert (market["number"], market["private"], len(market["shared_secret"])) == (1, False, 32)
    renewed = await shop.integration.update(market, _regenerate_shared_secret=True)
    assert renewed["shared_secret"] != market["shared_secret"]
    assert "shared_secret" not in (await shop.guest.get(market)).data["attributes"]
    with pytest.raises(Refused) as refused:
        related = {"merchant": shop.merchant, "price_list": shop.price_list}
        await shop.integration.create("markets", related, name="Again", code="europe")
    assert refused.value.said == [("/data/attributes/code", "taken")]


async def test_rules_are_refused_while_there_is_no_rules_engine(shop: Shop) -> None:
    with pytest.raises(Refused) as refused:
        await shop.integration.create("price_lists", name="X", currency_code="EUR", rules={"rules": [1]})
    assert refused.value.said == [("/data/attributes/rules", "invalid")]
    made = await shop.integration.create("price_lists", name="X", currency_code="EUR", rules={})
    assert (made["rules"], made["rule_outcomes"]) == ({}, None)


async def test_a_payment_method_fits_its_gateway_and_has_a_currency(shop: Shop) -> None:
    with pytest.raises(Refused) as refused:
        await shop.integration.create(
            "payment_methods",
            {"payment_gateway": shop.gateway},
            payment_source_type="wire_transfers",
            price_amount_cents=0,
        )
    assert refused.value.said == [
        ("/data/attributes/payment_source_type", "invalid"),
        ("/data/attributes/currency_code", "blank"),
    ]
