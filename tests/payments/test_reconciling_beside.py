"""`paydesk reconcile --fix` beside the server that serves the same database, on SQLite as on PostgreSQL."""

import asyncio

from paydesk.cli.holding import hold_database
from tests.acts.differences import lost_refund, orphan
from tests.acts.orders import approved, at_stripe, moved, stands
from tests.payments.commands import paydesk
from tests.payments.conftest import Api, Running


async def test_it_mends_beside_a_server_and_leaves_what_that_holds(api: Api, running: Running) -> None:
    order, intent, _ = await lost_refund(api)
    stray = await orphan(api, order_id="gone")
    await api.parts.recovery.begin()
    other, payment, subject = await approved(api)
    held = await api.stripe.hold(path=f"/v1/payment_intents/{payment['stripe_id']}/capture")
    capturing = asyncio.create_task(api.update(subject, {"_capture": True}))
    await held.begun()
    holders = set(await api.rows("gateway_calls", "kind", "lease_holder"))
    with hold_database(running.settings):
        said = await paydesk(running, "reconcile", "--fix", "--json")
    assert (said.json["mended"], said.json["canceled"]) == (1, 1)
    assert [one["what"].split()[:2] for one in said.json["findings"]] == [["call", "capture_payment"]]
    assert holders <= set(await api.rows("gateway_calls", "kind", "lease_holder"))
    await held.go()
    await capturing
    assert [one.id for one in await api.stripe.intents() if one.status == "canceled"] == [stray]
    assert (await moved(api, order))[-1] == ("refunds", 1000, True)
    assert await at_stripe(api, payment) == ("succeeded", 15400, 0)
    assert (await stands(api, other))[:2] == ("approved", "paid")
    assert len(await api.stripe.requests(path=f"/v1/payment_intents/{payment['stripe_id']}/capture")) == 1
    assert await api.open_calls() == []
    assert intent in {one.id for one in await api.stripe.intents()}


async def test_while_it_mends_the_server_goes_on_writing(api: Api, running: Running) -> None:
    for _ in range(3):
        await lost_refund(api)

    async def writes() -> int:
        made = 0
        while not mending.done():
            await api.order()
            made += 1
        return made

    with hold_database(running.settings):
        mending = asyncio.ensure_future(paydesk(running, "reconcile", "--fix", "--json"))
        made = await writes()
    said = await mending
    assert (said.json["mended"], said.json["findings"], said.json["wrong"]) == (3, [], [])
    numbers = [number for (number,) in await api.rows("orders", "number")]
    assert made > 0
    assert len(set(numbers)) == len(numbers)
