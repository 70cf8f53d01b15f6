"""What a gateway says no to has written nothing: every trigger that asks one, with attributes beside it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.acts.history import history
from tests.acts.orders import approved, authorized, moved, only, ready, stands
from tests.acts.saved_cards import REUSE, SAVE, paid, saved
from tests.acts.saved_cards import ready as signed_up
from tests.acts.wallet import PASSWORD
from tests.payments.conftest import ADDRESS, Answer, Api, Running, Stripe, furnish

BESIDE: dict[str, Any] = {"reference": "mine", "metadata": {"a": 1}}


@dataclass
class Case:
    """A trigger before it is asked: of what record, how, and the call of Stripe's that says no, `times` at a go."""

    of: Answer
    change: dict[str, Any]
    path: str
    method: str = "POST"
    times: int = 1


async def _update(api: Api) -> Case:
    payment = await api.payment()
    return Case(payment, {"_update": True}, f"/v1/payment_intents/{payment['stripe_id']}")


async def _refresh(api: Api) -> Case:
    payment = await api.payment()
    return Case(payment, {"_refresh": True}, f"/v1/payment_intents/{payment['stripe_id']}", "GET")


async def _confirmable(api: Api, change: dict[str, Any], path: str = "/confirm") -> Case:
    order = await ready(api)
    payment = await api.payment(order, {"options": {"payment_method": "pm_card_visa"}})
    return Case(await api.get(order), change, f"/v1/payment_intents/{payment['stripe_id']}{path}")


async def _place(api: Api) -> Case:
    return await _confirmable(api, {"_place": True})


async def _authorize(api: Api) -> Case:
    return await _confirmable(api, {"_authorize": True})


async def _authorize_a_part(api: Api) -> Case:
    return await _confirmable(api, {"_authorize": True, "_authorization_amount_cents": 5000}, "")


async def _confirm_a_part(api: Api) -> Case:
    return await _confirmable(api, {"_authorize": True, "_authorization_amount_cents": 5000})


async def _after_placing(api: Api, change: dict[str, Any], path: str, **steps: bool) -> Case:
    order, payment = await authorized(api)
    for step in ({"_place": True}, *({name: True} for name in steps)):
        await api.update(order, step)
    at = f"/v1/payment_intents/{payment['stripe_id']}/{path}" if path else "/v1/refunds"
    return Case(await api.get(order), change, at)


async def _capture(api: Api) -> Case:
    return await _after_placing(api, {"_capture": True}, "capture", _approve=True)


async def _approve_and_capture(api: Api) -> Case:
    return await _after_placing(api, {"_approve_and_capture": True}, "capture")


async def _cancel(api: Api) -> Case:
    return await _after_placing(api, {"_cancel": True}, "cancel")


async def _cancel_what_is_paid(api: Api) -> Case:
    return await _after_placing(api, {"_cancel": True}, "", _approve=True, _capture=True)


async def _refund(api: Api) -> Case:
    return await _after_placing(api, {"_refund": True}, "", _approve=True, _capture=True)


async def _reuse(api: Api) -> Case:
    entry = await saved(api)
    dear = await api.method_of(api.gateway, name="Wire", price_amount_cents=100)
    order = await signed_up(api)
    order = await api.update(order, payment_method=dear)
    return Case(order, {REUSE: entry}, "/v1/payment_intents")


async def _save(api: Api) -> Case:
    order = await signed_up(api)
    await paid(api, order)
    await api.update(order, {"_place": True})
    return Case(await api.get(order), {SAVE: True}, "/v1/customers")


async def _save_to_a_known_customer(api: Api) -> Case:
    await saved(api)
    order = await signed_up(api)
    await paid(api, order, "pm_card_mastercard")
    await api.update(order, {"_place": True})
    return Case(await api.get(order), {SAVE: True}, "/v1/payment_methods", "GET", times=2)


async def _tokens(api: Api) -> Case:
    await saved(api)
    (entry,) = (await api.get("customer_payment_sources")).data
    customer = {"customer": entry["attributes"]["customer_token"]}
    token = (await api.stripe.v1.payment_methods.attach_async("pm_card_mastercard", customer)).id
    of = await api.get(f"customer_payment_sources/{entry['id']}")
    return Case(of, {"payment_source_token": token}, "/v1/payment_methods", "GET")


CASES: dict[str, Callable[[Api], Awaitable[Case]]] = {
    name.strip("_").replace("_", " "): made
    for name, made in {
        "update": _update,
        "refresh": _refresh,
        "place": _place,
        "authorize": _authorize,
        "authorize a part": _authorize_a_part,
        "confirm a part": _confirm_a_part,
        "capture": _capture,
        "approve and capture": _approve_and_capture,
        "cancel": _cancel,
        "cancel what is paid": _cancel_what_is_paid,
        "refund": _refund,
        "reuse a card": _reuse,
        "save a card": _save,
        "save a card of a known customer": _save_to_a_known_customer,
        "other tokens": _tokens,
    }.items()
}

COUNTED = ("updated_at",)
"""What a transaction that failed changes of its order."""


async def shown(api: Api, of: Answer) -> dict[str, Any]:
    """A record as it is shown, with what it is related to and how many lines it has."""
    name = of.link["type"]
    query = {
        "orders": "?include=payment_method,payment_source,customer,line_items,billing_address",
        "stripe_payments": "?include=order",
        "customer_payment_sources": "?include=customer,payment_method",
    }[name]
    data = (await api.get(of, query)).data
    related = {name: one["data"] for name, one in data["relationships"].items() if "data" in one}
    return {**{n: v for n, v in data["attributes"].items() if n not in COUNTED}, "related": related}


@pytest.mark.parametrize("name", CASES)
async def test_a_refused_request_has_written_nothing_of_what_it_assigned(
    running: Running, account: Stripe, name: str
) -> None:
    async with running.api(account) as api:
        await furnish(api)
        case = await CASES[name](api)
        before, told = await shown(api, case.of), await history(api, case.of)
        transactions = await api.rows("transactions", "id", "succeeded")
        for status in (400, 402, 403):
            # A payment is read once more, without the fees, when the key may not see them.
            again = 1 if name == "refresh" and status == 403 else 0
            await api.stripe.faults(case.method, case.path, status=status, times=case.times + again)
            await api.update(case.of, {**case.change, **BESIDE}, expect=422)
            assert await shown(api, case.of) == before
            assert await history(api, case.of) == told
            assert await api.open_calls() == []
        failed = [one for one in await api.rows("transactions", "id", "succeeded") if one not in transactions]
        assert all(not succeeded for _, succeeded in failed)
        await api.recover(after=30)
        assert await shown(api, case.of) == before
        # The bare trigger works as if nothing had been asked before.
        await api.update(case.of, case.change)
        after = await shown(api, case.of)
        assert (after["reference"], after["metadata"]) == (before["reference"], before["metadata"])
        assert await api.open_calls() == []


async def test_an_option_that_stripe_refuses_is_not_kept(api: Api) -> None:
    payment = await api.payment(None, {"options": {"description": "Goods"}})
    before = await shown(api, payment)
    told = await history(api, payment)
    wrong = {
        "options": {"statement_descriptor_suffix": "12"},
        "return_url": "https://shop.example.com",
        "_update": True,
    }
    refused = await api.update(payment, wrong, expect=422)
    assert refused.said == [("/data", "invalid_request_error")]
    assert (await shown(api, payment), await history(api, payment)) == (before, told)
    updated = await api.update(payment, {"_update": True})
    assert updated["options"] == {"description": "Goods", "intent_amount_cents": 15400}
    right = await api.update(payment, {**wrong, "options": {"statement_descriptor_suffix": "SHOES"}})
    assert right["options"] == {
        "description": "Goods",
        "intent_amount_cents": 15400,
        "statement_descriptor_suffix": "SHOES",
    }
    assert right["return_url"] == "https://shop.example.com"
    (sent,) = [one for one in await api.stripe.intents() if one.id == payment["stripe_id"]]
    assert sent.statement_descriptor_suffix == "SHOES"


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("finishing", ["the same request", "recovery"])
async def test_an_unknown_outcome_shows_nothing_until_it_is_known(
    running: Running, account: Stripe, name: str, finishing: str
) -> None:
    async with running.api(account) as api:
        await furnish(api)
        case = await CASES[name](api)
        before, told = await shown(api, case.of), await history(api, case.of)
        await api.stripe.faults(case.method, case.path, times=0, status=500)
        await api.update(case.of, {**case.change, **BESIDE}, expect=503)
        assert (await shown(api, case.of), await history(api, case.of)) == (before, told)
        await api.stripe.mend()
        reads = not await api.open_calls()  # What only reads is in no journal: nothing is owed.
        if finishing == "recovery":
            await api.recover(after=3)
        else:
            answer = await api.update(case.of, {**case.change, **BESIDE})
            assert (answer["reference"], answer["metadata"]) == ("mine", {"a": 1})
        assert await api.open_calls() == []
        if finishing == "recovery" and reads:
            assert await shown(api, case.of) == before
            return
        now = await api.get(case.of)
        assert (now["reference"], now["metadata"]) == ("mine", {"a": 1})
        (assigned,) = [one for one in await history(api, case.of) if "reference" in one["payload"]]
        assert assigned["who"]["application"]["id"] == (await api.get("application")).id
        assert assigned["payload"]["reference"] == {"from": None, "to": "mine"}


async def test_what_is_assigned_beside_placing_is_placed_with(api: Api) -> None:
    order = await ready(api)
    payment = await api.payment(order, {"options": {"payment_method": "pm_card_visa"}})
    address = await api.create("addresses", {**ADDRESS, "first_name": "Grace"})
    given = {"reference": "mine", "customer_email": "grace@example.com", "_place": True}
    placed = await api.update(order, given, query="?include=shipping_address,customer", shipping_address=address)
    assert (placed["status"], placed["payment_status"], placed["reference"]) == ("placed", "authorized", "mine")
    assert placed["customer_email"] == "grace@example.com"
    (copy,) = [one for one in placed.document["included"] if one["type"] == "addresses"]
    assert copy["attributes"]["first_name"] == "Grace"
    (customer,) = [one for one in placed.document["included"] if one["type"] == "customers"]
    assert customer["attributes"]["total_orders_count"] == 1
    assert (await api.get(payment))["payment_instrument"]["card_type"] == "visa"


async def test_another_write_in_between_wins_and_the_order_is_not_placed(api: Api) -> None:
    order = await ready(api)
    payment = await api.payment(order, {"options": {"payment_method": "pm_card_visa"}})
    held = await api.stripe.hold(path=f"/v1/payment_intents/{payment['stripe_id']}/confirm")
    placing = asyncio.create_task(api.update(order, {"reference": "mine", "_place": True}, expect=409, key="k"))
    await held.begun()
    await api.update(order, {"reference": "theirs", "metadata": {"b": 2}})
    await held.go()
    answer = await placing
    assert answer.said == [("", "CONFLICT")]
    now = await api.get(order)
    assert (now["reference"], now["metadata"]) == ("theirs", {"b": 2})
    # What the gateway did is booked.
    assert await stands(api, order) == ("pending", "authorized", "unfulfilled")
    assert await moved(api, order) == [("authorizations", 15400, True)]
    assert await api.open_calls() == []
    # The same key tries anew.
    again = await api.update(order, {"reference": "mine", "_place": True}, key="k")
    assert (again["status"], again["reference"], again["metadata"]) == ("placed", "mine", {"b": 2})


async def test_a_write_to_something_else_in_between_takes_nothing_away(api: Api) -> None:
    payment = await api.payment(None, {"options": {"description": "Goods"}})
    held = await api.stripe.hold(path=f"/v1/payment_intents/{payment['stripe_id']}")
    given = {"options": {"statement_descriptor_suffix": "SHOES"}, "reference": "mine", "_update": True}
    updating = asyncio.create_task(api.update(payment, given))
    await held.begun()
    await api.update(payment, {"options": {"description": "Shoes"}, "metadata": {"b": 2}})
    await held.go()
    await updating
    now = await api.get(payment)
    assert (now["reference"], now["metadata"]) == ("mine", {"b": 2})
    assert now["options"] == {
        "description": "Shoes",
        "statement_descriptor_suffix": "SHOES",
        "intent_amount_cents": 15400,
    }


async def test_the_same_option_written_in_between_stays(api: Api) -> None:
    payment = await api.payment(None, {"options": {"description": "Goods"}})
    held = await api.stripe.hold(path=f"/v1/payment_intents/{payment['stripe_id']}")
    given = {"options": {"description": "Mine"}, "_update": True}
    updating = asyncio.create_task(api.update(payment, given, expect=409))
    await held.begun()
    await api.update(payment, {"options": {"description": "Theirs"}})
    await held.go()
    await updating
    assert (await api.get(payment))["options"] == {"description": "Theirs", "intent_amount_cents": 15400}


async def test_what_waits_in_the_journal_is_sealed_and_passwords_are_hashed(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order = await ready(api)
        payment = await api.payment(order, {"options": {"payment_method": "pm_card_visa"}})
        await api.stripe.faults(path=f"/v1/payment_intents/{payment['stripe_id']}/confirm", times=0, drop="before")
        secret = "https://shop.example.com/back?accessToken=very-secret"
        given = {"return_url": secret, "customer_email": "grace@example.com", "customer_password": PASSWORD}
        await api.update(order, {**given, "_place": True}, expect=503)
        (ask,) = [ask for state, ask in await api.rows("gateway_calls", "state", "ask") if state == "open"]
        assert secret not in str(ask)
        assert PASSWORD not in str(ask)
        assert "grace@example.com" not in str(ask)
        waiting = api.parts.desk.tools["open"](
            ask["waiting"], _about(await api.rows("gateway_calls", "tenant", "id", "state"))
        )
        assert secret in waiting
        assert PASSWORD not in waiting
        await api.stripe.mend()
        await api.recover(after=3)
        now = await api.get(order)
        hidden = "https://shop.example.com/back?accessToken=…"
        assert (now["status"], now["return_url"], now["customer_email"]) == ("placed", hidden, "grace@example.com")
        assert await api.customer("grace@example.com", PASSWORD)


async def test_an_equal_request_joins_whatever_password_it_gives_and_the_first_one_counts(
    running: Running, account: Stripe
) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order = await ready(api)
        payment = await api.payment(order, {"options": {"payment_method": "pm_card_visa"}})
        await api.stripe.faults(path=f"/v1/payment_intents/{payment['stripe_id']}/confirm", times=0, drop="before")
        given = {"customer_email": "grace@example.com", "_place": True}
        await api.update(order, {**given, "customer_password": PASSWORD}, expect=503)
        await api.stripe.mend()
        placed = await api.update(order, {**given, "customer_password": "another-secret"})
        assert (placed["status"], placed["customer_email"]) == ("placed", "grace@example.com")
        assert await api.customer("grace@example.com", PASSWORD)


def _about(calls: list[tuple[Any, ...]]) -> str:
    ((tenant, id),) = [(tenant, id) for tenant, id, state in calls if state == "open"]
    return f"waiting/{tenant}/{id}"


async def test_a_shopper_places_with_what_is_assigned_beside(api: Api) -> None:
    order = await signed_up(api)
    ada = await api.customer("ada@example.com", PASSWORD)
    payment = await api.payment(order, token=ada)
    await api.stripe.confirm(payment["stripe_id"], return_url="https://shop.example.com")
    given = {"return_url": "https://shop.example.com/thanks", "_place": True, SAVE: True}
    placed = await api.update(order, given, token=ada)
    assert (placed["status"], placed["return_url"]) == ("placed", "https://shop.example.com/thanks")
    await api.recover()
    await api.recover()
    assert len((await api.get("customer_payment_sources")).data) == 1


TRANSACTIONS: dict[str, tuple[str, dict[str, Any], str]] = {
    "capture": ("authorizations", {"_capture": True}, "/v1/payment_intents/*/capture"),
    "void": ("authorizations", {"_void": True}, "/v1/payment_intents/*/cancel"),
    "refund": ("captures", {"_refund": True, "_refund_amount_cents": 400}, "/v1/refunds"),
}


async def _transaction(api: Api, name: str) -> tuple[Answer, Answer]:
    order, _, authorization = await approved(api)
    if name == "refund":
        await api.update(order, {"_capture": True})
        return order, await api.get(await only(api, order, "captures"))
    return order, await api.get(authorization)


@pytest.mark.parametrize("name", TRANSACTIONS)
async def test_a_transaction_whose_movement_failed_is_answered_with_what_was_assigned(api: Api, name: str) -> None:
    order, of = await _transaction(api, name)
    _, change, path = TRANSACTIONS[name]
    before = await moved(api, order)
    await api.stripe.faults(path=path, status=402)
    answer = await api.update(of, {**change, "reference": "mine"})
    assert answer["reference"] == "mine"
    assert (await api.get(of))["reference"] == "mine"
    assert [succeeded for _, _, succeeded in await moved(api, order)] == [*(True for _ in before), False]


@pytest.mark.parametrize("name", TRANSACTIONS)
async def test_money_that_was_moved_is_told_where_another_write_won(api: Api, name: str) -> None:
    order, of = await _transaction(api, name)
    type, change, path = TRANSACTIONS[name]
    before = await moved(api, order)
    held = await api.stripe.hold(path=path)
    moving = asyncio.create_task(api.update(of, {**change, "reference": "mine"}, expect=409))
    await held.begun()
    await api.update(of, {"reference": "theirs"})
    await held.go()
    answer = await moving
    cents = 400 if name == "refund" else 15400
    assert answer.errors[0]["meta"] == {"done": [{"step": name, "type": type, "id": of.id, "amount_cents": cents}]}
    assert "retry-after" not in answer.headers
    assert (await api.get(of))["reference"] == "theirs"
    assert await moved(api, order) == [*before, (f"{name}s", cents, True)]
    assert await api.open_calls() == []
