"""Which shipping methods a shipment may be sent by and what each costs, for every shipment there could be."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paydesk.commerce.cart import Priced
from paydesk.commerce.limits import MOST_CENTS
from paydesk.commerce.shipping.offering import Parcel, charged, compared, is_offered, offered, price_of
from paydesk.commerce.shipping.weights import UNITS, grams, weight_of

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=50)
"""Other tests run beside these, so it is no matter how long one takes."""


@dataclass(frozen=True)
class Zone:
    covers: bool

    def applies_to(self, address: Any) -> bool:
        return self.covers


@dataclass(frozen=True)
class Tier:
    up_to: float | None
    price_amount_cents: int
    id: str = "tier"


@dataclass(frozen=True)
class Method:
    id: str = "method"
    scheme: str = "flat"
    currency_code: str | None = "EUR"
    disabled_at: str | None = None
    market_id: str | None = None
    shipping_category_id: str | None = None
    stock_location_id: str | None = None
    shipping_zone: Zone | None = None
    min_weight: float | None = None
    max_weight: float | None = None
    unit_of_weight: str | None = None
    price_amount_cents: int = 1000
    free_over_amount_cents: int | None = None
    use_subtotal: bool = False
    shipping_method_tiers: tuple[Tier, ...] = ()


@dataclass(frozen=True)
class Piece:
    weight: float | None
    unit_of_weight: str | None = None


PARCEL = Parcel("here", "EUR", None, "goods", "milano", Decimal(1000), 9900, 9000)

cents = st.integers(0, MOST_CENTS)
weights = st.none() | st.floats(0, 1e6)
tiers = st.lists(st.builds(Tier, weights, cents), max_size=6).map(tuple)
methods = st.builds(
    Method,
    id=st.sampled_from("abcdef"),
    scheme=st.sampled_from(["flat", "weight_tiered", "external"]),
    currency_code=st.sampled_from(["EUR", "USD"]),
    disabled_at=st.none() | st.just("2018-01-01T12:00:00.000Z"),
    market_id=st.sampled_from([None, "here", "there"]),
    shipping_category_id=st.sampled_from([None, "goods", "bulky"]),
    stock_location_id=st.sampled_from([None, "milano", "torino"]),
    shipping_zone=st.sampled_from([None, Zone(True), Zone(False)]),
    min_weight=weights,
    max_weight=weights,
    unit_of_weight=st.none() | st.sampled_from(UNITS),
    price_amount_cents=cents,
    free_over_amount_cents=st.none() | cents,
    use_subtotal=st.booleans(),
    shipping_method_tiers=tiers,
)
parcels = st.builds(
    Parcel,
    market_id=st.sampled_from([None, "here", "there"]),
    currency_code=st.sampled_from(["EUR", "USD"]),
    address=st.none(),
    shipping_category_id=st.sampled_from([None, "goods", "bulky"]),
    stock_location_id=st.sampled_from([None, "milano", "torino"]),
    weight=st.decimals(0, 1_000_000, places=3),
    subtotal_cents=cents,
    total_cents=cents,
    external_prices=st.dictionaries(st.sampled_from("abcdef"), cents, max_size=3),
)


@unhurried
@given(st.lists(methods, max_size=6, unique_by=lambda one: one.id), parcels)
def test_what_is_offered_has_a_price_and_what_a_method_says_holds(several: list[Method], parcel: Parcel) -> None:
    prices = offered(several, parcel)
    assert list(prices) == [one.id for one in several if is_offered(one, parcel) and price_of(one, parcel) is not None]
    for one in (each for each in several if each.id in prices):
        assert one.disabled_at is None
        assert one.currency_code == parcel.currency_code
        assert one.market_id is None or one.market_id == parcel.market_id
        assert one.shipping_category_id is None or one.shipping_category_id == parcel.shipping_category_id
        assert one.stock_location_id is None or one.stock_location_id == parcel.stock_location_id
        assert one.shipping_zone is None or one.shipping_zone.covers
        known = {0, one.price_amount_cents, *(tier.price_amount_cents for tier in one.shipping_method_tiers)}
        assert prices[one.id] in known | {*parcel.external_prices.values()}


@unhurried
@given(methods, parcels, cents)
def test_an_order_that_grows_never_pays_more_for_the_same_parcel(method: Method, parcel: Parcel, more: int) -> None:
    larger = replace(parcel, subtotal_cents=parcel.subtotal_cents + more, total_cents=parcel.total_cents + more)
    before, after = price_of(method, parcel), price_of(method, larger)
    assert after in (before, 0)


@unhurried
@given(tiers, st.sampled_from(UNITS), st.decimals(0, 1_000_000, places=3))
def test_the_lowest_tier_that_reaches_the_weight_counts(each: tuple[Tier, ...], unit: str, weight: Decimal) -> None:
    method = Method(scheme="weight_tiered", unit_of_weight=unit, shipping_method_tiers=each)
    price = price_of(method, replace(PARCEL, weight=weight))
    reaching = [one for one in each if one.up_to is None or grams(one.up_to, unit) >= weight]
    limited = [one for one in reaching if one.up_to is not None]
    if not reaching:
        assert price is None
    elif not limited:
        assert price == min(one.price_amount_cents for one in reaching)
    else:
        lowest = min(one.up_to for one in limited if one.up_to is not None)
        assert price == min(one.price_amount_cents for one in limited if one.up_to == lowest)


@unhurried
@given(st.lists(cents, max_size=8), st.none() | st.integers(0, 8))
def test_no_more_shipments_cost_than_the_market_lets(prices: list[int], cutoff: int | None) -> None:
    told = charged(prices, cutoff)
    assert len(told) == len(prices)
    assert all(cost in (0, price) for cost, price in zip(told, prices, strict=True))
    costing = [price for price in prices if price]
    assert [cost for cost in told if cost] == (costing if cutoff is None else costing[:cutoff])


@pytest.mark.parametrize(
    ("least", "most", "unit", "carries"),
    [
        (None, None, None, True),
        (1000, 1000, "gr", True),
        (1000.001, None, "gr", False),
        (None, 999.999, None, False),
        (2.2, 2.21, "lb", True),
        (2.21, None, "lb", False),
        (35.27, 35.28, "oz", True),
        (None, 35.27, "oz", False),
    ],
)
def test_a_kilogram_is_within_limits_of_any_unit(
    least: float | None, most: float | None, unit: str | None, carries: bool
) -> None:
    method = Method(min_weight=least, max_weight=most, unit_of_weight=unit)
    assert is_offered(method, PARCEL) is carries


def test_weights_add_up_exactly() -> None:
    assert weight_of([(Piece(0.1, "gr"), 3), (Piece(None, "lb"), 9), (Piece(-1.0), 2)]) == Decimal("0.3")
    assert weight_of([(Piece(16.0, "oz"), 1)]) == weight_of([(Piece(1.0, "lb"), 1)]) == Decimal("453.59237")
    assert weight_of([(Piece(250.0), 4)]) == Decimal(1000)
    assert weight_of([]) == 0


@pytest.mark.parametrize(
    ("free_over", "use_subtotal", "price"),
    [
        (None, False, 1000),
        (9000, False, 0),
        (9001, False, 1000),
        (9900, False, 1000),
        (9900, True, 0),
        (9901, True, 1000),
        (0, False, 0),
    ],
)
def test_an_order_of_the_free_amount_is_sent_for_nothing(free_over: int | None, use_subtotal: bool, price: int) -> None:
    for scheme in ("flat", "external"):
        method = Method(scheme=scheme, free_over_amount_cents=free_over, use_subtotal=use_subtotal)
        assert price_of(method, replace(PARCEL, external_prices={"method": 1000})) == price
    tiered = Method(
        scheme="weight_tiered",
        price_amount_cents=7,
        free_over_amount_cents=free_over,
        use_subtotal=use_subtotal,
        shipping_method_tiers=(Tier(None, 5000), Tier(1000, 1000), Tier(999, 500)),
    )
    assert price_of(tiered, PARCEL) == price


def test_a_price_that_is_not_known_is_not_offered() -> None:
    assert offered([Method(scheme="external")], PARCEL) == {}
    assert offered([Method(scheme="weight_tiered", shipping_method_tiers=(Tier(999.9, 500),))], PARCEL) == {}
    assert offered([Method(price_amount_cents=0)], PARCEL) == {"method": 0}


def test_shipping_and_fees_say_nothing_of_what_shipping_costs() -> None:
    lines = [
        Priced("skus", 2, 10_000),
        Priced("bundles", 1, 500),
        Priced("percentage_discount_promotions", 1, -1000),
        Priced("adjustments", 1, 30),
        Priced("shipments", 1, 700),
        Priced("payment_methods", 1, 90),
        Priced("free_shipping_promotions", 1, -700),
    ]
    assert compared(lines) == (10_500, 9530)
    assert compared([Priced("skus", 1, 100), Priced("fixed_amount_promotions", 1, -500)]) == (100, 0)
