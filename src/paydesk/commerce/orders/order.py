"""An order, as the rules of this folder know it; `orders` makes it a type."""

from __future__ import annotations

from typing import Any

from paydesk.base.errors import Denied
from paydesk.base.money import Money
from paydesk.commerce.accounts.addresses import Address
from paydesk.commerce.accounts.customers import Customer
from paydesk.commerce.accounts.markets import Market
from paydesk.commerce.accounts.organizations import Organization, told
from paydesk.commerce.cart import Cart
from paydesk.commerce.payable import EDITABLE, Payable
from paydesk.rules.work import Work


class Order(Payable, Cart):
    """The members of an order that rules read beside those of `Payable`, and its answers that take no further rule."""

    guest: bool
    autorefresh: bool
    place_async: bool
    fulfillment_status: str
    customer_email: str | None
    customer: Customer
    market: Market
    market_id: str
    store: Any
    store_id: str | None
    billing_address_id: str | None
    shipping_address_id: str | None
    shipments: list[Any]
    shipments_count: int | None
    line_items: list[Any]
    resource_errors: list[Any]
    total_amount_with_taxes_cents: int
    place_total_amount_cents: int | None
    authorized_cents: int
    captured_cents: int
    voided_cents: int
    refunded_cents: int
    skus_count: int
    errors_count: int
    stock: str | None
    attention: dict[str, Any] | None
    capture_due_at: str | None
    placed_at: str | None
    archived_at: str | None
    expires_at: str | None
    refreshed_at: str | None

    @property
    def is_owned(self) -> bool:
        """It is its customer's own, and does not merely name the customer (`owning`)."""
        return self.customer_id is not None and (not self.guest or self.claimed_at is not None)

    @property
    def editable_now(self) -> bool:
        return self.status in EDITABLE

    def must_be_editable(self, work: Work) -> None:
        """raises   Denied to a sales channel past `pending`, Invalid("status", "not_editable") past editing"""
        if work.actor.is_sales_channel and self.status not in ("draft", "pending"):
            raise Denied("an order that is no longer a cart")
        if not self.editable_now:
            work.invalid("status", "not_editable", "is not editable", value=self.status)
            work.check()

    def moved(self, address: Address, work: Work) -> None:
        """One of its addresses was changed in place."""
        shipping_first = self.shipping_address_id or self.billing_address_id
        if self.editable_now and shipping_first == address.id:
            work.change(self, country_code=address.country_code)

    def due(self) -> Money:
        """What is charged: the total with taxes, less the gift card."""
        return Money(self.total_amount_with_taxes_cents, self.currency_code)

    def takes_source(self, work: Work) -> None:
        """Note why no payment source can be made for the order: it is past editing, or free."""
        if work.actor.is_sales_channel and self.status not in ("draft", "pending"):
            raise Denied("an order that is no longer a cart")
        if not self.editable_now:
            work.invalid("order", "not_editable", "is not editable", value=self.status)
        elif not self.due():
            work.invalid("order", "free", "has nothing to pay")

    def for_intent(self, organization: Organization | None) -> dict[str, Any]:
        """The facts of the order that a gateway is told beside its amount. Needs `shipping_address` and `customer`
        loaded.

        description         the order's number, unless the organization keeps it to itself
        shipping            None without a shipping address or where addresses are not to be verified
        setup_future_usage  `off_session` where the order is no guest's, who may have typed anybody's address
        account             its customer's id
        in_parts            it is to be captured shipment by shipment
        """
        address = self.shipping_address if told(organization, "addresses_avs_check") else None
        has_account = self.customer is not None and not self.guest
        return {
            "description": self.number if told(organization, "orders_number_as_reference") else None,
            "shipping": address.for_carrier() if address else None,
            "setup_future_usage": "off_session" if has_account else None,
            "account": self.customer_id if has_account else None,
            "in_parts": (self.shipments_count or 0) > 1 and bool(told(organization, "captures_shipped")),
        }
