"""An order's payment status follows from sums alone."""

from hypothesis import given
from hypothesis import strategies as st

from paydesk.base.money import Money
from paydesk.commerce.payments import status
from paydesk.commerce.payments.status import Sums


def sums(authorized: int = 0, captured: int = 0, voided: int = 0, refunded: int = 0) -> Sums:
    """Sums in euros."""
    eur = [Money(cents, "EUR") for cents in (authorized, captured, voided, refunded)]
    return Sums(*eur, released=Money(0, "EUR"))


def payment_status(made: Sums, due: int) -> str:
    return status.payment_status(made, Money(due, "EUR"))


PAID = sums(authorized=15400, captured=15400)
CENTS = st.integers(0, 10**9)


def test_each_status_has_its_sums() -> None:
    told = {
        "free": (sums(), 0),
        "unpaid": (sums(), 15400),
        "partially_authorized": (sums(authorized=15399), 15400),
        "authorized": (sums(authorized=15400), 15400),
        "partially_voided": (sums(authorized=15400, voided=1), 15400),
        "voided": (sums(authorized=15400, voided=15400), 15400),
        "partially_paid": (sums(authorized=15400, captured=15399), 15400),
        "paid": (PAID, 15400),
        "partially_refunded": (sums(authorized=15400, captured=15400, refunded=15399), 15400),
        "refunded": (sums(authorized=15400, captured=15400, refunded=15400), 15400),
    }
    assert {name: payment_status(*given) for name, given in told.items()} == {name: name for name in told}


@given(CENTS, CENTS, CENTS, CENTS, st.integers(1, 10**9))
def test_what_came_last_decides(authorized: int, captured: int, voided: int, refunded: int, due: int) -> None:
    word = payment_status(sums(authorized, captured, voided, refunded), due).removeprefix("partially_")
    assert (word == "refunded") == (refunded > 0)
    assert (word == "paid") == (refunded == 0 and captured > 0)
    assert (word == "voided") == (refunded == captured == 0 and voided > 0)
    assert (word == "authorized") == (refunded == captured == voided == 0 and authorized > 0)
    assert (word == "unpaid") == (refunded == captured == voided == authorized == 0)


@given(CENTS, st.integers(1, 10**9), st.integers(1, 10**9))
def test_more_money_never_makes_it_partial(captured: int, more: int, due: int) -> None:
    before = payment_status(sums(captured + 1, captured + 1), due)
    after = payment_status(sums(captured + 1 + more, captured + 1 + more), due)
    assert not (before == "paid" and after == "partially_paid")
