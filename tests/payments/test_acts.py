"""What an order does by several gateway calls: one after the other, and a no stops what has not begun."""

import asyncio
from typing import Any

import pytest

from tests.acts.crashes import EVERYTHING, killed
from tests.acts.orders import at_stripe, moved, ready, stands
from tests.acts.two_payments import paid_beside
from tests.payments.conftest import Answer, Api, Running, Stripe, document_of, furnish


async def in_two_parts(api: Api) -> tuple[Answer, Answer, Answer]:
    """A placed order whose two payments hold 50.00 and 104.00 of it."""
    order = await ready(api)
    payments = []
    for cents in (5000, 10400):
        payments.append(await api.payment(order, {"options": {"payment_method": "pm_card_visa"}}))
        await api.update(order, {"_authorize": True, "_authorization_amount_cents": cents})
    assert await stands(api, order) == ("pending", "authorized", "unfulfilled")
    await api.payment(order)  # One that is for all of it is what placing asks for; the money is held by the others.
    await api.update(order, {"_place": True})
    await api.recover()
    return order, payments[0], payments[1]


async def captured(api: Api) -> tuple[Answer, Answer, Answer]:
    """The same approved and captured: 104.00 first, of the source that the order ended with."""
    order, first, second = await in_two_parts(api)
    await api.update(order, {"_approve_and_capture": True})
    assert await stands(api, order) == ("approved", "paid", "not_required")
    await api.recover()
    return order, first, second


async def of(api: Api, order: Answer, kind: str, payment: Answer) -> str:
    """The id of an order's transaction of a kind that is a payment's."""
    found = (await api.get(f"orders/{order.id}/{kind}")).data
    return next(str(one["id"]) for one in found if one["attributes"]["token"].startswith(payment["stripe_id"]))


async def settled(api: Api) -> None:
    """All that the background may still do."""
    for _ in range(3):
        await api.recover(after=5)
    assert await api.open_calls() == []


def step(kind: str, type: str, id: str, cents: int) -> dict[str, Any]:
    return {"step": kind, "type": type, "id": id, "amount_cents": cents}


async def test_the_first_of_two_refunds_is_refused_and_the_second_is_not_begun(api: Api) -> None:
    order, first, second = await captured(api)
    one, other = await of(api, order, "captures", second), await of(api, order, "captures", first)
    before = await moved(api, order)
    await api.stripe.faults(path="/v1/refunds", status=402)
    refused = await api.update(order, {"_refund": True}, expect=422)
    assert refused.errors[0]["meta"] == {
        "error": "card_declined",
        "done": [],
        "refused": step("refund", "captures", one, 10400),
        "not_begun": [step("refund", "captures", other, 5000)],
    }
    await settled(api)
    assert await stands(api, order) == ("approved", "paid", "not_required")
    assert await moved(api, order) == [*before, ("refunds", 10400, False)]
    assert [await at_stripe(api, one) for one in (first, second)] == [
        ("succeeded", 5000, 0),
        ("succeeded", 10400, 0),
    ]
    done = await api.update(order, {"_refund": True})
    assert (done["status"], done["payment_status"]) == ("cancelled", "refunded")
    assert [await at_stripe(api, one) for one in (first, second)] == [
        ("succeeded", 5000, 5000),
        ("succeeded", 10400, 10400),
    ]
    assert len(await moved(api, order)) == len(before) + 3
    await settled(api)


async def test_the_second_of_two_refunds_is_refused_and_the_first_stays_made(api: Api) -> None:
    order, first, second = await captured(api)
    one, other = await of(api, order, "captures", second), await of(api, order, "captures", first)
    held = await api.stripe.hold(path="/v1/refunds", when="after")
    refunding = asyncio.create_task(api.update(order, {"_refund": True, "reference": "mine"}, expect=422))
    await held.begun()
    await api.stripe.faults(path="/v1/refunds", status=402)
    await held.go()
    refused = await refunding
    assert refused.errors[0]["meta"] == {
        "error": "card_declined",
        "done": [step("refund", "captures", one, 10400)],
        "refused": step("refund", "captures", other, 5000),
        "not_begun": [],
    }
    await settled(api)
    now = await api.get(order)
    assert (now["status"], now["payment_status"], now["reference"]) == ("approved", "partially_refunded", None)
    assert [await at_stripe(api, one) for one in (first, second)] == [
        ("succeeded", 5000, 0),
        ("succeeded", 10400, 10400),
    ]
    done = await api.update(order, {"_refund": True, "reference": "mine"})
    assert (done["status"], done["payment_status"], done["reference"]) == ("cancelled", "refunded", "mine")
    assert [await at_stripe(api, one) for one in (first, second)] == [
        ("succeeded", 5000, 5000),
        ("succeeded", 10400, 10400),
    ]


async def test_a_void_that_is_refused_lets_the_other_authorization_stand(api: Api) -> None:
    order, first, second = await in_two_parts(api)
    one, other = await of(api, order, "authorizations", first), await of(api, order, "authorizations", second)
    await api.stripe.faults(path=f"/v1/payment_intents/{first['stripe_id']}/cancel", status=400)
    refused = await api.update(order, {"_cancel": True}, expect=422)
    assert refused.errors[0]["meta"] == {
        "error": "invalid_request_error",
        "done": [],
        "refused": step("void", "authorizations", one, 5000),
        "not_begun": [step("void", "authorizations", other, 10400)],
    }
    await settled(api)
    assert await stands(api, order) == ("placed", "authorized", "not_required")
    assert [(await at_stripe(api, one))[0] for one in (first, second)] == ["requires_capture", "requires_capture"]
    cancelled = await api.update(order, {"_cancel": True})
    assert (cancelled["status"], cancelled["payment_status"]) == ("cancelled", "voided")
    assert [(await at_stripe(api, one))[0] for one in (first, second)] == ["canceled", "canceled"]
    await settled(api)


async def test_a_cancelled_order_voids_all_first_and_is_cancelled_with_the_last(api: Api) -> None:
    order, _, second = await in_two_parts(api)
    await api.stripe.faults(path=f"/v1/payment_intents/{second['stripe_id']}/cancel", status=402)
    refused = await api.update(order, {"_cancel": True}, expect=422)
    assert [one["type"] for one in refused.errors[0]["meta"]["done"]] == ["authorizations"]
    assert await stands(api, order) == ("placed", "partially_voided", "not_required")
    assert (await api.update(order, {"_cancel": True}))["status"] == "cancelled"


async def test_an_order_is_approved_with_the_last_of_its_captures_or_not_at_all(api: Api) -> None:
    order, first, second = await in_two_parts(api)
    one, other = await of(api, order, "authorizations", second), await of(api, order, "authorizations", first)
    await api.stripe.faults(path=f"/v1/payment_intents/{first['stripe_id']}/capture", status=402)
    refused = await api.update(order, {"_approve_and_capture": True}, expect=422)
    assert refused.errors[0]["meta"] == {
        "error": "card_declined",
        "done": [step("capture", "authorizations", one, 10400)],
        "refused": step("capture", "authorizations", other, 5000),
        "not_begun": [],
    }
    await settled(api)
    now = await api.get(order)
    assert (now["status"], now["payment_status"], now["approved_at"]) == ("placed", "partially_paid", None)
    assert [(await at_stripe(api, one))[:2] for one in (first, second)] == [
        ("requires_capture", 0),
        ("succeeded", 10400),
    ]
    done = await api.update(order, {"_approve_and_capture": True})
    assert (done["status"], done["payment_status"]) == ("approved", "paid")
    assert await moved(api, order) == [
        ("authorizations", 5000, True),
        ("authorizations", 10400, True),
        ("captures", 10400, True),
        ("captures", 5000, False),
        ("captures", 5000, True),
    ]


PATHS = {
    "_refund": ("captured", "/v1/refunds"),
    "_cancel": ("in two parts", "/v1/payment_intents/*/cancel"),
    "_approve_and_capture": ("in two parts", "/v1/payment_intents/*/capture"),
}

ENDS = {
    "_refund": (("cancelled", "refunded"), [("succeeded", 5000, 5000), ("succeeded", 10400, 10400)]),
    "_cancel": (("cancelled", "voided"), [("canceled", 0, 0), ("canceled", 0, 0)]),
    "_approve_and_capture": (("approved", "paid"), [("succeeded", 5000, 0), ("succeeded", 10400, 0)]),
}


@pytest.mark.parametrize("trigger", PATHS)
@pytest.mark.parametrize("finishing", ["the same request", "recovery"])
async def test_an_act_that_was_cut_short_goes_on_and_does_nothing_twice(
    running: Running, account: Stripe, trigger: str, finishing: str
) -> None:
    async with running.api(account) as api:
        await furnish(api)
        made, path = PATHS[trigger]
        order, first, second = await (captured(api) if made == "captured" else in_two_parts(api))
        before = len(await moved(api, order))
        held = await api.stripe.hold(path=path, when="after")
        acting = asyncio.create_task(api.update(order, {trigger: True, "reference": "mine"}, expect=503))
        await held.begun()
        await api.stripe.faults(path=path, times=0, drop="after")
        await held.go()
        await acting
        # The first was done and is booked; of the second nobody knows.
        assert len(await moved(api, order)) == before + 1
        now = await api.get(order)
        assert (now["reference"], now["status"]) == (None, "approved" if made == "captured" else "placed")
        assert len(await api.open_calls()) == 1
        await api.stripe.mend()
        if finishing == "recovery":
            await api.recover(after=5)
        else:
            assert (await api.update(order, {trigger: True, "reference": "mine"}))["reference"] == "mine"
        await settled(api)
        now = await api.get(order)
        assert ((now["status"], now["payment_status"]), now["reference"]) == (ENDS[trigger][0], "mine")
        assert [await at_stripe(api, one) for one in (first, second)] == ENDS[trigger][1]
        assert len(await moved(api, order)) == before + 2


async def test_paid_twice_a_cancelled_order_lets_both_go(api: Api) -> None:
    order = await ready(api)
    first = await paid_beside(api, order)
    second = await paid_beside(api, order)
    for one in (second, first):
        await api.update(one, {"_refresh": True})
    assert (await api.update(order, {"_cancel": True}))["status"] == "cancelled"
    assert [(await at_stripe(api, one))[0] for one in (first, second)] == ["canceled", "canceled"]
    await settled(api)


CRASHES = ["refund_payment.settled", "refund_payment.asked:2", "refund_payment.settling:2"]
"""After the first of two refunds was booked and the second journalled; after Stripe made that; before it is booked."""


@pytest.mark.parametrize("at", CRASHES if EVERYTHING else CRASHES[:2])
async def test_killed_in_the_middle_of_an_act_it_is_finished_and_what_waits_is_stored(
    running: Running, account: Stripe, at: str
) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order, first, second = await captured(api)
    body = document_of("orders", order.id, {"_refund": True, "reference": "mine"}, {})
    asked = {"method": "PATCH", "path": f"/api/orders/{order.id}", "body": body}
    assert await killed(running, api, at, [asked]) == ""
    running.clock.advance(11)
    async with running.api(account) as api:
        now = await api.get(order)
        assert (now["status"], now["payment_status"], now["reference"]) == ("approved", "partially_refunded", None)
        assert await api.open_calls() == ["refund_payment"]
        await api.recover()
        now = await api.get(order)
        assert (now["status"], now["payment_status"], now["reference"]) == ("cancelled", "refunded", "mine")
        assert [await at_stripe(api, one) for one in (first, second)] == [
            ("succeeded", 5000, 5000),
            ("succeeded", 10400, 10400),
        ]
        assert await api.open_calls() == []


async def test_two_equal_acts_at_once_are_one(api: Api) -> None:
    order, first, second = await captured(api)
    held = await api.stripe.hold(path="/v1/refunds")
    both = [asyncio.create_task(api.update(order, {"_refund": True})) for _ in range(2)]
    await held.begun()
    await held.go()
    assert [(await one)["payment_status"] for one in both] == ["refunded", "refunded"]
    assert [await at_stripe(api, one) for one in (first, second)] == [
        ("succeeded", 5000, 5000),
        ("succeeded", 10400, 10400),
    ]
    assert [kind for kind, _, _ in await moved(api, order)].count("refunds") == 2


async def test_an_act_ends_where_somebody_else_is_at_the_next(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order, first, second = await captured(api)
        one, other = await of(api, order, "captures", second), await of(api, order, "captures", first)
        held = await api.stripe.hold(path="/v1/refunds")
        acting = asyncio.create_task(api.update(order, {"_refund": True, "reference": "mine"}, expect=409))
        await held.begun()
        also = await api.stripe.hold(path="/v1/refunds")
        part = {"_refund": True, "_refund_amount_cents": 100}
        refunding = asyncio.create_task(api.update({"type": "captures", "id": other}, part))
        await also.begun()
        await held.go()
        refused = await acting
        assert refused.said == [("", "CONFLICT")]
        assert refused.errors[0]["meta"] == {"done": [step("refund", "captures", one, 10400)]}
        await also.go()
        await refunding
        await settled(api)
        now = await api.get(order)
        assert (now["status"], now["payment_status"], now["reference"]) == ("approved", "partially_refunded", None)
        done = await api.update(order, {"_refund": True, "reference": "mine"})
        assert (done["status"], done["payment_status"], done["reference"]) == ("cancelled", "refunded", "mine")
        assert [await at_stripe(api, one) for one in (first, second)] == [
            ("succeeded", 5000, 5000),
            ("succeeded", 10400, 10400),
        ]
