"""Conditions, put together."""

from paydesk.declare import ALWAYS, both, either, eq
from paydesk.declare.conditions import All


def test_what_is_asked_twice_counts_once() -> None:
    seen, listed, asked = either(eq("a", 1), eq("a", 2)), eq("b", 1), eq("c", 1)
    assert both(seen, seen) is seen
    assert both(ALWAYS, None, seen) is seen
    assert both(both(asked, both(seen, listed)), seen) == All((asked, seen, listed))
    assert both() == ALWAYS
