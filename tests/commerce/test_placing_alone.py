"""One function moves an order to placed, and it takes a total that was worked out in the same transaction."""

import ast
from pathlib import Path
from typing import Any

import pytest

from paydesk.base.actor import worker
from paydesk.base.money import Money
from paydesk.commerce.orders.refresh.refreshed import Refreshed
from paydesk.commerce.orders.settling import ORDER
from paydesk.rules.work import Work

SOURCE = Path(__file__).parents[2] / "src" / "paydesk"
NOW = "2026-11-30T00:00:00.000Z"


class Cart:
    """As much of an order as a move looks at."""

    status = "pending"

    def due(self) -> Money:
        return Money(2900, "EUR")


def work() -> Work:
    return Work(worker("org/test", "acme", "test", ""), NOW)


def test_every_move_to_placed_needs_a_total_that_was_just_worked_out() -> None:
    ending = {name for name, move in ORDER.moves.items() if move.to == "placed"}
    assert ending == {"_place", "_stop_editing"}
    assert {ORDER.moves[name].needs for name in ending} == {Refreshed}


@pytest.mark.parametrize("wrong", ["none", "another order", "another work", "another total"])
def test_a_total_of_another_time_or_order_places_nothing(wrong: str) -> None:
    order: Any = Cart()
    another: Any = Cart()
    now = work()
    proof = {
        "none": None,
        "another order": Refreshed(another, now, order.due()),
        "another work": Refreshed(order, work(), order.due()),
        "another total": Refreshed(order, now, Money(100, "EUR")),
    }[wrong]
    with pytest.raises(AssertionError):
        ORDER.move("_place", order, now, proof=proof)
    assert (order.status, now.changed) == ("pending", {})


def calls_of(name: str) -> set[str]:
    """The files in which something of this name is called."""
    found = set()
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", None)) == name:
                found.add(file.relative_to(SOURCE).as_posix())
    return found


def test_only_a_refresh_says_what_an_order_costs_now() -> None:
    assert calls_of("Refreshed") == {"commerce/orders/refresh/refresh.py"}


def test_no_status_is_written_past_the_table_of_moves() -> None:
    written = set()
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "status" and ast.unparse(node.value) == "'placed'":
                written.add(file.relative_to(SOURCE).as_posix())
    assert written == set()
