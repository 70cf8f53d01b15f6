"""`paydesk payments expiring`: what is authorized and will not be for long."""

import re
from typing import Any

from paydesk.base.instants import instant
from paydesk.cli.holding import hold_database
from tests.acts.differences import falsify
from tests.acts.orders import approved, authorized, in_parts
from tests.payments.commands import paydesk
from tests.payments.conftest import Answer, Api, Running, on_sqlite

HOUR = 3600


async def ending(api: Api, payment: Answer, hours: float) -> str:
    """Have an authorization end so many hours from now; when that is."""
    at = instant(api.app.clock() + hours * HOUR)
    await falsify(api, "stripe_payments", payment.id, capture_before=at)
    return at


async def listed(running: Running, *arguments: str) -> list[dict[str, Any]]:
    said = await paydesk(running, "payments", "expiring", "--json", *arguments)
    assert (said.status, said.err) == (0, "")
    found: list[dict[str, Any]] = said.json["expiring"]
    return found


async def test_what_can_be_captured_no_longer_than_a_day_is_listed_the_soonest_first(
    api: Api, running: Running
) -> None:
    later, later_paid, _ = await approved(api)
    draft, draft_paid = await authorized(api, 9900)
    over, over_paid, over_authorization = await approved(api, 5000)
    taken, taken_paid, _ = await approved(api)
    await api.update(taken, {"_capture": True})
    await authorized(api)
    distant, distant_paid, _ = await approved(api)
    ends = {
        order.id: await ending(api, payment, hours)
        for order, payment, hours in (
            (later, later_paid, 5),
            (draft, draft_paid, 2),
            (over, over_paid, -1),
            (taken, taken_paid, 3),
            (distant, distant_paid, 30),
        )
    }
    found = await listed(running)
    assert [(one["order"], one["capture_before"]) for one in found] == [
        (order.id, ends[order.id]) for order in (over, draft, later)
    ]
    number = (await api.get(over))["number"]
    assert found[0] == {
        "organization": "acme",
        "mode": "test",
        "order": over.id,
        "number": number,
        "status": "approved",
        "placed": True,
        "authorization": (await api.get(over_authorization))["number"],
        "open_cents": 5000,
        "currency_code": "EUR",
        "capture_before": ends[over.id],
        "has_ended": True,
        "payment": f"stripe_payments/{over_paid.id}",
        "payment_id": over_paid["stripe_id"],
    }
    assert [(one["status"], one["placed"], one["open_cents"], one["has_ended"]) for one in found[1:]] == [
        ("pending", False, 9900, False),
        ("approved", True, 15400, False),
    ]
    assert [one["order"] for one in await listed(running, "--within", "2d")][3:] == [distant.id]
    # Stripe itself lets a card's authorization end after days, so the one that was left alone is there as well.
    assert len(await listed(running, "--within", "52w")) == 5
    assert [one["order"] for one in await listed(running, "--within", "0m")] == [over.id]
    text = await paydesk(running, "payments", "expiring")
    assert (text.status, text.err) == (0, "")
    told = [re.split(" {2,}", line) for line in text.lines]
    assert [(money, state, *rest) for _, money, _, state, _, _, *rest in told] == [
        ("€50,00", "approved", "should have ended"),
        ("€99,00", "pending, not placed"),
        ("€154,00", "approved"),
    ]
    assert [one[0] for one in told] == [
        ends[order.id].replace("T", " ").removesuffix("Z") for order in (over, draft, later)
    ]


async def test_of_what_is_captured_in_parts_the_rest_is_open(api: Api, running: Running) -> None:
    _, payment, authorization = await in_parts(api)
    await ending(api, payment, 1)
    assert [one["open_cents"] for one in await listed(running)] == [15400]
    await api.update(authorization, {"_capture": True, "_capture_amount_cents": 5400})
    await ending(api, payment, 1)
    assert [one["open_cents"] for one in await listed(running)] == [10000]
    await api.update(authorization, {"_void": True})
    assert await listed(running) == []


@on_sqlite
async def test_organization_mode_and_span_say_what_is_listed_also_beside_a_server(api: Api, running: Running) -> None:
    order, payment, _ = await approved(api)
    await ending(api, payment, 1)
    with hold_database(running.settings):
        for arguments in (["-o", "acme"], ["--mode", "test"], ["--within", "1d", "-o", "acme", "--mode", "test"]):
            assert [one["order"] for one in await listed(running, *arguments)] == [order.id], arguments
        for arguments in (["-o", "other"], ["--mode", "live"], ["--within", "30m"]):
            assert await listed(running, *arguments) == [], arguments
    nothing = await paydesk(running, "payments", "expiring", "--within", "30m")
    assert (nothing.status, nothing.out) == (0, "")
    assert "No authorization ends before " in nothing.err
    wrong = await paydesk(running, "payments", "expiring", "--within", "soon")
    assert (wrong.status, wrong.out) == (2, "")
    assert "--within soon" in wrong.err
    assert (await paydesk(running, "payments", "expiring", "-o", "nobody")).status == 1
