"""A state file that an earlier version wrote: `earlier_state.sql`, of a sandbox that was killed in its work.

It holds a held and a paid intent of one account, a pending refund, a webhook that was tried once, an idempotency key,
and a clock that was moved on by a day.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from .conftest import Opener, Process, Receiver

KILLED = 1796033481
"""When it was killed, in seconds since 1970."""

KEY = "sk_test_stateOfAnEarlierVersion1"
RESTRICTED = "rk_test_stateOfAnEarlierVersion1"
HELD = "pi_37aztcWKMcQtfSeJ1l8EiR7l"
REFUND = "re_37aztchp844tUYT0acDZt2ID"
ENDPOINT = "we_37aztcOgBZYmh15qHcBBuTTv"


@pytest.fixture
def earlier(tmp_path: Path) -> Iterator[Process]:
    """A sandbox that goes on with the earlier state, at the moment at which it was killed."""
    folder = tmp_path / "state"
    folder.mkdir()
    file = apsw.Connection(str(folder / "sandbox.db"))
    file.execute(Path(__file__).with_name("earlier_state.sql").read_text(encoding="utf-8"))
    file.close()
    process = Process(folder, seconds_behind=time.time() - KILLED).start()
    yield process
    process.stop()


async def test_a_state_of_an_earlier_version_goes_on(earlier: Process, open_desk: Opener, receiver: Receiver):
    desk = await open_desk(earlier.url, KEY)
    repeated = {
        "amount": 9900,
        "currency": "eur",
        "capture_method": "manual",
        "confirm": "true",
        "payment_method": "pm_card_visa",
        "automatic_payment_methods[enabled]": "true",
        "automatic_payment_methods[allow_redirects]": "never",
    }
    again = await desk.ask("POST", "/v1/payment_intents", repeated, Idempotency_Key="earlier-key")
    assert (again.body["id"], again.headers["Idempotent-Replayed"]) == (HELD, "true")
    assert (await desk.ask("POST", "/v1/refunds", {"charge": "ch_1"}, key=RESTRICTED)).status == 403
    assert (await desk.v1.refunds.retrieve_async(REFUND)).status == "pending"
    await desk.v1.webhook_endpoints.update_async(ENDPOINT, {"url": receiver.url})
    await desk.advance(200)
    assert (await desk.v1.refunds.retrieve_async(REFUND)).status == "succeeded"
    assert [(each.event["type"], each.event["data"]["object"]["id"]) for each in receiver.got] == [
        ("payment_intent.amount_capturable_updated", HELD)
    ]
    await desk.advance(7 * 86_400)
    held = await desk.v1.payment_intents.retrieve_async(HELD)
    assert (held.status, held.cancellation_reason) == ("canceled", "automatic")
