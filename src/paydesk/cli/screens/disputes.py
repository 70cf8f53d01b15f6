"""Disputes of a period."""

from __future__ import annotations

from paydesk.base.money import formatted
from paydesk.cli.screen import done
from paydesk.cli.screens.columns import NOTHING, as_json, decimal, draw, when
from paydesk.cli.screens.columns import as_csv as write_csv
from paydesk.operations.given_back import Disputed, Disputes

__all__ = ["as_csv", "as_json", "show"]


def show(found: Disputes) -> None:
    if not found.disputes:
        done(f"No such dispute from {when(found.since)} to {when(found.until)} UTC.")
        return
    names = ("opened (UTC)", "amount", "state", "answer by (UTC)", "reason", "order", "dispute", "organization")
    draw(names, [_row(one) for one in found.disputes], right=(1,))


def _row(one: Disputed) -> tuple[str, ...]:
    deadline = NOTHING if one.due_by is None else when(one.due_by) + (", over" if one.is_overdue else "")
    return (
        when(one.at), formatted(one.amount_cents, one.currency_code), one.gateway_status.replace("_", " "), deadline,
        (one.reason or NOTHING).replace("_", " "), one.order_number or one.order or NOTHING, one.dispute_id,
        f"{one.organization}/{one.mode}",
    )  # fmt: skip


def as_csv(found: Disputes) -> None:
    names = [
        "organization",
        "mode",
        "at",
        "order",
        "dispute",
        "status",
        "gateway_status",
        "reason",
        "due_by",
        "amount",
        "withdrawn",
        "reinstated",
        "currency",
        "payment",
        "payment_id",
    ]
    write_csv(
        names,
        (
            (
                one.organization, one.mode, one.at, one.order_number or one.order, one.dispute_id, one.status,
                one.gateway_status, one.reason, one.due_by,
                *(decimal(cents, one.currency_code) for cents in _amounts(one)), one.currency_code,
                one.payment, one.payment_id,
            )
            for one in found.disputes
        ),
    )  # fmt: skip


def _amounts(one: Disputed) -> tuple[int, int, int]:
    return one.amount_cents, one.withdrawn_cents, one.reinstated_cents
