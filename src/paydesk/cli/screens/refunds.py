"""Refunds of a period."""

from __future__ import annotations

from paydesk.base.money import formatted
from paydesk.cli.screen import done
from paydesk.cli.screens.columns import NOTHING, as_json, decimal, draw, when
from paydesk.cli.screens.columns import as_csv as write_csv
from paydesk.operations.given_back import Refunded, Refunds

__all__ = ["as_csv", "as_json", "show"]


def show(found: Refunds) -> None:
    if not found.refunds:
        done(f"No such refund from {when(found.since)} to {when(found.until)} UTC.")
        return
    names = ("when (UTC)", "amount", "status", "order", "refund", "organization")
    draw(names, [_row(one) for one in found.refunds], right=(1,))


def _row(one: Refunded) -> tuple[str, ...]:
    status = f"failed: {one.told}" if one.status == "failed" and one.told else one.status
    return (
        when(one.at), formatted(one.amount_cents, one.currency_code), status, one.order_number or one.order,
        one.refund_id or NOTHING, f"{one.organization}/{one.mode}",
    )  # fmt: skip


def as_csv(found: Refunds) -> None:
    names = [
        "organization",
        "mode",
        "at",
        "order",
        "number",
        "amount",
        "currency",
        "status",
        "told",
        "method",
        "refund",
        "payment",
    ]
    write_csv(
        names,
        (
            (
                one.organization, one.mode, one.at, one.order_number or one.order, one.number,
                decimal(one.amount_cents, one.currency_code), one.currency_code, one.status, one.told, one.method,
                one.refund_id, one.payment,
            )
            for one in found.refunds
        ),
    )  # fmt: skip
