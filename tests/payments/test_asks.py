"""What gateway calls ask for, as the journal keeps it: read by later releases, and left alone where it cannot be."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import bindparam, update

from paydesk import commerce
from paydesk.rules import asks
from paydesk.store.journal.tables import gateway_calls
from paydesk.store.sql.ask import Ask
from tests.acts.first_release import OPEN
from tests.acts.orders import ready
from tests.acts.restored import MAKING
from tests.payments.conftest import Answer, Api, Running, Stripe, furnish

GOLDEN: dict[str, list[dict[str, Any]]] = json.loads((Path(__file__).parent / "asks.json").read_text())
"""Rows of every kind, as each version wrote them. Version 1 names none: a release up to 0.1 wrote it, or a member that
came before the next did. What stands here is never edited: a change of an ask is a new version.
"""

JOURNALLED = sorted(kind for kind, plan in commerce.plans().items() if plan.journalled)


def test_every_kind_that_is_journalled_has_its_rows() -> None:
    assert sorted(GOLDEN) == JOURNALLED


@pytest.mark.parametrize("kind", JOURNALLED)
def test_a_row_of_any_version_is_read_and_the_present_one_is_written_as_it_stands(kind: str) -> None:
    of = commerce.plans()[kind].asks
    for row in GOLDEN[kind]:
        read = [of.read(one) for one in row.values()]
        present = row[str(of.version)]
        assert read == [read[0]] * len(row)
        for one in row.values():
            written = asks.document(of.read(one), asks.fingerprint_of(one), asks.waiting_of(one))
            assert json.loads(json.dumps(written)) == present
        # So did unreleased code between the two.
        assert of.read({name: value for name, value in present.items() if name != "version"}) == read[0]


@pytest.mark.parametrize("kind", JOURNALLED)
def test_a_row_of_a_later_version_or_with_a_member_that_nobody_knows_is_not_read(kind: str) -> None:
    of = commerce.plans()[kind].asks
    present = GOLDEN[kind][0][str(of.version)]
    for other in ({**present, "version": of.version + 1}, {**present, "version": "later"}, {**present, "more": 1}):
        with pytest.raises(asks.Unreadable):
            of.read(other)


async def rewritten(api: Api, kind: str, *, to: str | None = None, ask: dict[str, Any] | None = None) -> None:
    """Have the open call of a kind be of another kind, or ask something else."""
    values = {"to": to or kind, "ask": ask}
    if ask is None:
        values["ask"] = await asked(api, kind)

    def write() -> Any:
        at = (gateway_calls.c.kind == bindparam("at"), gateway_calls.c.state == "open")
        named = {"kind": bindparam("to"), "ask": bindparam("ask", type_=gateway_calls.c.ask.type)}
        yield Ask(("test rewrite",), lambda: update(gateway_calls).where(*at).values(named), {"at": kind, **values})

    await api.parts.database.write(write)


async def asked(api: Api, kind: str) -> dict[str, Any]:
    found = await api.rows("gateway_calls", "kind", "state", "ask")
    (ask,) = [ask for name, state, ask in found if (name, state) == (kind, "open")]
    return dict(ask)


Ended = Callable[[], Awaitable[None]]


async def lost(api: Api, kind: str) -> Ended:
    """A request of which Stripe did not hear."""
    asking, _, path, ended = await MAKING[kind](api, kind)
    await api.stripe.faults("DELETE" if kind == "remove_endpoint" else "POST", path, times=0, drop="before")
    await asking(503)
    await api.stripe.mend()
    return ended


async def labelling(api: Api, kind: str) -> Ended:
    payment, another = await api.payment(await api.order()), await api.order()
    await api.update(payment, order=another)

    async def ended() -> None:
        (intent,) = await api.stripe.intents()
        assert intent.metadata["order_id"] == another.id

    return ended


async def renewing(api: Api, kind: str) -> Ended:
    former = api.gateway["webhook_endpoint_id"]
    await api.stripe.v1.webhook_endpoints.delete_async(former)
    assert await api.parts.endpoints.once()

    async def ended() -> None:
        (endpoint,) = await api.stripe.endpoints()
        assert (await api.get(api.gateway))["webhook_endpoint_id"] == endpoint.id != former

    return ended


async def mending(api: Api, kind: str) -> Ended:
    endpoint_id = api.gateway["webhook_endpoint_id"]
    await api.stripe.v1.webhook_endpoints.update_async(endpoint_id, {"disabled": True})
    assert await api.parts.endpoints.once()

    async def ended() -> None:
        (endpoint,) = await api.stripe.endpoints()
        assert (endpoint.id, endpoint.status) == (endpoint_id, "enabled")

    return ended


async def dropping(api: Api, kind: str) -> Ended:
    url, gateway = api.gateway["webhook_endpoint_url"], api.gateway
    told = {"paydesk_gateway": gateway.id, "paydesk_installation": api.parts.desk.installation}
    await api.stripe.v1.webhook_endpoints.create_async(
        {"url": url, "enabled_events": ["payment_intent.succeeded"], "metadata": told}
    )
    assert await api.parts.endpoints.once()

    async def ended() -> None:
        assert [one.id for one in await api.stripe.endpoints()] == [gateway["webhook_endpoint_id"]]

    return ended


FORMERLY: dict[str, tuple[Callable[[Api, str], Awaitable[Ended]], tuple[str, ...]]] = {
    "adopt_payment": (lost, ("connect",)),
    "save_instrument": (lost, ()),
    "remove_endpoint": (lost, ()),
    "label_payment": (labelling, ()),
    "renew_endpoint": (renewing, ()),
    "move_endpoint": (mending, ()),
    "drop_endpoint": (dropping, ()),
}
"""Of what no call is open in the database of the first release: how one comes about, and what its row was without."""


def test_every_kind_was_left_open_by_an_earlier_release() -> None:
    assert sorted({*OPEN, *FORMERLY}) == JOURNALLED


@pytest.mark.parametrize("kind", FORMERLY)
async def test_an_open_call_of_an_earlier_release_is_settled(running: Running, account: Stripe, kind: str) -> None:
    """Those of the first release's own database are: `test_what_was_open_is_finished_once`."""
    begin, since = FORMERLY[kind]
    async with running.api(account, settings=replace(running.settings, public_domain="one.example.com")) as api:
        await furnish(api)
        ended = await begin(api, kind)
        ask = await asked(api, kind)
        assert ask["version"] == 2
        await rewritten(api, kind, ask={name: ask[name] for name in ask if name not in ("version", *since)})
        await api.recover(after=3)
        await ended()
        assert await api.open_calls() == []
        assert {state for _, state in await api.calls()} == {"done"}


@pytest.mark.parametrize("later", ["version", "kind"])
async def test_a_call_that_a_later_release_wrote_down_is_left_to_it(api: Api, later: str) -> None:
    order, other = await ready(api), await ready(api)
    await api.stripe.faults(times=0, drop="before")
    await api.payment(order, expect=503)
    await api.stripe.mend()
    ask = await asked(api, "open_payment")
    kind = "open_payment" if later == "version" else "open_differently"
    await rewritten(api, "open_payment", to=kind, ask={**ask, "version": 3, "amount": {"cents": 1}})
    before = await stands(api)
    # What is due beside it: the first payment of another order is let go.
    await api.payment(other)
    replacing = await api.payment(other)
    for _ in range(2):
        await api.recover(after=30)
    assert await api.open_calls() == [kind]
    assert await stands(api) == before
    assert [one.id for one in await live_of(api, other)] == [replacing["stripe_id"]]
    refused = await api.payment(order, expect=503)
    assert "later release" in refused.errors[0]["detail"]
    assert await api.source_of(order) is None
    # A process of that release goes on with it.
    await rewritten(api, kind, to="open_payment", ask=ask)
    await api.recover(after=30)
    assert await api.open_calls() == []
    assert [one.amount for one in await live_of(api, order)] == [15400]
    assert await api.source_of(order) is not None


async def live_of(api: Api, order: Answer) -> list[Any]:
    return [one for one in await api.stripe.live() if one.metadata["order_id"] == order.id]


async def stands(api: Api) -> Any:
    """How the open call stands, without when it is due."""
    found = await api.rows("gateway_calls", "state", "kind", "tries", "lease_holder", "outcome", "ask", "attempt")
    return [row for row in found if row[0] == "open"]
