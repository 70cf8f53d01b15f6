"""Databases that were put back to an earlier moment."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from tests.acts import saved_cards
from tests.acts.adopted import ids, intent_of
from tests.acts.orders import ready
from tests.acts.troubled import KINDS, ended_once, prepared
from tests.acts.wallet import names
from tests.payments.conftest import Api, Running, Stripe
from tests.payments.past import Rows, restored


@asynccontextmanager
async def back(running: Running, account: Stripe, rows: Rows, of: Api) -> AsyncIterator[Api]:
    """The shop once more, on the database as it was."""
    await restored(running.settings.database_url, rows)
    async with running.api(account) as api:
        api.gateway, api.method = of.gateway, of.method
        yield api


Made = tuple[Callable[[int], Awaitable[Any]], str, str, Callable[[], Awaitable[None]]]
"""A request, by the status that is expected; its call's kind and path; and what has to be in the end."""


async def moving(api: Api, kind: str) -> Made:
    order, payment, subject, change, path = await prepared(api, kind)

    async def asks(expect: int) -> Any:
        return await api.update(subject, change, expect=expect)

    async def ended() -> None:
        await ended_once(api, kind, order, payment)

    return asks, kind, path, ended


async def opening(api: Api, kind: str) -> Made:
    order = await ready(api)

    async def asks(expect: int) -> Any:
        return await api.payment(order, expect=expect)

    async def ended() -> None:
        (intent,) = await api.stripe.intents()
        (payment,) = (await api.get("stripe_payments")).data
        assert (payment["attributes"]["stripe_id"], intent.amount) == (intent.id, 15400)
        assert await api.source_of(order) == payment["id"]

    return asks, kind, "/v1/payment_intents", ended


async def amending(api: Api, kind: str) -> Made:
    order = await ready(api)
    payment = await api.payment(order)
    await api.line(order, 600)

    async def asks(expect: int) -> Any:
        return await api.update(payment, {"_update": True}, expect=expect)

    async def ended() -> None:
        (intent,) = await api.stripe.intents()
        assert (intent.id, intent.amount) == (payment["stripe_id"], 16000)
        assert not (await api.get(payment))["mismatched_amounts"]

    return asks, kind, f"/v1/payment_intents/{payment['stripe_id']}", ended


async def discarding(api: Api, kind: str) -> Made:
    payment = await api.payment(await ready(api))

    async def asks(expect: int) -> Any:
        return await api.delete(payment, expect=204 if expect == 200 else expect)

    async def ended() -> None:
        assert [one.status for one in await api.stripe.intents()] == ["canceled"]
        assert (await api.get("stripe_payments")).data == []

    return asks, kind, f"/v1/payment_intents/{payment['stripe_id']}/cancel", ended


async def adopting(api: Api, kind: str) -> Made:
    order = await ready(api)
    intent = await intent_of(api.stripe)

    async def asks(expect: int) -> Any:
        return await api.payment(order, ids(intent), expect=expect)

    async def ended() -> None:
        (payment,) = (await api.get("stripe_payments")).data
        assert payment["attributes"]["stripe_id"] == intent.id
        told = await api.stripe.v1.payment_intents.retrieve_async(intent.id)
        assert told.metadata.to_dict()["order_id"] == order.id
        assert await api.source_of(order) == payment["id"]

    return asks, kind, f"/v1/payment_intents/{intent.id}", ended


async def saving(api: Api, kind: str) -> Made:
    order = await saved_cards.ready(api)
    payment = await saved_cards.paid(api, order)
    await api.update(order, {"_place": True})
    intent = await api.stripe.v1.payment_intents.retrieve_async(payment["stripe_id"])
    path = "/v1/customers" if kind == "create_customer" else f"/v1/payment_methods/{intent.payment_method}/attach"

    async def asks(expect: int) -> Any:
        return await api.update(order, {saved_cards.SAVE: True}, expect=expect)

    async def ended() -> None:
        assert await names(api) == ["visa …4242"]

    return asks, kind, path, ended


async def registering(api: Api, kind: str) -> Made:
    async def asks(expect: int) -> Any:
        return await api.gateway_of(name="Another", expect=expect)

    async def ended() -> None:
        found = (await api.get("stripe_gateways")).data
        known = {one["attributes"]["webhook_endpoint_id"] for one in found}
        assert known == {one.id for one in await api.stripe.endpoints()}
        assert len(found) == 2

    return asks, kind, "/v1/webhook_endpoints", ended


async def removing(api: Api, kind: str) -> Made:
    gateway = await api.gateway_of(name="Another")

    async def asks(expect: int) -> Any:
        return await api.delete(gateway, expect=204 if expect == 200 else expect)

    async def ended() -> None:
        await api.get(gateway, expect=404)
        assert [one.id for one in await api.stripe.endpoints()] == [api.gateway["webhook_endpoint_id"]]

    return asks, kind, f"/v1/webhook_endpoints/{gateway['webhook_endpoint_id']}", ended


MAKING: dict[str, Callable[[Api, str], Awaitable[Made]]] = {
    **dict.fromkeys(KINDS, moving),
    "open_payment": opening,
    "amend_payment": amending,
    "discard_payment": discarding,
    "adopt_payment": adopting,
    "create_customer": saving,
    "save_instrument": saving,
    "register_endpoint": registering,
    "remove_endpoint": removing,
}
