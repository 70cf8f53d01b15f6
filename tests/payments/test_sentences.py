"""Every state that a payment may be in has its sentences: what to say to the customer, and what to do."""

import re

from paydesk import commerce
from paydesk.commerce.orders.orders import Order
from paydesk.commerce.payments.payment_sources import PaymentSource, source_type
from paydesk.gateways.port.snapshots import Status
from paydesk.gateways.stripe.reading.snapshots import _STATUS
from paydesk.operations.matters import DO, EXPIRING, KINDS, LOST
from paydesk.operations.told.sentences import SENTENCES
from paydesk.operations.told.situations import (
    BY_HAND,
    OF_CALL,
    OF_DISPUTE,
    OF_GATEWAY,
    OF_MATTER,
    OF_STATUS,
    Situation,
)
from paydesk.operations.told.words import ROOM
from tests.payments.conftest import Api, on_sqlite

WORDS = {
    "total": "€154,00", "captured": "€154,00", "refunded": "€154,00", "pending": "€29,00", "failed": "€29,00",
    "held": "€154,00", "kept": "€125,00", "voided": "€154,00", "surplus": "€154,00", "spare": "€154,00",
    "ends": "2026-12-07 16:32", "taken": "2026-11-30", "back": "2026-11-30", "let_go": "2026-11-30",
    "due": "2026-12-07", "reason": "insufficient funds", "why": "it failed, declined", "number": "10000001",
    "status": "requires_source", "act": "Approve and capture it", "intent": "pi_3Qm1nEKlbWUz5h1v0a1b2c3d",
}  # fmt: skip

DISPUTES = {
    "lost", "needs_response", "prevented", "under_review", "warning_closed", "warning_needs_response",
    "warning_under_review", "won", "appeal_needs_response", "appeal_under_review", "appeal_won", "appeal_lost",
}  # fmt: skip
"""Source: Stripe, "Dispute", `status`."""


def test_every_situation_has_its_sentences_and_each_fits_into_a_line() -> None:
    assert set(SENTENCES) == set(Situation)
    for situation, said in SENTENCES.items():
        for text in (said.money, said.say, said.do):
            line = (text or "").format_map(WORDS)
            assert len(line) <= ROOM, f"{situation}: {line}"
        assert said.say.endswith(".") and said.do.endswith("."), situation
        assert "to the customer" not in said.say
    assert len({one.value for one in Situation}) == len(Situation)
    assert all(len(one.value) <= 18 for one in Situation), "they stand in lists"


def test_every_word_that_a_payment_is_described_by_leads_to_a_situation() -> None:
    commerce.registry()
    assert {*OF_STATUS, "unpaid"} == set(Order.shape.fields["payment_status"].enum or ())
    of_port = set(Status.__args__)  # type: ignore[attr-defined]
    assert set(OF_GATEWAY) == set(_STATUS) | (of_port - {"processing", "canceled"})
    for name in ("stripe_payments", "wire_transfers"):
        kind: type[PaymentSource] = source_type(name)
        assert {kind.untried, kind.undecided, *kind.finality} <= {*OF_GATEWAY}, name
    assert set(OF_DISPUTE) == DISPUTES
    assert {*OF_MATTER, EXPIRING, LOST} == set(KINDS) == set(DO)
    led_to = {*OF_CALL.values(), *OF_DISPUTE.values(), *OF_MATTER.values(), *OF_STATUS.values(), *OF_GATEWAY.values()}
    others = {
        "ENDED", "EXPIRING", "REFUND_PENDING", "FRAUD_WARNING", "FRAUD_REVIEW", "DECLINED", "CANCELLED_UNPAID",
        "NO_PAYMENT", "OTHER", "LOST",
    }  # fmt: skip
    assert {*led_to, *BY_HAND.values()} - {None} == set(Situation) - {Situation[name] for name in others}


@on_sqlite
async def test_every_kind_of_gateway_call_is_known_to_hold_money_up_or_not(api: Api) -> None:
    assert set(OF_CALL) == set(api.parts.desk.plans)


def test_no_sentence_blames_and_none_is_told_twice() -> None:
    said = [(one.money, one.say, one.do) for one in SENTENCES.values()]
    assert len(said) == len(set(said))
    for _, say, _ in said:
        told = re.sub(r"{\w+}", "", say)
        assert not re.search(r"fraud|stolen|paydesk|Stripe|dispute|authoriz|capture", told), say
