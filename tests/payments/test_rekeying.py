"""`paydesk gateways rekey`: another key for a gateway, beside the server that speaks with it."""

import asyncio
import contextlib
import os
import pty
import secrets
import select
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from paydesk.gateways.stripe import Patience
from tests.acts.crashes import environment_of
from tests.acts.orders import approved, at_stripe, authorized, moved, stands
from tests.acts.troubled import KINDS, ended_once, prepared
from tests.payments.commands import Said, paydesk
from tests.payments.conftest import Api, Running, Stripe, furnish, on_sqlite


class Keys:
    """The keys of a test's account: what a person does in Stripe's dashboard."""

    def __init__(self, stripe: Stripe) -> None:
        self.stripe = stripe
        self.made: list[Stripe] = []

    async def make(self, kind: str = "sk", without: tuple[str, ...] = ()) -> str:
        """Another key of the account."""
        key = f"{kind}_test_{secrets.token_hex(16)}"
        await self.stripe.control("POST", f"keys/{key}", {"account": await self.stripe.account()})
        if without:
            await self.stripe.control("POST", f"keys/{key}", {"without": list(without)})
        return key

    async def revoke(self, key: str | None = None) -> None:
        await self.stripe.account()  # is known from now on
        await self.stripe.control("POST", f"keys/{key or self.stripe.key}", {"revoked": True})

    def by(self, key: str) -> Stripe:
        """The account, or whose key it is, as seen with this key."""
        self.made.append(Stripe(self.stripe.base, self.stripe.http, key))
        return self.made[-1]


@pytest_asyncio.fixture
async def keys(account: Stripe) -> AsyncIterator[Keys]:
    made = Keys(account)
    yield made
    for one in made.made:
        await one.close()


async def rekey(running: Running, api: Api, key: str, *arguments: str) -> Said:
    """Run it with this key in the environment; whatever it says, it tells no key."""
    said = await paydesk(running, "gateways", "rekey", api.gateway.id, *arguments, PAYDESK_STRIPE_SECRET_KEY=key)
    for hidden in (key, api.stripe.key):
        assert hidden[12:-4] not in said.out + said.err
    assert said.out == ""
    return said


async def kept(api: Api) -> list[tuple[object, ...]]:
    """What a gateway is, and all that was ever written of it."""
    rows = await api.rows("payment_gateways", "id", "login", "publishable_key", "updated_at")
    return sorted(rows) + sorted(await api.rows("versions", "id", "resource_id"))


async def refused(running: Running, api: Api, key: str, *arguments: str, status: int = 1) -> str:
    """Run it with a key that is not to be taken; what it says. Nothing has changed."""
    before = await kept(api)
    said = await rekey(running, api, key, *arguments)
    assert (said.status, await kept(api)) == (status, before)
    return said.err


async def test_a_running_server_goes_on_with_the_new_key_of_a_gateway_whose_key_was_rolled(
    api: Api, running: Running, keys: Keys
) -> None:
    order, payment, _ = await approved(api)
    rolled = await keys.make()
    await keys.revoke()
    assert (await api.update(payment, {"_refresh": True}, expect=422)).said == [("/data", "api_key_expired")]
    do = f"give it another key of the same account: `paydesk gateways rekey {api.gateway.id}`"
    checked = await paydesk(running, "gateways", "check", "--no-self-test")
    assert checked.status == 1
    assert checked.lines[1].startswith("  ✗ key        is refused: Expired API Key provided: ")
    assert do in checked.lines[2]
    said = await rekey(running, api, rolled)
    endpoint = api.gateway["webhook_endpoint_id"]
    assert (said.status, said.err.splitlines()) == (
        0,
        [
            f"✓ Gateway {api.gateway.id} (Stripe) has the key sk_test_…{rolled[-4:]} now, of the same account: seen by "
            f"webhook endpoint {endpoint}.",
            "  A running server takes it for its next call, and finishes with it what was left open.",
        ],
    )
    await api.update(payment, {"_refresh": True})
    await api.update(order, {"_capture": True})
    assert (await stands(api, order))[:2] == ("approved", "paid")
    former, api.stripe = api.stripe.key, keys.by(rolled)
    assert await at_stripe(api, payment) == ("succeeded", 15400, 0)
    assert (await api.payment())["stripe_id"] in [one.id for one in await api.stripe.live()]
    checked = await paydesk(running, "gateways", "check", "--no-self-test")
    assert checked.lines[1] == "  ✓ key        works, and has all rights that are needed"
    # The history tells that it happened, and by whom, and no key.
    versions = (await api.get(f"stripe_gateways/{api.gateway.id}/versions", "?sort=created_at")).data
    shown = [f"sk_test_…{one[-4:]}" for one in (former, rolled)]
    told = [(one["attributes"]["event"], one["attributes"]["changes"]) for one in versions]
    assert (told[0][0], told[1:]) == ("create", [("update", {"secret_key": shown})])
    assert versions[1]["attributes"]["who"] == {"worker": {"id": api.gateway.id, "type": "gateways rekey"}}
    for table, columns in (
        ("payment_gateways", ("login", "sealed_webhook_secret")),
        ("versions", ("changes", "who")),
        ("gateway_calls", ("ask", "parameters", "outcome")),
    ):
        rows = repr(await api.rows(table, *columns))
        assert former not in rows
        assert rolled not in rows


@pytest.mark.parametrize("kind", KINDS)
async def test_what_was_left_open_with_the_old_key_is_finished_with_the_new_one(
    api: Api, running: Running, keys: Keys, kind: str
) -> None:
    order, payment, subject, change, path = await prepared(api, kind)
    before = await moved(api, order)
    await api.stripe.faults(path=path, times=0, drop="after")
    await api.update(subject, change, expect=503)
    await api.stripe.mend()
    rolled = await keys.make()
    await keys.revoke()
    # Stripe has done it, and the key that is not taken any more says nothing about that.
    await api.recover(after=30)
    await api.update(subject, change, expect=503)
    assert (await api.open_calls(), await moved(api, order)) == ([kind], before)
    assert (await rekey(running, api, rolled)).status == 0
    await api.recover(after=30)
    api.stripe = keys.by(rolled)
    await ended_once(api, kind, order, payment)
    asked = await api.stripe.requests("POST", path)
    assert len({one["idempotency_key"] for one in asked}) == 1
    await api.update(payment, {"_refresh": True})
    await ended_once(api, kind, order, payment)


@on_sqlite
async def test_a_payment_whose_opening_was_left_open_is_opened_once(api: Api, running: Running, keys: Keys) -> None:
    order = await api.order()
    await api.stripe.faults(times=0, drop="after")
    await api.payment(order, expect=503)
    await api.stripe.mend()
    rolled = await keys.make()
    await keys.revoke()
    await api.recover(after=30)
    assert await api.open_calls() == ["open_payment"]
    assert (await rekey(running, api, rolled)).status == 0
    await api.recover(after=30)
    (intent,) = await keys.by(rolled).intents()
    assert [one for (one,) in await api.rows("stripe_payments", "stripe_id")] == [intent.id]


@on_sqlite
async def test_while_the_old_key_answers_the_accounts_are_compared(api: Api, running: Running, keys: Keys) -> None:
    rolled = await keys.make()
    foreign = f"sk_test_{secrets.token_hex(16)}"
    theirs, ours = await keys.by(foreign).account(), await api.stripe.account()
    assert await refused(running, api, foreign) == (
        f"error: The new key is of another account: {theirs}, and the gateway's is {ours}. Nothing was changed.\n"
    )
    said = await rekey(running, api, rolled)
    assert (said.status, f"of the same account: seen by account {ours}." in said.err) == (0, True)
    again = await rekey(running, api, rolled)
    assert (again.status, again.err) == (
        0,
        f"✓ Gateway {api.gateway.id} (Stripe) has this key already: sk_test_…{rolled[-4:]}.\n",
    )


@on_sqlite
async def test_a_key_of_another_account_is_refused_though_the_old_one_is_dead(
    api: Api, running: Running, keys: Keys
) -> None:
    # Every account of the sandbox has the documented intent: that one proves nothing.
    payment = await api.payment(
        await api.order(), {"stripe_id": "pi_1234XXX", "client_secret": "pi_1234XXX_secret_5678YYY"}
    )
    other = f"sk_test_{secrets.token_hex(16)}"
    foreign = keys.by(other)
    # Nor does an endpoint that says it is this gateway's, as a copy of the database makes one.
    await foreign.v1.webhook_endpoints.create_async(
        {
            "url": "https://shop.example.com/hook",
            "enabled_events": ["*"],
            "metadata": {"paydesk_gateway": api.gateway.id},
        }
    )
    await keys.revoke()
    said = await refused(running, api, other)
    assert said.startswith("error: The new key does not show that it is of the gateway's account: it finds neither ")
    assert "Nothing was changed." in said
    assert (await api.update(payment, {"_refresh": True}, expect=422)).said == [("/data", "api_key_expired")]


@on_sqlite
async def test_without_an_endpoint_a_payment_tells_whose_key_it_is(
    running: Running, account: Stripe, keys: Keys
) -> None:
    async with running.api(account) as api:
        await account.faults(path="/v1/webhook_endpoints", times=1, status=400, code="url_invalid")
        await furnish(api)
        rolled, foreign = await keys.make(), f"sk_test_{secrets.token_hex(16)}"
        await keys.by(foreign).account()
        await keys.revoke()
        assert "does not show that it is of the gateway's account" in await refused(running, api, rolled)
        await account.control("POST", f"keys/{account.key}", {"revoked": False})
        payment = await api.payment()
        await keys.revoke()
        assert "does not show that it is of the gateway's account" in await refused(running, api, foreign)
        said = await rekey(running, api, rolled)
        assert (said.status, f"seen by payment {payment['stripe_id']}." in said.err) == (0, True)
        await api.update(payment, {"_refresh": True})


@on_sqlite
async def test_a_payment_that_was_adopted_is_known_by_its_charge(running: Running, account: Stripe, keys: Keys) -> None:
    async with running.api(account) as api:
        await account.faults(path="/v1/webhook_endpoints", times=1, status=400, code="url_invalid")
        await furnish(api)
        order = await api.order()
        made = await account.v1.payment_intents.create_async(
            {
                "amount": 15400,
                "currency": "eur",
                "capture_method": "manual",
                "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            }
        )
        payment = await api.payment(order, {"stripe_id": made.id, "client_secret": made.client_secret})
        rolled = await keys.make()
        await keys.revoke()
        await refused(running, api, rolled)
        await account.control("POST", f"keys/{account.key}", {"revoked": False})
        await account.confirm(made.id)
        await api.update(payment, {"_refresh": True})
        await keys.revoke()
        said = await rekey(running, api, rolled)
        assert (said.status, f"seen by payment {made.id}." in said.err) == (0, True)


@on_sqlite
async def test_a_connected_accounts_payments_say_nothing_of_the_platform(
    api: Api, running: Running, keys: Keys
) -> None:
    gateway = await api.gateway_of(connected_account="acct_connected1")
    method = await api.method_of(gateway)
    payment = await api.payment(await api.order(method=method))
    await api.stripe.v1.webhook_endpoints.delete_async(gateway["webhook_endpoint_id"])
    api.gateway = gateway
    rolled, restricted = await keys.make(), await keys.make("rk", without=("rak_accounts_kyc_basic_read",))
    assert "does not show that it is of the gateway's account" in await refused(running, api, restricted)
    said = await rekey(running, api, rolled)
    assert (said.status, f"seen by account {await api.stripe.account()}." in said.err) == (0, True)
    await keys.revoke()
    await api.update(payment, {"_refresh": True})


@on_sqlite
async def test_a_full_key_is_replaced_by_a_restricted_one_that_has_all_rights(
    api: Api, running: Running, keys: Keys
) -> None:
    lacking = ("rak_charge_write", "rak_webhook_read")
    weak = await keys.make("rk", without=lacking)
    assert await refused(running, api, weak) == (
        "error: The new key lacks rights: rak_charge_write, rak_webhook_read. Nothing was changed.\n"
        "  Give the restricted key these rights first.\n"
    )
    # Whose it is, it need not be able to tell by itself.
    restricted = await keys.make("rk", without=("rak_accounts_kyc_basic_read",))
    said = await rekey(running, api, restricted)
    assert (said.status, f"seen by webhook endpoint {api.gateway['webhook_endpoint_id']}." in said.err) == (0, True)
    await keys.revoke()
    api.stripe = keys.by(restricted)
    order, _ = await authorized(api)
    assert order["payment_status"] == "authorized"


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("", "There is no key in PAYDESK_STRIPE_SECRET_KEY."),
        ("hello", "The new key is not a Stripe secret or restricted key, and the gateway is for test payments."),
        ("pk_test_" + "b2" * 16, "The new key is not a Stripe secret or restricted key"),
        ("sk_live_" + "a1" * 16, "The new key is a live key, and the gateway is for test payments."),
        ("rk_live_" + "a1" * 16, "The new key is a live key, and the gateway is for test payments."),
    ],
)
@on_sqlite
async def test_what_is_no_key_for_this_gateway_is_refused_unasked(
    api: Api, running: Running, key: str, told: str
) -> None:
    before, seen = await kept(api), await api.stripe.control("GET", "requests?limit=0")
    said = await paydesk(running, "gateways", "rekey", api.gateway.id, PAYDESK_STRIPE_SECRET_KEY=key)
    assert (said.status, said.err.startswith(f"error: {told}"), await kept(api)) == (2, True, before)
    assert (await api.stripe.control("GET", "requests?limit=0"))["total"] == seen["total"]


@on_sqlite
async def test_a_key_that_stripe_does_not_take_and_a_stripe_that_does_not_answer_change_nothing(
    api: Api, running: Running, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = await keys.make()
    await keys.revoke(ended)
    assert (await refused(running, api, ended)).startswith(
        "error: The gateway does not take the new key: Expired API Key provided: sk_test_"
    )
    # As long as one that does not answer is waited for in production, 20 s, a test has no need to wait.
    monkeypatch.setattr("paydesk.gateways.stripe.Patience", partial(Patience, budget=0.5))
    nobody = replace(running, settings=replace(running.settings, stripe_api_base="http://127.0.0.1:9"))
    said = await refused(nobody, api, ended)
    # A busy machine may come to know no more than that in its half second.
    told = ("Stripe could not be reached", "Stripe did not answer in time")
    assert said.startswith(tuple(f"error: The gateway could not be asked: {one}" for one in told))
    for name in ("nobodysone", (await api.create("manual_gateways", {"name": "Wire"})).id):
        unknown = await paydesk(running, "gateways", "rekey", name, PAYDESK_STRIPE_SECRET_KEY=ended)
        assert (unknown.status, unknown.err) == (1, f"error: There is no Stripe gateway {name}.\n")


@on_sqlite
async def test_a_command_line_takes_no_key(api: Api, running: Running, keys: Keys) -> None:
    key, before = await keys.make(), await kept(api)
    for arguments in ((key,), ("--secret-key", key), ("--stripe-secret-key", key)):
        said = await paydesk(running, "gateways", "rekey", api.gateway.id, *arguments)
        assert (said.status, await kept(api)) == (2, before)


@on_sqlite
async def test_the_key_may_come_by_the_standard_input(api: Api, running: Running, keys: Keys) -> None:
    key, unused = await keys.make(), await keys.make()
    environment = {"PAYDESK_STRIPE_SECRET_KEY": unused}
    command = ("gateways", "rekey", api.gateway.id, "--stdin")
    nothing = await paydesk(running, *command, given="\n", **environment)
    assert (nothing.status, nothing.err.splitlines()[0]) == (2, "error: There is no key in the standard input.")
    said = await paydesk(running, *command, given=f"{key}\n", **environment)
    assert (said.status, f"has the key sk_test_…{key[-4:]} now" in said.err) == (0, True)


def _typed(child: int, terminal: int, key: str) -> tuple[int, str]:
    """Type a key in once it is asked for; how the command ends and what the terminal shows."""
    shown = b""
    while b"Secret key: " not in shown:
        assert select.select([terminal], [], [], 60)[0], shown
        shown += os.read(terminal, 1024)
    os.write(terminal, f"{key}\n".encode())
    # Linux tells by an error that the other end is closed.
    with contextlib.suppress(OSError):
        while more := os.read(terminal, 1024):
            shown += more
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown.decode()


@on_sqlite
async def test_a_key_that_is_typed_in_is_not_shown(api: Api, running: Running, keys: Keys) -> None:
    key = await keys.make()
    environment = environment_of(running.settings)
    child, terminal = pty.fork()
    if child == 0:
        command = [sys.executable, "-m", "paydesk", "gateways", "rekey", api.gateway.id, "--stdin"]
        os.execve(sys.executable, command, environment)
    status, shown = await asyncio.to_thread(_typed, child, terminal, key)
    assert status == 0, shown
    assert f"has the key sk_test_…{key[-4:]} now" in shown
    assert key not in shown


@on_sqlite
async def test_another_publishable_key_may_be_given_too(api: Api, running: Running, keys: Keys) -> None:
    rolled, again = await keys.make(), await keys.make()
    for wrong in ("pk_live_0123456789abcdef", "sk_test_0123456789abcdef"):
        said = await refused(running, api, rolled, "--publishable-key", wrong, status=2)
        assert said.startswith("error: --publishable-key is ")
    assert (await rekey(running, api, rolled, "--publishable-key", "pk_test_rolledwiththekey")).status == 0
    assert (await api.payment())["publishable_key"] == "pk_test_rolledwiththekey"
    versions = (await api.get(f"stripe_gateways/{api.gateway.id}/versions")).data
    changes = [one["attributes"]["changes"] for one in versions if one["attributes"]["event"] == "update"]
    assert {"publishable_key": ["pk_test_shop", "pk_test_rolledwiththekey"]} in changes
    environment = {"PAYDESK_STRIPE_SECRET_KEY": again, "PAYDESK_STRIPE_PUBLISHABLE_KEY": "pk_test_ofthesettings"}
    assert (await paydesk(running, "gateways", "rekey", api.gateway.id, **environment)).status == 0
    assert await api.rows("payment_gateways", "publishable_key") == [("pk_test_ofthesettings",)]


@on_sqlite
async def test_nothing_is_sealed_with_keys_that_the_server_has_not(
    api: Api, running: Running, keys: Keys, tmp_path: Path
) -> None:
    rolled, before = await keys.make(), await kept(api)
    environment = {"PAYDESK_STRIPE_SECRET_KEY": rolled, "PAYDESK_KEY_FILE": str(tmp_path / "other.keys")}
    said = await paydesk(running, "gateways", "rekey", api.gateway.id, **environment)
    assert (said.status, await kept(api)) == (2, before)
    assert "was sealed with" in said.err
