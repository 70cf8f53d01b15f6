"""What happened to an order's payment."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from paydesk.base.money import formatted
from paydesk.cli.screen import out, rows, safe, write_json
from paydesk.cli.screens import answer

NOTABLE = (
    "status",
    "payment_status",
    "fulfillment_status",
    "total_amount_with_taxes_cents",
    "payment_method_id",
    "payment_source_id",
    "place_total_amount_cents",
)
"""What the lines tell of an order's versions; `--json` tells all of it."""

DULL = (
    "capture_amount_cents",
    "currency_code",
    "gateway_transaction_id",
    "metadata",
    "order_id",
    "payment_gateway_id",
    "payment_method",
    "payment_method_type",
    "payment_source_id",
    "publishable_key",
    "refund_amount_cents",
    "type",
)
"""What they leave out of other records' versions: what is said elsewhere, or twice."""

TOLD_OF = {
    "options": ("intent_amount_cents", "capture_before"),
    "payment_instrument": ("issuer_type", "card_type", "card_last_digits"),
}
"""What they tell of documents within a record."""


COLOURS = {"version": "dim", "call": "cyan", "answer": "cyan", "webhook": "magenta"}
"""By what an entry of the history tells."""


def show(found: dict[str, Any], *, history: bool) -> None:
    """The six lines, the history where it is asked for, the transactions, and how things stand."""
    answer.show(found["answer"])
    if "order" not in found:
        return
    if history:
        out().print()
        _history(found)
    out().print()
    for one in found["transactions"]:
        _transaction(one)
    rows(list(_standing(found)))


def _history(found: dict[str, Any]) -> None:
    currency = found["order"]["currency_code"]
    for entry in found["history"]:
        text = _line(entry, currency)
        if text is not None:
            colour = COLOURS[entry["what"]]
            if entry["what"] == "answer" and entry["state"] != "done":
                colour = "red"
            out().print(f"[dim]{_moment(entry['at'])}[/]  [{colour}]{entry['what']:7}[/]  {safe(text)}")


def _transaction(one: dict[str, Any]) -> None:
    counts = "" if one["counts"] or not one["succeeded"] else " (taken back before placement)"
    by_hand = " (marked by hand)" if one["forwarded"] else ""
    colour = "green" if one["succeeded"] else "yellow" if one["error_code"] is None else "red"
    money = formatted(one["amount_cents"], one["currency_code"])
    kind = one["type"].removesuffix("s")
    said = f"{one['number']}  {kind:13}  {money:>14}  "
    message = "pending" if one["pending"] else one["message"]
    out().print(f"{safe(said)}[{colour}]{safe(message)}[/]{counts}{by_hand}")


def as_json(found: dict[str, Any]) -> None:
    write_json(found)


def _standing(found: dict[str, Any]) -> Iterator[tuple[str, object]]:
    order = found["order"]
    currency = order["currency_code"]
    yield "order", f"{order['number']} ({order['id']}), {order['organization']}/{order['mode']}"
    pending = formatted(order["refund_pending_cents"], currency) if order["refund_pending_cents"] else ""
    status = [
        order["status"],
        order["payment_status"],
        "refund pending" if pending else "",
        order["fulfillment_status"],
    ]
    yield "status", ", ".join(one for one in status if one)
    if currency is not None:
        yield "total", formatted(order["total_amount_with_taxes_cents"], currency)
        names = ("authorized", "captured", "voided", "refunded")
        sums = ", ".join(f"{name} {formatted(order[f'{name}_cents'], currency)}" for name in names)
        yield "sums", sums + (f", pending {pending}" if pending else "")
    for one in found["payments"]:
        amount = formatted(one["amount_cents"], one["currency_code"]) if one["amount_cents"] is not None else ""
        told = [one["payment_id"], one["gateway_status"], amount, "" if one["is_source"] else "not the order's source"]
        name = one["type"].removesuffix("s").replace("_", " ")
        yield name, f"{one['id']}: {', '.join(part for part in told if part)}"
    for one in found["disputes"]:
        amount = formatted(one["amount_cents"], one["currency_code"])
        told = [one["status"], one["reason"], amount, one["due_by"] and f"evidence until {_moment(one['due_by'])}"]
        yield "dispute", f"{one['id']}: {', '.join(part for part in told if part)}"
    net = found["net"]
    if currency is not None and net["net_cents"] is not None:
        parts = {"captured": "captured", "refunded": "refunded", "disputed_out": "disputed out", "disputed_in": "in"}
        told = [f"{said} {formatted(net[f'{name}_cents'], currency)}" for name, said in parts.items()]
        if pending:
            told.insert(2, f"refund pending {pending}")
        yield "net", f"{formatted(net['net_cents'], currency)}: {', '.join(told)}"
    waiting = [one["id"] for one in found["history"] if one["what"] == "call" and one.get("state") == "open"]
    if waiting:
        yield "open calls", f"{', '.join(waiting)}: a server finishes them by itself, `paydesk recover` without one"


def _moment(at: str) -> str:
    return at.replace("T", " ").removesuffix("Z")


def _line(entry: Mapping[str, Any], currency: str | None) -> str | None:
    """What one entry says; None where a reader would learn nothing."""
    if entry["what"] == "version":
        changed = "; ".join(_changes(entry, currency))
        if not changed and entry["event"] == "update":
            return None
        done = {"create": "created", "update": "updated", "destroy": "deleted"}[entry["event"]]
        return f"{entry['type']} {entry['id']} {done}: {changed} ({entry['who']})"
    if entry["what"] == "webhook":
        done = f"{entry['outcome']} {_moment(entry['worked_at'])}" if entry["worked_at"] else "not worked yet"
        tried = f", put off {entry['tries']} times" if entry["tries"] else ""
        return f"{entry['type']} {entry['id']} for {entry['payment_id']}: {done}{tried}"
    if entry["what"] == "call":
        line = f"{entry['kind']} {entry['id']} of {entry['type']} {entry['subject']}: "
        sent = {name: value for name, value in entry["parameters"].items() if name not in ("expand", "metadata")}
        line += f"{json.dumps(sent, ensure_ascii=False)} key {entry['key']} ({entry['who']})"
        if entry["tries"]:
            line += f", taken up again {entry['tries']} times"
        if entry.get("state") == "open":
            line += f", OPEN, due {_moment(entry['due_at'])}{_answer(entry['last_answer'], ', last answer: ')}"
        return line
    refused = f", told: {entry['refused_with']}" if "refused_with" in entry else ""
    return f"{entry['kind']} {entry['id']} {entry['state']}{_answer(entry['answer'], ': ')}{refused}"


def _answer(answer: Mapping[str, Any] | None, before: str) -> str:
    """What the gateway said, as far as the journal keeps it."""
    if not answer:
        return ""
    told = [str(answer[name]) for name in ("message", "code", "payment_id", "status") if answer.get(name)]
    currency = answer.get("currency")
    for name in ("amount", "authorized", "received", "refunded"):
        cents = answer.get(f"{name}_cents")
        if currency and (cents or name == "amount") and cents is not None:
            told.append(f"{name} {formatted(cents, currency)}")
    if answer.get("replayed"):
        told.append("replayed")
    if answer.get("request_id"):
        told.append(str(answer["request_id"]))
    return before + ", ".join(told) if told else ""


def _changes(entry: Mapping[str, Any], currency: str | None) -> Iterator[str]:
    changes = entry["changes"]
    names = NOTABLE if entry["type"] == "orders" else [one for one in changes if one not in DULL and one[-3:] != "_at"]
    for name in names:
        if name not in changes:
            continue
        before, after = changes[name]
        if isinstance(before, dict) or isinstance(after, dict):
            old, new = before or {}, after or {}
            for key in TOLD_OF.get(name, ()):
                if new.get(key) != old.get(key):
                    yield f"{key} {_value(key, old.get(key), currency)} → {_value(key, new.get(key), currency)}"
        elif entry["event"] == "create":
            if after not in (None, "", [], 0, False):
                yield f"{name} {_value(name, after, currency)}"
        else:
            yield f"{name} {_value(name, before, currency)} → {_value(name, after, currency)}"


def _value(name: str, value: Any, currency: str | None) -> str:
    if name.endswith("_cents") and isinstance(value, int) and currency is not None:
        return formatted(value, currency)
    return "none" if value is None else str(value)
