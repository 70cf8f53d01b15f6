"""`paydesk payments show`: a payment's whole history, for an operator."""

import json
import re
from dataclasses import replace

from tests.acts.bought import bought, placeable
from tests.acts.disputes import paid
from tests.payments.commands import Said, paydesk
from tests.payments.conftest import ADDRESS, HASTY, Answer, Api, Running, Stripe, furnish, on_sqlite


def parted(shown: Said) -> list[list[str]]:
    """What was said, parted at empty lines."""
    return [part.splitlines() for part in shown.out.split("\n\n")]


async def test_all_that_happened_is_told_in_the_order_of_time(api: Api, running: Running, account: Stripe) -> None:
    order, payment = await bought(api)
    intent = payment["stripe_id"]
    for event in await account.events(intent):
        assert (await api.deliver(event)).status_code == 200
    await api.recover()
    shown = await paydesk(running, "payments", "show", order["number"], "--history")
    assert (shown.status, shown.err) == (0, "")
    _, history, standing = parted(shown)
    moments = [line[:23] for line in history]
    assert moments == sorted(moments)
    told = [re.sub(r"\(.*", "", line[25:]).split() for line in history]
    calls = [(what, rest[0]) for what, *rest in told if what in ("call", "answer")]
    assert calls == [
        (what, kind)
        for kind in ("open_payment", "place_order", "capture_payment", "refund_payment")
        for what in ("call", "answer")
    ]
    text = shown.out
    assert re.search(rf"answer   place_order \w+ done: {intent}, requires_capture, amount €154,00, .*req_\w+", text)
    assert re.search(r"updated: status pending → placed; .*place_total_amount_cents none → €154,00", text)
    assert "payment_status paid → partially_refunded" in text
    assert re.search(rf"webhook  payment_intent.succeeded evt_\w+ for {intent}: read ", text)
    number = order["number"]
    assert [line.split() for line in standing[:3]] == [
        [f"{number}/T/001", "authorization", "€154,00", "Success!"],
        [f"{number}/T/002", "capture", "€154,00", "Success!"],
        [f"{number}/T/003", "refund", "€29,00", "Success!"],
    ]
    assert f"order           {number} ({order.id}), acme/test" in standing
    assert "sums            authorized €154,00, captured €154,00, voided €0,00, refunded €29,00" in standing
    assert f"stripe payment  {payment.id}: {intent}, succeeded, €154,00" in standing
    net = "net             €125,00: captured €154,00, refunded €29,00, disputed out €0,00, in €0,00"
    assert standing[-1] == net


async def test_a_program_is_told_the_same_and_nobody_a_secret(api: Api, running: Running, account: Stripe) -> None:
    order, payment = await bought(api)
    shown = await paydesk(running, "payments", "show", order.id, "--json")
    text = await paydesk(running, "payments", "show", order.id, "--history")
    found = shown.json
    assert found["order"]["payment_status"] == "partially_refunded"
    assert found["order"]["refunded_cents"] == 2900
    assert [(one["type"], one["amount_cents"]) for one in found["transactions"]] == [
        ("authorizations", 15400),
        ("captures", 15400),
        ("refunds", 2900),
    ]
    answers = [one for one in found["history"] if one["what"] == "answer"]
    (captured,) = [one["answer"] for one in answers if one["kind"] == "capture_payment"]
    assert re.fullmatch(r"req_\w+", captured.pop("request_id"))
    assert captured == {
        "payment_id": payment["stripe_id"],
        "status": "succeeded",
        "currency": "EUR",
        "amount_cents": 15400,
        "authorized_cents": 0,
        "received_cents": 15400,
        "refunded_cents": 0,
        "replayed": False,
    }
    for said in (shown.out, text.out):
        assert payment["client_secret"] not in said
        assert account.key not in said
        assert "_secret_" not in said


@on_sqlite
async def test_what_a_call_carries_under_a_secrets_name_is_told_to_nobody(api: Api, running: Running) -> None:
    order = await api.order()
    kept = {"door_password": "sesame", "floor": "third"}
    await api.payment(order, {"options": {"metadata": kept}})
    shown = await paydesk(running, "payments", "show", order.id, "--json")
    text = await paydesk(running, "payments", "show", order.id, "--history")
    (call,) = [one for one in shown.json["history"] if one["what"] == "call"]
    metadata = call["parameters"]["metadata"]
    assert (metadata["door_password"], metadata["floor"]) == ("…", "third")
    assert "sesame" not in json.dumps([one for one in shown.json["history"] if one["what"] in ("call", "answer")])
    assert "sesame" not in text.out


async def test_a_call_without_an_answer_is_shown_open_with_what_was_last_said(
    running: Running, account: Stripe
) -> None:
    async with running.api(account, patience=replace(HASTY, budget=2.0)) as api:
        await furnish(api)
        order = await api.order()
        await account.faults(times=0, status=500)
        await api.payment(order, expect=503)
        shown = await paydesk(running, "payments", "show", order.id, "--history")
        (line,) = [one for one in shown.lines if " call " in one]
        assert re.search(r"open_payment .*, OPEN, due .*, last answer: .*\breq_\w+", line), line
        assert "open calls" in shown.lines[-1]
        await account.mend()
        await api.recover(after=60)
        shown = await paydesk(running, "payments", "show", order.id, "--history")
    (line,) = [one for one in shown.lines if " call " in one]
    assert line.endswith(", taken up again 1 times")
    assert next(one for one in shown.lines if " answer " in one).split()[5] == "done:"


async def test_sums_are_told_net_of_disputes(api: Api, running: Running, account: Stripe) -> None:
    async def net(order: Answer) -> tuple[list[str], list[int], list[str]]:
        """The statuses of its disputes, the numbers for a program, and the lines for a reader."""
        found = (await paydesk(running, "payments", "show", order.id, "--json")).json
        told = [
            found["net"][f"{name}_cents"] for name in ("captured", "refunded", "disputed_out", "disputed_in", "net")
        ]
        assert [found["order"]["captured_cents"], found["order"]["refunded_cents"]] == told[:2]
        text = await paydesk(running, "payments", "show", order.id, "--history")
        lines = [line for line in text.lines if line.split()[:1] in (["net"], ["dispute"])]
        return [one["status"] for one in found["disputes"]], told, lines

    order, payment = await paid(api, "pm_card_createDispute")
    # As nobody has told of the dispute yet.
    assert (await net(order))[:2] == ([], [15400, 0, 0, 0, 15400])
    await api.update(payment, {"_refresh": True})
    (dispute,) = (await account.v1.disputes.list_async({})).data
    statuses, told, (first, second) = await net(order)
    assert (statuses, told) == (["needs_response"], [15400, 0, 15400, 0, 0])
    assert re.match(rf"dispute +{dispute.id}: needs_response, fraudulent, €154,00, evidence until \d{{4}}-", first)
    assert (
        second.removeprefix("net").strip() == "€0,00: captured €154,00, refunded €0,00, disputed out €154,00, in €0,00"
    )
    await account.v1.disputes.update_async(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    await api.update(payment, {"_refresh": True})
    assert (await net(order))[:2] == (["won"], [15400, 0, 15400, 15400, 15400])
    # An inquiry takes nothing, and may be given back.
    other, asked = await paid(api, "pm_card_createDisputeInquiry")
    (capture,) = (await api.get(f"orders/{other.id}/captures")).data
    await api.update({"type": "captures", "id": capture["id"]}, {"_refund": True, "_refund_amount_cents": 2900})
    await api.update(asked, {"_refresh": True})
    assert (await net(other))[:2] == (["warning_needs_response"], [15400, 2900, 0, 0, 12500])


@on_sqlite
async def test_an_order_without_a_payment_has_nothing_to_net(api: Api, running: Running) -> None:
    order = await api.order()
    found = (await paydesk(running, "payments", "show", order.id, "--json")).json
    assert (found["disputes"], found["net"]["net_cents"]) == ([], 0)


@on_sqlite
async def test_what_was_declined_says_why(api: Api, running: Running, account: Stripe) -> None:
    order = await placeable(api)
    payment = await api.payment(order)
    await account.v1.payment_intents.update_async(payment["stripe_id"], {"payment_method": "pm_card_chargeDeclined"})
    await api.update(order, {"_place": True}, expect=422)
    shown = await paydesk(running, "payments", "show", order.id, "--history")
    (answer,) = [one for one in shown.lines if " answer   place_order" in one]
    assert " declined: Your card was declined., generic_decline" in answer
    assert "told: " in answer
    (failed,) = [one for one in shown.lines if one.startswith(f"{order['number']}/T/001")]
    assert failed.endswith("Your card was declined.")


@on_sqlite
async def test_a_deleted_payment_is_told_of(api: Api, running: Running) -> None:
    order = await api.order()
    payment = await api.payment(order)
    await api.delete(payment)
    shown = await paydesk(running, "payments", "show", order.id, "--history")
    assert f"stripe_payments {payment.id} deleted" in shown.out
    assert re.search(r"answer   discard_payment \w+ done: pi_\w+, canceled", shown.out)


@on_sqlite
async def test_a_number_that_several_have_needs_an_organization(api: Api, running: Running) -> None:
    order = await api.order()
    for application in ("acme/live/integration", "other/test/integration"):
        token = await api.log_in(application)
        address = await api.create("addresses", ADDRESS, token=token)
        merchant = await api.create("merchants", {"name": "Brand"}, address=address, token=token)
        given = {"name": "EUR", "code": "eur", "currency_code": "EUR"}
        prices = await api.create("price_lists", given, token=token)
        given = {"name": "Europe", "code": "eu"}
        market = await api.create("markets", given, merchant=merchant, price_list=prices, token=token)
        assert (await api.create("orders", market=market, token=token))["number"] == order["number"]
    unclear = await paydesk(running, "payments", "show", order["number"])
    assert unclear.status == 0
    assert [line.split()[-1] for line in unclear.lines] == ["other/test", "acme/live", "acme/test"]
    assert unclear.err.startswith(f"Several match {order['number']}. Tell one by its organization and mode")
    assert (await paydesk(running, "payments", "show", order["number"], "-o", "other")).status == 0
    shown = await paydesk(running, "payments", "show", order["number"], "-o", "acme", "--mode", "test")
    assert f"({order.id}), acme/test" in shown.out
    for arguments in (["nothing"], [order.id, "-o", "other"], [order.id, "-o", "nobody"]):
        ended = await paydesk(running, "payments", "show", *arguments)
        assert (ended.status, ended.out) == (1, "")
        assert "There is no " in ended.err


@on_sqlite
async def test_a_wire_transfer_is_shown_and_has_nobody_to_be_compared_with(api: Api, running: Running) -> None:
    gateway = await api.create("manual_gateways", {"name": "By hand"})
    api.method = await api.method_of(gateway, payment_source_type="wire_transfers")
    order = await placeable(api)
    transfer = await api.create("wire_transfers", order=order)
    await api.update(order, {"_place": True})
    shown = await paydesk(running, "payments", "show", order.id, "--history")
    assert shown.status == 0
    assert re.search(rf"^wire transfer +{transfer.id}: {transfer.id}, authorized, €154,00$", shown.out, re.M)
    compared = await paydesk(running, "reconcile", "--json")
    assert (compared.status, compared.json["payments"]) == (0, 0)
