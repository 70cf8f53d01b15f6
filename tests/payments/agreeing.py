"""What must hold of an order's money whatever happened: the invariants, worked out apart from the code they judge."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from paydesk.store.sql.ask import Database
from tests.payments.conftest import Answer, Api, Stripe, rows_of

UNCONFIRMED = ("requires_payment_method", "requires_confirmation", "requires_action")

Row = dict[str, Any]

_COLUMNS = {
    "orders": (
        "id", "status", "payment_status", "payment_source_id", "total_amount_with_taxes_cents",
        "place_total_amount_cents", "authorized_cents", "captured_cents", "voided_cents", "refunded_cents",
        "currency_code", "placed_at", "subtotal_amount_cents", "payment_method_amount_cents", "total_amount_cents",
        "total_tax_amount_cents", "tax_rate", "tax_included", "payment_method_taxable", "adjustment_taxable",
        "shipping_amount_cents", "freight_taxable",
    ),
    "line_items": (
        "id", "order_id", "item_type", "quantity", "unit_amount_cents", "options_amount_cents", "total_amount_cents",
        "tax_amount_cents", "currency_code",
    ),
    "transactions": (
        "id", "type", "order_id", "payment_source_id", "amount_cents", "succeeded", "excluded",
        "reference_authorization_id", "reference_capture_id", "multicapture", "payment_source_type", "currency_code",
        "created_at",
    ),
    "stripe_payments": ("id", "stripe_id", "order_id"),
    "gateway_calls": ("id", "kind", "subject_id", "state", "idempotency_key", "parameters"),
}  # fmt: skip


@dataclass
class Evidence:
    """Our books, and what Stripe says."""

    orders: dict[str, Row]
    transactions: list[Row]
    lines: list[Row] = field(default_factory=list)
    payments: list[Row] = field(default_factory=list)
    calls: list[Row] = field(default_factory=list)
    intents: dict[str, Row] = field(default_factory=dict)
    refunds: list[Row] = field(default_factory=list)
    asked: list[Row] = field(default_factory=list)

    def of(self, order_id: str) -> list[Row]:
        return [one for one in self.transactions if one["order_id"] == order_id]


async def table(database: Database, name: str, *columns: str, **where: Any) -> list[Row]:
    """Rows of a table by column, those with these values."""
    wanted = list(dict.fromkeys((*columns, *where)))
    found = [dict(zip(wanted, row, strict=True)) for row in await rows_of(database, name, *wanted)]
    return [row for row in found if all(row[column] == value for column, value in where.items())]


async def books(database: Database) -> Evidence:
    """Our books alone."""
    names = ("orders", "transactions", "line_items", "stripe_payments")
    orders, transactions, lines, payments = [await table(database, name, *_COLUMNS[name]) for name in names]
    return Evidence({one["id"]: one for one in orders}, transactions, lines, payments)


async def evidence(database: Database, account: Stripe) -> Evidence:
    """Our books and all that Stripe has of an account."""
    made = await books(database)
    made.calls = await table(database, "gateway_calls", *_COLUMNS["gateway_calls"])
    made.intents = {one["id"]: one for one in await _everything(account, "payment_intents")}
    made.refunds = await _everything(account, "refunds")
    made.asked = await account.requests("POST", "/v1/")
    return made


async def _everything(account: Stripe, kind: str) -> list[Row]:
    found: list[Row] = []
    while True:
        after = f"&starting_after={found[-1]['id']}" if found else ""
        headers = {"authorization": f"Bearer {account.key}"}
        answer = await account.http.get(f"{account.base}/v1/{kind}?limit=100{after}", headers=headers)
        page = answer.json()
        found.extend(page["data"])
        if not page["has_more"]:
            return found


def status_of(total: dict[str, int], price: int) -> str:
    """An order's payment status, as Commerce Layer's words say it."""
    authorized, captured, voided, refunded = total.values()
    if refunded:
        return "refunded" if refunded >= captured else "partially_refunded"
    if captured:
        return "paid" if captured >= price else "partially_paid"
    if voided:
        return "voided" if voided >= authorized else "partially_voided"
    if authorized:
        return "authorized" if authorized >= price else "partially_authorized"
    return "unpaid" if price else "free"


def summed(transactions: Iterable[Row], *, all_: bool = False) -> dict[str, int]:
    """What succeeded, by type; what was taken back before placing counts only where `all_` does."""
    total = dict.fromkeys(("authorizations", "captures", "voids", "refunds"), 0)
    for one in transactions:
        if one["succeeded"] and (all_ or not one["excluded"]):
            total[one["type"]] += one["amount_cents"]
    return total


def hold_together(ours: Evidence, order_id: str, seen: dict[str, int] | None = None, *, is_priced: bool = True) -> None:
    """What is true of an order's books at every moment, whatever is still open.

    seen        amounts by transaction, from one look to the next: they never change
    is_priced   False of an order that an older release placed for less than its lines
    """
    transactions, order = ours.of(order_id), ours.orders[order_id]
    for payment in {one["payment_source_id"] for one in transactions}:
        total = summed((one for one in transactions if one["payment_source_id"] == payment), all_=True)
        assert 0 <= total["refunds"] <= total["captures"] <= total["authorizations"], total
        assert total["captures"] + total["voids"] <= total["authorizations"], total
    # What may be captured in parts is captured more than once, and its rest let go afterwards.
    in_parts = {
        one["id"] for one in transactions if one["multicapture"] or one["payment_source_type"] == "wire_transfers"
    }
    voided = {one["reference_authorization_id"] for one in transactions if one["type"] == "voids" and one["succeeded"]}
    for kind, of in (("authorizations", "payment_source_id"), ("captures", "reference_authorization_id")):
        made = Counter(
            one[of] for one in transactions if one["type"] == kind and one["succeeded"] and one[of] not in in_parts
        )
        assert not made or max(made.values()) == 1, f"one of the {kind} was booked twice"
    assert not voided & made.keys(), f"both captured and voided: {voided & made.keys()}"
    total = summed(transactions)
    sums = [order[f"{name}_cents"] for name in ("authorized", "captured", "voided", "refunded")]
    assert sums == list(total.values()), (sums, total)
    price, placed = order["total_amount_with_taxes_cents"], order["place_total_amount_cents"]
    price = price if placed is None else min(price, placed)
    expected = status_of(total, price)
    if order["status"] == "draft" and expected == "free":
        expected = "unpaid"
    assert order["payment_status"] == expected, (order, total)
    for one in transactions if seen is not None else ():
        assert seen.setdefault(one["id"], one["amount_cents"]) == one["amount_cents"], "an amount changed"
    if is_priced and order["status"] in ("placed", "approved"):
        costs_what_its_lines_cost(ours, order_id)


def costs_what_its_lines_cost(ours: Evidence, order_id: str) -> int:
    """Every line is unit × quantity and its options, and every amount of the order follows from them; the total."""
    order, lines = ours.orders[order_id], [one for one in ours.lines if one["order_id"] == order_id]
    parts = {"subtotal": 0, "payment_method": 0, "shipping": 0}
    kinds = {"payment_methods": "payment_method", "shipments": "shipping"}
    for one in lines:
        assert one["currency_code"] == order["currency_code"], one
        total = (one["unit_amount_cents"] or 0) * one["quantity"] + (one["options_amount_cents"] or 0)
        assert one["total_amount_cents"] == total, one
        parts[kinds.get(one["item_type"], "subtotal")] += total
        assert (one["tax_amount_cents"] or 0) == tax_on(one, order), (order, one)
    assert {name: order[f"{name}_amount_cents"] for name in parts} == parts, (order, lines)
    total, tax = sum(parts.values()), sum(tax_on(one, order) for one in lines)
    assert (order["total_amount_cents"], order["total_tax_amount_cents"]) == (total, tax), (order, lines)
    total += 0 if order["tax_included"] else tax
    assert order["total_amount_with_taxes_cents"] == total, (order, lines)
    for one in ours.of(order_id):
        counts = one["succeeded"] and not one["excluded"]
        assert not counts or one["currency_code"] == order["currency_code"], one
    return total


def tax_on(line: Row, order: Row) -> int:
    """What a line is taxed by the rate that is kept with its order; goods always are."""
    switch = {
        "payment_methods": "payment_method_taxable",
        "shipments": "freight_taxable",
        "adjustments": "adjustment_taxable",
    }.get(line["item_type"])
    if order["tax_rate"] is None or (switch is not None and not order[switch]):
        return 0
    total, rate = Decimal(line["total_amount_cents"]), Decimal(repr(order["tax_rate"]))
    if order["tax_included"]:
        return int(total - (total / (1 + rate)).quantize(Decimal(1), ROUND_HALF_UP))
    return int((total * rate).quantize(Decimal(1), ROUND_HALF_UP))


def one_payment_pays_one_order(ours: Evidence) -> None:
    """Whatever organizations and gateways speak of one Stripe account."""
    twice = [one for one, times in Counter(each["stripe_id"] for each in ours.payments).items() if times > 1]
    assert not twice, f"paid more than one order: {twice}"


def nothing_is_held_for_nothing(all_: Evidence, order_id: str) -> None:
    """Nothing stays held or payable that the order does not need."""
    order = all_.orders[order_id]
    known = {one["stripe_id"]: one["id"] for one in all_.payments if one["order_id"] == order_id}
    intents = [one for one in all_.intents.values() if one["id"] in known]
    held = {one["id"]: one["amount_capturable"] for one in intents if one["status"] == "requires_capture"}
    needed = min(order["total_amount_with_taxes_cents"], order["place_total_amount_cents"] or 10**12)
    if order["status"] == "cancelled" or (order["status"] in ("placed", "approved") and needed == 0):
        assert not held, f"held for an order that needs nothing: {held}"
        payable = [one["id"] for one in intents if one["status"] in UNCONFIRMED]
        assert not payable, f"still payable for an order that needs nothing: {payable}"
    elif order["status"] == "draft":
        beside = [one for one in held if known[one] != order["payment_source_id"]]
        assert not beside, f"held for a cart that is paid otherwise: {beside}"
    elif order["status"] in ("placed", "approved"):
        rows = [one for one in all_.of(order_id) if one["succeeded"] and not one["excluded"]]
        promised = summed(one for one in rows if one["payment_source_type"] == "wire_transfers")
        before = [one for one in rows if one["type"] == "refunds" and one["created_at"] <= order["placed_at"]]
        taken = order["captured_cents"] - summed(before)["refunds"]
        others = taken + promised["authorizations"] - promised["voids"] - promised["captures"]
        for intent, amount in held.items():
            rest = others + sum(held.values()) - amount
            assert rest < needed, f"{amount} held in {intent} beside {rest}, where {needed} is needed"


def agree(all_: Evidence, order_id: str, *, is_priced: bool = True) -> None:
    """Once nothing is open: Stripe's sums are ours, every call came about as often as the journal says, and of what
    nobody confirmed only the order's source is left.
    """
    hold_together(all_, order_id, is_priced=is_priced)
    order = all_.orders[order_id]
    known = {one["stripe_id"]: one["id"] for one in all_.payments if one["order_id"] == order_id}
    for intent in all_.intents.values():
        if intent["metadata"].get("order_id") == order_id:
            assert intent["id"] in known or intent["status"] == "canceled", f"nobody knows {intent['id']}"
            if intent["status"] in UNCONFIRMED:
                assert known[intent["id"]] == order["payment_source_id"], f"{intent['id']} is still live"
    nothing_is_held_for_nothing(all_, order_id)
    for stripe_id, payment in known.items():
        intent = all_.intents[stripe_id]
        back = [one for one in all_.refunds if one["payment_intent"] == stripe_id and one["status"] == "succeeded"]
        # What is released without having been taken is listed among the refunds, too, and no call of ours asked for it:
        # the whole of what was never captured, the rest of what was captured in part.
        rest = intent["amount"] - intent["amount_received"]
        released = [one for one in back if one["amount"] == rest and not one["metadata"]]
        if not intent["amount_received"]:
            back = []
        elif rest and released and intent["status"] != "requires_capture":
            back.remove(released[-1])
        own = [one for one in all_.of(order_id) if one["payment_source_id"] == payment]
        total = summed(own, all_=True)
        moved = (intent["amount_received"], sum(one["amount"] for one in back))
        assert (total["captures"], total["refunds"]) == moved, (stripe_id, total)
        if intent["status"] == "requires_capture":
            held = total["authorizations"] - total["captures"]
            assert (held, total["voids"]) == (intent["amount_capturable"], 0), (stripe_id, total)
        if intent["status"] == "canceled":
            assert total["voids"] == total["authorizations"], (stripe_id, total)
        _given_back_once(all_, own, back)


def _given_back_once(all_: Evidence, transactions: list[Row], refunds: list[Row]) -> None:
    """A refund that was asked for and done is there once, one that was refused is not.

    Where all had been given back at Stripe already, what was asked for is done by that, and nothing more is there.
    """
    captures = {one["id"] for one in transactions if one["type"] == "captures"}
    total = summed(transactions, all_=True)
    all_back = total["refunds"] == total["captures"]
    made = Counter(one["metadata"].get("paydesk_call") for one in refunds)
    for call in all_.calls:
        if call["kind"] == "refund_payment" and call["subject_id"] in captures:
            is_done = call["state"] == "done"
            by_others = is_done and all_back and made[None] > 0
            assert made[call["id"]] in ({0, 1} if by_others else {int(is_done)}), (call, made)


def keys_are_kept(all_: Evidence) -> None:
    """Everything that Stripe was asked to do stands in the journal, under a key that no other call has.

    All calls that adopt an intent share its key, so that Stripe lets one of them say whose it is.
    """
    keys = Counter(one["idempotency_key"] for one in all_.calls)
    shared = {one["idempotency_key"] for one in all_.calls if one["kind"] == "adopt_payment"}
    assert not [key for key, times in keys.items() if times > 1 and key not in shared]
    assert not shared & {one["idempotency_key"] for one in all_.calls if one["kind"] != "adopt_payment"}
    # A call that came to its next attempt keeps the place of those before.
    places = {key.rpartition("/")[0] for key in keys}
    installations = {place.rpartition("/")[0] for place in places}
    for one in all_.asked:
        place = (one["idempotency_key"] or "").rpartition("/")[0]
        if place.rpartition("/")[0] in installations:
            assert place in places, f"{place} is in no journal"


async def history_replays(api: Api, link: dict[str, str] | Answer) -> None:
    """A record's versions, one after the other, give the record."""
    shown = await api.get(link)
    versions: list[Any] = []
    pages, number = 1, 1
    while number <= pages:
        query = f"?filter[q][resource_id_eq]={shown.id}&page[size]=25&page[number]={number}"
        page = await api.get("versions", query)
        versions.extend(page.data)
        pages, number = page.document["meta"]["page_count"], number + 1
    replayed: dict[str, Any] = {}
    for version in reversed(versions):
        for name, (before, after) in version["attributes"]["changes"].items():
            assert replayed.get(name) == before, f"{name} of {shown.id} was {replayed.get(name)}, not {before}"
            replayed[name] = after
    for name, value in shown.data["attributes"].items():
        if name in replayed:
            assert value == replayed[name], f"{name} of {shown.id}"


async def stock_left(database: Database) -> int:
    """How many pieces no order holds, of all stock together."""
    rows = await table(database, "stock_items", "quantity", "reserved_quantity")
    return sum(one["quantity"] - one["reserved_quantity"] for one in rows)


async def stock_adds_up(database: Database, pieces: dict[str, int]) -> None:
    """What is reserved, taken and given back is what orders say, and no piece is lost or made.

    pieces   by stock item, how many there were before orders took any
    """
    items = {
        one["id"]: one for one in await table(database, "stock_items", "id", "sku_id", "quantity", "reserved_quantity")
    }
    holdings = await table(database, "stock_holdings", "order_id", "stock_item_id", "sku_id", "status", "quantity")
    held: Counter[tuple[str, str]] = Counter()
    of_order: dict[str, list[Row]] = {}
    for one in holdings:
        assert one["quantity"] > 0, one
        held[one["stock_item_id"], one["status"]] += one["quantity"]
        of_order.setdefault(one["order_id"], []).append(one)
    for id, item in items.items():
        assert 0 <= item["reserved_quantity"] <= item["quantity"], item
        assert item["reserved_quantity"] == held[id, "reserved"], (item, held)
        assert item["quantity"] == pieces[id] - held[id, "taken"], (item, held, pieces)
    counted = {item["sku_id"] for item in items.values()}
    wanted: Counter[tuple[str, str]] = Counter()
    for line in await table(database, "line_items", "order_id", "item_id", "item_type", "quantity"):
        if line["item_id"] in counted:
            wanted[line["order_id"], line["item_id"]] += line["quantity"]
    for order in await table(database, "orders", "id", "status", "stock"):
        own = of_order.pop(order["id"], [])
        states = {one["status"] for one in own}
        expected = {"placed": "reserved", "editing": "reserved", "approved": "taken", "cancelled": "given_back"}
        assert states <= {expected.get(order["status"], "")}, (order, own)
        assert order["stock"] is None or order["stock"] == expected.get(order["status"]), (order, own)
        if order["status"] in ("placed", "approved"):
            had: Counter[str] = Counter()
            for one in own:
                had[one["sku_id"]] += one["quantity"]
            needs = {sku: wanted[order["id"], sku] for sku in counted if wanted[order["id"], sku]}
            assert had == needs, (order, own, needs)
    assert not of_order, f"held for orders that are gone: {of_order}"
