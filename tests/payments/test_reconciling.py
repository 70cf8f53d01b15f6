"""`paydesk reconcile`: our books and Stripe's, compared payment by payment."""

import asyncio
import signal
from typing import Any

import pytest

from paydesk.base.instants import later
from paydesk.cli.periods import moment, span
from tests import forked
from tests.acts.adopted import ids, intent_of
from tests.acts.bought import bought
from tests.acts.crashes import settings_of
from tests.acts.differences import falsify, lost_refund, orphan
from tests.payments.commands import Said, paydesk
from tests.payments.conftest import ADDRESS, Answer, Api, Running, Stripe, furnish, on_sqlite


def told(said: Said) -> set[tuple[str | None, str, str | None, str | None]]:
    """Of each finding: the payment's name at Stripe, what differs, and what either side has."""
    return {(one["payment_id"], one["what"], one["ours"], one["theirs"]) for one in said.json["findings"]}


async def test_each_difference_is_told_and_what_can_be_is_mended(api: Api, running: Running, account: Stripe) -> None:
    agreed = await paydesk(running, "reconcile")
    assert (agreed.status, agreed.lines[-1].split()) == (0, ["differences", "0"])
    order, intent, refund = await lost_refund(api)
    cart = await api.payment()
    await account.v1.payment_intents.update_async(cart["stripe_id"], {"amount": 9900})
    await account.v1.payment_intents.create_async({"amount": 500, "currency": "eur"})
    stray = await orphan(api, order_id=order.id, order_number=order["number"], stripe_payment_id="gone")
    other, paid = await bought(api)
    await falsify(api, "orders", other.id, payment_status="paid")
    third, thrice = await bought(api)
    (capture,) = (await api.get(f"orders/{third.id}/captures")).data
    await falsify(api, "transactions", capture["id"], amount_cents=15500)
    mendable = {
        (intent, f"refund {refund}", None, "€10,00"),
        (cart["stripe_id"], "amount", "€154,00", "€99,00"),
        (paid["stripe_id"], "order's payment status", "paid", "partially_refunded by its transactions"),
        (thrice["stripe_id"], "order's captured", "€154,00", "€155,00 by its transactions"),
    }
    lasting = {(thrice["stripe_id"], "captured", "€155,00", "€154,00")}
    idle = {(stray, "unknown payment", None, "requires_payment_method, €7,00")}
    found = await paydesk(running, "reconcile", "--json")
    assert found.status == 1
    assert told(found) == mendable | lasting | idle
    assert (found.json["payments"], found.json["mended"]) == (4, 0)
    lines = (await paydesk(running, "reconcile", "--since", "1h")).lines
    (line,) = [one for one in lines if refund in one]
    payment = (await api.get(f"orders/{order.id}?include=payment_source")).data["relationships"]["payment_source"]
    name = f"stripe_payments/{payment['data']['id']}"
    assert line == (
        f"acme/test order {order['number']} {intent}, {name}: refund {refund}: paydesk nothing, gateway €10,00. "
        f'Run `paydesk reconcile --fix`, or PATCH {name} with "_refresh": true.'
    )
    (line,) = [one for one in lines if stray in one]
    assert line.endswith(". Run `paydesk reconcile --fix`, which cancels it: nobody here waits for it.")
    mended = await paydesk(running, "reconcile", "--fix", "--json")
    assert mended.status == 1
    assert told(mended) == lasting
    assert (mended.json["mended"], mended.json["canceled"]) == (4, 1)
    assert (await api.get(f"orders/{other.id}"))["payment_status"] == "partially_refunded"
    refunds = [one["attributes"] for one in (await api.get(f"orders/{order.id}/refunds?sort=created_at")).data]
    assert [(one["amount_cents"], one["succeeded"]) for one in refunds] == [(2900, True), (1000, True)]


async def forgotten(api: Api, given: dict[str, Any] | None = None) -> Answer:
    """A payment that is no order's source any more, though nothing was done about it."""
    order = await api.order()
    payment = await api.payment(order, given)
    await falsify(api, "orders", order.id, payment_source_id=None, payment_source_type=None)
    return payment


async def status(account: Stripe, name: str) -> str:
    return str((await account.v1.payment_intents.retrieve_async(name)).status)


async def releases(api: Api) -> list[str]:
    return [state for kind, state in await api.calls() if kind == "release_payment"]


async def test_what_can_still_be_paid_and_no_order_needs_is_canceled_where_it_is_of_our_making(
    api: Api, running: Running, account: Stripe
) -> None:
    replaced = await forgotten(api)
    order = await api.order()
    over = await api.payment(order)
    await falsify(api, "orders", order.id, status="cancelled")
    stray = await orphan(api, order_id="gone", stripe_payment_id=replaced.id)
    intent = await intent_of(account)
    adopted = await forgotten(api, ids(intent))
    needed = await api.payment()
    others = await account.v1.payment_intents.create_async(
        {"amount": 700, "currency": "eur", "metadata": {"paydesk": "another", "mode": "test"}}
    )
    idle = {
        (replaced["stripe_id"], "live payment", "replaced by another source", "requires_payment_method"),
        (over["stripe_id"], "live payment", "of a cancelled order", "requires_payment_method"),
        (stray, "unknown payment", None, "requires_payment_method, €7,00"),
    }
    left = {(intent.id, "live payment", "replaced by another source", "requires_payment_method")}
    found = await paydesk(running, "reconcile", "--json")
    assert (told(found), found.json["canceled"]) == (idle | left, 0)
    assert {one["payment_id"] for one in found.json["findings"] if one["idle"]} == {name for name, *_ in idle}
    fixed = await paydesk(running, "reconcile", "--fix", "--json")
    assert (fixed.status, told(fixed), fixed.json["canceled"]) == (1, left, 3)
    (one,) = fixed.json["findings"]
    assert one["do"] == f"cancel {intent.id} at the gateway: it can still be paid, and was not opened by paydesk"
    for name, *_ in idle:
        assert await status(account, name) == "canceled"
    for name in (intent.id, needed["stripe_id"], others.id):
        assert await status(account, name) == "requires_payment_method"
    assert await releases(api) == ["done", "done", "done"]
    rows = dict(await api.rows("stripe_payments", "id", "gateway_status"))
    # The stray's metadata named a record of another intent, which nothing was done to.
    assert rows == {
        replaced.id: "canceled",
        over.id: "canceled",
        adopted.id: "requires_payment_method",
        needed.id: "requires_payment_method",
    }
    again = await paydesk(running, "reconcile", "--fix", "--json")
    assert (told(again), again.json["canceled"], await releases(api)) == (left, 0, ["done", "done", "done"])


async def test_what_holds_money_is_booked_and_stays(api: Api, running: Running, account: Stripe) -> None:
    payment = await forgotten(api)
    stray = await orphan(api, order_id="gone")
    for name in (payment["stripe_id"], stray):
        await account.v1.payment_intents.update_async(name, {"capture_method": "manual"})
        await account.confirm(name, return_url="https://shop.example.com")
    fixed = await paydesk(running, "reconcile", "--fix", "--json")
    assert (told(fixed), fixed.json["mended"], fixed.json["canceled"]) == (
        {(stray, "unknown payment", None, "requires_capture, €7,00")},
        1,
        0,
    )
    assert f"run `paydesk payments make-order {stray}`" in fixed.json["findings"][0]["do"]
    for name in (payment["stripe_id"], stray):
        assert await status(account, name) == "requires_capture"
    assert await releases(api) == []
    assert (await api.get(f"stripe_payments/{payment.id}/order"))["payment_status"] == "authorized"


@on_sqlite
@pytest.mark.parametrize("place", ["asking", "asked"])
async def test_killed_while_it_cancels_the_journal_brings_it_to_its_end(
    running: Running, account: Stripe, place: str
) -> None:
    async with running.api(account) as api:
        await furnish(api)
        payment = await forgotten(api)
    given = settings_of(running.settings, PAYDESK_CRASH_AT=f"release_payment.{place}")
    ended = await asyncio.to_thread(forked.paydesk, "reconcile", "--fix", **given)
    assert ended.returncode == -signal.SIGKILL
    name = payment["stripe_id"]
    assert await status(account, name) == ("canceled" if place == "asked" else "requires_payment_method")
    assert (await paydesk(running, "recover")).status == 0
    assert await status(account, name) == "canceled"
    assert (await paydesk(running, "reconcile")).status == 0
    async with running.api(account) as api:
        assert (await releases(api), await api.rows("stripe_payments", "gateway_status")) == (["done"], [("canceled",)])


@on_sqlite
async def test_what_turns_out_to_be_anothers_is_left_by_whoever_goes_on(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        await furnish(api)
        payment = await forgotten(api)
    given = settings_of(running.settings, PAYDESK_CRASH_AT="release_payment.asking")
    await asyncio.to_thread(forked.paydesk, "reconcile", "--fix", **given)
    await account.v1.payment_intents.update_async(payment["stripe_id"], {"metadata": {"paydesk": "another"}})
    assert (await paydesk(running, "recover")).status == 0
    assert await status(account, payment["stripe_id"]) == "requires_payment_method"
    async with running.api(account) as api:
        assert await releases(api) == ["done"]


async def test_where_organizations_share_an_account_each_cancels_its_own(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        token = await api.log_in("other/test/integration")
        given = {"name": "Stripe", "login": account.key, "publishable_key": "pk_test_shop"}
        await api.create("stripe_gateways", given, token=token)
        await furnish(api)
        stray = await orphan(api, order_id="gone")
        found = await paydesk(running, "reconcile", "--fix", "--json", "-o", "other")
        assert (told(found), await status(account, stray)) == (set(), "requires_payment_method")
        fixed = await paydesk(running, "reconcile", "--fix", "--json")
        assert (told(fixed), fixed.json["canceled"], await status(account, stray)) == (set(), 1, "canceled")
        calls = await api.rows("gateway_calls", "kind", "gateway_id", "subject_id")
        assert [tuple(one) for one in calls if one[2] == stray] == [("release_payment", api.gateway.id, stray)]


async def test_what_is_just_being_opened_is_left_also_by_another_gateway_of_the_account(
    api: Api, running: Running, account: Stripe
) -> None:
    second = await api.gateway_of()
    order = await api.order()
    await account.faults(times=0, drop="after")
    await api.payment(order, expect=503)
    await account.mend()
    (intent,) = await account.live()
    for arguments, count in (["--gateway", second.id], 0), ([], 1):
        found = await paydesk(running, "reconcile", "--fix", "--json", *arguments)
        assert (len(found.json["findings"]), found.json["canceled"]) == (count, 0)
        assert await status(account, intent.id) == "requires_payment_method"
    await api.recover(after=60)
    assert await api.source_of(order) is not None
    assert await status(account, intent.id) == "requires_payment_method"


async def test_a_copy_of_the_database_leaves_the_carts_that_it_cannot_know(
    api: Api, running: Running, account: Stripe
) -> None:
    stray = await orphan(api, order_id="gone")
    for id, at in await api.rows("versions", "id", "created_at"):
        await falsify(api, "versions", id, created_at=later(at, -3600))
    found = await paydesk(running, "reconcile", "--fix", "--json")
    assert (told(found), found.json["canceled"]) == (
        {(stray, "unknown payment", None, "requires_payment_method, €7,00")},
        0,
    )
    assert found.json["findings"][0]["do"].startswith("leave it where this database is a copy of another; otherwise ")
    assert await status(account, stray) == "requires_payment_method"
    await api.create("addresses", ADDRESS)
    assert (await paydesk(running, "reconcile", "--fix", "--json")).json["canceled"] == 1


@on_sqlite
async def test_what_stripe_does_not_let_go_is_told(api: Api, running: Running, account: Stripe) -> None:
    payment = await forgotten(api)
    await account.faults(path=f"/v1/payment_intents/{payment['stripe_id']}/cancel", status=403)
    fixed = await paydesk(running, "reconcile", "--fix", "--json")
    assert (fixed.status, fixed.json["canceled"], await releases(api)) == (1, 0, ["refused"])
    (one,) = fixed.json["findings"]
    assert (one["what"], one["payment_id"]) == ("live payment", payment["stripe_id"])
    assert (await paydesk(running, "reconcile", "--fix")).status == 0
    assert await status(account, payment["stripe_id"]) == "canceled"


@on_sqlite
async def test_what_is_under_way_and_what_was_replaced_are_told_until_they_are_done(
    api: Api, running: Running, account: Stripe
) -> None:
    order = await api.order()
    first = await api.payment(order)
    await api.payment(order, {"options": {"description": "again"}})
    said = told(await paydesk(running, "reconcile", "--json"))
    names = {(name, what.split()[0]) for name, what, _, _ in said}
    assert names == {(first["stripe_id"], "live"), (None, "call")}
    await api.recover()
    assert (await paydesk(running, "reconcile")).status == 0
    await account.v1.payment_intents.cancel_async((await api.payment(await api.order()))["stripe_id"])
    canceled = told(await paydesk(running, "reconcile", "--json"))
    assert [rest for _, *rest in canceled] == [["status", "requires_payment_method", "canceled"]]


@on_sqlite
async def test_an_opened_payment_without_a_record_is_an_open_call_and_no_orphan(
    api: Api, running: Running, account: Stripe
) -> None:
    order = await api.order()
    await account.faults(times=0, drop="after")
    await api.payment(order, expect=503)
    await account.mend()
    (one,) = (await paydesk(running, "reconcile", "--json")).json["findings"]
    assert one["what"].startswith("call open_payment ")
    assert one["do"] == "run `paydesk recover` where no server does it by itself"


@on_sqlite
async def test_what_cannot_be_read_is_told_once_for_a_key_and_singly_else(
    api: Api, running: Running, account: Stripe
) -> None:
    payment = await api.payment()
    await api.payment()
    await falsify(api, "stripe_payments", payment.id, stripe_id="pi_elsewhere")
    found = await paydesk(running, "reconcile", "--json")
    what = {(one["what"], one["payment_id"], one["theirs"]) for one in found.json["findings"]}
    # The intent is an orphan now, and the record one that Stripe does not know.
    assert what == {
        ("payment", "pi_elsewhere", None),
        ("unknown payment", payment["stripe_id"], "requires_payment_method, €154,00"),
    }
    await account.faults(method="GET", path="/v1/payment_intents", times=20, status=401)
    (one,) = (await paydesk(running, "reconcile", "--json")).json["findings"]
    assert (one["what"], one["payment"]) == ("key", None)
    assert one["do"] == (
        f"give the gateway another key of the same account (`paydesk gateways rekey {api.gateway.id}`): its payments "
        "could not be compared"
    )


@on_sqlite
async def test_period_organization_and_gateway_say_what_is_compared(api: Api, running: Running) -> None:
    await lost_refund(api)
    for arguments in (["--until", "1h"], ["-o", "other"], ["--since", "2099-01-01"]):
        ended = await paydesk(running, "reconcile", "--json", *arguments)
        assert (ended.status, ended.json["payments"]) == (0, 0), arguments
    assert (await paydesk(running, "reconcile", "--gateway", api.gateway.id)).status == 1
    assert (await paydesk(running, "reconcile", "--gateway", "nothing")).status == 1
    assert (await paydesk(running, "reconcile", "-o", "nobody")).status == 1
    wrong = await paydesk(running, "reconcile", "--since", "yesterday")
    assert (wrong.status, wrong.out) == (2, "")
    assert "7d, 36h or 1d12h" in wrong.err


def test_a_period_is_said_in_days_or_as_a_time() -> None:
    assert moment("7d", 1_700_000_000.0) == "2023-11-07T22:13:20.000Z"
    assert moment("90m", 1_700_000_000.0) == "2023-11-14T20:43:20.000Z"
    assert moment("2023-11-01", 1_700_000_000.0) == "2023-11-01T00:00:00.000Z"
    assert moment("soon", 1_700_000_000.0) is None
    assert [span(text) for text in ("24h", "2w", "0m", "1 d", "24", "-1h", "٣d", "")] == [86400, 1209600, 0] + [
        None
    ] * 5
