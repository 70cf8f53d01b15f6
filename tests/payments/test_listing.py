"""`paydesk payments list`: payments by filters, a page at a time, for people and for spreadsheets."""

import csv
import io
import re

from tests.acts.by_hand import by_hand
from tests.acts.differences import falsify
from tests.acts.disputes import paid
from tests.acts.orders import authorized, only, ready
from tests.acts.refunds import captured
from tests.payments.commands import Said, paydesk
from tests.payments.conftest import Answer, Api, Running, on_sqlite


async def listed(running: Running, *filters: str) -> list[str]:
    """The numbers of the orders, the newest first."""
    said = await paydesk(running, "payments", "list", "--json", *filters)
    assert (said.status, said.err) == (0, "")
    return [one["number"] for one in said.json["payments"]]


async def declined(api: Api) -> Answer:
    order = await ready(api, 5000, attributes={"customer_email": "eve@example.com"})
    payment = await api.payment(order)
    try:
        await api.stripe.confirm(payment["stripe_id"], "pm_card_chargeDeclined")
    except Exception as error:
        assert "declined" in str(error)
    await api.update(payment, {"_refresh": True})
    return order


async def test_payments_are_listed_by_what_people_ask_for(api: Api, running: Running) -> None:
    taken, _, capture = await captured(api)
    await api.update(capture, {"_refund": True, "_refund_amount_cents": 2900})
    held, _ = await authorized(api, 900)
    failed = await declined(api)
    contested, _ = await paid(api, "pm_card_createDispute")
    for event in await api.stripe.events():
        await api.deliver(event)
    await api.recover()
    card = api.method
    await by_hand(api)
    wired = await ready(api)
    await api.create("wire_transfers", order=wired)
    await api.update(wired, {"_place": True})
    market = (await api.get(api.market))["name"]
    every = [wired, contested, failed, held, taken]
    for filters, found in (
        ([], every),
        (["--status", "authorized"], [wired, held]),
        (["--status", "held"], [held]),
        (["--status", "wire awaited"], [wired]),
        (["--status", "partially_refunded"], [taken]),
        (["--status", "partly-refunded"], [taken]),
        (["--status", "declined"], [failed]),
        (["--status", "disputed,declined"], [contested, failed]),
        (["--status", "approved"], [contested, taken]),
        (["--status", "refund pending"], []),
        (["--order", taken["number"]], [taken]),
        (["--order", held.id], [held]),
        (["--customer", "EVE@example.com"], [failed]),
        # What is promised by wire is for what its order costs.
        (["--amount", "154"], [wired, contested, taken]),
        (["--amount", "9.00 EUR"], [held]),
        (["--amount", "9 USD"], []),
        (["--last-digits", "4242"], [held, taken]),
        (["--last-digits", "0259", "--status", "disputed"], [contested]),
        (["--market", market], every),
        (["--market", api.market["id"], "--amount", "9"], [held]),
        (["--method", "card"], [contested, held, taken]),
        (["--method", card.id], [contested, failed, held, taken]),
        (["--method", api.method.id], [wired]),
        (["--method", "ideal"], []),
        (["--method", "wire"], [wired]),
        (["--since", "0m"], []),
        (["--until", "1h"], []),
        (["-o", "other"], []),
        (["--mode", "live"], []),
        (["-o", "acme", "--mode", "test", "--since", "1h"], every),
    ):
        assert await listed(running, *filters) == [order["number"] for order in found], filters


async def test_a_page_says_where_the_next_begins(api: Api, running: Running) -> None:
    orders = [await authorized(api, cents) for cents in (900, 800, 700)]
    first = await paydesk(running, "payments", "list", "--limit", "2")
    assert [line.split()[2:] for line in first.lines] == [
        ["€7,00", orders[2][0]["number"], "held", "Visa", "4242", "ada@example.com"],
        ["€8,00", orders[1][0]["number"], "held", "Visa", "4242", "ada@example.com"],
    ]
    assert first.err.startswith("There are more: go on with --after ")
    after = first.err.split()[-1]
    assert after == f"{(await api.get(orders[1][1]))['created_at']}/{orders[1][1].id}"
    second = await paydesk(running, "payments", "list", "--limit", "2", "--after", after)
    assert ([line.split()[3] for line in second.lines], second.err) == ([orders[0][0]["number"]], "")
    told = (await paydesk(running, "payments", "list", "--limit", "2", "--json")).json
    assert (len(told["payments"]), told["after"]) == (2, after)


@on_sqlite
async def test_a_spreadsheet_is_given_amounts_it_can_add_up_and_no_formula(api: Api, running: Running) -> None:
    order, payment, capture = await captured(api)
    await api.update(capture, {"_refund": True, "_refund_amount_cents": 2900})
    other, second = await authorized(api, 900, attributes={"customer_email": "=cmd@example.com"})

    def rows(said: Said) -> list[dict[str, str]]:
        assert (said.status, said.err) == (0, "")
        return list(csv.DictReader(io.StringIO(said.out)))

    newest, oldest = rows(await paydesk(running, "payments", "list", "--csv"))
    assert newest["email"] == "'=cmd@example.com"
    assert (newest["number"], newest["held"], newest["state"]) == (other["number"], "9.00", "held")
    assert oldest == {
        "at": (await api.get(payment))["created_at"],
        "organization": "acme",
        "mode": "test",
        "number": order["number"],
        "order": order.id,
        "status": "approved",
        "payment_status": "partially_refunded",
        "state": "partly refunded",
        "payment": f"stripe_payments/{payment.id}",
        "payment_id": payment["stripe_id"],
        "method": "Visa",
        "last_digits": "4242",
        "email": "ada@example.com",
        "currency_code": "EUR",
        "amount": "154.00",
        "held": "0.00",
        "captured": "154.00",
        "refunded": "29.00",
        "refund_pending": "0.00",
    }
    assert second["stripe_id"] == newest["payment_id"]


@on_sqlite
async def test_each_of_an_orders_payments_is_told_by_itself(api: Api, running: Running) -> None:
    order = await ready(api)
    first = await api.payment(order)
    second = await api.payment(order)
    await api.recover(after=60)
    await api.stripe.confirm(second["stripe_id"])
    await api.update(order, {"_place": True})
    told = (await paydesk(running, "payments", "list", "--json")).json["payments"]
    assert [(one["payment"], one["state"]) for one in told] == [
        (f"stripe_payments/{second.id}", "held"),
        (f"stripe_payments/{first.id}", "canceled"),
    ]
    assert [one["held_cents"] for one in told] == [15400, 0]
    # What the canceled one once held says nothing of how long the other is held.
    await falsify(api, "stripe_payments", first.id, capture_before="2026-11-01T00:00:00.000Z")
    assert (await paydesk(running, "payments", "show", order.id, "--json")).json["situations"] == ["held"]


@on_sqlite
async def test_what_cannot_be_meant_is_said_and_nothing_tried(api: Api, running: Running) -> None:
    for wrong in (
        ["--since", "soon"], ["--until", "never"], ["--status", "happy"], ["--amount", "much"], ["--last-digits", "42"],
        ["--after", "there"], ["--csv", "--json"], ["--limit", "0"],
    ):  # fmt: skip
        said = await paydesk(running, "payments", "list", *wrong)
        assert (said.status, said.out) == (2, ""), wrong
        assert wrong[0] in said.err
    for wrong in (["-o", "nobody"], ["--market", "nowhere"]):
        said = await paydesk(running, "payments", "list", *wrong)
        assert (said.status, said.out) == (1, "")
        assert f"There is no {'organization' if wrong[0] == '-o' else 'market'} {wrong[1]}." in said.err
    nothing = await paydesk(running, "payments", "list")
    assert (nothing.status, nothing.out) == (0, "")
    assert "No such payment since " in nothing.err


async def test_what_needs_attention_is_listed_with_what_to_do(api: Api, running: Running) -> None:
    nothing = await paydesk(running, "matters")
    assert (nothing.status, nothing.out) == (0, "")
    assert "Nothing needs attention." in nothing.err
    order, _, capture = await captured(api)
    await api.stripe.faults(path="/v1/refunds", status=400, code="charge_disputed")
    await api.update(capture, {"_refund": True, "_refund_amount_cents": 5000})
    other, payment = await authorized(api)
    await api.update(other, {"_place": True})
    await api.stripe.v1.payment_intents.cancel_async(payment["stripe_id"])
    await api.update(payment, {"_refresh": True})
    said = await paydesk(running, "matters")
    assert (said.status, said.err) == (4, "")
    assert max(len(line) for line in said.lines) <= 80
    first, _, second, *_ = [line for line in said.lines]
    assert first.startswith(f"{order['number']}  refund failed €50,00, for ") and first.endswith("  acme/test")
    assert said.lines[1] == "  Refund it again or another way: the customer was not given the money back."
    assert second.startswith(f"{other['number']}  authorization gone €154,00, for ")
    told = (await paydesk(running, "matters", "--json", "--mode", "test")).json["matters"]
    assert [(one["kind"], one["number"], one["amount_cents"], one["mode"]) for one in told] == [
        ("refund_failed", order["number"], 5000, "test"),
        ("authorization_gone", other["number"], 15400, "test"),
    ]
    assert (await paydesk(running, "matters", "--limit", "1")).err == "1 more; --limit tells them, too.\n"
    for elsewhere in (["--mode", "live"], ["-o", "other"]):
        assert (await paydesk(running, "matters", *elsewhere)).status == 0
    assert await only(api, order, "captures") == capture


async def test_a_dispute_needs_attention_until_it_is_answered(api: Api, running: Running) -> None:
    order, payment = await paid(api, "pm_card_createDispute")
    await api.update(payment, {"_refresh": True})
    (dispute,) = (await api.stripe.v1.disputes.list_async({})).data
    said = await paydesk(running, "matters")
    assert (said.status, said.err) == (4, "")
    number = order["number"]
    assert re.fullmatch(rf"{number}  dispute unanswered €154,00, due in \d+ d  acme/test", said.lines[0])
    until = (await paydesk(running, "payments", "show", order.id, "--json")).json["disputes"][0]["due_by"]
    assert " ".join(line.strip() for line in said.lines[1:]) == (
        f"Answer the dispute {dispute.id} at Stripe until {until[:16].replace('T', ' ')}, "
        "or the money is the customer's."
    )
    await api.stripe.v1.disputes.close_async(dispute.id)
    await api.update(payment, {"_refresh": True})
    assert (await paydesk(running, "matters")).status == 0
