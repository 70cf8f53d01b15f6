"""An order, as the rules of this folder know it; `orders` makes it a type."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from paydesk.commerce.accounts.customers import Customer
from paydesk.commerce.accounts.markets import Market
from paydesk.commerce.payable import Payable
from paydesk.rules.work import Work


class Order(Payable):
    """What placing, settling, moving ... read of an order and ask of it, beside what payments do."""

    guest: bool
    autorefresh: bool
    place_async: bool
    fulfillment_status: str
    customer_email: str | None
    customer: Customer
    market: Market
    market_id: str
    billing_address_id: str | None
    shipping_address_id: str | None
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
    attention: dict[str, Any] | None
    placed_at: str | None
    archived_at: str | None
    expires_at: str | None
    refreshed_at: str | None

    @abstractmethod
    def must_be_editable(self, work: Work) -> None:
        """raises   Denied to a sales channel past `pending`, Invalid("status", "not_editable") past editing"""
