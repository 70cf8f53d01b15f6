"""One payment at Stripe pays one order, whichever gateways, tenants, installations and programs share its account."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.acts.adopted import ids, intent_of, untouched
from tests.acts.orders import authorized
from tests.acts.organizations import forget_accounts, overwrite, second_organization
from tests.payments.commands import Said, paydesk
from tests.payments.conftest import Answer, Api, Clock, Running, Stripe, document_of, furnish, on_sqlite

TAKEN = [("/data/attributes/stripe_id", "taken")]
INVALID = [("/data/attributes/stripe_id", "invalid")]


def second_database(template: Path, file: Path) -> str:
    file.write_bytes(template.read_bytes())
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE installation SET id = 'another'")
    connection.close()
    return f"sqlite:///{file}"


@asynccontextmanager
async def second_installation(running: Running, stripe: Stripe, template: Path, folder: Path) -> AsyncIterator[Api]:
    """Another server with a database of its own, and a gateway of the same key."""
    settings = replace(running.settings, database_url=second_database(template, folder / "second.sqlite3"))
    another = Running(settings, running.founded, running.sandbox, running.clock, running.http)
    async with another.api(stripe) as api:
        yield await furnish(api)


async def metadata_of(stripe: Stripe, intent_id: str) -> dict[str, str]:
    told: dict[str, str] = (await stripe.v1.payment_intents.retrieve_async(intent_id)).metadata.to_dict()
    return told


async def written(stripe: Stripe, intent_id: str) -> list[str | None]:
    """The idempotency keys under which an intent was written to."""
    return [one["idempotency_key"] for one in await stripe.requests(path=f"/v1/payment_intents/{intent_id}")]


def belonging(api: Api, order: Answer) -> dict[str, str]:
    organization = api.gateway.document["data"]["meta"]["organization_id"]
    return {
        "order_id": order.id,
        "organization_id": organization,
        "mode": "test",
        "paydesk": api.parts.desk.installation,
    }


async def test_an_adopted_intent_tells_at_stripe_whose_it_is(api: Api) -> None:
    intent = await intent_of(api.stripe, metadata={"cart": "17"})
    order = await api.order()
    await api.payment(order, ids(intent))
    assert await metadata_of(api.stripe, intent.id) == {"cart": "17", **belonging(api, order)}
    assert await written(api.stripe, intent.id) == [f"paydesk/adopt/{intent.id}"]
    assert await api.calls() == [("adopt_payment", "done"), ("register_endpoint", "done")]


async def test_a_payment_of_one_organization_pays_no_order_of_another(api: Api) -> None:
    order, payment = await authorized(api)
    await api.update(order, {"_place": True})
    other = await second_organization(api)
    stolen = {name: payment[name] for name in ("stripe_id", "client_secret")}
    mine = await other.order()
    guest = await other.log_in("other/test/sales_channel")
    for token in (other.token, guest):
        assert (await other.payment(mine, stolen, token=token, expect=422)).said == TAKEN
    await untouched(other, mine)
    assert (await metadata_of(api.stripe, payment["stripe_id"]))["order_id"] == order.id
    assert f"paydesk/adopt/{payment['stripe_id']}" not in await written(api.stripe, payment["stripe_id"])


async def test_an_intent_that_one_organization_adopted_is_taken_for_another(api: Api) -> None:
    other = await second_organization(api)
    order, theirs = await api.order(), await other.order()
    given = {"stripe_id": "pi_1234XXX", "client_secret": "pi_1234XXX_secret_5678YYY"}
    await api.payment(order, given)
    assert (await other.payment(theirs, given, expect=422)).said == TAKEN
    await untouched(other, theirs)


async def test_who_does_not_know_the_secret_is_not_told_that_another_has_the_intent(api: Api) -> None:
    other = await second_organization(api)
    payment = await api.payment()
    guessed = {"stripe_id": payment["stripe_id"], "client_secret": f"{payment['stripe_id']}_secret_guessed"}
    refused = await other.payment(None, guessed, expect=422)
    assert refused.said == [("/data/attributes/client_secret", "invalid")]


async def test_intents_of_two_accounts_may_bear_one_id(api: Api, running: Running) -> None:
    elsewhere = Stripe(running.sandbox, running.http)
    gateway = await api.gateway_of(elsewhere.key)
    method = await api.method_of(gateway)
    given = {"stripe_id": "pi_1234XXX", "client_secret": "pi_1234XXX_secret_5678YYY"}
    first = await api.payment(await api.order(), given)
    second = await api.payment(await api.order(method=method), given)
    assert (first["stripe_id"], second["stripe_id"]) == ("pi_1234XXX", "pi_1234XXX")
    assert first.id != second.id
    kept = await api.rows("stripe_payments", "stripe_id", "account")
    accounts = [await api.stripe.account(), await elsewhere.account()]
    assert sorted(kept) == sorted(("pi_1234XXX", account) for account in accounts)
    await elsewhere.close()


async def test_an_intent_of_one_gateway_is_not_adopted_through_another_of_the_same_key(api: Api) -> None:
    payment = await api.payment()
    second = await api.method_of(await api.gateway_of(name="Second"))
    order = await api.order(method=second)
    given = {name: payment[name] for name in ("stripe_id", "client_secret")}
    assert (await api.payment(order, given, expect=422)).said == TAKEN
    assert await api.source_of(order) is None


async def test_the_orders_own_intent_comes_back_through_another_gateway_of_the_same_key(api: Api) -> None:
    order = await api.order()
    payment = await api.payment(order)
    gateway = await api.gateway_of(name="Second", publishable_key="pk_test_second")
    await api.update(order, payment_method=await api.method_of(gateway))
    assert await api.source_of(order) is None
    given = {name: payment[name] for name in ("stripe_id", "client_secret")}
    back = await api.payment(order, given, query="?include=payment_gateway")
    assert (back.id, await api.source_of(order)) == (payment.id, payment.id)
    assert (back["publishable_key"], back.document["included"][0]["id"]) == ("pk_test_second", gateway.id)
    assert (await api.get("stripe_payments")).document["meta"]["record_count"] == 1
    await api.recover()
    assert (await api.get(payment))["stripe_id"] in [one.id for one in await api.stripe.live()]


async def test_an_intent_of_another_installation_is_taken(
    api: Api, running: Running, account: Stripe, sqlite_template: Path, tmp_path: Path
) -> None:
    opened, adopted = await api.payment(), await intent_of(api.stripe)
    await api.payment(None, ids(adopted))
    async with second_installation(running, account, sqlite_template, tmp_path) as second:
        for given in ({name: opened[name] for name in ("stripe_id", "client_secret")}, ids(adopted)):
            order = await second.order()
            assert (await second.payment(order, given, expect=422)).said == TAKEN
            await untouched(second, order)


async def test_of_two_installations_that_want_one_intent_at_once_one_gets_it(
    api: Api, running: Running, account: Stripe, sqlite_template: Path, tmp_path: Path, caplog: Any
) -> None:
    intent = await intent_of(api.stripe)
    async with second_installation(running, account, sqlite_template, tmp_path) as second:
        held = await api.stripe.hold("GET", calls=2, when="after")
        asked = asyncio.gather(
            *(
                shop.send(
                    "POST", "stripe_payments", document_of("stripe_payments", None, ids(intent), {"order": order})
                )
                for shop, order in ((api, await api.order()), (second, await second.order()))
            )
        )
        await held.begun(2)
        await held.go()
        answers = await asked
        assert sorted(one.status for one in answers) == [201, 422]
        assert [one.said for one in answers if one.status == 422] == [TAKEN]
        won, lost = (api, second) if answers[0].status == 201 else (second, api)
        assert (await metadata_of(account, intent.id))["paydesk"] == won.parts.desk.installation
        assert (await lost.get("stripe_payments")).data == []
        assert await lost.open_calls() == await won.open_calls() == []
        assert [one.levelname for one in caplog.records if one.levelname == "CRITICAL"] == []


@pytest.mark.parametrize(
    "named",
    [{"order_id": "another"}, {"organization_id": "another"}, {"mode": "live"}, {"paydesk": "another"}],
    ids=lambda named: next(iter(named)),
)
@on_sqlite
async def test_an_intent_that_names_somebody_else_is_taken(api: Api, named: dict[str, str]) -> None:
    intent = await intent_of(api.stripe, metadata=named)
    order = await api.order()
    assert (await api.payment(order, ids(intent), expect=422)).said == TAKEN
    assert await metadata_of(api.stripe, intent.id) == named
    await untouched(api, order)


@on_sqlite
async def test_what_another_program_has_given_back_pays_no_order(api: Api) -> None:
    for method, refunded in (("pm_card_visa", 400), ("pm_card_visa", 15400), ("pm_card_createDispute", 0)):
        intent = await intent_of(api.stripe, capture_method="automatic")
        await api.stripe.confirm(intent.id, method)
        if refunded:
            await api.stripe.v1.refunds.create_async({"payment_intent": intent.id, "amount": refunded})
        order = await api.order()
        assert (await api.payment(order, ids(intent), expect=422)).said == INVALID
        await untouched(api, order)
        assert await metadata_of(api.stripe, intent.id) == {}


async def test_a_shopper_brings_no_intent_that_was_paid_long_before_its_order(api: Api, clock: Clock) -> None:
    kinds = ("manual", "automatic")
    intents = [await intent_of(api.stripe, capture_method=kind) for kind in kinds]
    fresh, open_ = await intent_of(api.stripe), await intent_of(api.stripe)
    for intent in (*intents, fresh):
        await api.stripe.confirm(intent.id)
    guest = await api.guest()
    assert (await api.payment(await api.order(), ids(fresh), token=guest)).status == 201
    clock.advance(700)
    for intent in intents:
        order = await api.order()
        assert (await api.payment(order, ids(intent), token=guest, expect=422)).said == INVALID
        assert await api.source_of(order) is None
        assert await metadata_of(api.stripe, intent.id) == {}
    # Nothing was paid with it yet, or an integration vouches for it, or it names the order.
    assert (await api.payment(await api.order(), ids(open_), token=guest)).status == 201
    assert (await api.payment(await api.order(), ids(intents[0]))).status == 201
    order = await api.order()
    await api.stripe.v1.payment_intents.update_async(intents[1].id, {"metadata": {"order_id": order.id}})
    assert (await api.payment(order, ids(intents[1]), token=guest)).status == 201


async def test_the_same_intent_comes_back_to_its_order_whatever_became_of_it(api: Api) -> None:
    order = await api.order()
    canceled, paid = await intent_of(api.stripe), await intent_of(api.stripe, capture_method="automatic")
    first = await api.payment(order, ids(canceled))
    await api.stripe.v1.payment_intents.cancel_async(canceled.id)
    again = await api.payment(order, {**ids(canceled), "metadata": {"a": 1}, "reference": "r"})
    assert (again.id, again["metadata"], again["reference"]) == (first.id, {"a": 1}, "r")
    assert await api.source_of(order) == first.id
    second = await api.payment(order, ids(paid))
    await api.stripe.confirm(paid.id)
    await api.stripe.v1.refunds.create_async({"payment_intent": paid.id, "amount": 400})
    again = await api.payment(order, ids(paid))
    assert (again.id, again["payment_instrument"]["card_last_digits"]) == (second.id, "4242")
    assert [one["attributes"]["amount_cents"] for one in (await api.get(f"orders/{order.id}/refunds")).data] == [400]
    refused = await api.payment(order, {**ids(paid), "client_secret": f"{paid.id}_secret_no"}, expect=422)
    assert refused.said == [("/data/attributes/client_secret", "invalid")]


async def test_a_payment_that_moves_to_another_order_says_so_at_stripe(api: Api) -> None:
    orders = [await api.order() for _ in range(3)]
    intent = await intent_of(api.stripe)
    payment = await api.payment(orders[0], ids(intent))
    for order in orders[1:]:
        await api.update(payment, order=order)
    await api.recover()
    assert (await metadata_of(api.stripe, intent.id))["order_id"] == orders[2].id
    assert await api.open_calls() == []
    assert (await api.payment(orders[1], ids(intent), expect=422)).said == TAKEN
    back = await api.payment(orders[2], ids(intent))
    assert (back.id, await api.source_of(orders[2])) == (payment.id, payment.id)


async def test_an_intent_is_adopted_once_though_the_answer_was_lost(api: Api) -> None:
    intent = await intent_of(api.stripe)
    order = await api.order()
    await api.stripe.faults(path=f"/v1/payment_intents/{intent.id}", times=0, drop="after")
    await api.payment(order, ids(intent), expect=503)
    assert await api.open_calls() == ["adopt_payment"]
    await api.stripe.mend()
    another = await api.order()
    assert (await api.payment(another, ids(intent), expect=422)).said == TAKEN
    payment = await api.payment(order, ids(intent))
    assert await api.source_of(order) == payment.id
    assert await api.open_calls() == []


async def test_a_kept_failure_of_stripes_does_not_shut_an_intent_out(api: Api) -> None:
    intent = await intent_of(api.stripe)
    order = await api.order()
    await api.stripe.faults(path=f"/v1/payment_intents/{intent.id}", status=500, when="after")
    payment = await api.payment(order, ids(intent))
    assert await api.source_of(order) == payment.id
    assert (await metadata_of(api.stripe, intent.id))["order_id"] == order.id


async def test_while_the_account_is_not_known_payments_are_opened_and_one_intent_pays_one_order(api: Api) -> None:
    second = await api.gateway_of(name="Second")
    await forget_accounts(api)
    opened = await api.payment()
    assert await api.rows("stripe_payments", "account") == [(None,)]
    order = await api.order(method=await api.method_of(second))
    given = {name: opened[name] for name in ("stripe_id", "client_secret")}
    assert (await api.payment(order, given, expect=422)).said == TAKEN


async def test_old_payments_get_the_account_of_their_gateways_key(api: Api) -> None:
    second = await api.gateway_of(name="Second")
    payments = [await api.payment() for _ in range(3)]
    twice = await api.payment(await api.order(method=await api.method_of(second)))
    await forget_accounts(api)
    # One intent on two orders, as the first release let it come about.
    await overwrite(api, "stripe_payments", twice.id, stripe_id=payments[0]["stripe_id"])
    account = await api.stripe.account()
    assert await api.parts.endpoints.once()
    assert sorted(await api.rows("payment_gateways", "own_account")) == [(account,), (account,)]
    kept = dict(await api.rows("stripe_payments", "id", "account"))
    assert {kept[payments[0].id], kept[twice.id]} == {account, None}
    assert (kept[payments[1].id], kept[payments[2].id]) == (account, account)
    assert await api.parts.endpoints.once()
    assert dict(await api.rows("stripe_payments", "id", "account")) == kept


# What reconcile tells.


def told(said: Said) -> list[tuple[str, str, str, str]]:
    return sorted((one["payment_id"], one["what"], one["ours"], one["theirs"]) for one in said.json["findings"])


async def test_one_intent_on_two_orders_is_told_whichever_organizations_they_are_of(api: Api, running: Running) -> None:
    other = await second_organization(api)
    first, second, third = await api.order(), await other.order(), await api.order()
    payment, theirs, again = await api.payment(first), await other.payment(second), await api.payment(third)
    name = payment["stripe_id"]
    assert (await paydesk(running, "reconcile", "--json")).json["findings"] == []
    await forget_accounts(api)
    await overwrite(api, "stripe_payments", theirs.id, stripe_id=name)
    await api.parts.endpoints.once()
    found = await paydesk(running, "reconcile", "--json")
    assert found.status == 1
    assert [one for one in told(found) if one[1] == "payment of several orders"] == sorted(
        [
            (
                name,
                "payment of several orders",
                f"order {first.id}",
                f"one payment for other/test order {second.id}, too",
            ),
            (
                name,
                "payment of several orders",
                f"order {second.id}",
                f"one payment for acme/test order {first.id}, too",
            ),
        ]
    )
    assert again["stripe_id"] not in {one[0] for one in told(found)}


async def test_an_intent_that_names_another_installation_is_told(api: Api, running: Running) -> None:
    payment = await api.payment()
    name, here = payment["stripe_id"], api.parts.desk.installation
    await api.stripe.v1.payment_intents.update_async(name, {"metadata": {"paydesk": "another"}})
    found = await paydesk(running, "reconcile", "--json")
    assert told(found) == [(name, "installation", here, "another")]
