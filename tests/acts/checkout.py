"""The official checkout in a browser, request by request: what its pages and components send, and what they read of
each answer.

Source: mfe-checkout 6.5 and react-components 4.29, as they were read and recorded.
"""

from typing import Any

from tests.payments.conftest import ADDRESS, Answer, Api, document_of
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


async def bought_by(api: Api, shopper: Shopper) -> Read:
    """The customer step, done with a new address."""
    address = await shopper.write("POST", "addresses", None, ADDRESS)
    given = {"customer_email": "ada@example.com", "_shipping_address_same_as_billing": True}
    order: Read = await shopper.change(given, billing_address=linked("addresses", address["id"]))
    return order
