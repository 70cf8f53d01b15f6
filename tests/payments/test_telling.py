"""`paydesk payments show`: six lines that somebody with a customer on the phone can say and act by."""

import re
from typing import Any

import pytest

from paydesk.base.instants import instant
from tests.acts.automatic_methods import opened, shopper_pays
from tests.acts.by_hand import by_hand
from tests.acts.differences import falsify
from tests.acts.disputes import paid
from tests.acts.orders import approved, authorized, only, ready
from tests.acts.refunds import captured
from tests.payments.commands import paydesk
from tests.payments.conftest import Answer, Api, Running, Stripe, furnish, on_sqlite

NAMES = ["who", "what", "card", "money", "say", "do"]


async def said(running: Running, order: Answer | str, *more: str) -> dict[str, str]:
    """The six lines by name; each is within 80 columns."""
    shown = await paydesk(running, "payments", "show", order if isinstance(order, str) else order.id, *more)
    assert (shown.status, shown.err) == (0, "")
    lines = shown.lines[:6]
    assert [line[:7].strip() for line in lines] == NAMES
    assert [line for line in lines if len(line) > 80] == []
    return {line[:7].strip(): line[7:] for line in lines}


async def state(running: Running, order: Answer) -> list[str]:
    found: list[str] = (await paydesk(running, "payments", "show", order.id, "--json")).json["situations"]
    return found


async def day(api: Api, order: Answer, kind: str) -> str:
    return str((await api.get(await only(api, order, kind)))["created_at"])[:10]


async def test_a_captured_payment_is_told_in_six_lines(api: Api, running: Running) -> None:
    order, payment, _ = await captured(api)
    number, today = order["number"], await day(api, order, "captures")
    placed = (await api.get(order))["placed_at"][:10]
    assert await said(running, order) == {
        "who": "Ada Rossi, ada@example.com (guest), acme/test",
        "what": f"{number}: 1 × Line, €154,00, {placed}; approved, paid",
        "card": f"Visa ending in 4242, valid to 12/2027, {payment['stripe_id']}",
        "money": f"€154,00 taken {today}",
        "say": f"We received €154,00 on {today}. Thank you.",
        "do": "Nothing.",
    }
    assert await state(running, order) == ["captured"]


async def test_a_pending_refund_is_pending_in_every_line(api: Api, running: Running) -> None:
    order, _ = await paid(api, "pm_card_pendingRefund")
    capture = await only(api, order, "captures")
    await api.update(capture, {"_refund": True, "_refund_amount_cents": 2900})
    told = await said(running, order)
    assert told["what"].endswith("; approved, paid, refund pending")
    assert told["money"] == ("€154,00 taken, refund of €29,00 pending; €125,00 left")
    assert told["say"] == "A refund of €29,00 is pending; your bank shows it in 5 to 10 days."
    assert told["do"] == "Wait: the refund is pending. Do not refund €29,00 again."
    shown = await paydesk(running, "payments", "show", order.id)
    lines = {line.split()[0]: line for line in shown.lines[7:]}
    assert lines[f"{order['number']}/T/003"].split() == [f"{order['number']}/T/003", "refund", "€29,00", "pending"]
    assert lines["status"].endswith("approved, paid, refund pending, not_required")
    assert lines["sums"].endswith("refunded €0,00, pending €29,00")
    assert "€125,00: captured €154,00, refunded €0,00, refund pending €29,00" in lines["net"]
    found = (await paydesk(running, "payments", "show", order.id, "--json")).json
    assert (found["order"]["refund_pending_cents"], found["net"]["net_cents"]) == (2900, 12500)
    assert [one["pending"] for one in found["transactions"]] == [False, False, True]
    assert await state(running, order) == ["refund pending", "captured"]


@on_sqlite
async def test_what_was_given_back_and_what_could_not_be(api: Api, running: Running) -> None:
    order, _, capture = await captured(api)
    await api.update(capture, {"_refund": True, "_refund_amount_cents": 2900})
    today = await day(api, order, "refunds")
    told = await said(running, order)
    assert told["what"].endswith("; approved, partly refunded")
    assert told["money"] == "€154,00 taken, €29,00 sent back; €125,00 left"
    assert told["say"] == f"We sent €29,00 back on {today}; a bank takes 5 to 10 days."
    await api.stripe.faults(path="/v1/refunds", status=400, code="charge_disputed")
    await api.update(capture, {"_refund": True, "_refund_amount_cents": 5000})
    told = await said(running, order)
    assert told["money"] == "€154,00 taken, €29,00 sent back, refund of €50,00 failed; €125,00 left"
    assert told["say"] == "The refund of €50,00 did not reach you; we send it another way."
    assert told["do"] == "Refund €50,00 again or another way: it failed, charge disputed."
    assert await state(running, order) == ["refund failed", "partly refunded"]
    await api.update(capture, {"_refund": True})
    told = await said(running, order)
    assert told["what"].endswith("; cancelled, refunded")
    assert told["money"] == f"all of the €154,00 that was taken was sent back {today}"
    assert told["do"] == "Nothing."


@on_sqlite
async def test_what_is_held_says_until_when(api: Api, running: Running) -> None:
    order, payment, authorization = await approved(api)
    ends = (await api.get(payment))["options"]["capture_before"][:16].replace("T", " ")
    told = await said(running, order)
    assert told["money"] == f"€154,00 held until {ends}; nothing taken yet"
    assert told["do"] == f"Capture it before {ends}, or cancel the order."
    soon = instant(api.app.clock() + 3600)
    await falsify(api, "stripe_payments", payment.id, capture_before=soon)
    told = await said(running, order)
    assert told["money"] == f"€154,00 held, only until {soon[:16].replace('T', ' ')}; nothing taken yet"
    assert await state(running, order) == ["hold ends soon"]
    past = instant(api.app.clock() - 60)
    await falsify(api, "stripe_payments", payment.id, capture_before=past)
    assert await state(running, order) == ["hold has ended"]
    assert (await said(running, order))["do"] == "Send nothing. Have the order paid anew, or cancel it."
    await api.update(authorization, {"_void": True})
    assert await state(running, order) == ["authorization gone", "released"]
    assert (await said(running, order))["money"] == "nothing is held any more, and nothing was taken"


@on_sqlite
async def test_what_was_never_paid_says_why(api: Api, running: Running) -> None:
    cart = await api.order()
    assert await state(running, cart) == ["no payment"]
    assert (await said(running, cart))["card"] == "none yet"
    order = await ready(api)
    payment = await api.payment(order)
    assert await state(running, order) == ["not tried"]
    assert (await said(running, order))["card"] == f"not known yet, {payment['stripe_id']}"
    for method, known, money in (
        ("pm_card_threeDSecure2Required", "3-D Secure", "nothing was taken: 3-D Secure is not finished"),
        ("pm_card_chargeDeclinedInsufficientFunds", "declined", "nothing was taken: declined (insufficient funds)"),
    ):
        order = await ready(api)
        payment = await api.payment(order)
        try:
            await api.stripe.confirm(payment["stripe_id"], method, return_url="https://shop.example")
        except Exception as error:
            assert "insufficient" in str(error)
        await api.update(payment, {"_refresh": True})
        assert await state(running, order) == [known]
        assert (await said(running, order))["money"] == money
    order = await ready(api)
    payment = await api.payment(order)
    await api.stripe.v1.payment_intents.cancel_async(payment["stripe_id"])
    await api.update(payment, {"_refresh": True})
    assert await state(running, order) == ["canceled"]
    await api.update(cart, {"customer_email": "eve@example.com"})
    await api.update(cart, {"_cancel": True})
    assert await state(running, cart) == ["never paid"]


@on_sqlite
async def test_a_debit_that_the_bank_decides_of_is_told_as_on_its_way(api: Api, running: Running) -> None:
    order, payment = await opened(api)
    await shopper_pays(api, payment, "sepa_debit")
    await api.update(payment, {"_refresh": True})
    assert await state(running, order) == ["processing"]
    told = await said(running, order)
    assert told["card"] == f"SEPA debit ending in 3003, {payment['stripe_id']}"
    assert told["money"] == "nothing has arrived yet: the bank decides, within days"


@on_sqlite
async def test_money_without_an_order_that_is_placed_is_told_as_such(api: Api, running: Running) -> None:
    order, _ = await authorized(api)
    assert await state(running, order) == ["held"]
    since = instant(api.app.clock() - 1000)
    await falsify(api, "orders", order.id, attention={"unplaced_money": [since, 15400]}, attention_since=since)
    assert await state(running, order) == ["paid, not placed"]
    told = await said(running, order)
    assert told["money"].startswith("€154,00 held until ")
    assert told["do"] == "Place the order, or void or refund the payment: it is not placed."


@pytest.mark.parametrize(
    ("card", "known"),
    [
        ("pm_card_createDispute", "disputed"),
        ("pm_card_createDisputeInquiry", "inquiry"),
        ("pm_card_createIssuerFraudRecord", "fraud warning"),
        ("pm_card_riskLevelElevated", "in fraud review"),
    ],
)
@on_sqlite
async def test_what_a_bank_contests_is_told(api: Api, running: Running, card: str, known: str) -> None:
    order, _ = await paid(api, card)
    for event in await api.stripe.events():
        await api.deliver(event)
    await api.recover()
    assert await state(running, order) == [known, "captured"]
    told = await said(running, order)
    if known == "disputed":
        assert told["money"].endswith("€154,00 taken, €154,00 disputed; €0,00 left")
        assert re.fullmatch(r"Answer the dispute at Stripe until 20..-..-..; do not refund meanwhile\.", told["do"])
        (dispute,) = (await api.stripe.v1.disputes.list_async({})).data
        await api.stripe.v1.disputes.close_async(dispute.id)
        for event in await api.stripe.events():
            await api.deliver(event)
        await api.recover()
        assert await state(running, order) == ["dispute lost", "captured"]


@on_sqlite
async def test_an_unknown_outcome_is_told_as_unknown(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order, _, capture = await captured(api)
        await account.faults(path="/v1/refunds", times=0, status=500)
        await api.update(capture, {"_refund": True}, expect=503)
        told = await said(running, order)
        assert await state(running, order) == ["refund unknown", "captured"]
        assert told["do"] == "Do not refund again: the outcome is unknown. A server asks on by itself."
        other = await ready(api)
        await account.faults(times=0, status=500)
        await api.payment(other, expect=503)
        assert (await said(running, other))["money"] == "not known yet: Stripe was asked, and has not answered"
        await account.mend()


@on_sqlite
async def test_a_wire_is_awaited_then_received_then_returned(api: Api, running: Running) -> None:
    await by_hand(api)
    order = await ready(api)
    transfer = await api.create("wire_transfers", order=order)
    assert await state(running, order) == ["wire chosen"]
    await api.update(order, {"_place": True})
    told = await said(running, order)
    assert told["card"] == f"by wire transfer, {transfer.id}"
    assert told["money"] == "€154,00 awaited by wire; nothing has arrived yet"
    assert told["say"] == f"We wait for your transfer of €154,00; name the order {order['number']}."
    await api.update(order, {"_approve_and_capture": True})
    assert await state(running, order) == ["wire received"]
    await api.update(await only(api, order, "captures"), {"_refund": True})
    assert await state(running, order) == ["wire returned"]
    other = await ready(api)
    await api.create("wire_transfers", order=other)
    await api.update(other, {"_place": True})
    await api.update(other, {"_cancel": True})
    assert await state(running, other) == ["wire cancelled"]


@on_sqlite
async def test_long_goods_are_cut_and_names_say_nothing_to_the_terminal(api: Api, running: Running) -> None:
    bad = "\x1b[2J\x9b1A\r\n\u202egnp"
    order = await ready(api)
    lines: list[Any] = (await api.get(f"orders/{order.id}/line_items")).data
    await api.update({"type": "line_items", "id": lines[0]["id"]}, {"name": f"[bold]A{bad} pat for a coat"})
    told = await said(running, order)
    assert re.match(rf"{order['number']}: 1 × \[bold\]A\\u001b\[2J\\u00[^,]*…, €154,00, ", told["what"])
    # What others wrote elsewhere, and the commands that show it.
    order, _, _ = await captured(api)
    for named in (api.market, api.method, api.gateway):
        await api.update(named, {"name": bad})
    await api.update(order, {"metadata": {"note": bad}})
    for arguments in (
        ("payments", "show", order.id, "--history"),
        ("payments", "show", order.id, "--json"),
        ("payments", "list"),
        ("payments", "list", "--csv"),
        ("takings", "--by", "market"),
        ("takings", "--by", "market", "--csv"),
        ("gateways", "check"),
    ):
        shown = await paydesk(running, *arguments)
        assert [one for one in (shown.out + shown.err) if not one.isprintable() and one != "\n"] == [], arguments
