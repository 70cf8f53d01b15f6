"""The official checkout, request by request, as a guest and as a customer who has signed in: what is sent, and what the
pages and components read of each answer.
"""

import pytest

from tests.acts.checkout import CONTENT, OPENED, OWN_COPY, Shopper, bought_by, cart, choose_method, linked, place
from tests.acts.saved_cards import shopper_confirms
from tests.acts.wallet import PASSWORD
from tests.payments.conftest import ADDRESS, Api, document_of, on_sqlite


@pytest.mark.parametrize("later", [False, True], ids=["at once", "after a payment that was left"])
async def test_a_guest_buys(api: Api, later: bool) -> None:
    token = await api.guest()
    shopper = Shopper(api, token, await cart(api, token), signed_in=False)
    await shopper.open(own=False)
    await shopper.change({"customer_email": "ada@example.com"})
    address = await shopper.write("POST", "addresses", None, ADDRESS)
    assert (address["business"], address["full_name"]) == (False, "Ada Rossi")
    given = {"customer_email": "ada@example.com", "_shipping_address_same_as_billing": True}
    order = await shopper.change(given, billing_address=linked("addresses", address["id"]))
    # The Stripe form refuses a draft.
    assert order["status"] == "pending"
    assert order["billing_address"]["name"] == order["shipping_address"]["name"] == address["name"]
    payment = await choose_method(shopper)
    if later:
        payment = await shopper.write("POST", "stripe_payments", None, {}, order=shopper.order.link)
        assert (await shopper.whole())["payment_source"]["id"] == payment["id"]
    await shopper_confirms(api, await api.get(linked("stripe_payments", payment["id"])), "pm_card_visa")
    wrong = document_of("orders", shopper.order.id, {"gift_card_or_coupon_code": "NONE"}, {})
    refused = await api.send("PATCH", f"orders/{shopper.order.id}", wrong, token=token)
    assert (refused.status, refused.errors[0]["code"]) == (422, "VALIDATION_ERROR")
    assert "gift_card_or_coupon_code" in refused.errors[0]["detail"]
    await place(shopper)
    thanks = await shopper.get(f"orders/{shopper.order.id}?{OWN_COPY}")
    assert (thanks["status"], thanks["payment_status"]) == ("placed", "authorized")


async def test_a_customer_buys_and_keeps_both_addresses_and_the_card_and_buys_with_them_again(api: Api) -> None:
    created = await api.create("customers", {"email": "ada@example.com", "password": PASSWORD})
    token = await api.customer("ada@example.com", PASSWORD)
    shopper = Shopper(api, token, await cart(api, token), signed_in=True)
    await shopper.open(own=True)
    customer = await shopper.get(f"customers/{created.id}")
    assert customer["email"] == "ada@example.com"
    book = "customer_addresses?include=address&page[size]=10&page[number]=1"
    assert await shopper.get(book) == []
    billing = await shopper.write("POST", "addresses", None, ADDRESS)
    shipping = await shopper.write("POST", "addresses", None, {**ADDRESS, "city": "Milano"})
    addresses = {
        "billing_address": linked("addresses", billing["id"]),
        "shipping_address": linked("addresses", shipping["id"]),
    }
    order = await shopper.change({"customer_email": "ada@example.com"}, **addresses)
    assert (order["status"], order["shipping_address"]["city"]) == ("pending", "Milano")
    payment = await choose_method(shopper)
    assert (await shopper.whole())["available_customer_payment_sources"] == []
    await shopper_confirms(api, await api.get(linked("stripe_payments", payment["id"])), "pm_card_visa")
    books = [f"_save_{which}_address_to_customer_address_book" for which in ("billing", "shipping")]
    await place(shopper, *books)
    await shopper.write("PATCH", "orders", shopper.order.id, {"_save_payment_source_to_customer_wallet": True})

    entries = await shopper.get(book)
    assert sorted(one["address"]["city"] for one in entries) == ["Milano", "Torino"]
    assert all(one["address"]["reference"] == one["id"] for one in entries)
    (kept,) = await shopper.get("customer_payment_sources?include=payment_source&sort=-updated_at&page[number]=1")
    assert kept["payment_source"]["payment_instrument"]["card_last_digits"] == "4242"
    bought = await shopper.get(
        f"customers/{created.id}/orders?filter[q][status_not_in]=draft,pending&sort=-number&page[number]=1"
    )
    assert [one["id"] for one in bought] == [shopper.order.id]

    # The next order: saved addresses, the saved card, no form and no confirmation in the browser.
    again = await api.create("orders", {}, token=token)
    for code, quantity in (("GUIDE", 2), ("SOUNDS", 1)):
        await api.create("line_items", {"sku_code": code, "quantity": quantity}, token=token, order=again)
    shopper = Shopper(api, token, again, signed_in=True)
    copy = await shopper.get(f"orders/{again.id}?{OWN_COPY}")
    saved = {one["address"]["id"]: one["id"] for one in copy["customer"]["customer_addresses"]}
    assert saved == {one["address"]["id"]: one["id"] for one in entries}
    first = entries[0]["address"]["id"]
    order = await shopper.change({"_billing_address_clone_id": first, "_shipping_address_clone_id": first})
    assert order["billing_address"]["reference"] == order["shipping_address"]["reference"] == saved[first]
    await choose_method(shopper)
    (offered,) = (await shopper.whole())["available_customer_payment_sources"]
    assert (offered["id"], offered["payment_source"]["type"]) == (kept["id"], "stripe_payments")
    order = await shopper.change({"_customer_payment_source_id": offered["id"]})
    assert order["payment_source"]["payment_instrument"]["card_type"] == "visa"
    await place(shopper, *books)
    assert len(await shopper.get(book)) == 2


@on_sqlite
async def test_an_address_of_the_order_is_changed_in_place_and_a_saved_one_is_taken(api: Api) -> None:
    token = await api.guest()
    shopper = Shopper(api, token, await cart(api, token), signed_in=False)
    order = await bought_by(api, shopper)
    billing = order["billing_address"]["id"]
    changed = await shopper.write("PATCH", "addresses", billing, {"city": "Milano"})
    assert changed["city"] == "Milano"
    order = await shopper.change({"_refresh": True, "_shipping_address_same_as_billing": True})
    assert (order["billing_address"]["id"], order["shipping_address"]["city"]) == (billing, "Milano")
    # With one saved address the page writes its entry's id to it, and has the order take copies.
    await shopper.write("PATCH", "addresses", billing, {"reference": "saved"})
    clones = {"_billing_address_clone_id": billing, "_shipping_address_clone_id": billing}
    query = "?include=billing_address,shipping_address,shipments.shipping_method"
    cloned = await shopper.write("PATCH", "orders", shopper.order.id, clones, query)
    assert (cloned["billing_address"]["reference"], cloned["shipments"]) == ("saved", [])


@on_sqlite
async def test_a_guests_order_that_a_customer_opens_becomes_the_customers(api: Api) -> None:
    guest = await api.guest()
    order = await cart(api, guest)
    await api.create("customers", {"email": "ada@example.com", "password": PASSWORD})
    token = await api.customer("ada@example.com", PASSWORD)
    shopper = Shopper(api, token, order, signed_in=True)
    await shopper.write("PATCH", "orders", order.id, {"_refresh": True, "autorefresh": True}, payment_method=None)
    opened = await shopper.get(f"orders/{order.id}?{OPENED}")
    assert (opened["guest"], opened["customer"]["email"]) == (False, "ada@example.com")


@on_sqlite
async def test_the_cart_and_its_codes(api: Api) -> None:
    token = await api.guest()
    shopper = Shopper(api, token, await cart(api, token), signed_in=False)
    first, second = (await shopper.whole())["line_items"]
    changed = await shopper.write("PATCH", "line_items", first["id"], {"quantity": 3})
    assert (changed["quantity"], changed["total_amount_cents"]) == (3, 8700)
    gone = await api.send("DELETE", f"line_items/{second['id']}", token=token, content_type=CONTENT)
    assert (gone.status, gone.raw) == (204, b"")
    order = await shopper.change({"gift_card_or_coupon_code": ""})
    read_as = {name: order[name] for name in ("coupon_code", "discount_amount_cents", "formatted_discount_amount")}
    assert read_as == {"coupon_code": None, "discount_amount_cents": 0, "formatted_discount_amount": "€0,00"}
    assert (order["gift_card_amount_cents"], order["skus_count"], order["total_amount_cents"]) == (0, 3, 8700)
    for name in ("coupon_code", "gift_card_code"):
        body = document_of("orders", shopper.order.id, {name: "NONE"}, {})
        refused = await api.send("PATCH", f"orders/{shopper.order.id}", body, token=token)
        assert (refused.status, refused.errors[0]["detail"].partition(" ")[0]) == (422, name)
        assert isinstance(refused.errors[0]["status"], str)


@on_sqlite
async def test_a_payment_is_let_go_by_an_attribute_that_is_null(api: Api) -> None:
    token = await api.guest()
    shopper = Shopper(api, token, await cart(api, token), signed_in=False)
    await bought_by(api, shopper)
    await choose_method(shopper)
    assert (await shopper.change({"payment_source": None}))["payment_source"] is None


@on_sqlite
async def test_a_wallets_button_buys_without_a_form(api: Api) -> None:
    """Apple Pay and Google Pay: the payment stands before the shopper's address is known."""
    token = await api.guest()
    shopper = Shopper(api, token, await cart(api, token), signed_in=False)
    (method,) = (await shopper.whole())["available_payment_methods"]
    await shopper.change({}, payment_method=linked("payment_methods", method["id"]))
    payment = await shopper.write("POST", "stripe_payments", None, {}, order=shopper.order.link)
    placeholder = await shopper.write("POST", "addresses", None, ADDRESS)
    given = {"customer_email": "ada@example.com", "_shipping_address_same_as_billing": True}
    query = "?include=shipments.available_shipping_methods"
    address = linked("addresses", placeholder["id"])
    order = await shopper.write("PATCH", "orders", shopper.order.id, given, query, billing_address=address)
    assert (order["shipments"], order["status"]) == ([], "pending")
    source = linked("stripe_payments", payment["id"])
    await shopper.write("PATCH", "stripe_payments", payment["id"], {}, order=shopper.order.link)
    await shopper.write("PATCH", "orders", shopper.order.id, {}, payment_source=source)
    updated = await shopper.write("PATCH", "stripe_payments", payment["id"], {"_update": True})
    assert updated["mismatched_amounts"] is False
    await shopper_confirms(api, await api.get(source), "pm_card_visa")
    placed = await shopper.write("PATCH", "orders", shopper.order.id, {"_place": True})
    assert (placed["status"], placed["payment_status"]) == ("placed", "authorized")


@on_sqlite
async def test_a_token_that_ended_and_one_that_may_not_are_told_apart(api: Api) -> None:
    """The one has the SDK ask for another token, the other does not."""
    for token, code in (("nonsense", "INVALID_TOKEN"), (await api.guest(), "UNAUTHORIZED")):
        answer = await api.send("GET", "price_lists?page[number]=1", token=token, content_type=CONTENT)
        assert (answer.status, [(one["code"], one["status"]) for one in answer.errors]) == (401, [(code, "401")])


@on_sqlite
async def test_a_browser_may_send_what_the_checkout_sends(api: Api) -> None:
    asked = {
        "origin": "https://checkout.example.com",
        "access-control-request-method": "PATCH",
        "access-control-request-headers": "authorization,content-type",
    }
    allowed = await api.http.request("OPTIONS", "/api/orders/x", headers=asked)
    assert allowed.status_code in (200, 204)
    methods = allowed.headers["access-control-allow-methods"]
    assert {"GET", "POST", "PATCH", "DELETE"} <= {one.strip() for one in methods.split(",")}
    headers = allowed.headers["access-control-allow-headers"].lower()
    assert {"authorization", "content-type"} <= {one.strip() for one in headers.split(",")}
