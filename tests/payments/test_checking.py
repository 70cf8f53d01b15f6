"""`paydesk gateways check`: whether Stripe's webhooks reach paydesk, told to an operator beside a running server."""

import json
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import bindparam, update

from paydesk.base.instants import instant, later
from paydesk.gateways.stripe.reading.events import EVENTS, SELF_TEST
from paydesk.gateways.stripe.verbs import endpoints
from paydesk.gateways.stripe.version import API_VERSION
from paydesk.store.sql.ask import Ask
from paydesk.store.types import METADATA
from tests.acts.events import confirmed
from tests.payments.commands import Said, paydesk
from tests.payments.conftest import Api, Running, Stripe, furnish, on_sqlite
from tests.processes import eventually, free_port

WELL = ["key", "endpoint", "events", "list", "self-test"]


async def check(api: Api, running: Running, *arguments: str) -> Said:
    """Run it; whatever it says, it names no secret."""
    said = await paydesk(running, "gateways", "check", *arguments)
    secret = (await api.get(api.gateway))["webhook_endpoint_secret"]
    for hidden in (api.stripe.key, secret, "whsec_"):
        assert hidden is None or hidden not in said.out + said.err
    return said


async def lines(api: Api, running: Running, *arguments: str) -> list[dict[str, Any]]:
    """What is told of the gateway."""
    said = await check(api, running, api.gateway.id, "--json", *arguments)
    (gateway,) = said.json["gateways"]
    problems = [one for one in gateway["lines"] if one["ok"] is False]
    assert (said.json["problems"], said.status) == (len(problems), 1 if problems else 0)
    assert all(one["do"] for one in problems)
    return list(gateway["lines"])


async def problems(api: Api, running: Running, *arguments: str) -> list[tuple[str, str, str]]:
    """What is wrong: what was looked at, what is told of it, and what to do about it."""
    told = await lines(api, running, *arguments)
    return [(one["what"], one["told"], one["do"]) for one in told if one["ok"] is False]


async def rewrite(api: Api, table: str, **values: Any) -> None:
    """Change all rows of a table behind everybody's back."""

    def write() -> Any:
        made = METADATA.tables[table]

        def build() -> Any:
            return update(made).values({name: bindparam(name, type_=made.c[name].type) for name in values})

        yield Ask(("rewrite", table, tuple(values)), build, values)

    await api.parts.database.write(write)


async def tallied(api: Api) -> dict[str, Any]:
    names = ("verified_at", "tested_at", "forged_since", "foreign_since", "forged_events", "foreign_events")
    await api.parts.inbox.work()
    (row,) = await api.rows("gateway_tallies", *names)
    return dict(zip(names, row, strict=True))


@asynccontextmanager
async def answering(answer: web.Response | web.HTTPException) -> AsyncIterator[str]:
    """The address of a server that has nothing to do with paydesk."""

    async def say(request: web.Request) -> web.StreamResponse:
        if isinstance(answer, web.HTTPException):
            raise answer
        return answer

    site, port = web.Application(), free_port()
    site.router.add_post("/{path:.*}", say)
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield f"http://127.0.0.1:{port}/hook"
    await runner.cleanup()


async def point(api: Api, url: str) -> None:
    """Have the endpoint at Stripe send elsewhere, as if that had been ours when it was registered."""
    await api.stripe.v1.webhook_endpoints.update_async(api.gateway["webhook_endpoint_id"], {"url": url})
    await rewrite(api, "payment_gateways", webhook_endpoint_url=url)


async def test_where_all_is_well_each_thing_is_told_in_a_line(reachable: Api, running: Running) -> None:
    api = reachable
    await confirmed(api)

    async def verified() -> bool:
        rows = await api.rows("gateway_tallies", "verified_at")
        return bool(rows and rows[0][0])

    await eventually(verified)
    await rewrite(api, "gateway_cursors", asked_at=instant(0))
    await api.parts.catching_up.once()
    said = await check(api, running)
    assert (said.status, said.err) == (0, "")
    url = api.gateway["webhook_endpoint_url"]
    told = [re.sub(r"\d+ seconds? ago \(\S+Z\)", "NOW ago", line) for line in said.lines]
    told = [re.sub(r"in \d+ ms$", "in N ms", line) for line in told]
    assert told == [
        f"acme/test stripe_gateways/{api.gateway.id}  Stripe",
        "  ✓ key        works, and has all rights that are needed",
        f"  ✓ endpoint   {api.gateway['webhook_endpoint_id']} at {url} is enabled and tells of all that is handled, "
        f"in API version {API_VERSION}",
        "  ✓ events     last verified NOW ago, nothing forged since",
        "  ✓ list       of events last read to its end NOW ago",
        f"  ✓ self-test  {url} verified it and answered 200 in N ms",
        "",
        "gateways  1",
        "problems  0",
    ]


async def test_a_self_test_is_verified_like_any_event_and_counts_as_none(reachable: Api, running: Running) -> None:
    api = reachable
    await problems(api, running)
    tallies = await tallied(api)
    assert tallies.pop("tested_at") is not None
    assert tallies == {
        "verified_at": None,
        "forged_since": 0,
        "foreign_since": 0,
        "forged_events": 0,
        "foreign_events": 0,
    }
    assert await api.rows("gateway_events", "event_id") == []
    # A connected account's and a live one's are nothing else.
    own = {"id": "evt_1", "type": SELF_TEST, "livemode": True, "account": "acct_1"}
    answer = await api.deliver(own)
    ((installation,),) = await api.rows("installation", "id")
    assert answer.status_code == 200
    assert answer.json() == {"received": True, "self_test": "evt_1", "installation": installation}
    forged = await api.deliver(own, secret="whsec_guessed")
    assert (forged.status_code, installation in forged.text) == (400, False)
    tallies = await tallied(api)
    assert (tallies["forged_events"], tallies["foreign_events"], tallies["verified_at"]) == (1, 0, None)
    assert await api.rows("gateway_events", "event_id") == []


async def test_an_endpoint_that_is_not_as_it_should_be_is_told_with_what_to_do(
    reachable: Api, running: Running
) -> None:
    api = reachable
    name = api.gateway["webhook_endpoint_id"]
    endpoints = api.stripe.v1.webhook_endpoints
    by_hand = "or set PAYDESK_PUBLIC_DOMAIN: a server then mends it by itself"
    await endpoints.update_async(name, {"disabled": True})
    (found,) = await problems(api, running, "--no-self-test")
    assert found[:2] == ("endpoint", f"{name} is disabled: nothing is sent")
    assert found[2].startswith(f"enable it at the gateway, {by_hand}")
    heard = [one for one in EVENTS if one not in ("charge.failed", "refund.updated")]
    await endpoints.update_async(name, {"disabled": False, "enabled_events": heard})
    assert await problems(api, running) == [
        ("endpoint", f"{name} does not tell of charge.failed, refund.updated", f"add them at the gateway, {by_hand}")
    ]
    await endpoints.update_async(name, {"enabled_events": ["*"]})
    assert await problems(api, running) == []
    second = await endpoints.create_async(
        {
            "url": api.gateway["webhook_endpoint_url"],
            "enabled_events": ["charge.failed"],
            "metadata": {"paydesk_gateway": api.gateway.id},
        }
    )
    (found,) = await problems(api, running)
    assert found[:2] == (
        "endpoint",
        f"{second.id} was registered for this gateway, too, and signs with a secret of its own",
    )
    await endpoints.delete_async(second.id)
    await endpoints.delete_async(name)
    (found,) = await problems(api, running)
    assert found[:2] == ("endpoint", f"{name} is not there any more")


@on_sqlite
async def test_an_address_that_is_not_ours_is_told_and_tried(reachable: Api, running: Running) -> None:
    api = reachable
    name, ours = api.gateway["webhook_endpoint_id"], api.gateway["webhook_endpoint_url"]
    async with answering(web.json_response({"received": True})) as url:
        secret = url.replace("http://", "http://user:password@") + "?token=hidden"
        await api.stripe.v1.webhook_endpoints.update_async(name, {"url": secret})
        address, tried = await problems(api, running)
    assert address == (
        "endpoint",
        f"{name} sends to {url}?…, and ours is {ours}",
        "give it our address at the gateway, or set PAYDESK_PUBLIC_DOMAIN: a server then mends it by itself",
    )
    assert tried[:2] == ("self-test", f"{url}?… answered 200, but not as paydesk does")


@pytest.mark.parametrize(
    ("answer", "told", "do"),
    [
        (web.json_response({"received": True}), "200, but not as paydesk does", "lead to a server of this database"),
        (web.Response(text="Welcome"), "200, but not as paydesk does", "lead to a server of this database"),
        (web.HTTPMovedPermanently("/elsewhere"), "301", "follows no redirect"),
        (web.HTTPNotFound(), "404", "with the whole path passed on"),
        (web.HTTPBadGateway(), "502", "the log of what answers there"),
    ],
)
@on_sqlite
async def test_what_answers_otherwise_than_paydesk_is_no_success(
    reachable: Api, running: Running, answer: Any, told: str, do: str
) -> None:
    async with answering(answer) as url:
        await point(reachable, url)
        ((what, said, hint),) = await problems(reachable, running)
    assert (what, said) == ("self-test", f"{url} answered {told}")
    assert do in hint


async def test_a_door_that_does_not_find_the_signature_good_is_a_failure(reachable: Api, running: Running) -> None:
    api = reachable
    other = await api.gateway_of()
    await api.stripe.v1.webhook_endpoints.update_async(
        api.gateway["webhook_endpoint_id"], {"url": other["webhook_endpoint_url"]}
    )
    _, (what, said, do) = await problems(api, running)
    assert (what, said) == ("self-test", f"{other['webhook_endpoint_url']} answered 400")
    assert "its clock is right, and that no proxy on the way changes bodies" in do


async def test_where_no_server_answers_the_self_test_fails(api: Api, running: Running) -> None:
    (found,) = await problems(api, running)
    assert found[0] == "self-test"
    assert found[1].startswith(f"{api.gateway['webhook_endpoint_url']} cannot be reached: Cannot connect")
    assert "see that a server runs" in found[2]
    told = await lines(api, running, "--no-self-test")
    assert [one["what"] for one in told] == WELL
    assert (told[-1]["told"], told[-1]["ok"]) == ("not asked for", None)


async def test_forged_events_newer_than_the_last_verified_one_are_told(reachable: Api, running: Running) -> None:
    api = reachable
    own = {"object": "event", "livemode": False, "created": 1}
    for n in range(2):
        assert (await api.deliver({**own, "id": f"evt_{n}", "type": "a"}, secret="whsec_rolled")).status_code == 400
    await tallied(api)
    events, forged = [one for one in await lines(api, running) if one["what"] == "events"]
    assert (events["told"], events["ok"]) == ("none was verified yet, 2 forged since", None)
    assert forged["told"].startswith("forged ones are newer than the last verified one: the newest came ")
    assert "was the endpoint's secret rolled at the gateway by hand? Then delete the endpoint there" in forged["do"]
    assert (await api.deliver({**own, "id": "evt_3", "type": "a"})).status_code == 200
    assert (await tallied(api))["forged_since"] == 0
    assert await problems(api, running) == []
    assert (await api.deliver({**own, "id": "evt_4", "type": "a"}, secret="whsec_rolled")).status_code == 400
    assert (await api.deliver({**own, "id": "evt_5", "type": "a", "livemode": True})).status_code == 200
    tallies = await tallied(api)
    assert (tallies["forged_since"], tallies["foreign_since"], tallies["forged_events"]) == (0, 1, 3)
    told = [one["told"] for one in await lines(api, running) if one["what"] == "events"]
    assert [re.sub(r".* ago \(\S+\)", "", one) for one in told] == [
        ", nothing forged since; 1 of other accounts or modes since the last of its own"
    ]


@on_sqlite
async def test_a_secret_that_was_rolled_at_stripe_shows_by_what_stripe_sends(reachable: Api, running: Running) -> None:
    api = reachable
    sealed = api.parts.vault.seal("whsec_of_before", f"webhook/{api.gateway.id}")
    await rewrite(api, "payment_gateways", sealed_webhook_secret=sealed)
    await confirmed(api)

    async def is_refused() -> bool:
        rows = await api.rows("gateway_tallies", "forged_at")
        return bool(rows and rows[0][0])

    await eventually(is_refused)
    # The door and the command have the same secret: only what Stripe sends tells that it is not Stripe's any more.
    ((what, told, do),) = await problems(api, running)
    assert (what, told[:53]) == ("events", "forged ones are newer than the last verified one: the")
    assert "delete the endpoint there, set PAYDESK_PUBLIC_DOMAIN and start the server" in do


@on_sqlite
async def test_what_was_forged_before_the_endpoint_was_registered_is_no_problem(
    reachable: Api, running: Running
) -> None:
    assert (await reachable.deliver({"id": "evt_1", "type": "a"}, secret="whsec_rolled")).status_code == 400
    await tallied(reachable)
    await rewrite(reachable, "gateway_tallies", forged_at=later(instant(running.clock()), -3600))
    assert await problems(reachable, running) == []


@on_sqlite
async def test_a_list_that_brings_what_no_webhook_does_is_told(reachable: Api, running: Running) -> None:
    api = reachable
    on = {"account": await api.stripe.account()}
    made = await api.stripe.control("POST", "faults", {"on": on, "do": {"webhook": "lost"}, "times": 0})
    api.stripe._faults.append(made["id"])
    await confirmed(api)
    await rewrite(api, "gateway_cursors", asked_at=instant(0))
    await api.parts.catching_up.once()

    async def is_unheard() -> bool:
        # The background may have had the turn, and not be done yet.
        rows = await api.rows("gateway_tallies", "unheard_since")
        return bool(rows and rows[0][0])

    await eventually(is_unheard)
    ((unheard,),) = await api.rows("gateway_tallies", "unheard_since")
    assert await problems(api, running) == [], "it may be on its way"
    await api.stripe.v1.webhook_endpoints.update_async(api.gateway["webhook_endpoint_id"], {"disabled": True})
    await api.stripe.v1.webhook_endpoints.delete_async(api.gateway["webhook_endpoint_id"])
    await rewrite(api, "gateway_tallies", unheard_since=later(unheard, -360))
    _, (what, told, do) = await problems(api, running)
    assert what == "events"
    # Six and more, where the machine is busy.
    assert re.match(r"the gateway's list brings what no webhook has brought since \d+ minutes ago \(", told)
    assert "see at the gateway what its deliveries were answered" in do
    assert (await api.deliver((await api.stripe.events())[-1])).status_code == 200
    await tallied(api)
    assert await api.rows("gateway_tallies", "unheard_since") == [(None,)]


@on_sqlite
async def test_a_list_that_nobody_reads_is_told(api: Api, running: Running) -> None:
    await api.parts.catching_up.once()
    hours = later(instant(running.clock()), -7300)
    await rewrite(api, "payment_gateways", created_at=hours)
    await rewrite(api, "gateway_cursors", reached_at=hours)
    (found,) = await problems(api, running, "--no-self-test")
    assert found[0] == "list"
    assert found[1].startswith("of events last read to its end 2 hours ago (")
    assert found[1].endswith(", and is to be read once a minute")
    await rewrite(api, "holders", seen_at=hours)
    (found,) = await problems(api, running, "--no-self-test")
    assert (found[1][-22:], found[2]) == ("; no server is at work", "start one, or run `paydesk recover`")


async def test_a_key_that_is_refused_or_lacks_rights_is_told(reachable: Api, running: Running) -> None:
    api = reachable
    key = f"rk_test_{secrets.token_hex(16)}"
    restricted = Stripe(running.sandbox, running.http, key)
    gateway = await api.gateway_of(key)
    await api.stripe.control("POST", f"keys/{key}", {"without": ["rak_event_read", "rak_webhook_read"]})
    said = await check(api, running, gateway.id, "--json")
    assert (said.status, key in said.out + said.err) == (1, False)
    problems = [(one["what"], one["told"]) for one in said.json["gateways"][0]["lines"] if one["ok"] is False]
    assert problems[0] == ("key", "works, but lacks rights: rak_webhook_read, rak_event_read")
    assert problems[1][0] == "endpoint"
    assert "could not be looked at: " in problems[1][1]
    assert said.json["gateways"][0]["lines"][-1]["ok"] is True
    await api.stripe.control("POST", f"keys/{key}", {"without": ["rak_balance_transaction_source_read"]})
    said = await check(api, running, gateway.id)
    told = "works, and has all rights that are needed; fees stay unknown without rak_balance_transaction_source_read"
    assert said.lines[1] == f"  ✓ key        {told}"
    await restricted.faults("GET", times=0, status=401)
    said = await check(api, running, gateway.id)
    assert said.status == 1
    assert said.lines[1].startswith("  ✗ key        is refused: ")
    assert said.lines[2].strip() == (
        "See at the gateway why: was it rolled or deleted, has it expired, is it for other addresses? Then give it "
        f"another key of the same account: `paydesk gateways rekey {gateway.id}`."
    )
    await restricted.close()


@on_sqlite
async def test_a_server_that_moved_mends_its_endpoint_and_both_secrets_are_tried(
    running: Running, account: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = replace(running.settings, public_domain="one.example.com")
    async with running.api(account, settings=here) as api:
        with monkeypatch.context() as older:
            older.setattr(endpoints, "API_VERSION", "2024-06-20")
            await furnish(api)
        there = replace(running, settings=here)
        monkeypatch.setenv("PAYDESK_PUBLIC_DOMAIN", "two.example.com")
        address, version = await problems(api, there, "--no-self-test")
        name, path = api.gateway["webhook_endpoint_id"], f"webhook_callbacks/stripe_gateways/{api.gateway.id}"
        mends = "start the server anew, which mends it; it does so by itself within an hour"
        assert address == (
            "endpoint",
            f"{name} sends to https://acme.one.example.com/{path}, and ours is https://acme.two.example.com/{path}",
            mends,
        )
        said = f"{name} is of an API version (2024-06-20) that is not the one read here"
        assert version == ("endpoint", said, mends)
        assert await api.parts.endpoints.once()
        for _ in range(2):
            await api.recover()
        present, former = (await lines(api, there))[-2:]
        assert present["told"].startswith("with the present secret: https://acme.one.example.com/")
        assert former["told"].startswith("with a former secret: https://acme.one.example.com/")


@on_sqlite
async def test_a_gateway_without_an_endpoint_is_told(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        await account.faults(path="/v1/webhook_endpoints", times=1, status=400, code="url_invalid")
        await furnish(api)
        (found,) = await problems(api, running)
        assert found[:2] == ("endpoint", "there is none: events come by the list alone")
        assert found[2].startswith("set PAYDESK_PUBLIC_DOMAIN to a domain that can be reached from outside")
        (owner,) = [one for one in await lines(api, running) if one["what"] == "owner"]
        said = "a copy of this installation with the same keys cannot be recognised: there is no endpoint to mark"
        assert (owner["told"], owner["ok"]) == (said, None)


@on_sqlite
async def test_disabled_gateways_are_checked_by_name_alone_and_unknown_ones_refused(
    reachable: Api, running: Running
) -> None:
    api = reachable
    await api.update(api.gateway, {"_disable": True})
    await api.create("manual_gateways", {"name": "Wire"})
    said = await check(api, running)
    assert (said.status, said.lines[-2:]) == (0, ["gateways  1", "problems  0"])
    assert said.lines[1].startswith("  – gateway    disabled since ")
    assert said.lines[2] == ""
    told = await lines(api, running)
    assert [one["what"] for one in told] == ["gateway", *WELL]
    refused = await check(api, running, api.gateway.id, "nobodysone")
    assert (refused.status, refused.out) == (1, "")
    assert "There is no gateway nobodysone that could be checked." in refused.err


@on_sqlite
async def test_a_webhook_secret_and_a_key_are_told_to_nobody(reachable: Api, running: Running) -> None:
    api = reachable
    sent: list[bytes] = []
    take = api.parts.inbox.take

    async def watched(kind: str, gateway_id: str, body: bytes, headers: Any) -> Any:
        sent.append(body + json.dumps(dict(headers)).encode())
        return await take(kind, gateway_id, body, headers)

    api.parts.inbox.take = watched  # type: ignore[method-assign]
    said = await check(api, running, "--json")
    (request,) = sent
    secret = (await api.get(api.gateway))["webhook_endpoint_secret"]
    for hidden in (secret, api.stripe.key):
        assert hidden.encode() not in request
        assert hidden not in said.out + said.err
