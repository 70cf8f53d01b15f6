"""The buttons of the back office on what is served: each as the official pages send it, with what they read next.

Source: dashboard applications 5.1.1, read.
"""

from typing import Any

from tests.acts.saved_cards import paid, ready, saved
from tests.payments.conftest import ADDRESS, Answer, Api, document_of
from tests.reading import Read, misfits, read, unlinked

INC = (
    "market,customer.customer_addresses.address,line_items.gift_card,line_items.line_item_options,line_items.sku,"
    "shipping_address,billing_address,shipments.line_items,shipments.stock_transfers,shipments.parcels,"
    "shipments.shipping_method,shipments.available_shipping_methods,shipments.stock_location,"
    "shipments.stock_line_items.sku,payment_method,payment_source,transactions"
)
CONTENT = "application/vnd.api+json"


async def press(
    api: Api, method: str, path: str, attributes: Any = None, *, include: str = "", expect: int = 200, **related: Any
) -> Any:
    """What the page reads of the answer."""
    type_, _, id_ = path.partition("/")
    body = None if method == "DELETE" else document_of(type_, id_ or None, attributes, related)
    query = f"?include={include}" if include else ""
    answer = await api.send(method, path + query, body, content_type=CONTENT)
    assert answer.status == expect, answer.raw
    if expect >= 400:
        return answer.said
    if expect == 204:
        return None
    assert misfits(answer.document) == [] and unlinked(answer.document, include) == []
    return read(answer.document)


async def order_button(api: Api, order: Answer, **trigger: Any) -> tuple[str, str, str]:
    """The three states that its next buttons hang on."""
    shown: Read = await press(api, "PATCH", f"orders/{order.id}", trigger, include=INC)
    for transaction in shown["transactions"]:
        # What is neither is asked for every five seconds.
        assert transaction["succeeded"] or transaction["message"] or transaction["error_code"]
        assert isinstance(transaction["formatted_amount"], str)
    return shown["status"], shown["payment_status"], shown["fulfillment_status"]


async def test_an_order_is_placed_kept_away_approved_captured_and_refunded(api: Api) -> None:
    order = await ready(api)
    await paid(api, order)
    assert await order_button(api, order, _place=True) == ("placed", "authorized", "not_required")
    assert await order_button(api, order, _archive=True) == ("placed", "authorized", "not_required")
    assert (await api.get(order))["archived_at"] is not None
    await order_button(api, order, _unarchive=True)
    assert (await api.get(order))["archived_at"] is None
    assert await order_button(api, order, _approve=True) == ("approved", "authorized", "not_required")
    assert await order_button(api, order, _capture=True) == ("approved", "paid", "not_required")
    page = read((await api.get(order, "?include=captures,line_items,payment_method,refunds")).document)
    (capture,) = page["captures"]
    assert (capture["succeeded"], capture["refund_balance_cents"], page["refunds"]) == (True, 15400, [])
    assert isinstance(page["line_items"], list)
    for amount, left in ((400, 15000), (15000, 0)):
        given = {"_refund": True, "_refund_amount_cents": amount}
        told = await press(api, "PATCH", f"captures/{capture['id']}", given)
        assert told["refund_balance_cents"] == left
    again = await press(
        api, "PATCH", f"captures/{capture['id']}", {"_refund": True, "_refund_amount_cents": 1}, expect=422
    )
    assert again[0][0] == "/data/attributes/refund_balance_cents"
    assert (await api.get(order))["payment_status"] == "refunded"
    assert sum(one.amount_received for one in await api.stripe.intents()) == 15400


async def test_a_placed_order_and_an_authorization_are_cancelled(api: Api) -> None:
    order = await ready(api)
    await paid(api, order)
    await order_button(api, order, _place=True)
    assert await order_button(api, order, _cancel=True) == ("cancelled", "voided", "not_required")
    (intent,) = await api.stripe.intents()
    assert intent.status == "canceled"
    # A second press changes nothing, nor does the page of the transaction.
    assert await order_button(api, order, _cancel=True) == ("cancelled", "voided", "not_required")
    (authorization,) = read((await api.get(order, "?include=authorizations")).document)["authorizations"]
    path = f"authorizations/{authorization['id']}"
    assert (await press(api, "PATCH", path, {"_cancel": True}, expect=422))[0][0] == "/data/attributes/_cancel"


async def test_an_order_is_put_together(api: Api) -> None:
    sku = await api.sku("GUIDE", do_not_ship=True)
    market = read((await api.get(f"markets/{api.market['id']}?include=price_list")).document)
    prices = {"type": "price_lists", "id": market["price_list"]["id"]}
    await press(api, "POST", "prices", {"amount_cents": 2900}, expect=201, price_list=prices, sku=sku)
    made = await press(api, "POST", "orders", {}, expect=201, market=api.market)
    path = f"orders/{made['id']}"
    order = {"type": "orders", "id": made["id"]}
    for given in ({"customer_email": "ada@example.com"}, {"language_code": "it"}, {"coupon_code": None}):
        told = await press(api, "PATCH", path, given)
        assert {name: told[name] for name in given} == given
    address = await press(api, "POST", "addresses", ADDRESS, expect=201)
    link = {"type": "addresses", "id": address["id"]}
    told = await press(api, "PATCH", path, {}, include=INC, billing_address=link, shipping_address=link)
    assert (told["billing_address"]["city"], told["shipping_address"]["city"]) == ("Torino", "Torino")

    line = await press(api, "POST", "line_items", {"sku_code": "GUIDE", "quantity": 1}, expect=201, order=order)
    own = {"sku_code": "GUIDE", "quantity": 1, "unit_amount_cents": 100, "_external_price": False}
    priced = await press(api, "POST", "line_items", own, expect=201, order=order)
    assert priced["unit_amount_cents"] == 100
    told = await press(api, "PATCH", f"line_items/{line['id']}", {"quantity": 3})
    assert (told["quantity"], told["total_amount_cents"]) == (3, 8700)
    await press(api, "DELETE", f"line_items/{priced['id']}", expect=204)
    # There are no adjustments to take.
    item = {"type": "adjustments", "id": "abcdefghij"}
    said = await press(api, "POST", "line_items", {"quantity": 1}, expect=422, order=order, item=item)
    assert said == [("/data/relationships/item", "blank")]
    told = read((await api.get(order, f"?include={INC}")).document)
    assert (told["total_amount_with_taxes_cents"], len(told["line_items"])) == (8700, 1)
    # What it was placed for is known once it is placed.
    assert told["place_total_amount_cents"] is None


async def test_customers_are_made_changed_and_taken_away(api: Api) -> None:
    customer = await press(api, "POST", "customers", {"email": "ada@example.com"}, expect=201)
    path, link = f"customers/{customer['id']}", {"type": "customers", "id": customer["id"]}
    told = await press(api, "PATCH", path, {"email": "vera@example.com", "metadata": {"a": "b"}}, customer_group=None)
    assert (told["email"], told["metadata"]) == ("vera@example.com", {"a": "b"})
    reset = await press(api, "POST", "customer_password_resets", {"customer_email": "vera@example.com"}, expect=201)
    assert isinstance(reset["reset_password_token"], str)
    address = await press(api, "POST", "addresses", ADDRESS, expect=201)
    entry = await press(
        api, "POST", "customer_addresses", {}, expect=201,
        customer=link, address={"type": "addresses", "id": address["id"]},
    )  # fmt: skip
    await press(api, "DELETE", f"customer_addresses/{entry['id']}", expect=204)
    assert (await api.get(f"{path}/customer_addresses")).data == []
    await press(api, "DELETE", path, expect=204)
    await api.get(path, expect=404)


async def test_a_saved_card_is_taken_away(api: Api) -> None:
    entry = await saved(api)
    shown = read((await api.get("customers?include=customer_payment_sources.payment_source")).document)
    (card,) = shown[0]["customer_payment_sources"]
    instrument = card["payment_source"]["payment_instrument"]
    names = ("issuer_type", "card_type", "card_last_digits", "card_expiry_month", "card_expiry_year")
    assert [type(instrument[name]) for name in names] == [str] * 5
    await press(api, "DELETE", f"customer_payment_sources/{entry}", expect=204)
    assert (await api.get("customer_payment_sources")).data == []


async def test_skus_price_lists_and_prices_are_made_changed_and_taken_away(api: Api) -> None:
    category = await api.create("shipping_categories", {"name": "Goods"})
    given = {
        "code": "GUIDE", "name": "Guide", "description": None, "image_url": None, "pieces_per_pack": None,
        "weight": None, "unit_of_weight": None, "hs_tariff_number": None, "do_not_ship": True, "do_not_track": True,
    }  # fmt: skip
    sku = await press(api, "POST", "skus", given, expect=201, shipping_category=category)
    path, link = f"skus/{sku['id']}", {"type": "skus", "id": sku["id"]}
    told = await press(api, "PATCH", path, {"weight": 12.5, "unit_of_weight": "gr"}, include="shipping_category")
    assert (told["weight"], told["shipping_category"]["id"]) == (12.5, category.id)
    prices = await press(
        api, "POST", "price_lists", {"name": "USD", "currency_code": "USD", "tax_included": True}, expect=201
    )
    told = await press(api, "PATCH", f"price_lists/{prices['id']}", {"name": "Dollars"})
    assert told["name"] == "Dollars"
    amounts = {"amount_cents": 900, "compare_at_amount_cents": 1000}
    of: dict[str, Any] = {"price_list": {"type": "price_lists", "id": prices["id"]}, "sku": link}
    price = await press(api, "POST", "prices", amounts, expect=201, **of)
    told = await press(api, "PATCH", f"prices/{price['id']}", {"amount_cents": 800}, include="sku,price_list")
    assert (told["formatted_amount"], told["sku_code"]) == ("$8.00", "GUIDE")
    for one in (f"prices/{price['id']}", f"price_lists/{prices['id']}", path):
        await press(api, "DELETE", one, expect=204)
        await api.get(one, expect=404)
