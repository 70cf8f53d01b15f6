"""Another customer's records: every served type, alone, related and included, asked for by a stranger's token."""

from collections.abc import Iterator
from typing import Any

import pytest

from paydesk.commerce.accounts.addresses import Address
from paydesk.commerce.accounts.customer_addresses import CustomerAddress
from paydesk.commerce.accounts.customers import Customer
from paydesk.commerce.attached.attachments import Attachment
from paydesk.commerce.attached.links import Link
from paydesk.commerce.attached.taggings import Tagging
from paydesk.commerce.attached.tags import Tag
from paydesk.commerce.orders.line_items import LineItem
from paydesk.commerce.orders.orders import Order
from paydesk.commerce.orders.resource_errors import ResourceError
from paydesk.commerce.payments.authorizations import Authorization
from paydesk.commerce.payments.customer_payment_sources import CustomerPaymentSource
from paydesk.commerce.payments.stripe_payments import StripePayment
from tests.http.world import World, world_at

EUR = {"currency_code": "EUR"}
STRANGERS = ("ada", "guest")

RECORDS: dict[str, str] = {
    "orders": "ordEve",
    "line_items": "linEve",
    "stripe_payments": "strEve",
    "authorizations": "autEve",
    "customers": "cusEve",
    "customer_addresses": "cadEve",
    "customer_payment_sources": "cpsEve",
    "resource_errors": "errEve",
    "attachments": "attEve",
    "links": "lnkEve",
    "tags": "tagEve",
}
"""What is Eve's alone."""


@pytest.fixture(scope="module")
def world(module_database_url: str) -> Iterator[World]:
    """Eve's approved order, wallet and address book, and what is said about them."""
    with world_at(module_database_url) as made:
        of_order: dict[str, Any] = {"order_id": "ordEve"}
        made.write(
            "shop/test",
            (Customer, "cusEve", {"email": "eve@example.com", "email_key": "eve@example.com"}),
            (Address, "adrEve", {"first_name": "Eve", "last_name": "Secret", "city": "Torino", "country_code": "IT",
                                 "line_1": "Hidden 1", "zip_code": "1", "phone": "1"}),
            (Order, "ordEve", {"number": "900", "status": "approved", "market_id": "mktEurope", "customer_id": "cusEve",
                               "guest": False, "customer_email": "eve@example.com", "billing_address_id": "adrEve",
                               "placed_at": "2023-05-01T10:00:00.000Z", "payment_method_id": "pmtCard", **EUR}),
            (LineItem, "linEve", {"item_id": "skuAlpha", "item_type": "skus", "quantity": 1, "sku_code": "ALPHA",
                                  "unit_amount_cents": 1, "total_amount_cents": 1, **of_order, **EUR}),
            (StripePayment, "strEve", {"stripe_id": "pi_eve", "client_secret": "hidden",
                                       "payment_gateway_id": "gtwStripe", **of_order}),
            (Authorization, "autEve", {"number": "900/T/1", "amount_cents": 1, "succeeded": True, **of_order, **EUR}),
            (CustomerAddress, "cadEve", {"customer_id": "cusEve", "address_id": "adrEve",
                                         "claimed_at": "2023-05-01T10:00:00.000Z"}),
            (CustomerPaymentSource, "cpsEve", {"customer_id": "cusEve", "name": "Eve's card",
                                               "claimed_at": "2023-05-01T10:00:00.000Z"}),
            (ResourceError, "errEve", {"name": "number", "code": "BLANK", "message": "hidden",
                                       "resource_type": "orders", "resource_id": "ordEve"}),
            (Attachment, "attEve", {"name": "hidden", "attachable_type": "orders", "attachable_id": "ordEve"}),
            (Link, "lnkEve", {"name": "hidden", "client_id": "x", "scope": "x", "item_type": "orders",
                              "item_id": "ordEve"}),
            (Tag, "tagEve", {"name": "hidden"}),
            (Tagging, "tgnEve", {"taggable_type": "orders", "taggable_id": "ordEve", "tag_id": "tagEve"}),
        )  # fmt: skip
        made.token("eve", kind="sales_channel", market_ids=("mktEurope",), owner_id="cusEve", owner_type="Customer")
        yield made


def test_a_stranger_is_told_nothing_of_them(world: World) -> None:
    for type_, id_ in RECORDS.items():
        shape = world.registry[type_].shape
        related = [name for name, one in {**shape.relationships, **shape.empty}.items() if not one.hidden]
        assert world.ask("GET", f"/api/{type_}/{id_}").status == 200, type_
        for token in STRANGERS:
            paths = [f"{type_}/{id_}", *(f"{type_}/{id_}/{name}" for name in related)]
            paths += [f"{type_}/{id_}/relationships/{name}" for name in related]
            for path in paths:
                answer = world.ask("GET", f"/api/{path}", token=token)
                assert (answer.status, answer.errors) == (401, [("401", "UNAUTHORIZED", "")]), (token, path)
            for method in ("PATCH", "DELETE"):
                body = {"data": {"type": type_, "id": id_}} if method == "PATCH" else None
                answer = world.ask(method, f"/api/{type_}/{id_}", body, token=token)
                assert answer.status in (401, 405), (token, method, type_)
    # She is told of all but what happened to the money.
    for type_, id_ in RECORDS.items():
        told = world.ask("GET", f"/api/{type_}/{id_}", token="eve").status
        assert told == (401 if type_ == "authorizations" else 200), type_


def test_they_are_in_no_list_and_in_no_include_of_a_stranger(world: World) -> None:
    eves = set(RECORDS.items())
    for type_, resource in world.registry.types.items():
        shape = resource.shape
        paths = [name for name, one in shape.relationships.items() if one.includable and not one.hidden]
        for token in STRANGERS:
            include = ",".join(paths)
            answer = world.ask("GET", f"/api/{type_}?page[size]=25&include={include}", token=token)
            assert answer.status in (200, 401, 405), (token, type_, answer.body[:300])
            if answer.status == 200:
                document = answer.document
                told = {(one["type"], one["id"]) for one in (*document["data"], *document.get("included", []))}
                assert not told & eves, (token, type_)
    # What everybody reads leads to nothing of hers.
    for path in (
        "skus/skuAlpha?include=tags,attachments,links",
        "markets/mktEurope?include=attachments,stores,default_payment_method",
        "payment_methods/pmtCard?include=attachments,market,store",
        "orders/ordDraft?include=customer,line_items.item,tags,attachments,links,authorizations,captures,resource_errors",
    ):
        for token in STRANGERS:
            answer = world.ask("GET", f"/api/{path}", token=token)
            assert answer.status == 200, (path, answer.body[:300])
            assert not {*answer.included} & eves, path
            assert b"Hidden" not in answer.body
            assert b"hidden" not in answer.body


def test_a_stranger_finds_nothing_out_by_filters(world: World) -> None:
    for type_, search in (
        ("skus", {"tags_name_eq": "hidden"}),
        ("orders", {"tags_name_eq": "hidden"}),
        ("orders", {"attachments_name_eq": "hidden"}),
        ("orders", {"customer_email_eq": "eve@example.com"}),
        ("orders", {"billing_address_last_name_eq": "Secret"}),
    ):
        assert world.filtered(type_, "ada", **search) == []
        assert world.filtered(type_, **search) == (["ordEve"] if type_ == "orders" else [])
