"""Types whose triggers and computed attributes do nothing: the tests that watch them have to fail.

`PAYDESK_TEST_MUTE=shipments` mutes all of a type in every test of a run, `PAYDESK_TEST_MUTE=shipments._ship` one
member.
`make test-muted` mutes one type after the other and demands that the tests that watch it fail; `ARGS="shipments skus"`
those types, `ARGS="--each shipments"` their members one by one.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

VARIABLE = "PAYDESK_TEST_MUTE"

WATCHED: dict[str, tuple[str, ...]] = {
    "addresses": (
        "tests/commerce/test_accounts.py",
        "tests/http/test_tags.py",
    ),
    "authorizations": (
        "tests/payments/test_wire_transfers.py",
        "tests/payments/test_acts.py",
        "tests/payments/test_books.py",
    ),
    "bundles": (
        "tests/commerce/test_bundles.py",
        "tests/http/test_tags.py",
    ),
    "captures": (
        "tests/payments/test_acts.py",
        "tests/payments/test_books.py",
    ),
    "customer_addresses": ("tests/commerce/test_customer_addresses.py",),
    "customer_password_resets": ("tests/payments/test_password_resets.py",),
    "customers": (
        "tests/commerce/test_orders.py",
        "tests/commerce/test_accounts.py",
        "tests/payments/test_whose_orders.py",
        "tests/payments/test_password_resets.py",
        "tests/http/test_tags.py",
    ),
    "event_stores": ("tests/payments/test_history.py",),
    "line_item_options": ("tests/http/test_tags.py",),
    "line_items": (
        "tests/commerce/test_orders.py",
        "tests/http/test_tags.py",
    ),
    "links": (
        "tests/http/test_links.py",
        "tests/http/test_buttons_of_applications.py",
    ),
    "manual_gateways": ("tests/payments/test_wire_transfers.py",),
    "markets": (
        "tests/commerce/test_accounts.py",
        "tests/http/test_buttons_of_applications.py",
    ),
    "orders": (
        "tests/commerce/test_orders.py",
        "tests/commerce/test_taxes.py",
        "tests/commerce/test_shipments.py",
        "tests/commerce/test_line_item_options.py",
        "tests/commerce/test_accounts.py",
        "tests/http/test_tags.py",
        "tests/commerce/test_customer_addresses.py",
        "tests/payments/test_acts.py",
        "tests/payments/test_transitions.py",
        "tests/payments/test_two_payments.py",
        "tests/payments/test_editing.py",
        "tests/payments/test_authorizing.py",
        "tests/payments/test_saved_cards.py",
        "tests/payments/test_stories.py",
        "tests/payments/test_placed_meanwhile.py",
        "tests/payments/test_whose_orders.py",
        "tests/payments/test_payment_methods_flags.py",
        "tests/payments/test_official_checkout.py",
        "tests/payments/test_wire_transfers.py",
        "tests/payments/test_always_limited.py",
        "tests/payments/test_true_prices.py",
    ),
    "parcel_line_items": ("tests/payments/test_shipped.py",),
    "payment_methods": (
        "tests/http/test_stores.py",
        "tests/payments/test_opening.py",
        "tests/http/test_buttons_of_applications.py",
    ),
    "price_list_schedulers": (
        "tests/commerce/test_price_tiers.py",
        "tests/http/test_sellable.py",
        "tests/http/test_buttons_of_applications.py",
    ),
    "prices": (
        "tests/commerce/test_accounts.py",
        "tests/payments/test_scheduled_prices.py",
    ),
    "refunds": ("tests/payments/test_reconciling_advice.py",),
    "shipments": (
        "tests/payments/test_shipped.py",
        "tests/commerce/test_shipments.py",
        "tests/http/test_buttons_of_applications.py",
        "tests/http/test_tags.py",
    ),
    "shipping_methods": (
        "tests/commerce/test_shipping_methods.py",
        "tests/commerce/test_shipments.py",
        "tests/http/test_tags.py",
        "tests/http/test_buttons_of_applications.py",
    ),
    "sku_options": ("tests/http/test_tags.py",),
    "skus": (
        "tests/commerce/test_stock.py",
        "tests/http/test_sellable.py",
        "tests/http/test_tags.py",
    ),
    "stock_line_items": (
        "tests/commerce/test_bundles.py",
        "tests/commerce/test_shipments.py",
        "tests/payments/test_shipped.py",
    ),
    "stock_transfers": (
        "tests/commerce/test_stock_transfers.py",
        "tests/http/test_buttons_of_applications.py",
    ),
    "stripe_gateways": (
        "tests/payments/test_gateways.py",
        "tests/payments/test_opening.py",
    ),
    "stripe_payments": (
        "tests/payments/test_changing.py",
        "tests/payments/test_opening.py",
    ),
    "voids": ("tests/payments/test_books.py",),
}
"""By type, the test files that fail when it is muted. The first fails when all of it is, the others watch members."""

FAILED = 1
"""What pytest ends with when tests failed; anything else is no verdict."""


def members(resource: Any) -> list[str]:
    """What a type has that acts or is worked out, by name."""
    shape = resource.shape
    acting = [*shape.triggers, *(name for name, one in shape.fields.items() if one.argument)]
    is_written = "create" in shape.actions or "update" in shape.actions
    return [*(acting if is_written else ()), *(name for name, one in shape.fields.items() if one.compute or one.gather)]


def mute(types: Mapping[str, Any], what: str) -> None:
    """Make a type's triggers and computed attributes do nothing, or one of them (`type.member`)."""
    type_, _, member = what.partition(".")
    resource = types[type_]
    names = [member] if member else members(resource)
    unknown = set(names) - set(members(resource))
    if unknown or not names:
        raise ValueError(f"{what}: nothing to mute")
    shape = resource.shape
    arguments = []
    for name in names:
        if name in shape.triggers:
            shape.triggers[name] = replace(shape.triggers[name], run=_nothing)
        elif shape.fields[name].argument:
            arguments.append(name)
        else:
            field = shape.fields[name]
            shape.fields[name] = replace(
                field, compute=field.compute and _nothing, gather=field.gather and _nothing_gathered
            )
    for rule in ("creating", "updating"):
        setattr(resource, rule, _without(resource, rule, arguments))


def _nothing(*given: Any) -> None:
    """What a muted trigger does, and what a muted attribute is."""


def _nothing_gathered(*given: Any) -> dict[str, Any]:
    return {}


def _without(resource: Any, rule: str, arguments: Iterable[str]) -> Any:
    """A type's rule that is told nothing of these arguments. Types that inherit it are told all."""
    method: Callable[..., Any] = getattr(resource, rule).__func__ if rule == "creating" else getattr(resource, rule)

    def muted(record: Any, change: Any, work: Any) -> Any:
        if record.shape is resource.shape:
            for name in arguments:
                change.arguments.pop(name, None)
        return method(record, change, work)

    return classmethod(muted) if rule == "creating" else muted


def mute_as_told() -> None:
    """Mute what the environment names."""
    if what := os.environ.get(VARIABLE):
        from paydesk import commerce

        mute(commerce.registry().types, what)


def fails(files: Iterable[str], what: str) -> bool:
    """Whether tests fail, on SQLite, with this muted."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-k", "not postgresql", "-p", "no:cacheprovider"]
    ended = subprocess.run([*command, *files], env={**os.environ, VARIABLE: what}, capture_output=True, text=True)
    if ended.returncode not in (0, FAILED):
        raise SystemExit(f"{what}: pytest ended with {ended.returncode}\n{ended.stdout[-3000:]}{ended.stderr[-3000:]}")
    return ended.returncode == FAILED


def main() -> int:
    """Mute one after the other; 1 where the tests that watch it did not notice."""
    from paydesk import commerce

    parser = argparse.ArgumentParser(prog="make test-muted")
    parser.add_argument("--each", action="store_true", help="mute each trigger and computed attribute by itself")
    parser.add_argument("types", nargs="*", help="by default all")
    given = parser.parse_args()
    unnoticed = []
    for type_ in given.types or WATCHED:
        names = [f"{type_}.{name}" for name in members(commerce.registry().types[type_])] if given.each else [type_]
        for what in names:
            began = time.monotonic()
            files = WATCHED[type_] if given.each else WATCHED[type_][:1]
            noticed = any(fails([file], what) for file in files)
            print(f"{'red  ' if noticed else 'GREEN'} {what}  {time.monotonic() - began:.0f} s", flush=True)
            if not noticed:
                unnoticed.append(what)
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
