"""The official checkout, request by request, as a guest and as a customer who has signed in: what is sent, and what the
pages and components read of each answer.

Source: mfe-checkout 6.5 and react-components 4.29, as they were read and recorded.
"""

from typing import Any

import pytest

from tests.acts.saved_cards import shopper_confirms
from tests.acts.wallet import PASSWORD
from tests.payments.conftest import ADDRESS, Answer, Api, document_of, on_sqlite
from tests.reading import Read, misfits, read, unlinked

PAGE = "https://shop.example.com/checkout/1"
INC = (
    "available_payment_methods,payment_source,payment_method,line_items.line_item_options.sku_option,line_items.item,"
    "shipping_address,billing_address,shipments.available_shipping_methods,shipments.stock_line_items.line_item,"
    "shipments.shipping_method,shipments.stock_transfers.line_item,shipments.stock_location,"
    "shipments.parcels.parcel_line_items"
)
WALLET = "available_customer_payment_sources.payment_source,available_customer_payment_sources.payment_method,"
OPENED = (
    "include=line_items,line_items.item,customer&fields[orders]=id,autorefresh,status,number,guest,token,language_code,"
    "terms_url,privacy_url,line_items,expires_at,expiration_info,customer,payment_status&fields[line_items]=item_type,item"
)
OWN_COPY = (
    "include=shipping_address,billing_address,shipments,shipments.shipping_method,shipments.available_shipping_methods,"
    "payment_method,payment_source,customer,customer.customer_addresses,customer.customer_addresses.address,line_items"
    "&fields[orders]=id,number,coupon_code,currency_code,shipping_amount_float,total_tax_amount_float,guest,"
    "shipping_country_code_lock,customer_email,status,return_url,cart_url,tax_included,requires_billing_info,"
    "total_amount_with_taxes_float,language_code,subscription_created_at,shipping_address,billing_address,shipments,"
    "payment_method,payment_source,customer,line_items,payment_status"
    "&fields[shipments]=shipping_method,available_shipping_methods&fields[customers]=customer_addresses"
    "&fields[customer_addresses]=address&fields[line_items]=frequency"
)
CONTENT = "application/vnd.api+json"


class Shopper:
    """The checkout in a browser: it sends what the components send, with their headers, and reads as their SDK does."""

    def __init__(self, api: Api, token: str, order: Answer, *, signed_in: bool) -> None:
        self.api, self.token, self.order = api, token, order
        self.include = (WALLET if signed_in else "") + INC

    async def get(self, path: str) -> Any:
        # The SDK names its media type with every request.
        answer = await self.api.send(
            "GET", path.replace("[", "%5B").replace("]", "%5D"), token=self.token, content_type=CONTENT
        )
        return self.read(answer, path)

    async def write(
        self, method: str, type_: str, id_: str | None, attributes: Any, query: str = "", **related: Any
    ) -> Any:
        """Both objects are always there, often empty."""
        body = document_of(type_, id_, attributes, related)
        path = f"{type_}/{id_}{query}" if id_ else f"{type_}{query}"
        return self.read(await self.api.send(method, path, body, token=self.token, content_type=CONTENT), path)

    def read(self, answer: Answer, path: str) -> Any:
        assert answer.status in (200, 201), f"{path}: {answer.raw.decode()[:600]}"
        document = answer.document
        assert misfits(document) == []
        included = next(
            (one.partition("=")[2] for one in path.partition("?")[2].split("&") if one[:8] == "include="), ""
        )
        assert unlinked(document, included) == []
        if isinstance(document["data"], list):
            assert set(document["meta"]) >= {"record_count", "page_count"}
        return read(document)

    async def whole(self) -> Any:
        """The components' copy of the order, asked for after nearly every change."""
        order = await self.get(f"orders/{self.order.id}?include={self.include}")
        assert (order["shipments"], type(order["available_payment_methods"])) == ([], list)
        for line in order["line_items"]:
            assert line["line_item_options"] == []
            # What is not shipped is never out of stock.
            assert line["item"]["do_not_ship"] is True
        return order

    async def change(self, attributes: Any, **related: Any) -> Any:
        await self.write("PATCH", "orders", self.order.id, attributes, f"?include={self.include}", **related)
        return await self.whole()

    async def open(self, *, own: bool) -> None:
        """What the page asks for before it draws anything, and its own copy of the order."""
        names = "id,logo_url,name,primary_color,favicon_url,gtm_id,gtm_id_test,support_email,support_phone,config"
        organization = await self.get(f"organization?fields[organizations]={names}")
        assert organization["type"] == "organizations"
        assert isinstance(organization["config"], dict | None)
        first = await self.get(f"orders/{self.order.id}?{OPENED}")
        assert (first["status"], first["autorefresh"], first["guest"]) == ("pending" if own else "draft", True, not own)
        assert [line["item_type"] for line in first["line_items"]] == ["skus", "skus"]
        assert [line["item"]["do_not_ship"] for line in first["line_items"]] == [True, True]
        copy = await self.get(f"orders/{self.order.id}?{OWN_COPY}")
        assert (copy["shipments"], copy["payment_method"], copy["payment_source"]) == ([], None, None)
        assert (copy["billing_address"], copy["shipping_address"]) == (None, None)
        assert copy["total_amount_with_taxes_float"] == 98.0
        assert (copy["customer"] or {}).get("customer_addresses", []) == []
        assert (await self.get("organization?fields[organizations]=id,config"))["id"] == organization["id"]
        assert (await self.get("delivery_lead_times?include=shipping_method,stock_location&page[number]=1")) == []


def linked(type_: str, id_: str) -> Any:
    return {"type": type_, "id": id_}


async def cart(api: Api, token: str) -> Answer:
    """Two goods that ship nothing, put in as the cart does."""
    for code, cents in (("GUIDE", 2900), ("SOUNDS", 4000)):
        sku = await api.sku(code, do_not_ship=True)
        market = (await api.get(f"markets/{api.market['id']}?include=price_list")).data
        prices = market["relationships"]["price_list"]["data"]
        await api.create("prices", {"amount_cents": cents}, price_list=prices, sku=sku)
    order = await api.create(
        "orders", {"language_code": "en", "cart_url": "https://shop.example.com/cart"}, token=token
    )
    for code, quantity in (("GUIDE", 2), ("SOUNDS", 1)):
        given = {"sku_code": code, "quantity": quantity, "_update_quantity": True, "metadata": {"from": "cart"}}
        await api.create("line_items", given, token=token, order=order)
    return order


async def choose_method(shopper: Shopper) -> Read:
    """The payment step: the method, then a payment by nothing but its order."""
    order = await shopper.whole()
    (method,) = order["available_payment_methods"]
    assert (method["payment_source_type"], method["price_amount_cents"]) == ("stripe_payments", 0)
    assert isinstance(method["name"], str)
    order = await shopper.change({}, payment_method=linked("payment_methods", method["id"]))
    assert order["payment_method"]["payment_source_type"] == "stripe_payments"
    assert order["payment_source"] is None
    made: Read = await shopper.write("POST", "stripe_payments", None, {"return_url": PAGE}, order=shopper.order.link)
    source = (await shopper.whole())["payment_source"]
    for payment in (made, source):
        assert (payment["type"], payment["connected_account"], payment["mismatched_amounts"]) == (
            "stripe_payments",
            None,
            False,
        )
        assert payment["publishable_key"] == "pk_test_shop"
        assert payment["client_secret"].startswith("pi_")
        # A brand would show a card where the form belongs.
        assert not (payment["payment_instrument"] or {}).get("card_type")
    assert source["id"] == made["id"]
    return made


async def place(shopper: Shopper, *ticked: str) -> Read:
    """From the click on the button to the thanks."""
    order_id = shopper.order.id
    assert (await shopper.get(f"orders/{order_id}?fields[orders]=status"))["status"] == "pending"
    assert (await shopper.get(f"orders/{order_id}"))["status"] == "pending"
    for name in ticked:
        await shopper.write("PATCH", "orders", order_id, {name: True})
    source = (await shopper.whole())["payment_source"]
    options = {"return_url": PAGE}
    if source["options"].get("return_url") != PAGE:
        kept = await shopper.write("PATCH", "stripe_payments", source["id"], {"options": options})
        assert kept["options"].items() >= options.items()
    query = f"?include={shopper.include}"
    placed: Read = await shopper.write("PATCH", "orders", order_id, {"_place": True}, query)
    assert (placed["status"], placed["payment_status"], placed["subscription_created_at"]) == (
        "placed",
        "authorized",
        None,
    )
    assert placed["payment_method"]["payment_source_type"] == "stripe_payments"
    card = placed["payment_source"]["payment_instrument"]
    names = ("card_type", "card_last_digits", "card_expiry_month", "card_expiry_year", "issuer_type")
    assert [type(card[name]) for name in names] == [str] * 5
    assert (placed["total_amount_cents"], placed["customer_email"]) == (9800, "ada@example.com")
    return placed


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


async def bought_by(api: Api, shopper: Shopper) -> Read:
    """The customer step, done with a new address."""
    address = await shopper.write("POST", "addresses", None, ADDRESS)
    given = {"customer_email": "ada@example.com", "_shipping_address_same_as_billing": True}
    order: Read = await shopper.change(given, billing_address=linked("addresses", address["id"]))
    return order


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
