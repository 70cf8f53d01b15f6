"""The gateway by hand: every verb answers from what the books say, and refuses what they rule out."""

from typing import Any

import pytest

from paydesk.base.money import Money
from paydesk.gateways.manual import ManualGateway
from paydesk.gateways.port.account import Credentials
from paydesk.gateways.port.problems import Refused
from paydesk.gateways.port.snapshots import Snapshot

CREDENTIALS = Credentials("", account="gateway")
EUR = "EUR"


def standing(status: Any, **sums: Any) -> Snapshot:
    return Snapshot("w1", status, status, Money(1000, EUR), multicapture=True, **sums)


async def asked(books: Snapshot | None, verb: Any, key: str = "key", **ask: Any) -> Snapshot:
    async def read(gateway_id: str, payment_id: str) -> Snapshot | None:
        assert (gateway_id, payment_id) == ("gateway", "w1")
        return books

    gateway = ManualGateway(read)
    parameters = gateway.parameters(verb, {"payment_id": "w1", **ask})
    return await gateway.perform(verb, parameters, key=key, credentials=CREDENTIALS)


def amount(cents: int) -> dict[str, Any]:
    return {"amount_cents": cents, "currency": EUR}


async def test_it_holds_takes_and_gives_back_what_it_is_asked_for() -> None:
    held = await asked(standing("confirmable"), "confirm", **amount(700))
    assert (held.status, held.amount, held.authorized, held.charged) == ("authorized", Money(700, EUR), 700, 700)
    assert await asked(held, "confirm", **amount(700)) == held
    part = await asked(held, "capture", **amount(300), final=False)
    assert (part.status, part.authorized, part.received) == ("authorized", 400, 300)
    whole = await asked(part, "capture", **amount(400))
    assert (whole.status, whole.authorized, whole.received) == ("captured", 0, 700)
    given = await asked(whole, "refund", **amount(500), metadata={"a": "b"})
    assert (given.refunded, [one.amount for one in given.refunds]) == (500, [Money(500, EUR)])
    assert given == await asked(whole, "refund", **amount(500), metadata={"a": "b"})
    other = await asked(given, "refund", key="another", **amount(200))
    assert len({one.refund_id for one in other.refunds}) == 2


async def test_it_lets_go_what_is_left() -> None:
    assert (await asked(standing("authorized", authorized=1000, charged=1000), "cancel")).status == "canceled"
    part = await asked(standing("authorized", authorized=600, received=400, charged=1000), "cancel")
    assert (part.status, part.authorized, part.received) == ("captured", 0, 400)


@pytest.mark.parametrize(
    ("books", "verb", "ask"),
    [
        (standing("canceled"), "confirm", amount(1)),
        (standing("captured", received=1000), "cancel", {}),
        (standing("confirmable"), "capture", amount(1)),
        (standing("authorized", authorized=1000), "capture", amount(1001)),
        (standing("captured", received=1000, refunded=900), "refund", amount(101)),
    ],
)
async def test_it_refuses_what_the_books_rule_out(books: Snapshot, verb: str, ask: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        await asked(books, verb, **ask)
    assert (refused.value.code, refused.value.snapshot) == ("unexpected_state", books)


async def test_it_knows_no_other_payment_and_no_other_verb() -> None:
    with pytest.raises(Refused) as refused:
        await asked(None, "cancel")
    assert refused.value.http_status == 404
    with pytest.raises(ValueError, match="cannot open"):
        await asked(None, "open")
