"""Orders and their lines, as clients of every kind meet them."""

from typing import Any

import pytest

from tests.commerce.conftest import ADDRESS, Refused, Shop


async def test_an_order_is_pending_once_it_has_a_customer_and_something_to_buy(shop: Shop) -> None:
    await shop.sku("HAT", 7700)
    guest = shop.guest
    order = await guest.create("orders")
    assert (order["status"], order["payment_status"], order["fulfillment_status"]) == ("draft", "unpaid", "unfulfilled")
    assert (order["number"], order["currency_code"], order["tax_included"]) == ("10000001", "EUR", True)
    line = await guest.create("line_items", {"order": order}, sku_code="HAT", quantity=2)
    assert (line["item_type"], line["unit_amount_cents"], line["total_amount_cents"]) == ("skus", 7700, 15400)
    assert (await guest.get(order))["status"] == "draft"
    order = await guest.update(order, customer_email=" Ada@Example.com")
    assert (order["status"], order["customer_email"], order["guest"]) == ("pending", "Ada@Example.com", True)
    assert order["formatted_total_amount_with_taxes"] == "€154,00"
    assert (order["skus_count"], order["total_tax_amount_cents"], order["duty_amount_cents"]) == (2, 0, None)
    await guest.delete(line)
    order = await guest.get(order)
    assert (order["status"], order["total_amount_with_taxes_cents"]) == ("draft", 0)


async def test_the_same_sku_again_adds_to_the_line_when_asked_to(shop: Shop) -> None:
    await shop.sku("HAT", 1000)
    order = await shop.guest.create("orders")
    first = await shop.guest.create("line_items", {"order": order}, sku_code="HAT", quantity=2)
    again = await shop.guest.create("line_items", {"order": order}, sku_code="HAT", quantity=3, _update_quantity=True)
    apart = await shop.guest.create("line_items", {"order": order}, sku_code="HAT", quantity=1)
    assert (again.id, again["quantity"], again["total_amount_cents"]) == (first.id, 5, 5000)
    assert apart.id != first.id
    assert (await shop.guest.get(order))["total_amount_cents"] == 6000


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"sku_code": "NONE", "quantity": 1}, [("/data/attributes/sku_code", "noent_sku")]),
        ({"sku_code": "DEAR", "quantity": 1}, [("/data/attributes/sku_code", "no_price")]),
        ({"bundle_code": "SET", "quantity": 1}, [("/data/attributes/bundle_code", "noent_bundle")]),
        ({"sku_code": "HAT", "quantity": 0}, [("/data/attributes/quantity", "greater_than_or_equal_to")]),
        ({"sku_code": "HAT", "quantity": 1, "frequency": "daily"}, [("/data/attributes/frequency", "inclusion")]),
        ({"name": "Mine", "quantity": 1}, [("/data/relationships/item", "blank")]),
    ],
)
async def test_a_line_that_cannot_be_bought_is_refused(
    shop: Shop, attributes: dict[str, Any], said: list[tuple[str, str]]
) -> None:
    await shop.sku("HAT", 1000)
    await shop.sku("DEAR", None)
    order = await shop.guest.create("orders")
    with pytest.raises(Refused) as refused:
        await shop.guest.create("line_items", {"order": order}, **attributes)
    assert (refused.value.status, refused.value.said) == (422, said)
    assert await shop.guest.list(f"orders/{order.id}/line_items") == []


async def test_a_price_that_an_integration_fixed_survives_refreshes(shop: Shop) -> None:
    await shop.sku("HAT", 1000)
    integration = shop.integration
    order = await integration.create("orders", {"market": shop.market})
    fixed = await integration.create("line_items", {"order": order}, sku_code="HAT", quantity=1, unit_amount_cents=500)
    await integration.create("line_items", {"order": order}, sku_code="HAT", quantity=1)
    price = (await integration.list("prices"))[0]
    await integration.update(price, amount_cents=2000)
    assert (await integration.update(order))["total_amount_cents"] == 2500
    await integration.update(fixed, unit_amount_cents=None)
    assert (await integration.get(order))["total_amount_cents"] == 4000


async def test_nothing_is_refreshed_while_autorefresh_is_off_save_when_asked(shop: Shop) -> None:
    await shop.sku("HAT", 1000)
    order = await shop.guest.create("orders", autorefresh=False)
    await shop.guest.create("line_items", {"order": order}, sku_code="HAT", quantity=1)
    assert (await shop.guest.get(order))["total_amount_cents"] == 0
    assert (await shop.guest.update(order, _refresh=True))["total_amount_cents"] == 1000


async def test_an_integration_adds_custom_lines_and_adjustments(shop: Shop) -> None:
    integration = shop.integration
    order = await integration.create("orders", {"market": shop.market})
    line = await integration.create("line_items", {"order": order}, name="Work", unit_amount_cents=9900, quantity=1)
    await integration.create(
        "line_items", {"order": order}, item_type="adjustments", name="Off", unit_amount_cents=-900, quantity=1
    )
    order = await integration.get(order)
    assert line["item_type"] == "skus"
    assert (order["subtotal_amount_cents"], order["adjustment_amount_cents"]) == (9900, -900)
    assert order["total_amount_with_taxes_cents"] == 9000


async def test_an_order_takes_the_markets_default_method_and_its_price(shop: Shop) -> None:
    await shop.sku("HAT", 1000)
    integration, guest = shop.integration, shop.guest
    related = {"market": shop.market, "payment_gateway": shop.gateway}
    method = await integration.create(
        "payment_methods", related, payment_source_type="stripe_payments", price_amount_cents=150
    )
    assert (method["name"], method["currency_code"]) == ("Stripe Payment", "EUR")
    await integration.update(shop.market, {"default_payment_method": method})
    order = await guest.create("orders", customer_email="ada@example.com")
    paths = "available_payment_methods,payment_method,default_payment_method"
    empty = await guest.get(order, paths)
    assert (empty.related("available_payment_methods"), empty.related("payment_method")) == ([], None)
    await guest.create("line_items", {"order": order}, sku_code="HAT", quantity=1)
    full = await guest.get(order, paths)
    assert full.related("available_payment_methods") == [method.link]
    assert full.related("payment_method") == full.related("default_payment_method") == method.link
    assert (full["payment_method_amount_cents"], full["total_amount_cents"]) == (150, 1150)
    order = await guest.update(order, {"payment_method": None})
    assert (order["payment_method_amount_cents"], order["total_amount_cents"]) == (0, 1000)
    await integration.update(method, _disable=True)
    assert (await guest.get(order, paths)).related("available_payment_methods") == []
    with pytest.raises(Refused) as refused:
        await integration.update(order, {"payment_method": method})
    assert refused.value.said == [("/data/relationships/payment_method", "invalid")]


async def test_addresses_are_copied_and_keep_their_reference(shop: Shop) -> None:
    guest = shop.guest
    address = await guest.create("addresses", **ADDRESS, reference="saved")
    order = await guest.create("orders")
    order = await guest.update(order, {"billing_address": address}, _shipping_address_same_as_billing=True)
    full = await guest.get(order, "billing_address,shipping_address")
    assert full.related("billing_address") == address.link
    assert full.related("shipping_address") not in (None, address.link)
    assert {one["attributes"]["reference"] for one in full.included} == {"saved"}
    other = await guest.create("orders", {"billing_address": address})
    assert (await guest.get(other, "billing_address")).related("billing_address") != address.link
    cloned = await guest.update(other, _shipping_address_clone_id=address.id)
    assert cloned["country_code"] == "IT"
    assert (await guest.get(other, "shipping_address")).included[0]["attributes"]["reference"] == "saved"


async def test_one_address_may_take_the_place_of_the_other(shop: Shop) -> None:
    address = await shop.guest.create("addresses", **ADDRESS)
    order = await shop.guest.create("orders", {"billing_address": address})
    await shop.guest.update(order, {"billing_address": None, "shipping_address": address})
    moved = await shop.guest.get(order, "billing_address,shipping_address")
    assert (moved.related("billing_address"), moved.related("shipping_address")) == (None, address.link)
    await shop.guest.update(order, {"billing_address": address, "shipping_address": None})
    back = await shop.guest.get(order, "billing_address,shipping_address")
    assert (back.related("billing_address"), back.related("shipping_address")) == (address.link, None)


async def test_an_order_may_be_locked_to_a_country_unless_nothing_ships(shop: Shop) -> None:
    sku = await shop.sku("HAT", 1000)
    order = await shop.guest.create("orders", shipping_country_code_lock="FR")
    await shop.guest.create("line_items", {"order": order}, sku_code="HAT", quantity=1)
    address = await shop.guest.create("addresses", **ADDRESS)
    with pytest.raises(Refused) as refused:
        await shop.guest.update(order, {"shipping_address": address})
    assert refused.value.said == [("/data/relationships/shipping_address", "invalid")]
    await shop.integration.update(sku, do_not_ship=True)
    assert (await shop.guest.update(order, {"shipping_address": address}))["country_code"] == "IT"


async def test_a_placed_order_keeps_what_it_holds(shop: Shop) -> None:
    await shop.sku("HAT", 1000)
    guest, integration = shop.guest, shop.integration
    address = await guest.create("addresses", **ADDRESS)
    order = await guest.create("orders", {"billing_address": address}, customer_email="ada@example.com")
    line = await guest.create("line_items", {"order": order}, sku_code="HAT", quantity=1)
    await shop.put(order, status="placed")
    for act in (
        lambda: guest.update(order, metadata={"a": 1}),
        lambda: guest.update(line, quantity=2),
        lambda: guest.delete(line),
        lambda: guest.create("line_items", {"order": order}, sku_code="HAT", quantity=1),
        lambda: guest.update(address, city="Milano"),
    ):
        with pytest.raises(Refused) as refused:
            await act()
        assert refused.value.status == 401
    for act in (
        lambda: integration.update(order, cart_url="https://shop.test"),
        lambda: integration.update(line, quantity=2),
        lambda: integration.delete(line),
    ):
        with pytest.raises(Refused) as refused:
            await act()
        assert refused.value.said == [("/data/attributes/status", "not_editable")]
    with pytest.raises(Refused) as refused:
        await integration.delete(order)
    assert refused.value.status == 423
    kept = await integration.update(order, metadata={"a": 1}, _archive=True)
    assert (kept["metadata"], kept["archived_at"], kept["total_amount_cents"]) == ({"a": 1}, kept["updated_at"], 1000)


async def test_a_cart_belongs_to_whoever_signs_in_with_it(shop: Shop) -> None:
    await shop.sku("HAT", 1000)
    guest = shop.guest
    cart = await guest.create("orders")
    line = await guest.create("line_items", {"order": cart}, sku_code="HAT", quantity=1)
    customer = await guest.create("customers", email="ada@example.com", password="secret")
    assert customer["has_password"] is True
    ada = shop.signed_in(customer)
    assert await ada.list("orders") == []
    claimed = await ada.update(cart)
    assert (claimed["status"], claimed["guest"], claimed["customer_email"]) == ("pending", False, "ada@example.com")
    assert [one.id for one in await ada.list("orders")] == [cart.id]
    assert [one.id for one in await ada.list("line_items")] == [line.id]
    with pytest.raises(Refused) as refused:
        await guest.get(cart)
    assert refused.value.status == 401


async def test_a_customer_who_was_deleted_makes_and_claims_no_order(shop: Shop) -> None:
    customer = await shop.guest.create("customers", email="ada@example.com", password="secret")
    cart = await shop.guest.create("orders")
    ada = shop.signed_in(customer)
    await ada.delete(customer)
    for act in (lambda: ada.create("orders"), lambda: ada.update(cart)):
        with pytest.raises(Refused) as refused:
            await act()
        assert refused.value.status == 401
    (order,) = await shop.integration.list("orders")
    assert (order.id, order["guest"]) == (cart.id, True)


async def test_a_list_of_orders_shows_a_customer_no_strangers_cart(shop: Shop) -> None:
    await shop.guest.create("orders")
    customer = await shop.guest.create("customers", email="ada@example.com", password="secret")
    assert await shop.signed_in(customer).list("orders") == []
    with pytest.raises(Refused) as refused:
        await shop.guest.list("orders")
    assert refused.value.status == 401


async def test_an_address_says_nothing_of_whose_an_order_is(shop: Shop) -> None:
    await shop.guest.create("customers", email="ada@example.com", password="secret")
    order = await shop.integration.create("orders", {"market": shop.market}, customer_email="ADA@example.com")
    assert (order["guest"], order["customer_email"]) == (True, "ada@example.com")
    other = await shop.integration.create("orders", {"market": shop.market}, customer_email="eve@example.com")
    signed_up = await shop.integration.update(other, customer_email="eve@example.com", customer_password="secret")
    assert (other["guest"], signed_up["guest"]) == (True, True)
    assert (await shop.integration.update(other, guest=False))["guest"] is False
    moved = await shop.integration.update(other, customer_email="bob@example.com")
    assert (moved["guest"], moved["customer_email"]) == (True, "bob@example.com")


async def test_a_password_signs_up_the_customer_that_the_order_has(shop: Shop) -> None:
    order = await shop.guest.create("orders", customer_email="ada@example.com")
    with pytest.raises(Refused) as refused:
        await shop.guest.update(order, customer_password="short")
    assert refused.value.said == [("/data/attributes/customer_password", "too_short")]
    with pytest.raises(Refused) as refused:
        await shop.guest.create("orders", customer_password="secret")
    assert refused.value.said == [("/data/attributes/customer_email", "blank")]
    assert (await shop.integration.get(order, "customer")).included[0]["attributes"]["has_password"] is False
    assert (await shop.guest.update(order, customer_password="secret"))["guest"] is True
    assert (await shop.integration.get(order, "customer")).included[0]["attributes"]["has_password"] is True


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"coupon_code": "TEN"}, [("/data/attributes/coupon_code", "noent_coupon")]),
        ({"gift_card_code": "CARD"}, [("/data/attributes/gift_card_code", "noent_gift_card")]),
        ({"gift_card_or_coupon_code": "X"}, [("/data/attributes/gift_card_or_coupon_code", "noent_coupon")]),
        ({"customer_email": "ada"}, [("/data/attributes/customer_email", "invalid")]),
        ({"number": "7"}, [("/data/attributes/number", "not_editable")]),
    ],
)
async def test_what_an_order_cannot_take_is_refused_and_changes_nothing(
    shop: Shop, attributes: dict[str, Any], said: list[tuple[str, str]]
) -> None:
    order = await shop.integration.create("orders", {"market": shop.market})
    with pytest.raises(Refused) as refused:
        await shop.integration.update(order, **attributes, metadata={"a": 1})
    assert (refused.value.status, refused.value.said) == (422, said)
    assert (await shop.integration.get(order)).data["attributes"] == order.data["attributes"]


async def test_an_order_needs_a_market(shop: Shop) -> None:
    with pytest.raises(Refused) as refused:
        await shop.caller("sales_channel").create("orders")
    assert refused.value.said == [("/data/relationships/market", "blank")]


async def test_another_currency_comes_only_to_an_empty_order(shop: Shop) -> None:
    await shop.sku("HAT", 1000)
    integration = shop.integration
    dollars = await integration.create("price_lists", name="USD", currency_code="USD", tax_included=False)
    states = await integration.create("markets", {"merchant": shop.merchant, "price_list": dollars}, name="States")
    order = await integration.create("orders", {"market": shop.market})
    moved = await integration.update(order, {"market": states})
    assert (moved["currency_code"], moved["tax_included"]) == ("USD", False)
    await integration.update(order, {"market": shop.market})
    await integration.create("line_items", {"order": order}, sku_code="HAT", quantity=1)
    with pytest.raises(Refused) as refused:
        await integration.update(order, {"market": states})
    assert refused.value.said == [("/data/relationships/market", "invalid")]


async def test_a_draft_goes_with_its_lines(shop: Shop) -> None:
    await shop.sku("HAT", 1000)
    order = await shop.integration.create("orders", {"market": shop.market})
    await shop.integration.create("line_items", {"order": order}, sku_code="HAT", quantity=1)
    await shop.integration.delete(order)
    assert await shop.integration.list("line_items") == []
