"""What the areas below orders know of an order while it is priced: a cart with lines, and the steps of its refresh.

An area such as taxes contributes steps; `orders/refresh/steps.py` alone says in which order they are taken. Areas read
carts and lines by what stands here and never import an order.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from paydesk.declare import Rule
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work

Part = Literal["goods", "shipping", "fees", "adjustments", "discounts", "free shipping"]
"""The parts of an order's total."""

PURCHASABLE = ("skus", "bundles", "gift_cards")
"""Items that are goods: they make the subtotal, and an order with one of them can become pending."""

PROMOTIONS = (
    "discount_engine_items",
    "percentage_discount_promotions",
    "free_shipping_promotions",
    "buy_x_pay_y_promotions",
    "free_gift_promotions",
    "fixed_price_promotions",
    "external_promotions",
    "fixed_amount_promotions",
    "flex_promotions",
)

_PART_OF: dict[str, Part] = {
    **dict.fromkeys(PURCHASABLE, "goods"),
    **dict.fromkeys(PROMOTIONS, "discounts"),
    "free_shipping_promotions": "free shipping",
    "shipments": "shipping",
    "payment_methods": "fees",
}


@dataclass(frozen=True, slots=True)
class Priced:
    """What of a line item counts in its order. `discount_cents` is its share of the discounts, zero or less; `pieces`
    are those of skus in it, where it is of these or of bundles.
    """

    item_type: str | None
    quantity: int
    total_cents: int
    discount_cents: int = 0
    pieces: int = 0

    @property
    def part(self) -> Part:
        """The part of the total that it belongs to, by its item; what is of no other is an adjustment."""
        return _PART_OF.get(self.item_type or "", "adjustments")


def line_total(unit_cents: int, quantity: int, options_cents: int) -> int:
    return unit_cents * quantity + options_cents


class Line(Resource):
    """A line of a cart: `line_items` makes it a type."""

    item_type: str | None
    item_id: str | None
    quantity: int
    contents: dict[str, int] | None
    unit_amount_cents: int | None
    options_amount_cents: int | None
    discount_cents: int | None
    tax_amount_cents: int | None
    tax_rate: float | None
    currency_code: str

    def priced(self) -> Priced:
        """It with what it costs by itself, whatever total is stored with it."""
        kind, quantity = self.item_type, self.quantity
        pieces = quantity * sum((self.contents or {}).values()) if kind == "bundles" else quantity
        return Priced(kind, quantity, self.costs(), self.discount_cents or 0, pieces)

    def costs(self) -> int:
        """What it costs by itself, in minor units, whatever total is stored with it."""
        return line_total(self.unit_amount_cents or 0, self.quantity, self.options_amount_cents or 0)

    def pieces(self) -> dict[str, int]:
        """How many of each sku it holds, by its id: itself, or what its bundle is made of."""
        if self.item_id is None:
            return {}
        if self.item_type == "skus":
            return {self.item_id: self.quantity}
        contents = (self.contents or {}) if self.item_type == "bundles" else {}
        return {sku: each * self.quantity for sku, each in contents.items()}


class Cart(Resource):
    """An order, as far as its price goes: `orders` makes it a type. A step of its refresh finds `line_items` and
    `market` loaded.

    tax_rate       the rate that its last refresh found; None where no calculator works for it
    ..._taxable    switches, as they count
    taxable_told   what clients have said of the switches; None before a calculator has worked for it
    shipments      in hand once its refresh has built them
    forced         its refresh was asked for, or is the one that it is placed by
    unpriced       codes of skus and bundles, and names of options, that its refresh found no price for in its market:
                   their lines keep the last one
    """

    number: str
    status: str
    fulfillment_status: str
    placed_at: str | None
    currency_code: str
    tax_included: bool | None
    market: Any
    market_id: str
    line_items: list[Any]
    shipments: list[Any]
    shipments_count: int | None
    shipping_address: Any
    shipping_country_code_lock: str | None
    stock: str | None
    forced: bool
    unpriced: Sequence[str] = ()
    billing_address_id: str | None
    shipping_address_id: str | None
    tax_rate: float | None
    freight_taxable: bool
    payment_method_taxable: bool
    adjustment_taxable: bool
    gift_card_taxable: bool
    taxable_told: dict[str, bool] | None
    tax_calculations_count: int | None

    @property
    @abstractmethod
    def editable_now(self) -> bool:
        """It can still be changed."""

    @abstractmethod
    def must_be_editable(self, work: Work) -> None:
        """Refuse where it cannot, or not by who asks."""

    @abstractmethod
    def refresh(self, work: Work, *, forced: bool = False) -> Rule:
        """Bring prices, amounts and status up to what it holds. Returns None where that was not due."""

    @abstractmethod
    def sent(self, work: Work) -> Rule:
        """See whether it is fulfilled, now that something of it has left or will not."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a refresh: `take(cart, work)` brings one part of the order up to what it holds now. The order's lines
    and market are loaded; a step that needs more asks for it.
    """

    name: str
    take: Callable[[Any, Work], Rule]
