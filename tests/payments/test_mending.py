"""What the first release stored otherwise is mended in the background, in portions, also while orders change."""

import pytest

from paydesk.background.mend_rows import Mending
from tests.acts.mending import begun, put, walk
from tests.acts.wallet import customer_of, imported
from tests.payments.conftest import Api, Clock

FORMER = {
    "issuer": None,
    "issuer_type": "credit_card",
    "card_type": "visa",
    "card_last_digits": "4242",
    "card_expiry_month": 3,
    "card_expiry_year": 2031,
}
PRESENT = {
    "issuer_type": "credit_card",
    "card_type": "visa",
    "card_last_digits": "4242",
    "card_expiry_month": "3",
    "card_expiry_year": "2031",
}


async def test_months_and_years_that_the_first_release_stored_become_texts(api: Api) -> None:
    payment = await api.payment()
    await api.stripe.confirm(payment["stripe_id"])
    payment = await api.update(payment, {"_refresh": True})
    entry = await imported(api, await customer_of(api))
    await put(api, payment, payment_instrument=FORMER)
    await put(api, entry, instrument=FORMER)
    before = await api.get(payment)
    await walk(await begun(api))
    after = await api.get(payment)
    assert after["payment_instrument"] == PRESENT
    assert after.data["attributes"] == {**before.data["attributes"], "payment_instrument": PRESENT}
    assert await api.rows("customer_payment_sources", "instrument") == [(PRESENT,)]


async def test_a_walk_goes_on_until_nothing_is_left_and_after_another_one_it_is_over_for_good(
    api: Api, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paydesk.background.mend_rows.PORTION", 2)
    payments = [await api.payment() for _ in range(5)]
    for payment in payments:
        await put(api, payment, payment_instrument=FORMER)
    mending = await begun(api)
    others = sum([len(await api.rows(name, "id")) // 2 + 1 for name in ("stripe_payments", "orders", "versions")])
    others += len(await api.rows("gateway_calls", "id")) // 2 + 1
    # Three portions for the five rows, once more since they were not as they should be, and one for the empty wallet.
    assert await walk(mending) == 3 + 3 + 1 + others
    assert await api.rows("stripe_payments", "payment_instrument") == [(PRESENT,)] * 5
    # A node of the older release writes on, until it is exchanged, too.
    await put(api, payments[0], payment_instrument=FORMER)
    assert not await mending.once()
    clock.advance(3601)
    await walk(mending)
    assert await api.rows("stripe_payments", "payment_instrument") == [(PRESENT,)] * 5
    clock.advance(3601)
    await put(api, payments[0], payment_instrument=FORMER)
    assert await walk(mending) == await walk(Mending(api.parts.desk)) == 1
    assert [name for (name,) in sorted(await api.rows("turns", "name")) if name.startswith("mended/")] == [
        "mended/customer_payment_sources.instrument",
        "mended/gateway_calls.return_url",
        "mended/orders.return_url",
        "mended/stripe_payments.payment_instrument",
        "mended/stripe_payments.return_url",
        "mended/versions.return_url",
    ]


async def test_a_card_that_the_first_release_saved_pays_and_shows_texts(api: Api) -> None:
    customer = await customer_of(api)
    entry = await imported(api, customer)
    await put(api, entry, instrument=FORMER)
    order = await api.order(attributes={"customer_email": "ada@example.com"})
    await api.update(order, {"_customer_payment_source_id": entry.id})
    source = await api.get(f"stripe_payments/{await api.source_of(order)}")
    assert source["payment_instrument"] == PRESENT
