"""What must be true of an order's money, whatever happened: Stripe's sums are paydesk's, and nothing moved twice."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, fields
from typing import Any

from paydesk.proving.asking import PUBLISHED, Answer, Api, Stripe

KINDS = ("authorizations", "captures", "voids", "refunds")


@dataclass(frozen=True)
class Money:
    """What one side says of an order, in minor units.

    open   asked for by intents that nobody confirmed yet
    held   authorized, and neither captured nor let go
    """

    open: int = 0
    held: int = 0
    captured: int = 0
    refunded: int = 0
    voided: int = 0

    def __str__(self) -> str:
        words = [
            f"{getattr(self, one.name) / 100:.2f} {one.name}" for one in fields(self) if getattr(self, one.name) != 0
        ]
        return ", ".join(words) or "nothing"

    def over(self, other: Money) -> list[str]:
        """In which sums this is more than the other."""
        return [one.name for one in fields(self) if getattr(self, one.name) > getattr(other, one.name)]

    def apart(self, other: Money) -> list[str]:
        """In which sums the two are not the same."""
        return [one.name for one in fields(self) if getattr(self, one.name) != getattr(other, one.name)]


@dataclass(frozen=True)
class AtStripe:
    """What Stripe has of one order.

    live      its intents that are not canceled
    refunds   how many refunds gave captured money back
    """

    money: Money
    live: tuple[str, ...] = ()
    refunds: int = 0


@dataclass(frozen=True)
class InPaydesk:
    """What paydesk has of one order.

    source   the intent of its payment source
    ids      of the order and of what belongs to it
    wrong    what its own books contradict each other in
    """

    money: Money
    status: str
    payment_status: str
    source: str | None
    refunds: int = 0
    ids: frozenset[str] = frozenset()
    wrong: tuple[str, ...] = ()


async def stripe_has(stripe: Stripe) -> dict[str, AtStripe]:
    """By order. An intent says itself whose it is."""
    intents = await stripe.every("/v1/payment_intents")
    charges = {one["id"]: one for one in await stripe.every("/v1/charges")}
    returned: dict[str, list[int]] = defaultdict(list)
    for one in await stripe.every("/v1/refunds"):
        # What is released without having been taken is listed here as well; it moved no balance.
        moved = one["balance_transaction"] is not None or one["metadata"]
        if moved and one["status"] not in ("failed", "canceled"):
            returned[one["payment_intent"]].append(one["amount"])
    of_order: dict[str, list[Any]] = defaultdict(list)
    for intent in intents:
        if intent["id"] != PUBLISHED and "order_id" in intent["metadata"]:
            of_order[intent["metadata"]["order_id"]].append(intent)
    found: dict[str, AtStripe] = {}
    for order_id, own in of_order.items():
        was_held = [one for one in own if charges.get(one["latest_charge"] or "", {}).get("status") == "succeeded"]
        money = Money(
            open=sum(one["amount"] for one in own if one["status"].startswith("requires_") and one not in was_held),
            held=sum(one["amount_capturable"] for one in own),
            captured=sum(one["amount_received"] for one in own),
            refunded=sum(sum(returned[one["id"]]) for one in own),
            voided=sum(one["amount"] for one in was_held if one["status"] == "canceled"),
        )
        live = tuple(one["id"] for one in own if one["status"] != "canceled")
        found[order_id] = AtStripe(money, live, sum(len(returned[one["id"]]) for one in own))
    return found


async def paydesk_has(api: Api, order_id: str) -> InPaydesk:
    """By the API alone."""
    answer = await api.get(f"orders/{order_id}?include={','.join((*KINDS, 'payment_source', 'shipments'))}")
    included = answer.document.get("included", [])
    moved = {kind: [one for one in included if one["type"] == kind] for kind in KINDS}
    done = {kind: [one["attributes"] for one in moved[kind] if one["attributes"]["succeeded"]] for kind in KINDS}
    sums = {kind: sum(one["amount_cents"] for one in done[kind]) for kind in KINDS}
    named = answer.data["relationships"]["payment_source"]["data"]
    source = next((one["attributes"] for one in included if named and one["id"] == named["id"]), None)
    intent = source["stripe_id"] if source else None
    authorized = {one["token"] for one in done["authorizations"]}
    # A card that was captured holds nothing more: what a smaller capture leaves is released.
    held = 0 if done["captures"] else sums["authorizations"] - sums["voids"]
    is_open = source is not None and intent not in authorized and answer["status"] != "cancelled"
    money = Money(
        open=source["options"]["intent_amount_cents"] if source is not None and is_open else 0,
        held=held,
        captured=sums["captures"],
        refunded=sums["refunds"],
        voided=sums["voids"],
    )
    wrong = _contradictions(done, sums)
    due = answer["place_total_amount_cents"]
    due = answer["total_amount_with_taxes_cents"] if due is None else due
    expected = status_of(sums, due)
    if answer["payment_status"] != expected:
        wrong.append(f"payment_status is {answer['payment_status']}, its transactions say {expected}")
    wrong += _parts_of(answer, [one["attributes"]["status"] for one in included if one["type"] == "shipments"])
    wrong += await _history_of(api, answer)
    return InPaydesk(
        money,
        answer["status"],
        answer["payment_status"],
        intent,
        len(done["refunds"]),
        frozenset([order_id, *(one["id"] for one in included)]),
        tuple(wrong),
    )


def status_of(sums: dict[str, int], due: int) -> str:
    """An order's payment status as the API documents it, worked out apart from paydesk's own code.

    Source: Commerce Layer, "Orders", `payment_status`.
    """
    held, taken, let_go, returned = (sums[kind] for kind in KINDS)
    if returned:
        return "refunded" if returned >= taken else "partially_refunded"
    if taken:
        return "paid" if taken >= due else "partially_paid"
    if let_go:
        return "voided" if let_go >= held else "partially_voided"
    if held:
        return "authorized" if held >= due else "partially_authorized"
    return "unpaid"


def _contradictions(done: dict[str, list[Any]], sums: dict[str, int]) -> list[str]:
    """What no order's books may say."""
    wrong = []
    if not sums["refunds"] <= sums["captures"] <= sums["authorizations"]:
        wrong.append("more was captured than authorized, or more refunded than captured")
    if sums["captures"] and sums["voids"] and len(done["authorizations"]) < 2:
        wrong.append("one authorization is both captured and voided")
    for kind, name in (("authorizations", "token"), ("voids", "token"), ("refunds", "gateway_transaction_id")):
        twice = [one for one, count in Counter(each[name] for each in done[kind]).items() if count > 1]
        if twice:
            wrong.append(f"{kind} book {twice[0]} twice")
    return wrong


def _parts_of(order: Answer, shipments: list[str]) -> list[str]:
    """What an order's amounts and its one shipment may not say."""
    wrong = []
    parts = sum(order[f"{name}_cents"] for name in ("subtotal_amount", "shipping_amount", "total_tax_amount"))
    if order["total_amount_with_taxes_cents"] != parts:
        wrong.append(f"it costs {order['total_amount_with_taxes_cents']}, its goods, shipping and taxes {parts}")
    expected = {"placed": "upcoming", "approved": "upcoming", "cancelled": "cancelled"}.get(order["status"], "draft")
    if shipments != [expected]:
        wrong.append(f"it is {order['status']}, and its shipments are {', '.join(shipments) or 'none'}")
    return wrong


async def _history_of(api: Api, order: Any) -> list[str]:
    """Whether an order's versions, one after the other, lead to the order."""
    found: list[Any] = []
    while True:
        page = (await api.get(f"orders/{order.id}/versions?page[size]=25&page[number]={len(found) // 25 + 1}")).data
        found += page
        if len(page) < 25:
            break
    now: dict[str, Any] = {}
    for version in reversed(found):
        for name, (before, after) in version["attributes"]["changes"].items():
            if name in now and now[name] != before:
                return [f"its versions contradict each other in {name}"]
            now[name] = after
    shown = order.data["attributes"]
    apart = [name for name, value in now.items() if name in shown and shown[name] != value]
    return [f"its versions do not lead to its {', '.join(apart)}"] if apart else []
