"""Who reaches a payment: whoever reaches its order, in its organization and environment; nobody else."""

from typing import Any

import pytest

from tests.payments.conftest import Answer, Api, on_sqlite

PASSWORD = "correct horse"


async def owned_order(api: Api, email: str) -> Answer:
    return await api.order(attributes={"customer_email": email, "customer_password": PASSWORD, "guest": False})


async def unreachable(api: Api, payment: Answer, token: str, status: int = 401, code: str = "UNAUTHORIZED") -> None:
    """Not to be read, changed or deleted with this token, and nothing changed by trying."""
    before = await api.get(payment)
    tried = [
        await api.get(payment, expect=status, token=token),
        await api.update(payment, {"options": {"stolen": True}}, expect=status, token=token),
        await api.update(payment, {"_update": True}, expect=status, token=token),
        await api.delete(payment, expect=status, token=token),
    ]
    for answer in tried:
        assert [one["code"] for one in answer.errors] == [code]
        assert payment["client_secret"] not in answer.raw.decode()
    assert (await api.get(payment)).data["attributes"] == before.data["attributes"]
    assert [one.status for one in await api.stripe.intents()] == ["requires_payment_method"]


@on_sqlite
async def test_a_guest_pays_a_guests_order(api: Api) -> None:
    guest = await api.guest()
    payment = await api.payment(token=guest)
    assert (await api.get(payment, token=guest)).id == payment.id
    await api.update(payment, {"_refresh": True, "options": {"a": 1}}, token=guest)
    await api.delete(payment, token=guest)


@on_sqlite
async def test_a_guest_lists_no_payments_and_sees_no_gateway(api: Api) -> None:
    guest = await api.guest()
    payment = await api.payment(token=guest)
    for path in ("stripe_payments", f"stripe_gateways/{api.gateway.id}", "stripe_gateways"):
        assert (await api.get(path, expect=401, token=guest)).said == [("", "UNAUTHORIZED")]
    related = await api.send("GET", f"stripe_payments/{payment.id}/payment_gateway", token=guest)
    assert related.raw == b'{"data":null}'
    included = await api.get(payment, "?include=payment_gateway", token=guest)
    assert included.document.get("included", []) == []


async def test_a_guest_does_not_reach_a_customers_payment(api: Api) -> None:
    payment = await api.payment(await owned_order(api, "ada@example.com"))
    await unreachable(api, payment, await api.guest())


async def test_a_customer_reaches_their_own_payment_and_nobody_elses(api: Api) -> None:
    payment = await api.payment(await owned_order(api, "ada@example.com"))
    await owned_order(api, "bob@example.com")
    await unreachable(api, payment, await api.customer("bob@example.com", PASSWORD))
    ada = await api.customer("ada@example.com", PASSWORD)
    assert (await api.get(payment, token=ada)).id == payment.id
    await api.delete(payment, token=ada)


async def test_a_guest_makes_no_payment_for_a_customers_order(api: Api) -> None:
    order = await owned_order(api, "ada@example.com")
    refused = await api.payment(order, token=await api.guest(), expect=422)
    assert refused.said == [("/data/relationships/order", "blank")]
    assert await api.stripe.requests() == []


async def test_another_organization_finds_nothing(api: Api) -> None:
    order = await api.order()
    payment = await api.payment(order)
    other = await api.log_in("other/test/integration")
    await unreachable(api, payment, other, 404, "RECORD_NOT_FOUND")
    refused = await api.payment(order, token=other, expect=422)
    assert refused.said == [("/data/relationships/order", "blank")]
    await api.get(api.gateway, expect=404, token=other)
    assert (await api.get("stripe_payments", token=other)).document["data"] == []


async def test_live_and_test_do_not_mix(api: Api) -> None:
    order = await api.order()
    payment = await api.payment(order)
    live = await api.log_in("acme/live/integration")
    await unreachable(api, payment, live, 404, "RECORD_NOT_FOUND")
    refused = await api.payment(order, token=live, expect=422)
    assert refused.said == [("/data/relationships/order", "blank")]


async def test_an_order_that_is_no_cart_any_more_is_not_a_storefronts_to_pay(api: Api) -> None:
    from paydesk.commerce.orders.orders import Order
    from paydesk.rules.work import Work

    order = await api.order()
    payment = await api.payment(order)
    guest = await api.guest()
    desk = api.parts.desk

    async def put(status: str) -> None:
        def rule(work: Work) -> Any:
            from paydesk.declare import eq
            from paydesk.rules.asking import Find

            found = yield Find(Order, eq("id", order.id))
            work.change(found, status=status)

        from paydesk.base.actor import worker

        organization = (await api.get("organization")).id
        await desk.operate(worker(f"{organization}/test", "acme", "tests", "1"), rule)

    await put("placed")
    assert (await api.payment(order, token=guest, expect=401)).said == [("", "UNAUTHORIZED")]
    assert (await api.payment(order, expect=422)).said == [("/data/relationships/order", "not_editable")]
    assert (await api.delete(payment, expect=423)).said == [("", "LOCKED")]
    assert (await api.update(payment, {"_update": True}, expect=422)).said == [
        ("/data/relationships/order", "not_editable")
    ]
    assert (await api.get(payment))["mismatched_amounts"] is False
    await put("editing")
    refused = await api.payment(order, token=guest, expect=422)
    assert refused.said == [("/data/relationships/order", "blank")]
    assert (await api.payment(order)).id != payment.id


@pytest.mark.parametrize("verb", ["POST", "PATCH", "DELETE"])
@on_sqlite
async def test_gateways_are_an_integrations_alone(api: Api, verb: str) -> None:
    path = "stripe_gateways" if verb == "POST" else f"stripe_gateways/{api.gateway.id}"
    body = {"data": {"type": "stripe_gateways", "id": api.gateway.id, "attributes": {"name": "Mine"}}}
    answer = await api.send(verb, path, None if verb == "DELETE" else body, token=await api.guest())
    assert (answer.status, answer.said) == (401, [("", "UNAUTHORIZED")])
    assert (await api.get(api.gateway))["name"] == "Stripe"
