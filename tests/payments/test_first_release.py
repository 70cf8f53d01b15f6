"""What the first release wrote: it migrates, reads as it did, and what it left open is finished once."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from paydesk import commerce
from paydesk.operations.founding import Created
from paydesk.settings import Settings
from paydesk.store import migrate
from tests import first_release
from tests.acts.first_release import OPEN
from tests.acts.schemas import differences, execute, on
from tests.first_release import FACTS, ORDERS
from tests.payments.agreeing import agree, evidence, history_replays, keys_are_kept, table
from tests.payments.conftest import Api, Clock, Founded, Running, Stripe, _sandbox


@pytest.fixture(params=["sqlite", "postgresql"])
def old_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The first release's database, not migrated yet."""
    if request.param == "sqlite":
        return first_release.on_sqlite(tmp_path / "paydesk.sqlite3")
    return asyncio.run(first_release.on_postgresql(request.getfixturevalue("empty_url")))


@pytest.fixture
def stripe_then(tmp_path: Path) -> Iterator[str]:
    """The sandbox as it was, its clock set back to that time."""
    first_release.sandbox(tmp_path / "stripe")
    with _sandbox(tmp_path / "stripe", "tests.first_release.serving", str(first_release.behind())) as base:
        yield base


@pytest.fixture
def upgraded(old_url: str) -> str:
    """The first release's database, migrated."""
    assert migrate.upgrade(old_url) == migrate.head()
    return old_url


@pytest_asyncio.fixture
async def old(upgraded: str, stripe_then: str, tmp_path: Path) -> AsyncIterator[Api]:
    """Today's application on that database, a minute after the release was left; its background rests."""
    commerce.registry()
    settings = Settings(
        database_url=upgraded,
        data_dir=tmp_path / "data",
        stripe_api_base=stripe_then,
        key_file=first_release.keys(tmp_path),
    )
    clock = Clock()
    clock.advance(-first_release.behind())
    applications = {
        name: Created(one["kind"], name.split("/")[1], name, one["client_id"], one["client_secret"])
        for name, one in FACTS["applications"].items()
    }
    founded = Founded(applications, {}, tmp_path, FACTS["market"], FACTS["merchant"], FACTS["tokens"][MAIN])
    async with httpx.AsyncClient(timeout=30) as http:
        account = Stripe(stripe_then, http, FACTS["accounts"]["acme"])
        async with Running(settings, founded, stripe_then, clock, http, filled=True).api(account) as api:
            yield api
        await account.close()


MAIN = "acme/test/integration"


def test_payments_of_then_are_found_by_their_cards_last_digits(upgraded: str) -> None:
    found = execute(upgraded, "SELECT card_last_digits, CAST(payment_method AS TEXT) FROM stripe_payments")
    known = [(digits, json.loads(method or "null")) for digits, method in found]
    assert {digits for digits, _ in known} == {None, "4242", "4444", "0259"}
    assert all(digits == (method["card"]["last4"] if method else None) for digits, method in known)


def test_migrated_from_the_first_release_a_database_is_what_the_declarations_say(upgraded: str) -> None:
    assert on(upgraded, differences) == []
    migrate.check(upgraded)


async def test_it_opens_with_what_was_open_and_waits(old: Api) -> None:
    assert (await old.http.get("/readyz")).status_code == 200
    assert sorted(await old.open_calls()) == OPEN
    assert [worked for (worked,) in await old.rows("gateway_events", "worked_at")].count(None) == 9


READ = {
    **{name: (name,) for name in (
        "addresses", "customer_payment_sources", "customers", "line_items", "markets", "merchants", "orders",
        "payment_methods", "price_lists", "prices", "resource_errors", "skus", "stripe_payments", "wire_transfers",
    )},
    "payment_gateways": ("manual_gateways", "stripe_gateways"),
    "transactions": ("authorizations", "captures", "refunds", "voids"),
}  # fmt: skip
"""Tables, and the types that read them."""


async def test_every_record_reads_as_it_did(old: Api) -> None:
    """What is an attribute and a column has the value it had: amounts, statuses, numbers, currencies, times."""
    shown: dict[str, Any] = {}
    for name in APPLICATIONS:
        shown |= await everything(old, await old.log_in(name))
    compared = 0
    for name in READ:
        for row in first_release.rows(name):
            for attribute, value in shown[row["id"]].items():
                if attribute in row and isinstance(value, str | int | float | bool | None):
                    assert value == row[attribute], (name, row["id"], attribute)
                    compared += 1
    assert compared > 6000
    for id, balances in FACTS["balances"].items():
        assert {one: shown[id][one] for one in balances} == balances, id


APPLICATIONS = [name for name in FACTS["applications"] if name.endswith("/integration")]


async def everything(api: Api, token: str) -> dict[str, Any]:
    """The attributes of all that a token sees, by id."""
    found: dict[str, Any] = {}
    for name in (name for names in READ.values() for name in names):
        pages, number = 1, 1
        while number <= pages:
            page = await api.get(name, f"?page[size]=25&page[number]={number}", token=token)
            found |= {one["id"]: one["attributes"] for one in page.data}
            pages, number = page.document["meta"]["page_count"], number + 1
    return found


FINISHED: dict[str, tuple[Any, ...]] = {
    "place_asked": ("placed", "authorized", 15400, 0, 0, 0),
    "place_journalled": ("placed", "authorized", 15400, 0, 0, 0),
    "place_later_waiting": ("placed", "authorized", 15400, 0, 0, 0),
    "place_later_held": ("placed", "authorized", 15400, 0, 0, 0),
    "authorize_asked": ("pending", "authorized", 15400, 0, 0, 0),
    "authorize_part_asked": ("pending", "partially_authorized", 5000, 0, 0, 0),
    "capture_asked": ("approved", "paid", 15400, 15400, 0, 0),
    "capture_journalled": ("approved", "partially_paid", 15400, 5000, 0, 0),
    "capture_lost": ("approved", "paid", 15400, 15400, 0, 0),
    "wire_capture_journalled": ("approved", "paid", 15900, 15900, 0, 0),
    "void_asked": ("cancelled", "voided", 15400, 0, 15400, 0),
    "void_journalled": ("approved", "voided", 15400, 0, 15400, 0),
    "refund_asked": ("approved", "partially_refunded", 15400, 15400, 0, 900),
    "refund_journalled": ("cancelled", "refunded", 15400, 15400, 0, 15400),
    "refund_lost": ("approved", "partially_refunded", 15400, 15400, 0, 900),
    "event_authorized": ("pending", "authorized", 15400, 0, 0, 0),
    "event_lost": ("pending", "authorized", 15400, 0, 0, 0),
    "event_captured": ("approved", "paid", 15400, 15400, 0, 0),
    "event_canceled": ("placed", "voided", 15400, 0, 15400, 0),
    "event_refunded": ("approved", "partially_refunded", 15400, 15400, 0, 1100),
}
"""Statuses and sums of the orders of which something was open: authorized, captured, voided, refunded."""


async def test_what_was_open_is_finished_once(old: Api) -> None:
    await finished(old)
    database = old.parts.database
    left = {row["id"]: row["kind"] for row in first_release.rows("gateway_calls") if row["state"] == "open"}
    calls = await table(database, "gateway_calls", "id", "kind", "subject_id", "state", "tenant")
    assert sorted(one["kind"] for one in calls if one["id"] in left and one["state"] == "done") == OPEN
    known = {row["event_id"] for row in first_release.rows("gateway_events")}
    events = await table(database, "gateway_events", "event_id", "outcome")
    assert {one["outcome"] for one in events if one["event_id"] in known} == {"read"}
    stand = await standing(old)
    before = {row["id"]: _standing(row) for row in first_release.rows("orders")}
    assert stand == {id: FINISHED.get(name, before[id]) for name, id in ORDERS.items()}
    # A shopper's confirmation of which no event is left at Stripe: it is seen where somebody asks.
    unseen = {"type": "stripe_payments", "id": str(await old.source_of(order("read_asked")))}
    await old.update(unseen, {"_refresh": True})
    found = await evidence(database, old.stripe)
    for name, id in ORDERS.items():
        if name not in ELSEWHERE:
            agree(found, id, is_priced=name != "placed_under_price")
    keys_are_kept(found)
    for name in ("refunded", "wire_paid", "editing"):
        await history_replays(old, order(name))
    for name, amounts in LIVE.items():
        own = [one for one in found.intents.values() if one["metadata"].get("order_id") == ORDERS[name]]
        assert [one["amount"] for one in own if one["status"] != "canceled"] == amounts, name
        shown = [one["stripe_id"] for one in found.payments if one["order_id"] == ORDERS[name]]
        assert (await old.source_of(order(name)) is not None) == bool(amounts)
        assert {one["id"] for one in own if one["status"] != "canceled"} <= set(shown)
    assert FACTS["detached"] not in [id for (id,) in await old.rows("customer_payment_sources", "id")]
    # A second time there is nothing left to do.
    await finished(old)
    again = await evidence(database, old.stripe)
    assert (again.transactions, again.intents, again.refunds) == (found.transactions, found.intents, found.refunds)
    assert len(again.asked) == len(found.asked)


LIVE: dict[str, list[int]] = {
    "open_payment_asked": [15400],
    "open_payment_journalled": [15400],
    "open_payment_keyed": [15400],
    "release_waiting": [15400],
    "amend_asked": [16000],
    "discard_asked": [],
}
"""What the intents of orders amount to that were being opened, replaced, amended or let go."""

ELSEWHERE = {"other", "other_live", "live", "twice_second"}
"""Orders of other tenants, whose payments are not in this account, or are another order's."""


def order(name: str) -> dict[str, str]:
    return {"type": "orders", "id": ORDERS[name]}


async def finished(api: Api) -> None:
    """Everything that the background does, until nothing is open and nothing waits."""
    for _ in range(4):
        await api.parts.catching_up.once()
        await api.recover(after=61)
    assert await api.open_calls() == []
    (gateway,) = {row["gateway_id"] for row in first_release.rows("gateway_events")}
    assert await table(api.parts.database, "gateway_events", "event_id", gateway_id=gateway, worked_at=None) == []


async def standing(api: Api) -> dict[str, tuple[Any, ...]]:
    rows = await table(api.parts.database, "orders", "id", *STANDING)
    return {row["id"]: _standing(row) for row in rows}


STANDING = ("status", "payment_status", "authorized_cents", "captured_cents", "voided_cents", "refunded_cents")


def _standing(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in STANDING)


async def test_its_tokens_passwords_and_keys_are_still_good(old: Api) -> None:
    wallet = [row for row in first_release.rows("customer_payment_sources") if row["id"] == FACTS["wallet_entry"]]
    for token in (FACTS["tokens"]["customer"], await old.customer(**FACTS["customer"])):
        shown = await old.get("customer_payment_sources", token=token)
        assert [(one["id"], one["attributes"]["name"]) for one in shown.data] == [(wallet[0]["id"], "visa …4242")]
    assert (await old.get("skus", token=FACTS["tokens"]["guest"])).data[0]["attributes"]["code"] == "SHIRT"
    # A request that was answered, and one whose server was killed after Stripe had acted.
    intents = len(await old.stripe.intents())
    answered = await old.payment(order("keyed"), key="answered")
    assert answered.id == FACTS["key"]["answer"]
    unanswered = await old.payment(order("open_payment_keyed"), key="unanswered")
    assert await old.source_of(order("open_payment_keyed")) == unanswered.id
    assert len(await old.stripe.intents()) == intents
    # What the second organization took with its own key can be given back with it.
    token = await old.log_in("other/test/integration")
    assert (await old.update(order("other"), {"_refund": True}, token=token))["payment_status"] == "refunded"


async def test_customers_see_the_orders_they_saw_and_none_that_merely_name_them(old: Api) -> None:
    email = FACTS["customer"]["email"]
    (owner,) = [row for row in first_release.rows("customers") if row["email"] == email and row["password_hash"]]
    saw = sorted(row["id"] for row in first_release.rows("orders") if row["customer_id"] == owner["id"])
    assert saw
    guest = FACTS["tokens"]["guest"]
    await old.create("orders", {"customer_email": email}, token=guest, market=FACTS["market"])
    for token in (FACTS["tokens"]["customer"], await old.customer(**FACTS["customer"])):
        for path in ("orders", f"customers/{owner['id']}/orders"):
            assert sorted(one["id"] for one in (await old.get(path, "?page[size]=25", token=token)).data) == saw
        assert (await old.get(f"customers/{owner['id']}", token=token))["total_orders_count"] == owner[
            "total_orders_count"
        ]
