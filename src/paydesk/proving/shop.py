"""A shop to try things in: a market whose orders are taxed and shipped from its stock, a gateway with an account of the
sandbox, and orders at every stage of paying.
"""

from __future__ import annotations

import itertools
from typing import Any

from paydesk.proving.asking import Answer, Api, Link, Stripe, changing, creating

GOODS_CENTS, SHIPPING_CENTS, TAX_RATE = 10_000, 2_320, 0.25

CENTS = 15_400
"""What every order costs: a piece of goods and its shipping, each with its tax."""

PIECES = 100_000
"""How many pieces there are; every order is for one."""

CARD = "pm_card_visa"

_ADDRESS = {
    "first_name": "Ada",
    "last_name": "Rossi",
    "line_1": "Via Garibaldi 12",
    "city": "Torino",
    "zip_code": "10122",
    "state_code": "TO",
    "country_code": "IT",
    "phone": "+39 011 0000000",
}


class Shop:
    """See the module. Everything is made by requests that any integration could send."""

    def __init__(self, api: Api, stripe: Stripe, name: str) -> None:
        self.api, self.stripe, self.name = api, stripe, name
        self._market: Link
        self._method: Link
        self._address: Link
        self._shipping: Link
        self._count = itertools.count(1)

    async def open(self) -> None:
        address = await self._made("addresses", _ADDRESS)
        self._address = address.link
        merchant = await self._made("merchants", {"name": self.name}, address=address.link)
        prices = {"name": self.name, "code": self.name, "currency_code": "EUR", "tax_included": False}
        price_list = await self._made("price_lists", prices)
        calculator = await self._made("manual_tax_calculators", {"name": self.name})
        rule = {"name": self.name, "tax_rate": TAX_RATE, "freight_taxable": True}
        await self._made("tax_rules", rule, manual_tax_calculator=calculator.link)
        related = {"tax_calculator": calculator.link, "inventory_model": await self._stock(price_list.link)}
        market = {"name": self.name, "code": self.name}
        made = await self._made("markets", market, merchant=merchant.link, price_list=price_list.link, **related)
        self._market = made.link
        flat = {"name": self.name, "price_amount_cents": SHIPPING_CENTS, "currency_code": "EUR"}
        self._shipping = (await self._made("shipping_methods", flat, market=self._market)).link
        account = {"name": self.name, "login": self.stripe.key, "publishable_key": "pk_test_proof"}
        gateway = await self._made("stripe_gateways", account)
        method = {"payment_source_type": "stripe_payments", "price_amount_cents": 0, "currency_code": "EUR"}
        self._method = (await self._made("payment_methods", method, payment_gateway=gateway.link)).link

    async def _stock(self, price_list: Link) -> Link:
        """The goods of this shop, their price, and the inventory model that they are sold from."""
        category = await self._made("shipping_categories", {"name": self.name})
        sku = await self._made("skus", {"code": self.name, "name": "Goods"}, shipping_category=category.link)
        await self._made("prices", {"amount_cents": GOODS_CENTS}, price_list=price_list, sku=sku.link)
        location = (await self._made("stock_locations", {"name": self.name}, address=self._address)).link
        await self._made("stock_items", {"quantity": PIECES}, sku=sku.link, stock_location=location)
        model = (await self._made("inventory_models", {"name": self.name})).link
        for kind in ("inventory_stock_locations", "inventory_return_locations"):
            await self._made(kind, {"priority": 1}, inventory_model=model, stock_location=location)
        return model

    async def _made(self, type: str, attributes: Any = None, **related: Link) -> Answer:
        return await self.api.do(creating(type, attributes, **related))

    async def order(self, email: str | None = None) -> Answer:
        """An order that lacks nothing but its payment; of a customer of its own, unless somebody's address is given."""
        given = {"customer_email": email or f"{self.name}-{next(self._count)}@example.com"}
        related = {"market": self._market, "payment_method": self._method}
        related |= {"billing_address": self._address, "shipping_address": self._address}
        order = await self._made("orders", given, **related)
        line = await self._made(
            "line_items?include=order.shipments", {"sku_code": self.name, "quantity": 1}, order=order.link
        )
        (shipment,) = (one for one in line.document["included"] if one["type"] == "shipments")
        sent: Link = {"type": "shipments", "id": shipment["id"]}
        await self.api.do(changing(sent, shipping_method=self._shipping))
        return order

    async def line(self, order: Answer, cents: int) -> None:
        """A line for something of its own, which comes to so much with its tax."""
        given = {"name": "Line", "quantity": 1, "unit_amount_cents": round(cents / (1 + TAX_RATE))}
        await self._made("line_items", given, order=order.link)

    async def payment(self, order: Answer, **options: str) -> Answer:
        """A payment source; with options, those of its intent."""
        return await self._made("stripe_payments", {"options": options} if options else None, order=order.link)

    async def intent(self) -> Any:
        """An intent for what an order costs, made at Stripe by the shop itself."""
        return await self.stripe.call(
            "POST", "/v1/payment_intents", amount=CENTS, currency="eur", capture_method="manual"
        )

    async def with_saved_card(self) -> Answer:
        """An order to be paid with a card that its customer saved with an order before."""
        before = await self.order()
        await self.confirm(await self.payment(before, setup_future_usage="off_session"))
        await self.trigger(before, "_place")
        await self.trigger(before, "_save_payment_source_to_customer_wallet")
        customer = (await self.api.get(f"orders/{before.id}/customer")).id
        (kept,) = (await self.api.get(f"customers/{customer}/customer_payment_sources")).data
        order = await self.order(before["customer_email"])
        return await self.api.do(changing(order.link, {"_customer_payment_source_id": kept["id"]}))

    async def authorized(self) -> tuple[Answer, Answer]:
        """An order whose shopper confirmed the payment in the browser, and its payment; not placed yet."""
        order = await self.order()
        payment = await self.payment(order)
        await self.confirm(payment)
        return order, payment

    async def confirm(self, payment: Answer) -> None:
        path = f"/v1/payment_intents/{payment['stripe_id']}/confirm"
        await self.stripe.call("POST", path, payment_method=CARD)

    async def placed(self) -> tuple[Answer, Answer]:
        order, payment = await self.authorized()
        await self.trigger(order, "_place")
        return order, payment

    async def captured(self) -> tuple[Answer, Answer, Link]:
        """An order that is paid, its payment, and the capture."""
        order, payment = await self.placed()
        await self.trigger(order, "_approve_and_capture")
        return order, payment, await self.only(order, "captures")

    async def trigger(self, order: Answer, name: str) -> Answer:
        return await self.api.do(changing(order.link, {name: True}))

    async def only(self, order: Answer, kind: str) -> Link:
        """An order's one authorization or capture."""
        (one,) = (await self.api.get(f"orders/{order.id}/{kind}")).data
        return {"type": kind, "id": one["id"]}
