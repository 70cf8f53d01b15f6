"""What `paydesk reconcile` advises a person to do ends the difference, each kind of it."""

import re
from collections.abc import Awaitable, Callable, Generator
from typing import Any

import pytest
import stripe

from paydesk.base.actor import worker
from paydesk.cli.screen import Exit
from paydesk.commerce.payments.refunds import Refund
from paydesk.commerce.payments.transactions import book, booked
from paydesk.commerce.payments.voids import Void
from paydesk.declare import eq
from paydesk.rules.asking import Find
from paydesk.rules.work import Work
from tests.acts.differences import falsify
from tests.acts.orders import approved, at_stripe, authorized, in_parts, moved, only, ready, stands
from tests.payments.commands import paydesk
from tests.payments.conftest import Answer, Api, Running, on_sqlite

Told = set[tuple[str, str | None, str | None, bool]]
"""What differs, what either side has, and whether an integration marked it."""


async def put_down(api: Api, order: Answer, kind: Any, cents: int, **of: str) -> None:
    """Book what never happened, as a version before this one may have."""

    def rule(work: Work) -> Generator[Any, Any, None]:
        found = yield Find("orders", eq("id", order.id), ("payment_source",), lock=True)
        yield from booked(found, work)
        book(kind, found, found.payment_source, work, key="gone", amount_cents=cents, succeeded=True, **of)
        yield from found.settle(work)

    await api.parts.desk.operate(worker(f"{(await api.get('organization')).id}/test", "acme", "test", "test"), rule)


async def number(api: Api, link: dict[str, str]) -> str:
    found: str = (await api.get(link))["number"]
    return found


async def captured(api: Api) -> tuple[Answer, Answer, dict[str, str]]:
    """A paid order, its payment, and its capture."""
    order, payment, _ = await approved(api)
    await api.update(order, {"_capture": True})
    return order, payment, await only(api, order, "captures")


async def authorized_otherwise(api: Api) -> Told:
    _, _, authorization = await approved(api)
    await falsify(api, "transactions", authorization["id"], amount_cents=15000)
    return {(f"authorization {await number(api, authorization)}", "€150,00", "€154,00", False)}


async def captured_otherwise(api: Api) -> Told:
    _, _, capture = await captured(api)
    await api.update(capture, {"_refund": True, "_refund_amount_cents": 400})
    await falsify(api, "transactions", capture["id"], amount_cents=15500)
    return {("captured", "€155,00", "€154,00", False)}


async def captured_beyond(api: Api) -> Told:
    order = await ready(api)
    asked = {"payment_method_options": {"card": {"request_overcapture": "if_available"}}}
    payment = await api.payment(order, {"options": asked})
    await api.stripe.confirm(payment["stripe_id"])
    await api.update(order, {"_place": True})
    authorization = await number(api, await only(api, order, "authorizations"))
    await api.stripe.v1.payment_intents.capture_async(payment["stripe_id"], {"amount_to_capture": 16000})
    await api.update(payment, {"_refresh": True})
    return {
        (f"authorization {authorization}", "€154,00", "€160,00", False),
        ("captured", "€154,00", "€160,00", False),
    }


async def void_that_is_none(api: Api) -> Told:
    order, _, authorization = await approved(api)
    await put_down(api, order, Void, 15400, reference_authorization_id=authorization["id"])
    return {(f"void {await number(api, await only(api, order, 'voids'))}", "€154,00", "requires_capture", False)}


async def refund_that_is_none(api: Api) -> Told:
    # What a rest that Stripe released was once taken for.
    order, _, capture = await captured(api)
    await put_down(api, order, Refund, 15400, reference_capture_id=capture["id"])
    assert (await stands(api, order))[:2] == ("cancelled", "refunded")
    return {(f"refund {await number(api, await only(api, order, 'refunds'))}", "€154,00", None, False)}


async def refunded_otherwise(api: Api) -> Told:
    order, payment, capture = await captured(api)
    await api.update(capture, {"_refund": True, "_refund_amount_cents": 400})
    refund = await only(api, order, "refunds")
    await falsify(api, "transactions", refund["id"], amount_cents=500)
    (there,) = (await api.stripe.v1.refunds.list_async({"payment_intent": payment["stripe_id"]})).data
    return {(f"refund {there.id}", "€5,00", "€4,00", False)}


async def forwarded_attempt(api: Api) -> Told:
    order = await ready(api)
    payment = await api.payment(order)
    with pytest.raises(stripe.CardError):
        await api.stripe.confirm(payment["stripe_id"], "pm_card_chargeDeclined")
    await api.update(payment, {"_refresh": True})
    attempt = await only(api, order, "authorizations")
    await api.update(attempt, {"_forward": True})
    return {(f"authorization {await number(api, attempt)}", "€154,00", None, True)}


async def forwarded_capture(api: Api) -> Told:
    order, payment, authorization = await approved(api)
    await api.stripe.faults(path=f"/v1/payment_intents/{payment['stripe_id']}/capture", status=400)
    await api.update(authorization, {"_capture": True})
    capture = await only(api, order, "captures")
    await api.update(capture, {"_forward": True})
    await api.stripe.v1.payment_intents.cancel_async(payment["stripe_id"])
    await api.update(payment, {"_refresh": True})
    assert (await stands(api, order))[1] == "paid"
    return {(f"capture {await number(api, capture)}", "€154,00", "€0,00", True)}


async def capture_marked_as_failed(api: Api) -> Told:
    _, _, capture = await captured(api)
    await api.update(capture, {"succeeded": False})
    return {(f"capture {await number(api, capture)}", "marked as failed", "€154,00", True)}


async def authorization_marked_as_failed(api: Api) -> Told:
    _, _, authorization = await approved(api)
    await api.update(authorization, {"succeeded": False})
    return {(f"authorization {await number(api, authorization)}", "marked as failed", "€154,00", True)}


async def forwarded_void(api: Api) -> Told:
    order, payment, authorization = await approved(api)
    await api.stripe.faults(path=f"/v1/payment_intents/{payment['stripe_id']}/cancel", status=400)
    await api.update(authorization, {"_void": True})
    void = await only(api, order, "voids")
    await api.update(void, {"_forward": True})
    return {(f"void {await number(api, void)}", "€154,00", "requires_capture", True)}


async def void_marked_as_failed(api: Api) -> Told:
    order, _, authorization = await approved(api)
    await api.update(authorization, {"_void": True})
    void = await only(api, order, "voids")
    await api.update(void, {"succeeded": False})
    return {(f"void {await number(api, void)}", "marked as failed", "€154,00", True)}


async def forwarded_refund(api: Api) -> Told:
    order, _, capture = await captured(api)
    await api.stripe.faults(path="/v1/refunds", status=400)
    await api.update(capture, {"_refund": True, "_refund_amount_cents": 400})
    refund = await only(api, order, "refunds")
    await api.update(refund, {"_forward": True})
    return {(f"refund {await number(api, refund)}", "€4,00", None, True)}


async def refund_marked_as_failed(api: Api) -> Told:
    order, _, capture = await captured(api)
    await api.update(capture, {"_refund": True, "_refund_amount_cents": 400})
    refund = await only(api, order, "refunds")
    await api.update(refund, {"succeeded": False})
    return {(f"refund {await number(api, refund)}", "marked as failed", "€4,00", True)}


KINDS = (
    authorized_otherwise, captured_otherwise, captured_beyond, void_that_is_none, refund_that_is_none,
    refunded_otherwise, forwarded_attempt, forwarded_capture, capture_marked_as_failed,
    authorization_marked_as_failed, forwarded_void, void_marked_as_failed, forwarded_refund, refund_marked_as_failed,
)  # fmt: skip


@on_sqlite
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
async def test_following_the_advice_ends_the_difference(
    api: Api, running: Running, kind: Callable[[Api], Awaitable[Told]]
) -> None:
    expected = await kind(api)
    findings = [one for one in (await paydesk(running, "reconcile", "--json")).json["findings"] if not one["mended"]]
    assert {(one["what"], one["ours"], one["theirs"], one["marked"]) for one in findings} == expected
    for finding in findings:
        for names, change, value in re.findall(r'PATCH (.+?) with "(\w+)": (true|false)', finding["do"]):
            for name in names.split(", "):
                type_, id_ = name.split("/")
                await api.update({"type": type_, "id": id_}, {change: value == "true"})
    after = await paydesk(running, "reconcile", "--json")
    # What needs a person's attention may be left, and is no difference.
    assert (after.status in (Exit.OK, Exit.ATTENTION), after.json["findings"]) == (True, [])


async def test_a_rest_that_was_let_go_is_no_difference(api: Api, running: Running) -> None:
    order, payment, authorization = await in_parts(api)
    await api.update(authorization, {"_capture": True, "_capture_amount_cents": 5000})
    await api.update(authorization, {"_void": True})
    assert (await at_stripe(api, payment))[:2] == ("succeeded", 5000)
    assert (await moved(api, order))[2:] == [("voids", 10400, True)]
    assert (await paydesk(running, "reconcile", "--json")).json["findings"] == []


async def test_what_was_marked_as_failed_and_is_asked_for_again_is_what_it_was(api: Api, running: Running) -> None:
    order, _payment, authorization = await approved(api)
    await api.update(authorization, {"_capture": True})
    capture = await only(api, order, "captures")
    await api.update(capture, {"succeeded": False})
    again = await api.update(authorization, {"_capture": True})
    assert again["capture_balance_cents"] == 0
    assert await moved(api, order) == [("authorizations", 15400, True), ("captures", 15400, True)]
    assert (await stands(api, order))[:2] == ("approved", "paid")
    other, _, held = await approved(api)
    await api.update(held, {"_void": True})
    await api.update(await only(api, other, "voids"), {"succeeded": False})
    await api.update(held, {"_void": True})
    assert await moved(api, other) == [("authorizations", 15400, True), ("voids", 15400, True)]
    assert (await paydesk(running, "reconcile", "--json")).json["findings"] == []


@on_sqlite
async def test_a_mark_is_told_as_what_it_is(api: Api, running: Running) -> None:
    order, payment, capture = await captured(api)
    await api.update(capture, {"succeeded": False})
    (line,) = [one for one in (await paydesk(running, "reconcile")).lines if payment["stripe_id"] in one]
    assert line == (
        f"acme/test order {order['number']} {payment['stripe_id']}, stripe_payments/{payment.id}: marked by hand, "
        f"capture {order['number']}/T/002: paydesk marked as failed, gateway €154,00. Look at {payment['stripe_id']} "
        f'at the gateway; where it is right, PATCH captures/{capture["id"]} with "succeeded": true.'
    )


async def test_what_else_is_held_for_an_order_that_was_given_back_whole_is_let_go(api: Api, running: Running) -> None:
    order, first = await authorized(api)
    second = await api.payment(order)
    await api.stripe.confirm(second["stripe_id"])
    await api.update(second, {"_refresh": True})
    await api.update(order, {"_place": True})
    await api.update(order, {"_approve_and_capture": True})
    await api.recover()
    kept = {(await at_stripe(api, one))[0] for one in (first, second)}
    assert "succeeded" in kept
    await api.update(order, {"_refund": True})
    await api.recover()
    assert (await stands(api, order))[0] == "cancelled"
    assert {(await at_stripe(api, one))[0] for one in (first, second)} == {"succeeded", "canceled"}
    assert (await paydesk(running, "reconcile", "--json")).json["findings"] == []


async def test_cancelling_once_more_lets_go_what_came_for_a_cancelled_order(api: Api) -> None:
    order = await ready(api)
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"])
    await api.update(order, {"_cancel": True})
    await api.update(payment, {"_refresh": True})
    assert (await stands(api, order))[:2] == ("cancelled", "authorized")
    await api.update(order, {"_cancel": True})
    await api.recover()
    assert (await stands(api, order))[:2] == ("cancelled", "voided")
    assert (await at_stripe(api, payment))[0] == "canceled"
