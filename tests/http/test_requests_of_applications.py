"""Every page of the official front ends and of the back office, by the requests that it begins with: each is answered,
and with what the page reads, in the JSON types of the contract.

Source: mfe-cart 4.4, mfe-my-account 2.1, mfe-identity 1.7, drop-in 2.26, dashboard applications 5.1.1, read.
"""

from typing import Any

import pytest

from tests.http.world import World
from tests.reading import misfits, read, unlinked

LINES = "line_items.item,line_items.line_item_options.sku_option"
CART = f"{LINES},available_payment_methods,payment_source,payment_method"
PARCELS = (
    "shipments.available_shipping_methods,shipments.stock_line_items.line_item,shipments.shipping_method,"
    "shipments.stock_transfers.line_item,shipments.stock_location,shipments.parcels.parcel_line_items"
)
INC = (
    "market,customer.customer_addresses.address,line_items.gift_card,line_items.line_item_options,line_items.sku,"
    "shipping_address,billing_address,shipments.line_items,shipments.stock_transfers,shipments.parcels,"
    "shipments.shipping_method,shipments.available_shipping_methods,shipments.stock_location,"
    "shipments.stock_line_items.sku,payment_method,payment_source,transactions"
)
TIMELINE = (
    "shipments.attachments,shipments.stock_transfers.origin_stock_location,returns,transactions,payment_method,"
    "payment_source,attachments"
)
TABLE = "page[size]=25&page[number]=1&sort=-created_at"

SHOPPERS = [
    "organization?fields[organizations]=id,name,slug,config",
    "orders/ordFull?include=line_items&fields[orders]=id,autorefresh,status,number,guest,language_code,return_url,"
    "cart_url,line_items&fields[line_items]=item_type",
    f"orders/ordFull?include={CART}",
    f"orders/ordFull?include={LINES}",
    f"orders/ordFull?include={CART},{PARCELS}",
    "orders/ordFull?include=shipping_address,billing_address,shipments&fields[orders]=id,status,placed_at,number,guest,"
    "shipping_address,billing_address,shipments",
    "customers/cusAda",
    "customers/cusAda?fields[customers]=email,has_password",
    "customers/cusAda/orders?filter[q][status_not_in]=draft,pending&sort=-placed_at&page[size]=15&page[number]=1",
    "customers/cusAda/orders?filter[q][market_id_in]=mktEurope&filter[q][guest_false]=true&filter[q][editable_true]=true"
    "&filter[q][status_eq]=pending&sort=-updated_at&page[size]=1",
    "customers/cusAda/order_subscriptions?sort=-starts_at&page[size]=15&page[number]=1",
    "customers/cusAda/orders?filter[q][order_subscription_id_eq]=x&include=authorizations,shipping_address,"
    "billing_address,payment_method,payment_source&sort=-created_at",
    "customer_addresses?include=address&page[size]=10&page[number]=1",
    "customer_payment_sources?include=payment_source&sort=-updated_at&page[number]=1",
    "delivery_lead_times?include=shipping_method,stock_location&page[number]=1",
    "skus?filter[q][code_in]=ALPHA,beta&fields[skus]=id,code&page[number]=1",
    "skus/skuAlpha",
    "skus?fields[customers]=email&fields[coupon_codes_promotion_rule]=x",
    "prices?filter[q][sku_code_in]=ALPHA&page[number]=1",
    "bundles?filter[q][code_in]=x&include=sku_list.sku_list_items.sku",
]
"""Of carts, account pages, sign-in and the drop-in, by the customer who is signed in."""

OFFICE = [
    "organization",
    "orders/ordFull?include=" + INC,
    "orders/ordFull?include=" + TIMELINE,
    "orders/ordFull?include=captures,line_items,payment_method,refunds",
    "orders/ordPlaced/returns?include=order.market,return_line_items,origin_address,stock_location.address",
    "orders/ordFull/tags?fields[tags]=id,name&page[size]=25",
    "orders/ordFull/links?sort=-created_at",
    "orders/ordFull?include=attachments&fields[orders]=attachments",
    "orders/ordFull?fields[orders]=metadata",
    "orders/ordFull/event_stores?page[size]=25&sort=-id",
    f"orders?{TABLE}&filter[q][status_in]=placed,approved&filter[q][archived_at_null]=true&include=market,"
    "billing_address&fields[orders]=id,number,status,market,billing_address",
    "orders?filter[q][order_subscription_id_eq]=x&sort=-created_at",
    "markets/mktEurope/inventory_model?include=inventory_return_locations.stock_location.address",
    "markets?fields[markets]=id&filter[q][disabled_at_null]=true&page[size]=1",
    "markets?fields[markets]=name,price_list&include=price_list&filter[q][customer_group_null]=true"
    "&filter[q][private_true]=false",
    "markets?fields[markets]=id,name&filter[q][name_i_cont]=eur",
    "price_lists?fields[price_lists]=currency_code",
    "bundles?filter[q][code_in]=x&include=sku_list.sku_list_items.sku",
    "bundles?filter[q][market_id_eq_or_null]=x&filter[q][currency_code_eq]=EUR",
    f"customers?{TABLE}&include=customer_group&filter[q][email_or_reference_start]=ada&filter[q][status_in]=prospect"
    "&filter[q][password_present]=true",
    "customers?filter[q][customer_group_id_in]=x&filter[q][tags_id_in]=y",
    "customers?filter[q][anonymization_status_eq]=requested",
    "customers?filter[q][email_eq]=a&filter[q][email_not_eq]=b&filter[q][email_cont]=c",
    "customers/cusAda?include=customer_group,customer_addresses.address,customer_payment_sources.payment_source,"
    "customer_subscriptions,attachments",
    "customers/cusAda/orders?filter[q][status_matches_any]=placed,approved&include=billing_address,market"
    "&sort=-placed_at",
    "customer_groups?fields[customer_groups]=id,name",
    f"shipments?{TABLE}&include=stock_location,shipping_address&filter[q][status_in]=picking"
    "&filter[q][archived_at_null]=true&filter[q][number_or_reference_cont]=1",
    "packages?filter[q][stock_location_id_eq]=x",
    f"returns?{TABLE}&include=origin_address,stock_location&filter[q][number_or_order_number_cont]=1",
    f"skus?{TABLE}&include=shipping_category&filter[q][code_or_name_i_cont]=a&filter[q][tags_id_in]=x",
    "skus?filter[q][code_or_name_i_cont]=a&filter[q][shipping_category_id_in]=x",
    "sku_lists?include=bundles",
    "skus?filter[q][code_not_in]=x",
    "prices?include=sku,price_list,price_volume_tiers,price_frequency_tiers&filter[q][price_list_id_in]=lstEur"
    "&filter[q][sku_code_or_sku_name_cont]=a",
    f"promotions?{TABLE}&filter[q][type_in]=x&filter[q][promotion_rules_type_eq]=x&filter[q][priority_null]=true"
    "&filter[q][exclusive_true]=true&filter[q][name_or_coupons_code_i_cont]=x",
    f"stock_items?{TABLE}&include=sku,stock_location,reserved_stock&filter[q][quantity_gt]=0",
    f"stock_transfers?{TABLE}&include=shipment.order,line_item,origin_stock_location.address,"
    "destination_stock_location.address",
    f"gift_cards?{TABLE}&include=market,gift_card_recipient.customer,attachments",
    f"order_subscriptions?{TABLE}&include=market,customer,source_order.billing_address,source_order.shipping_address,"
    "order_subscription_items.sku,order_subscription_items.bundle,customer_payment_source.payment_source",
    "subscription_models",
    "tags?fields[tags]=id,name,created_at,updated_at",
    f"imports?{TABLE}&filter[q][status_in]=pending&filter[q][resource_type_cont]=sku",
    f"exports?{TABLE}",
    f"webhooks?{TABLE}",
    "event_callbacks?filter[q][webhook_id_eq]=x&sort=response_code",
    "stock_locations?fields[stock_locations]=id,name&filter[q][id_in]=x",
    "links?sort=-created_at",
]
"""Of the back office, by its own token."""


def included(path: str) -> str:
    parameters = path.partition("?")[2].split("&")
    return next((one.removeprefix("include=") for one in parameters if one.startswith("include=")), "")


def opened(world: World, path: str, token: str) -> Any:
    """What the SDK reads of a page's request; all that it includes is linked, if only to nothing."""
    document = world.get(path, token=token, headers={"content-type": "application/vnd.api+json"}).document
    assert misfits(document) == []
    assert "fields[" in path or unlinked(document, included(path)) == []
    if isinstance(document["data"], list) and "event_stores" not in path:
        assert set(document["meta"]) >= {"record_count", "page_count"}
        assert {"first", "last"} <= set(document["links"])
    return read(document)


@pytest.mark.parametrize("path", SHOPPERS)
def test_a_page_of_a_front_end_opens(world: World, path: str) -> None:
    opened(world, path, "ada")


@pytest.mark.parametrize("path", OFFICE)
def test_a_page_of_the_back_office_opens(world: World, path: str) -> None:
    opened(world, path, "shop/test")


def test_nothing_is_told_from_what_was_not_asked_for(world: World) -> None:
    order = opened(world, f"orders/ordFull?include={CART},{PARCELS}", "ada")
    assert (order["shipments"], order["payment_source"], order["payment_method"]["id"]) == ([], None, "pmtCard")
    assert [line["line_item_options"] for line in order["line_items"]] == [[], []]
    assert all(isinstance(line["formatted_total_amount"], str) for line in order["line_items"])
    assert "returns" not in order
    order = opened(world, f"orders/ordFull?include={INC}", "shop/test")
    assert [line["gift_card"] for line in order["line_items"]] == [None, None]
    assert order["customer"]["customer_addresses"] == []
    customer = opened(world, "customers/cusAda?include=customer_group,customer_subscriptions,attachments", "shop/test")
    assert (customer["customer_group"], customer["customer_subscriptions"]) == (None, [])
    assert customer["anonymization_info"] is None


def test_what_a_button_of_the_back_office_sends_is_taken(fresh: World) -> None:
    for path in ("customers/cusAda", "skus/skuAlpha"):
        told = fresh.send("PATCH", f"{path}?include=tags", {}, expect=200, tags=[])
        assert read(told.document)["tags"] == []
        cleared = {"data": [{"type": "tags", "id": None}]}
        type_, id_ = path.split("/")
        body = {"data": {"type": type_, "id": id_, "attributes": {}, "relationships": {"tags": cleared}}}
        assert fresh.ask("PATCH", f"/api/{path}?include=tags", body).status == 200
    told = fresh.send("PATCH", "orders/ordFull", {"metadata": {"a": "b"}, "reference": "r"}, expect=200)
    assert (told.data["attributes"]["metadata"], told.data["attributes"]["reference"]) == ({"a": "b"}, "r")
    fresh.send("PATCH", "customers/cusAda", {"_add_tags": "vip"}, expect=200)
    note = {"name": "note", "description": "text", "reference_origin": "app-orders--note"}
    fresh.send("POST", "attachments", note, attachable=("orders", "ordFull"), expect=201)
    written = opened(fresh, "orders/ordFull?include=attachments", "shop/test")
    assert [one["description"] for one in written["attachments"]] == ["text"]
