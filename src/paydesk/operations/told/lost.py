"""A payment that holds money for an order which is not here: a restored older database lacks it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paydesk.base.money import formatted
from paydesk.base.tenants import mode_of
from paydesk.operations.told.sentences import SENTENCES
from paydesk.operations.told.situations import Situation
from paydesk.operations.told.words import day
from paydesk.store.upkeep.lost import Lost


def told(lost: Lost, slugs: Mapping[str, str]) -> dict[str, Any]:
    """Its six lines, and what is known of it."""
    said = SENTENCES[Situation.LOST]
    amount = formatted(lost.cents, lost.currency)
    values = {"held": amount, "intent": lost.payment_id}
    return {
        "answer": {
            "who": f"{lost.email or 'nobody is named'}, {slugs[lost.tenant]}/{mode_of(lost.tenant)}",
            "what": f"{lost.number or lost.order}: {amount}, missed since {day(lost.found_at)}; the order is gone",
            "card": f"not known here, {lost.payment_id}",
            "money": (said.money or "").format_map(values),
            "say": said.say.format_map(values),
            "do": said.do.format_map(values),
        },
        "situations": [Situation.LOST.value],
        "lost": row(lost, slugs),
    }


def row(lost: Lost, slugs: Mapping[str, str]) -> dict[str, Any]:
    """It among others, in the words of `listing.Row`."""
    return {
        "at": lost.found_at,
        "organization": slugs[lost.tenant],
        "mode": mode_of(lost.tenant),
        "order": lost.order,
        "number": lost.number,
        "state": Situation.LOST.value,
        "payment_id": lost.payment_id,
        "email": lost.email,
        "currency_code": lost.currency,
        "amount_cents": lost.cents,
    }
