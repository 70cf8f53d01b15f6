"""An order's payment status follows from sums alone."""

from hypothesis import given
from hypothesis import strategies as st

from paydesk.commerce.payments.status import Sums, payment_status

PAID = Sums(authorized=15400, captured=15400)
CENTS = st.integers(0, 10**9)


def test_each_status_has_its_sums() -> None:
    told = {
        "free": (Sums(), 0),
        "unpaid": (Sums(), 15400),
        "partially_authorized": (Sums(authorized=15399), 15400),
        "authorized": (Sums(authorized=15400), 15400),
        "partially_voided": (Sums(authorized=15400, voided=1), 15400),
        "voided": (Sums(authorized=15400, voided=15400), 15400),
        "partially_paid": (Sums(authorized=15400, captured=15399), 15400),
        "paid": (PAID, 15400),
        "partially_refunded": (Sums(authorized=15400, captured=15400, refunded=15399), 15400),
        "refunded": (Sums(authorized=15400, captured=15400, refunded=15400), 15400),
    }
    assert {name: payment_status(*given) for name, given in told.items()} == {name: name for name in told}


@given(CENTS, CENTS, CENTS, CENTS, st.integers(1, 10**9))
def test_what_came_last_decides(authorized: int, captured: int, voided: int, refunded: int, due: int) -> None:
    status = payment_status(Sums(authorized, captured, voided, refunded), due)
    word = status.removeprefix("partially_")
    assert (word == "refunded") == (refunded > 0)
    assert (word == "paid") == (refunded == 0 and captured > 0)
    assert (word == "voided") == (refunded == captured == 0 and voided > 0)
    assert (word == "authorized") == (refunded == captured == voided == 0 and authorized > 0)
    assert (word == "unpaid") == (refunded == captured == voided == authorized == 0)


@given(CENTS, st.integers(1, 10**9), st.integers(1, 10**9))
def test_more_money_never_makes_it_partial(captured: int, more: int, due: int) -> None:
    before = payment_status(Sums(captured + 1, captured + 1), due)
    after = payment_status(Sums(captured + 1 + more, captured + 1 + more), due)
    assert not (before == "paid" and after == "partially_paid")
