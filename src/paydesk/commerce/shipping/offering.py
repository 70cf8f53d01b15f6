"""Which shipping methods a shipment may be sent by, and what each costs: pure functions of what is loaded.

A shipment is told as a `Parcel`. Methods come with `shipping_zone` and `shipping_method_tiers` loaded (`PATHS`):

    methods = yield Find("shipping_methods", offerable(market_id, currency), offering.PATHS, many=True)
    prices = offered(methods, parcel)      # {method id: cents}, in the order of `methods`

A method is in `prices` exactly where it may be chosen. `charged` then says what each of an order's shipments costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from paydesk.commerce.cart import Priced
from paydesk.commerce.regions import Placed
from paydesk.commerce.shipping.weights import grams
from paydesk.declare import Condition, both, either, eq, null

PATHS = ("shipping_zone", "shipping_method_tiers")
"""What has to be loaded with methods."""


class Zone(Protocol):
    """Where a method delivers to."""

    def applies_to(self, address: Placed | None) -> bool: ...


class Tier(Protocol):
    """A price up to a weight, in the unit of its method; None: however heavy."""

    @property
    def id(self) -> str: ...
    @property
    def up_to(self) -> float | None: ...
    @property
    def price_amount_cents(self) -> int: ...


class Method(Protocol):
    """What of a shipping method counts; see `shipping_methods` for each."""

    @property
    def id(self) -> str: ...
    @property
    def scheme(self) -> str: ...
    @property
    def currency_code(self) -> str | None: ...
    @property
    def disabled_at(self) -> str | None: ...
    @property
    def market_id(self) -> str | None: ...
    @property
    def shipping_category_id(self) -> str | None: ...
    @property
    def stock_location_id(self) -> str | None: ...
    @property
    def shipping_zone(self) -> Zone | None: ...
    @property
    def min_weight(self) -> float | None: ...
    @property
    def max_weight(self) -> float | None: ...
    @property
    def unit_of_weight(self) -> str | None: ...
    @property
    def price_amount_cents(self) -> int: ...
    @property
    def free_over_amount_cents(self) -> int | None: ...
    @property
    def use_subtotal(self) -> bool: ...
    @property
    def shipping_method_tiers(self) -> Sequence[Tier]: ...


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is to be sent together: one shipment, as far as the methods for it go.

    market_id, currency_code   of its order
    address                    where it goes; None while that is not known
    shipping_category_id       what all of its goods are of; None where they are of several
    stock_location_id          where it is sent from; None while that is not known
    weight                     in grams (`weights.weight_of`)
    subtotal_cents             what the goods of its whole order cost
    total_cents                the same with their discounts and adjustments (`compared`), without shipping and fees,
                               so that what shipping costs never changes what it costs
    external_prices            what the service of a method with the scheme `external` has answered for it, by the
                               method's id; a method that is missing cannot be chosen
    """

    market_id: str | None
    currency_code: str
    address: Placed | None
    shipping_category_id: str | None
    stock_location_id: str | None
    weight: Decimal
    subtotal_cents: int
    total_cents: int
    external_prices: Mapping[str, int] = field(default_factory=dict)


def offerable(market_id: str | None, currency_code: str) -> Condition:
    """The methods that shipments of a market's orders can be sent by, wherever they go."""
    return both(
        null("disabled_at"),
        eq("currency_code", currency_code),
        either(null("market_id"), eq("market_id", market_id)) if market_id is not None else null("market_id"),
    )


def compared(lines: Iterable[Priced]) -> tuple[int, int]:
    """The `subtotal_cents` and `total_cents` of an order that holds these lines."""
    each = list(lines)
    goods = sum(one.total_cents for one in each if one.part == "goods")
    discounts = sum(one.total_cents for one in each if one.part == "discounts")
    adjustments = sum(one.total_cents for one in each if one.part == "adjustments")
    return goods, goods + max(discounts, -max(goods, 0)) + adjustments


def offered(methods: Iterable[Method], parcel: Parcel) -> dict[str, int]:
    """What a shipment costs by each method that it may be sent by, by the method's id, in the order given."""
    prices = ((one.id, price_of(one, parcel)) for one in methods if is_offered(one, parcel))
    return {id_: cents for id_, cents in prices if cents is not None}


def is_offered(method: Method, parcel: Parcel) -> bool:
    """Whether a method is for such shipments, whatever they cost by it: it is enabled, and its market or currency,
    zone, category, location and limits of weight let it. What a method does not say limits nothing.
    """
    return (
        method.disabled_at is None
        and method.currency_code == parcel.currency_code
        and method.market_id in (None, parcel.market_id)
        and method.shipping_category_id in (None, parcel.shipping_category_id)
        and method.stock_location_id in (None, parcel.stock_location_id)
        and _carries(method, parcel.weight)
        and (method.shipping_zone is None or method.shipping_zone.applies_to(parcel.address))
    )


def _carries(method: Method, weight: Decimal) -> bool:
    """Limits are inclusive."""
    least, most, unit = method.min_weight, method.max_weight, method.unit_of_weight
    return (least is None or grams(least, unit) <= weight) and (most is None or weight <= grams(most, unit))


def price_of(method: Method, parcel: Parcel) -> int | None:
    """What a shipment costs by a method, in minor units; None where it cannot be said, so that it cannot be chosen:
    no tier reaches its weight, or no external price is known.

    An order that costs `free_over_amount_cents` or more is sent for nothing, whatever the scheme.
    """
    free_over = method.free_over_amount_cents
    if free_over is not None and free_over <= (parcel.subtotal_cents if method.use_subtotal else parcel.total_cents):
        return 0
    if method.scheme == "weight_tiered":
        return _tiered(method, parcel.weight)
    if method.scheme == "external":
        return parcel.external_prices.get(method.id)
    return method.price_amount_cents


def _tiered(method: Method, weight: Decimal) -> int | None:
    """The price of the first tier that reaches the weight, the lightest first; of two alike the cheaper counts."""
    reaching = [
        (one.up_to is None, one.up_to or 0, one.price_amount_cents)
        for one in method.shipping_method_tiers
        if one.up_to is None or weight <= grams(one.up_to, method.unit_of_weight)
    ]
    return min(reaching)[2] if reaching else None


def charged(prices: Sequence[int], cutoff: int | None) -> list[int]:
    """What each of an order's shipments costs, where its market lets no more than so many cost: the first that do.

    cutoff   `markets.shipping_cost_cutoff`; None: all of them
    """
    left, told = cutoff, []
    for cents in prices:
        costs = cents != 0 and (left is None or left > 0)
        told.append(cents if costs else 0)
        if costs and left is not None:
            left -= 1
    return told
