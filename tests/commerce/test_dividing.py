"""How goods are divided among shipments: pure functions, whatever is wanted and wherever it lies."""

from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydesk.commerce.shipping.dividing import Share, Stock, Wanted, divide, relocated

STRATEGIES = ("no_split", "split_shipments", "ship_from_primary", "ship_from_first_available_or_primary")


@dataclass(frozen=True)
class Spot:
    id: str

    @property
    def stock_location_id(self) -> str:
        return f"at {self.id}"


SPOTS = [Spot("near"), Spot("far"), Spot("abroad")]
SKUS = ("hat", "coat", "song")
CATEGORY = {"hat": "clothes", "coat": "clothes", "song": "discs"}

lines = st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 6), st.booleans()), min_size=1, max_size=5)
lying = st.dictionaries(st.tuples(st.sampled_from(SKUS), st.sampled_from(SPOTS)), st.integers(0, 7))


def divided(
    wanted: list[tuple[str, int, bool]], lies: dict[tuple[str, Spot], int], strategy: str, spots: int
) -> list[Share]:
    each = [
        Wanted(f"line {at}", sku, sku.upper(), CATEGORY[sku], quantity, counted)
        for at, (sku, quantity, counted) in enumerate(wanted)
    ]
    items = [(sku, spot.stock_location_id, f"{sku} {spot.id}", pieces) for (sku, spot), pieces in lies.items()]
    return divide(each, SPOTS[:spots], Stock(items), strategy)


@given(wanted=lines, lies=lying, strategy=st.sampled_from(STRATEGIES), spots=st.integers(0, 3))
def test_every_piece_is_in_one_shipment_and_none_is_taken_twice(
    wanted: list[tuple[str, int, bool]], lies: dict[tuple[str, Spot], int], strategy: str, spots: int
) -> None:
    shares = divided(wanted, lies, strategy, spots)
    lots = [lot for share in shares for lot in share.lots]
    of_line: Counter[str] = Counter()
    of_item: Counter[str] = Counter()
    for lot in lots:
        assert lot.quantity > 0
        of_line[lot.line_id] += lot.quantity
        if lot.stock_item_id is not None:
            of_item[lot.stock_item_id] += lot.quantity
    assert of_line == {f"line {at}": quantity for at, (_, quantity, _) in enumerate(wanted)}
    there = {f"{sku} {spot.id}": pieces for (sku, spot), pieces in lies.items()}
    assert all(pieces <= there[item] for item, pieces in of_item.items())
    # What is counted and there is found, wherever it lies.
    reached = {spot.id for spot in SPOTS[:spots]}
    for sku in SKUS:
        free = sum(pieces for (one, spot), pieces in lies.items() if one == sku and spot.id in reached)
        asked = sum(quantity for one, quantity, counted in wanted if one == sku and counted)
        found = sum(lot.quantity for lot in lots if lot.sku_id == sku and lot.stock_item_id is not None)
        assert found == min(free, asked)
    assert len({share.key for share in shares}) == len(shares)
    if strategy == "no_split" or not spots:
        assert len(shares) == 1
        assert shares[0].category_id is None
    else:
        assert all({lot.category_id for lot in share.lots} == {share.category_id} for share in shares)
    if strategy != "split_shipments":
        assert len({share.key[0] for share in shares}) == 1
    if strategy == "ship_from_primary" and spots:
        assert {share.place for share in shares} == {SPOTS[0]}


@given(
    held=st.dictionaries(st.sampled_from("abc"), st.integers(0, 5), min_size=1),
    lots=st.lists(st.tuples(st.sampled_from(["a", "b", "c", None]), st.integers(1, 4)), min_size=1, max_size=4),
)
def test_shipments_say_where_pieces_lie_once_that_is_certain(
    held: dict[str, int], lots: list[tuple[str | None, int]]
) -> None:
    moved = relocated(lots, held)
    assert [sum(pieces for _, pieces in own) for own in moved] == [pieces for _, pieces in lots]
    used: Counter[str | None] = Counter()
    for own in moved:
        for item, pieces in own:
            used[item] += pieces
    if sum(held.values()) == sum(pieces for _, pieces in lots):
        assert {item: pieces for item, pieces in used.items() if pieces} == {k: v for k, v in held.items() if v}


@pytest.mark.parametrize(
    ("lots", "held", "moved"),
    [
        ([("a", 2), ("b", 1)], {"a": 2, "b": 1}, [[("a", 2)], [("b", 1)]]),
        ([("a", 3)], {"a": 1, "b": 2}, [[("a", 1), ("b", 2)]]),
        ([("a", 2), ("b", 1)], {"a": 0, "b": 3}, [[("b", 2)], [("b", 1)]]),
        ([(None, 2)], {"a": 1, "b": 1}, [[("a", 1), ("b", 1)]]),
    ],
)
def test_what_lies_elsewhere_comes_from_there(
    lots: list[tuple[str | None, int]], held: dict[str, int], moved: list[list[tuple[str | None, int]]]
) -> None:
    assert relocated(lots, held) == moved
