"""Payments by wire, settled by hand: the walk that Stripe's payments take, with nobody asked outside."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.acts.by_hand import by_hand
from tests.acts.crashes import killed
from tests.acts.orders import moved, only, ready, stands
from tests.payments.conftest import Answer, Api, Running, Stripe, furnish, on_sqlite


@pytest_asyncio.fixture
async def shop(running: Running, account: Stripe) -> AsyncIterator[Api]:
    """A shop that takes wire transfers and knows no Stripe account."""
    async with running.api(account) as api:
        await by_hand(api)
        yield api


async def promised(api: Api, cents: int = 15400, **given: Any) -> tuple[Answer, Answer]:
    """An order that lacks nothing, and its wire transfer."""
    order = await ready(api, cents, **given)
    return order, await api.create("wire_transfers", order=order)


async def test_the_whole_walk(shop: Api) -> None:
    order, transfer = await promised(shop)
    assert transfer.data["attributes"].keys() == {
        "payment_instrument", "created_at", "updated_at", "reference", "reference_origin", "metadata",
    }  # fmt: skip
    assert (await shop.get(order))["payment_source_details"] == {"type": "wire_transfer"}
    assert await stands(shop, order) == ("pending", "unpaid", "unfulfilled")
    placed = await shop.update(order, {"_place": True})
    assert (placed["status"], placed["payment_status"], placed["place_total_amount_cents"]) == (
        "placed",
        "authorized",
        15400,
    )
    authorization = await shop.get(await only(shop, order, "authorizations"))
    assert authorization["payment_method_type"] == "wire transfer"
    assert (authorization["token"], authorization["gateway_transaction_id"]) == (transfer.id, transfer.id)
    await shop.update(order, {"_approve": True})
    assert (await shop.update(order, {"_capture": True}))["payment_status"] == "paid"
    capture = await only(shop, order, "captures")
    part = await shop.update(capture, {"_refund": True, "_refund_amount_cents": 400})
    assert part["refund_balance_cents"] == 15000
    assert (await shop.get(order))["payment_status"] == "partially_refunded"
    assert (await shop.update(order, {"_refund": True}))["status"] == "cancelled"
    assert await stands(shop, order) == ("cancelled", "refunded", "not_required")
    assert await moved(shop, order) == [
        ("authorizations", 15400, True),
        ("captures", 15400, True),
        ("refunds", 400, True),
        ("refunds", 15000, True),
    ]
    assert await shop.open_calls() == []
    assert await shop.stripe.requests("GET", "/v1/*") == []


async def test_it_is_captured_in_parts_and_the_rest_is_let_go(shop: Api) -> None:
    order, _ = await promised(shop)
    await shop.update(order, {"_place": True})
    await shop.update(order, {"_approve": True})
    authorization = await only(shop, order, "authorizations")
    for cents, left in ((5000, 10400), (4000, 6400)):
        part = await shop.update(authorization, {"_capture": True, "_capture_amount_cents": cents})
        assert (part["capture_balance_cents"], part["void_balance_cents"]) == (left, 15400)
    assert await stands(shop, order) == ("approved", "partially_paid", "not_required")
    beyond = await shop.update(authorization, {"_capture": True, "_capture_amount_cents": 6401}, expect=422)
    assert beyond.said == [("/data/attributes/_capture_amount_cents", "less_than_or_equal_to")]
    voided = await shop.update(authorization, {"_void": True})
    assert (voided["capture_balance_cents"], voided["void_balance_cents"]) == (0, 9000)
    again = await shop.update(authorization, {"_void": True}, expect=422)
    assert again.said == [("/data/attributes/void_balance_cents", "captured")]
    assert await moved(shop, order) == [
        ("authorizations", 15400, True),
        ("captures", 5000, True),
        ("captures", 4000, True),
        ("voids", 6400, True),
    ]


async def test_cancelling_lets_go_what_is_held_and_gives_back_what_was_taken(shop: Api) -> None:
    order, _ = await promised(shop)
    await shop.update(order, {"_place": True})
    await shop.update(order, {"_cancel": True})
    assert await stands(shop, order) == ("cancelled", "voided", "not_required")
    order, _ = await promised(shop)
    await shop.update(order, {"_place": True})
    await shop.update(order, {"_approve": True})
    authorization = await only(shop, order, "authorizations")
    await shop.update(authorization, {"_capture": True, "_capture_amount_cents": 5000})
    await shop.update(order, {"_cancel": True})
    await shop.recover()
    assert await stands(shop, order) == ("cancelled", "refunded", "not_required")
    assert (await moved(shop, order))[2:] == [("voids", 10400, True), ("refunds", 5000, True)]


async def test_it_is_authorized_in_part_and_taken_back_before_placing(shop: Api) -> None:
    order, transfer = await promised(shop)
    await shop.update(order, {"_authorize": True, "_authorization_amount_cents": 5000})
    assert await stands(shop, order) == ("pending", "partially_authorized", "unfulfilled")
    refused = await shop.update(order, {"_place": True}, expect=422)
    assert refused.said == [("/data/attributes/payment_status", "not_placeable")]
    assert (await shop.delete(transfer, expect=423)).said == [("", "LOCKED")]
    await shop.update(await only(shop, order, "authorizations"), {"_cancel": True})
    assert await stands(shop, order) == ("pending", "unpaid", "unfulfilled")
    refused = await shop.update(order, {"_place": True}, expect=422)
    assert refused.said == [("/data/attributes/payment_status", "not_placeable")]
    await shop.create("wire_transfers", order=order)
    await shop.update(order, {"_place": True})
    assert await stands(shop, order) == ("placed", "authorized", "not_required")


async def test_what_the_order_costs_when_it_is_placed_is_what_is_promised(shop: Api) -> None:
    order, _ = await promised(shop)
    await shop.line(order, 600)
    placed = await shop.update(order, {"_place": True})
    assert (placed["place_total_amount_cents"], placed["payment_status"]) == (16000, "authorized")
    assert await moved(shop, order) == [("authorizations", 16000, True)]


@on_sqlite
async def test_it_captures_at_once_where_the_method_says_so(shop: Api) -> None:
    await by_hand(shop, auto_capture=True)
    order, _ = await promised(shop)
    await shop.update(order, {"_place": True})
    await shop.recover()
    assert await stands(shop, order) == ("placed", "paid", "not_required")


async def test_placing_twice_at_once_authorizes_once(shop: Api) -> None:
    order, _ = await promised(shop)
    both = await asyncio.gather(*(shop.update(order, {"_place": True}) for _ in range(2)))
    assert [one["status"] for one in both] == ["placed", "placed"]
    assert await moved(shop, order) == [("authorizations", 15400, True)]
    await shop.update(order, {"_approve": True})
    authorization = await only(shop, order, "authorizations")
    asked = {"_capture": True, "_capture_amount_cents": 5000}
    twice = [await shop.update(authorization, asked, key="once") for _ in range(2)]
    assert twice[0].raw == twice[1].raw
    assert (await moved(shop, order))[1:] == [("captures", 5000, True)]


@on_sqlite
@pytest.mark.parametrize(
    ("kind", "place"), [("place_order", "journalled"), ("capture_payment", "settling"), ("refund_payment", "asked")]
)
async def test_a_process_that_dies_leaves_it_done_once(
    running: Running, account: Stripe, kind: str, place: str
) -> None:
    async with running.api(account) as api:
        await by_hand(api)
        order, _ = await promised(api)
        steps = {"place_order": "_place", "capture_payment": "_approve_and_capture", "refund_payment": "_refund"}
        for step, trigger in steps.items():
            if step == kind:
                break
            await api.update(order, {trigger: True})
        body = {"data": {"type": "orders", "id": order.id, "attributes": {trigger: True}}}
        await killed(
            running, api, f"{kind}.{place}", [{"method": "PATCH", "path": f"/api/orders/{order.id}", "body": body}]
        )
    async with running.api(account) as api:
        await api.recover(after=120)
        assert await api.open_calls() == []
        done = list(steps).index(kind) + 1
        everything = [("authorizations", 15400, True), ("captures", 15400, True), ("refunds", 15400, True)]
        assert await moved(api, order) == everything[:done]
        assert (await stands(api, order))[1] == ("authorized", "paid", "refunded")[done - 1]


@on_sqlite
async def test_a_method_needs_a_gateway_that_makes_its_sources(shop: Api) -> None:
    for source in ("stripe_payments", "paypal_payments"):
        given = {"payment_source_type": source, "price_amount_cents": 0, "currency_code": "EUR"}
        refused = await shop.create("payment_methods", given, payment_gateway=shop.gateway, expect=422)
        assert refused.said == [("/data/attributes/payment_source_type", "invalid")]
    await furnish(shop)
    given = {"payment_source_type": "wire_transfers", "price_amount_cents": 0, "currency_code": "EUR"}
    refused = await shop.create("payment_methods", given, payment_gateway=shop.gateway, expect=422)
    assert refused.said == [("/data/attributes/payment_source_type", "invalid")]
    order = await shop.order()
    refused = await shop.create("wire_transfers", order=order, expect=422)
    assert refused.said == [("/data/relationships/order", "invalid")]


@on_sqlite
async def test_an_order_is_paid_by_wire_or_by_card_as_the_shopper_chooses(shop: Api) -> None:
    wire = shop.method
    order, transfer = await promised(shop)
    await furnish(shop)
    await shop.update(order, payment_method=shop.method)
    assert await shop.source_of(order) is None
    payment = await shop.payment(order)
    await shop.update(order, payment_method=wire)
    again = await shop.update(order, payment_source=transfer, query="?include=payment_source")
    assert [one["id"] for one in again.document["included"]] == [transfer.id]
    await shop.recover()
    assert [one.status for one in await shop.stripe.intents()] == ["canceled"]
    assert (await shop.get(payment)).id == payment.id
    await shop.update(order, {"_place": True})
    assert await moved(shop, order) == [("authorizations", 15400, True)]
    kept = await shop.update(order, {"_save_payment_source_to_customer_wallet": True}, expect=422)
    assert kept.said == [("/data/relationships/payment_source", "invalid")]


@on_sqlite
async def test_a_payment_is_not_moved_to_an_order_that_is_paid_another_way(shop: Api) -> None:
    by_wire, transfer = await promised(shop)
    await furnish(shop)
    by_card = await ready(shop)
    payment = await shop.payment(by_card)
    for moving, there in ((payment, by_wire), (transfer, by_card)):
        refused = await shop.update(moving, order=there, expect=422)
        assert refused.said == [("/data/relationships/order", "invalid")]
    assert (await shop.source_of(by_wire), await shop.source_of(by_card)) == (transfer.id, payment.id)
    assert [one.status for one in await shop.stripe.intents()] == ["requires_payment_method"]


@on_sqlite
async def test_it_is_moved_to_another_order_until_money_was(shop: Api) -> None:
    order, transfer = await promised(shop)
    other = await ready(shop, 1000)
    await shop.update(transfer, order=other)
    assert (await shop.source_of(order), await shop.source_of(other)) == (None, transfer.id)
    await shop.update(other, {"_authorize": True})
    assert (await shop.update(transfer, order=order, expect=422)).said == [
        ("/data/relationships/order", "not_editable")
    ]
    assert await moved(shop, other) == [("authorizations", 1000, True)]


@on_sqlite
async def test_a_shopper_makes_one_for_a_cart_and_sees_no_gateway(shop: Api) -> None:
    guest = await shop.guest()
    order = await ready(shop)
    transfer = await shop.create("wire_transfers", {"metadata": {"a": 1}}, order=order, token=guest)
    assert (await shop.get(transfer, token=guest))["metadata"] == {"a": 1}
    for path in ("wire_transfers", "manual_gateways", f"manual_gateways/{shop.gateway.id}"):
        assert (await shop.get(path, expect=401, token=guest)).said == [("", "UNAUTHORIZED")]
    assert (await shop.update(order, {"_place": True}, token=guest))["status"] == "placed"
    await shop.update(transfer, {"metadata": {}}, token=guest, expect=401)
    assert (await shop.delete(transfer, expect=423)).said == [("", "LOCKED")]
    replaced = await shop.create("wire_transfers", order=order, expect=422)
    assert replaced.said == [("/data/relationships/order", "not_editable")]


@on_sqlite
async def test_a_gateway_is_switched_off_and_deleted_once_nothing_uses_it(shop: Api) -> None:
    order, transfer = await promised(shop)
    gateway = await shop.update(shop.gateway, {"_disable": True})
    assert gateway["disabled_at"] is not None
    assert gateway["force_payments"] is False
    refused = await shop.create("wire_transfers", order=order, expect=422)
    assert refused.said == [("/data/relationships/order", "invalid")]
    assert (await shop.update(order, {"_place": True}, expect=422)).said == [
        ("/data/relationships/payment_method", "invalid")
    ]
    assert (await shop.update(gateway, {"_enable": True}))["disabled_at"] is None
    assert (await shop.delete(gateway, expect=423)).said == [("", "LOCKED")]
    await shop.delete(transfer)
    assert await shop.source_of(order) is None
    assert (await shop.get(order))["payment_source_details"] is None
    await shop.delete(order)
    await shop.delete(shop.method)
    await shop.delete(gateway)


@on_sqlite
async def test_nothing_of_stripe_is_looked_for_at_it(shop: Api) -> None:
    assert (
        await shop.http.post(f"/webhook_callbacks/manual_gateways/{shop.gateway.id}", content=b"{}")
    ).status_code == 404
    assert await shop.parts.endpoints.once() is True
    assert await shop.parts.catching_up.once() == 0
    assert [one["id"] for one in (await shop.get("payment_gateways")).data] == [shop.gateway.id]
