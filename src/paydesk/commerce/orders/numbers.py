"""Order numbers: counted, or chosen where the organization lets integrations choose."""

from __future__ import annotations

from paydesk.commerce.accounts.organizations import setting
from paydesk.commerce.orders.order import Order
from paydesk.declare import Rule, eq
from paydesk.rules.asking import Change, Find, Next
from paydesk.rules.work import Work


def check_number(order: Order | None, change: Change, work: Work) -> None:
    """A number is never taken away, and chosen only where the organization lets integrations choose."""
    number = change.values.get("number")
    if number in (None, ""):
        change.values.pop("number", None)
    elif not _numbers_are_chosen(work) and (order is None or number != order.number):
        work.invalid("number", "not_editable", "is not editable", value=number)


def next_number(work: Work) -> Rule:
    """The next order number: eight digits, so that sorting by number is sorting by age."""
    number = str((yield Next("orders.number", start=10000001)))
    while _numbers_are_chosen(work) and (yield Find("orders", eq("number", number))):
        number = str((yield Next("orders.number", start=10000001)))
    return number


def _numbers_are_chosen(work: Work) -> bool:
    return bool(setting(work, "orders_number_editable_live" if work.actor.live else "orders_number_editable_test"))
