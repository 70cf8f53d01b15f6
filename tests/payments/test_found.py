"""`paydesk payments show` finds an order by all that a customer can say of its payment."""

from typing import Any

import pytest

from paydesk.base.instants import instant
from paydesk.operations.told.clues import amounts, clue
from paydesk.store.upkeep import lost
from tests.acts.differences import falsify
from tests.acts.disputes import paid
from tests.acts.orders import authorized, ready
from tests.acts.refunds import captured
from tests.payments.commands import paydesk
from tests.payments.conftest import Answer, Api, Running, on_sqlite


async def found(running: Running, said: str, *more: str) -> list[str]:
    """The ids of the orders that are told, the newest first."""
    shown = await paydesk(running, "payments", "show", said, "--json", *more)
    if shown.status != 0:
        assert (shown.status, shown.out) == (1, "")
        assert shown.err == f"error: There is no order or payment {said}.\n"
        return []
    told = shown.json
    return [told["order"]["id"]] if "order" in told else [one["order"] for one in told["matches"]]


async def test_an_order_is_found_by_all_that_a_customer_can_say(api: Api, running: Running) -> None:
    order, payment, capture = await captured(api)
    await api.update(capture, {"_refund": True, "_refund_amount_cents": 2900})
    (refund,) = (await api.get(f"orders/{order.id}/refunds")).data
    other = await ready(api, 77700, attributes={"customer_email": "Eve@Example.com"})
    second = await api.payment(other)
    await api.stripe.confirm(second["stripe_id"], "pm_card_mastercard")
    await api.update(second, {"_refresh": True})
    charge = (await api.get(payment))["charge_id"]
    for said in (
        order["number"], f"#{order['number']}", f"{order['number']}/T/002", order.id, payment.id, capture["id"],
        "ada@example.com", "ADA@example.com", "4242", payment["stripe_id"], payment["client_secret"], charge,
        refund["attributes"]["gateway_transaction_id"], "154", "154.00", "154,00", "€154,00", "154 EUR", "eur 154",
        "29", "€29", "29.00",
    ):  # fmt: skip
        assert await found(running, said) == [order.id], said
    for said in ("eve@example.com", "Eve@Example.com", "4444", "777", other["number"], second["stripe_id"]):
        assert await found(running, said) == [other.id], said
    for said in ("#4242", "0259", "eve@example.org", "154 USD", "154.01", "$154", "15400", "pi_other", "ch_other",
                 "re_other", "du_other", "x@y", "  ", "'; --", "9" * 40):  # fmt: skip
        assert await found(running, said) == [], said


async def test_of_several_each_has_a_line_the_newest_first(api: Api, running: Running) -> None:
    orders = [await authorized(api, cents) for cents in (15400, 900, 15400)]
    assert await found(running, "4242") == [order.id for order, _ in reversed(orders)]
    assert await found(running, "154") == [orders[2][0].id, orders[0][0].id]
    shown = await paydesk(running, "payments", "show", "ada@example.com")
    assert (shown.status, shown.err.split(".")[0]) == (0, "Several match ada@example")
    days = [(await api.get(order))["created_at"][:16].replace("T", " ") for order, _ in orders]
    numbers = [order["number"] for order, _ in orders]
    assert shown.lines == [
        f"{days[2]}  €154,00  {numbers[2]}  held  Visa 4242  ada@example.com",
        f"{days[1]}    €9,00  {numbers[1]}  held  Visa 4242  ada@example.com",
        f"{days[0]}  €154,00  {numbers[0]}  held  Visa 4242  ada@example.com",
    ]
    told = (await paydesk(running, "payments", "show", "4242", "--json")).json
    assert [(one["number"], one["state"], one["by"]) for one in told["matches"]] == [
        (number, "held", ["card"]) for number in reversed(numbers)
    ]
    assert told["more"] is False


@on_sqlite
async def test_four_digits_may_be_a_number_a_card_and_an_amount(api: Api, running: Running) -> None:
    by_number = await api.order()
    await falsify(api, "orders", by_number.id, number="4242")
    by_card, _ = await authorized(api)
    by_amount, _ = await authorized(api, 424200)
    told = (await paydesk(running, "payments", "show", "4242", "--json")).json["matches"]
    assert [(one["order"], one["by"]) for one in told] == [
        (by_amount.id, ["card", "amount"]),
        (by_card.id, ["card"]),
        (by_number.id, ["number"]),
    ]
    assert await found(running, "#4242") == [by_number.id]


async def test_a_dispute_is_found_by_its_name(api: Api, running: Running) -> None:
    order, payment = await paid(api, "pm_card_createDispute")
    await api.update(payment, {"_refresh": True})
    (dispute,) = (await api.stripe.v1.disputes.list_async({})).data
    assert await found(running, dispute.id) == [order.id]


async def test_what_another_organization_has_is_found_there_alone(api: Api, running: Running) -> None:
    order, payment = await authorized(api)
    for said in (payment["stripe_id"], "4242", "ada@example.com", order["number"], "154"):
        assert await found(running, said, "-o", "acme", "--mode", "test") == [order.id]
        for where in (["-o", "other"], ["--mode", "live"]):
            assert await found(running, said, *where) == [], (said, where)


async def test_money_whose_order_is_gone_is_found_by_what_is_known_of_it(api: Api, running: Running) -> None:
    tenant = f"{(await api.get('organization')).id}/test"
    row = {
        "tenant": tenant, "payment_id": "pi_gone", "gateway_id": api.gateway.id, "order_id": "GoneGoneGo",
        "number": "10009999", "email": "ada@example.com", "amount_cents": 15400, "currency_code": "EUR",
        "found_at": instant(api.app.clock()),
    }  # fmt: skip
    await api.parts.database.write(lambda: lost.keep(row))
    for said in ("pi_gone", "10009999", "GoneGoneGo", "ada@example.com"):
        shown = await paydesk(running, "payments", "show", said)
        told = {line[:7].strip(): line[7:] for line in shown.lines}
        today = row["found_at"][:10]
        assert told == {
            "who": "ada@example.com, acme/test",
            "what": f"10009999: €154,00, missed since {today}; the order is gone",
            "card": "not known here, pi_gone",
            "money": "€154,00 is at Stripe, and its order is not here",
            "say": "We have your payment, and are putting your order right.",
            "do": "Run `paydesk payments make-order pi_gone`.",
        }


@on_sqlite
async def test_no_more_than_can_be_looked_through_are_told(api: Api, running: Running, monkeypatch: Any) -> None:
    monkeypatch.setattr("paydesk.operations.told.finding.MOST", 2)
    orders: list[Answer] = [await ready(api) for _ in range(3)]
    shown = await paydesk(running, "payments", "show", "ada@example.com")
    assert [line.split()[3] for line in shown.lines] == [order["number"] for order in reversed(orders[1:])]
    assert "these are the newest" in shown.err


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("154", {15400: "EUR", 154: "JPY", 154000: "KWD"}),
        ("154,00", {15400: "EUR", 154: "JPY", 154000: "KWD"}),
        ("€1.234,56", {123456: "EUR"}),
        ("1,234.56 USD", {123456: "USD"}),
        ("1.234 KWD", {1234: "KWD", 1234000: "KWD"}),
        ("1 234 567 JPY", {1234567: "JPY"}),
        ("1'234.50 CHF", {123450: "CHF"}),
        ("1.2.3,4.5", {}),
        ("154,005 EUR", {15400500: "EUR"}),
        ("154.", {}),
        ("-154", {}),
        ("154 apples", {}),
        ("", {}),
    ],
)
def test_amounts_are_read_as_people_write_them(text: str, expected: dict[int, str]) -> None:
    meant = amounts(text)
    assert set(expected) <= set(meant) and (len(meant) == len(expected) or len(meant) == len(expected) + 1)
    assert all(currency in meant[cents] for cents, currency in expected.items())


def test_what_a_text_may_mean_is_told_apart() -> None:
    assert (clue("#4242").number, clue("#4242").digits, clue("#4242").amounts) == ("4242", "", {})
    assert (clue("pi_1_secret_2").text, clue("pi_1_secret_2").at_stripe) == ("pi_1", "payment")
    assert (clue("42/T/001").number, clue("42/T/001").id) == ("42", "")
