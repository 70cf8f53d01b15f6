"""Events of an account that gateways share: each is worked where its payment is, and none waits for another's."""

import asyncio
from typing import Any

from sqlalchemy import bindparam, insert

from paydesk.store.inbox.tables import gateway_events
from paydesk.store.sql.ask import Ask
from tests.acts.organizations import forget_accounts, overwrite, second_organization
from tests.payments.conftest import Answer, Api, Link, on_sqlite

EARLY = "2026-01-01T00:00:00.000Z"


async def inbox(api: Api) -> dict[tuple[str, str], tuple[int, str | None]]:
    """Of each event, by its gateway and id: how often it was put off, and how it ended."""
    rows = await api.rows("gateway_events", "gateway_id", "event_id", "tries", "outcome")
    return {(gateway, event): (tries, outcome) for gateway, event, tries, outcome in rows}


async def confirmed(api: Api, payment: Answer) -> list[dict[str, Any]]:
    """The events of a payment that was confirmed at Stripe."""
    await api.stripe.confirm(payment["stripe_id"])
    return await api.stripe.events(payment["stripe_id"])


async def told_of(api: Api, payment: Answer) -> bool:
    return (await api.get(payment))["payment_method"] is not None


async def test_an_event_that_came_to_two_gateways_is_worked_at_one_and_closed_at_the_other(api: Api) -> None:
    second = await api.gateway_of(name="Second")
    payment = await api.payment()
    events = await confirmed(api, payment)
    for gateway in (api.gateway, second):
        for event in events:
            assert (await api.deliver(event, gateway)).status_code == 200
    await api.recover()
    assert await told_of(api, payment)
    assert await inbox(api) == {
        (gateway.id, event["id"]): (0, outcome)
        for gateway, outcome in ((api.gateway, "read"), (second, "handed over"))
        for event in events
    }
    assert await api.rows("gateway_tallies", "foreign_events", "orphaned_events") == [(0, 0), (0, 0)]


async def test_an_event_that_came_to_the_other_gateway_alone_is_handed_over(api: Api) -> None:
    second = await api.gateway_of(name="Second")
    payment = await api.payment()
    *_, event = await confirmed(api, payment)
    assert (await api.deliver(event, second)).status_code == 200
    await api.recover()
    await api.recover()
    assert await told_of(api, payment)
    assert await inbox(api) == {
        (second.id, event["id"]): (0, "handed over"),
        (api.gateway.id, event["id"]): (0, "read"),
    }


async def test_an_event_is_handed_over_to_the_organization_whose_payment_it_is_about(api: Api) -> None:
    other = await second_organization(api)
    payment = await api.payment()
    *_, event = await confirmed(api, payment)
    assert (await other.deliver(event)).status_code == 200
    await api.recover()
    await api.recover()
    assert await told_of(api, payment)
    assert await inbox(api) == {
        (other.gateway.id, event["id"]): (0, "handed over"),
        (api.gateway.id, event["id"]): (0, "read"),
    }


async def test_an_event_is_handed_over_though_the_account_is_not_known(api: Api) -> None:
    second = await api.gateway_of(name="Second")
    payment = await api.payment()
    await forget_accounts(api)
    *_, event = await confirmed(api, payment)
    assert (await api.deliver(event, second)).status_code == 200
    await api.recover()
    await api.recover()
    assert await told_of(api, payment)


async def test_an_event_that_comes_while_its_payment_is_being_opened_waits_and_is_handed_over(api: Api) -> None:
    second = await api.gateway_of(name="Second")
    order = await api.order()
    held = await api.stripe.hold(when="after")
    opening = asyncio.create_task(api.payment(order))
    await held.begun()
    (intent,) = await api.stripe.intents()
    *_, event = await api.stripe.events(intent.id)
    assert (await api.deliver(event, second)).status_code == 200
    await api.recover()
    assert await inbox(api) == {(second.id, event["id"]): (1, None)}
    await held.go()
    await opening
    await api.recover(after=3)
    await api.recover()
    assert await inbox(api) == {
        (second.id, event["id"]): (1, "handed over"),
        (api.gateway.id, event["id"]): (0, "read"),
    }


async def flood(api: Api, gateway: Link, count: int, prefix: str = "evt_flood") -> None:
    """Have so many events of a gateway be due, of payments that nobody knows."""
    tenant, id_ = next(
        row for row in await api.rows("payment_gateways", "tenant", "id") if row[1] == gateway.link["id"]
    )
    row = {
        "tenant": tenant,
        "gateway_id": id_,
        "type": "payment_intent.created",
        "about": "payment",
        "object_id": None,
        "ours": False,
        "body": b"{}",
        "received_at": EARLY,
        "due_at": EARLY,
        "tries": 0,
    }
    rows = [{**row, "event_id": f"{prefix}_{at}", "payment_id": f"pi_flood_{at}"} for at in range(count)]

    def write() -> Any:
        def build() -> Any:
            columns = {name: bindparam(name, type_=gateway_events.c[name].type) for name in rows[0]}
            return insert(gateway_events).values(columns)

        yield Ask(("test flood",), build, rows)

    await api.parts.database.write(write)


async def test_ten_thousand_events_of_one_gateway_delay_no_other_gateways(api: Api) -> None:
    await overwrite(api, "payment_gateways", api.gateway.id, own_account="acct_busy")
    others = [await api.gateway_of(name=f"Other {at}") for at in range(14)]
    payments = [await api.payment(await api.order(method=await api.method_of(one))) for one in others[:3]]
    await flood(api, api.gateway, 10_000)
    for payment, gateway in zip(payments, others, strict=False):
        *_, event = await confirmed(api, payment)
        assert (await api.deliver(event, gateway)).status_code == 200
    assert await api.parts.inbox.work(limit=20) == 20
    assert [await told_of(api, payment) for payment in payments] == [True] * 3
    ended = [outcome for (gateway, _), (tries, outcome) in (await inbox(api)).items() if outcome is not None]
    assert ended == ["read"] * 3
    looked = [tries for (gateway, _), (tries, _) in (await inbox(api)).items() if gateway == api.gateway.id]
    assert sum(looked) == 17


async def test_where_not_every_gateway_gets_a_turn_the_others_get_theirs_next(api: Api) -> None:
    gateways = [api.gateway, *[await api.gateway_of(name=f"Other {at}") for at in range(3)]]
    for gateway in gateways:
        await flood(api, gateway, 50)
    for _ in range(4):
        assert await api.parts.inbox.work(limit=2) == 2
    looked = {gateway.id: 0 for gateway in gateways}
    for (gateway_id, _), (tries, _) in (await inbox(api)).items():
        looked[gateway_id] += tries
    assert set(looked.values()) == {2}


@on_sqlite
async def test_what_is_due_is_searched_for_and_never_gone_through(api: Api) -> None:
    await flood(api, api.gateway, 50)
    assert await api.parts.inbox.work(limit=20) == 20
    database: Any = api.parts.database
    for key in (("waiting gateways",), ("take events",)):
        statement = database._statements.get(key, None)
        binds = dict.fromkeys(("now", "until", "gateway", "limit"), "1")
        plan = database._reader.execute(f"EXPLAIN QUERY PLAN {statement.text}", {**statement.fixed, **binds}).fetchall()
        steps = [step for *_, step in plan if "gateway_events" in step or "other" in step or "due" in step]
        assert steps
        assert [step for step in steps if not step.startswith("SEARCH")] == []
