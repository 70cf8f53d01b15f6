"""The buttons of the back office, page by page, as far as they write what is not served: each is told so, in the form
that its page shows, and changes nothing.

Source: dashboard applications 5.1.1, read.
"""

from typing import Any

import pytest

from tests.http.world import World

INVALID, UNKNOWN = ("422", "VALIDATION_ERROR"), ("400", "PARAM_NOT_ALLOWED")
NOT_SERVED = (405, [("405", "METHOD_NOT_ALLOWED", "")])
ID = "abcdefghij"
PROMOTIONS = ("percentage_discount", "fixed_amount", "fixed_price", "free_shipping", "free_gift", "buy_x_pay_y")


def crud(type_: str, given: dict[str, Any], **related: Any) -> list[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    return [
        ("POST", type_, given, related),
        ("PATCH", f"{type_}/{ID}", given, {}),
        ("DELETE", f"{type_}/{ID}", {}, {}),
    ]


def triggers(type_: str, *names: str, **given: Any) -> list[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    return [("PATCH", f"{type_}/{ID}", {name: True, **given}, {}) for name in names]


PAGES: dict[str, list[tuple[str, str, dict[str, Any], dict[str, Any]]]] = {
    "every page": [
        *crud("attachments", {"name": "note", "description": "text", "reference_origin": "app-orders--note"}),
        *crud("links", {"name": "x"}, item=("orders", "ordFull")),
        *triggers("links", "_enable", "_disable"),
    ],
    "orders": [
        *crud("adjustments", {"name": "x", "currency_code": "EUR", "amount_cents": -100}),
        ("PATCH", f"shipments/{ID}", {}, {"shipping_method": ("shipping_methods", ID)}),
        ("POST", "returns", {}, {"order": ("orders", "ordPlaced")}),
        ("PATCH", f"returns/{ID}", {"_request": True}, {"stock_location": ("stock_locations", ID)}),
        ("POST", "return_line_items", {"quantity": 1}, {"return": ("returns", ID)}),
        ("DELETE", f"return_line_items/{ID}", {}, {}),
    ],
    "shipments": [
        *triggers("shipments", "_picking", "_packing", "_on_hold", "_ready_to_ship", "_ship", "_deliver", "_get_rates"),
        *triggers("shipments", "_purchase", selected_rate_id="rate"),
        *crud("parcels", {"weight": 1, "unit_of_weight": "gr"}, shipment=("shipments", ID)),
        ("POST", "parcel_line_items", {"quantity": 1}, {"parcel": ("parcels", ID)}),
    ],
    "returns": [
        *triggers("returns", "_approve", "_cancel", "_ship", "_receive", "_reject", "_archive", "_unarchive"),
        *triggers("returns", "_refund", _refund_amount_cents=100),
        *triggers("return_line_items", "_restock"),
    ],
    "sku_lists": [
        *crud("sku_lists", {"name": "x", "manual": True}),
        *crud("sku_list_items", {"quantity": 1, "position": 1}, sku=("skus", "skuAlpha")),
    ],
    "price_lists": [
        *crud(
            "price_volume_tiers", {"name": "x", "up_to": 5, "price_amount_cents": 1}, price=("prices", "prcAlphaEur")
        ),
        *crud("price_frequency_tiers", {"name": "x", "up_to": 5, "price_amount_cents": 1}),
    ],
    "promotions": [
        *(one for kind in PROMOTIONS for one in crud(f"{kind}_promotions", {"name": "x", "total_usage_limit": 1})),
        *crud("flex_promotions", {"name": "x", "rules": {}}),
        *triggers("percentage_discount_promotions", "_enable", "_disable"),
        *crud("coupons", {"code": "SUMMER26", "usage_limit": 1}),
        *crud("coupon_codes_promotion_rules", {}),
        *crud("custom_promotion_rules", {"filters": {}}),
        *crud("sku_list_promotion_rules", {"min_quantity": 1}),
    ],
    "inventory": crud("stock_items", {"quantity": 5}, sku=("skus", "skuAlpha")),
    "stock_transfers": [
        *crud("stock_transfers", {"quantity": 5}, sku=("skus", "skuAlpha")),
        *triggers("stock_transfers", "_picking", "_on_hold", "_in_transit", "_complete", "_cancel"),
    ],
    "gift_cards": [
        *crud("gift_cards", {"balance_cents": 500, "currency_code": "EUR"}),
        *triggers("gift_cards", "_purchase", "_activate", "_deactivate"),
    ],
    "subscriptions": [
        *triggers("order_subscriptions", "_activate", "_deactivate", "_cancel"),
        ("PATCH", f"order_subscriptions/{ID}", {"frequency": "monthly", "next_run_at": "2027-01-01T00:00:00Z"}, {}),
    ],
    "tags": crud("tags", {"name": "x"}),
    "imports": [
        *crud("imports", {"resource_type": "skus", "inputs": [{"code": "x"}]}),
        ("POST", "imports", {"resource_type": "skus", "inputs": "code,name\nx,y"}, {}),
    ],
    "exports": [*crud("exports", {"resource_type": "skus"}), *triggers("exports", "_start", "_interrupt")],
    "webhooks": [
        *crud("webhooks", {"topic": "orders.place", "callback_url": "https://hooks.example.com"}),
        *triggers("webhooks", "_enable", "_disable", "_reset_circuit"),
    ],
}


@pytest.mark.parametrize("page", PAGES)
def test_a_button_for_what_is_not_served_says_so(world: World, page: str) -> None:
    before = world.everything()
    for method, path, attributes, related in PAGES[page]:
        type_ = path.partition("/")[0]
        if type_ in world.registry.types:
            continue  # it has come to be served, and has tests of its own
        if method == "DELETE":
            answer = world.ask("DELETE", f"/api/{path}")
        else:
            answer = world.send(method, path, attributes, **related)
        assert (answer.status, answer.errors) == NOT_SERVED, (method, path)
        (error,) = answer.document["errors"]
        told = f"This version does not serve {type_} yet."
        assert (error["title"], error["detail"]) == ("Method not allowed", told), "the page shows both"
    assert world.everything() == before


def test_the_rule_editor_finds_nothing_to_check_with(world: World) -> None:
    assert world.ask("POST", "/api/rules/check", {"rules": {}}).errors == [("404", "RECORD_NOT_FOUND", "")]
    checked = world.ask("GET", f"/api/flex_promotions/{ID}/check/ordFull")
    assert checked.errors == [("404", "RECORD_NOT_FOUND", "")]


@pytest.mark.parametrize(
    ("path", "attributes", "related", "said"),
    [
        ("customers/cusAda", {}, {"customer_group": ("customer_groups", ID)}, INVALID),
        ("customers/cusAda", {"_request_anonymization": True}, {}, UNKNOWN),
        ("customers/cusAda", {"_cancel_anonymization": True}, {}, UNKNOWN),
        ("skus/skuAlpha", {}, {"tags": [("tags", ID)]}, INVALID),
        ("orders/ordFull", {"coupon_code": "SUMMER26"}, {}, INVALID),
        ("orders/ordFull", {}, {"tags": [("tags", ID)]}, INVALID),
    ],
)
def test_a_button_of_a_served_page_that_needs_what_is_not_names_it(
    world: World, path: str, attributes: dict[str, Any], related: dict[str, Any], said: tuple[str, str]
) -> None:
    before = world.everything()
    answer = world.send("PATCH", path, attributes, **related)
    (name,) = attributes or related
    assert answer.errors == [(*said, f"/data/{'relationships' if related else 'attributes'}/{name}")]
    assert world.everything() == before


@pytest.mark.parametrize("given", ["starts_at_lteq", "starts_at_gt", "expires_at_gteq", "expires_at_lt"])
def test_promotions_are_looked_for_by_when_they_begin_and_end(world: World, given: str) -> None:
    path = f"promotions?filter[q][{given}]=2026-11-30T00:00:00.000Z&filter[q][disabled_at_null]=true&page[size]=25"
    assert world.get(path).document["meta"] == {"record_count": 0, "page_count": 1}
