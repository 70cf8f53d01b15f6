"""Markets of a group of customers: who sees them, and what they sell, and who buys there."""

from typing import Any

from paydesk.commerce.accounts.customer_groups import CustomerGroup
from paydesk.commerce.accounts.markets import Market
from paydesk.commerce.catalog.price_lists import PriceList
from paydesk.commerce.catalog.prices import Price
from paydesk.commerce.orders.orders import Order
from paydesk.commerce.payments.payment_methods import PaymentMethod
from tests.http.world import World

VIP = ("mktVip",)
EUR = {"currency_code": "EUR"}


def private_market(world: World) -> None:
    """A market of a group that Ada is in, with its own price of one sku and its own payment method; tokens of Ada, of
    Bob and of nobody for it, and of each for all markets.
    """
    world.write(
        "shop/test",
        (CustomerGroup, "cgrVip", {"name": "VIP"}),
        (PriceList, "lstVip", {"name": "VIP", **EUR}),
        (Market, "mktVip", {"name": "VIP", "number": 9, "merchant_id": "merBrand", "price_list_id": "lstVip",
                            "customer_group_id": "cgrVip", "private": True}),
        (Price, "prcPlainVip", {"price_list_id": "lstVip", "sku_id": "skuPlain", "sku_code": "plain",
                                "amount_cents": 700, **EUR}),
        (PaymentMethod, "pmtVip", {"payment_source_type": "stripe_payments", "name": "VIP card", **EUR,
                                   "payment_gateway_id": "gtwStripe", "price_amount_cents": 0, "market_id": "mktVip"}),
        (Order, "ordVip", {"number": "200", "status": "draft", "market_id": "mktVip", "guest": True, **EUR}),
    )  # fmt: skip
    for name, owner in (("ada", "cusAda"), ("bob", "cusBob"), ("guest", None)):
        who: dict[str, Any] = {"owner_id": owner, "owner_type": "Customer"} if owner else {}
        world.token(f"{name} vip", kind="sales_channel", market_ids=VIP, **who)
        world.token(f"{name} all", kind="sales_channel", **who)
    world.send("PATCH", "customers/cusAda", {}, customer_group=("customer_groups", "cgrVip"), expect=200)


def test_it_is_seen_and_used_by_the_customers_of_its_group_alone(fresh: World) -> None:
    private_market(fresh)
    for token in ("ada vip", "ada all", "bob vip", "bob all", "guest vip", "guest all"):
        enters = token.startswith("ada")
        shown = 200 if enters else 401
        for path in ("markets/mktVip", "prices/prcPlainVip", "skus/skuPlain", "payment_methods/pmtVip"):
            assert fresh.ask("GET", f"/api/{path}", token=token).status == shown, (token, path)
        assert ("skuPlain" in fresh.get("skus?page[size]=25", token=token).ids) is enters
        assert ("prcPlainVip" in fresh.get("prices?page[size]=25", token=token).ids) is enters
        assert fresh.filtered("skus", token, prices_amount_cents_eq="700") == (["skuPlain"] if enters else [])
        before = fresh.everything()
        market: dict[str, Any] = {"market": ("markets", "mktVip")}
        for related in (market, {}) if token.endswith("vip") else (market,):
            made = fresh.send("POST", "orders", {}, token=token, **related)
            if enters:
                assert made.status == 201
            else:
                assert (made.status, made.rules) == (422, [("/data/relationships/market", "blank")])
                assert fresh.everything() == before
    # A cart is not moved into it, and an order that names nobody of the group is not placed in it.
    moved = fresh.send("PATCH", "orders/ordDraft", {}, token="guest all", market=("markets", "mktVip"))
    assert (moved.status, moved.rules) == (422, [("/data/relationships/market", "blank")])
    fresh.send("PATCH", "orders/ordVip", {"customer_email": "bob@example.com"}, expect=200)
    fresh.send("POST", "line_items", {"sku_code": "plain", "quantity": 1}, order=("orders", "ordVip"), expect=201)
    placed = fresh.send("PATCH", "orders/ordVip", {"_place": True})
    assert ("/data/relationships/market", "invalid") in placed.rules
    fresh.send("PATCH", "orders/ordVip", {"customer_email": "ada@example.com"}, expect=200)
    placed = fresh.send("PATCH", "orders/ordVip", {"_place": True})
    assert placed.status == 422
    assert ("/data/relationships/market", "invalid") not in placed.rules


def test_whoever_leaves_the_group_is_out_and_nobody_lets_themselves_in(fresh: World) -> None:
    private_market(fresh)
    group: dict[str, Any] = {"customer_group": ("customer_groups", "cgrVip")}
    for token, id_ in (("bob all", "cusBob"), ("ada all", "cusAda")):
        refused = fresh.send("PATCH", f"customers/{id_}", {}, token=token, **group)
        assert (refused.status, refused.rules) == (422, [("/data/relationships/customer_group", "blank")])
    refused = fresh.send("POST", "customers", {"email": "new@example.com"}, token="guest all", **group)
    assert (refused.status, refused.rules) == (422, [("/data/relationships/customer_group", "blank")])
    assert fresh.get("customers/cusAda?include=customer_group", token="ada all").included == []
    assert fresh.get("customer_groups/cgrVip/customers").ids == ["cusAda"]
    assert fresh.get("customer_groups?include=customers,markets").included == [
        ("customers", "cusAda"), ("markets", "mktVip")
    ]  # fmt: skip
    assert fresh.filtered("customers", customer_group_id_in="cgrVip") == ["cusAda"]
    assert fresh.filtered("markets", customer_group_null="true") == ["mktEurope", "mktUsa"]
    assert fresh.filtered("markets", private_true="true") == ["mktVip"]
    for token in ("guest all", "ada all"):
        assert fresh.get("customer_groups", token=token, expect=401).status == 401
    fresh.send("PATCH", "customers/cusAda", {}, customer_group=None, expect=200)
    for path in ("markets/mktVip", "prices/prcPlainVip", "skus/skuPlain", "payment_methods/pmtVip"):
        fresh.get(path, token="ada vip", expect=401)
    # A group that a market or a customer needs stays; without its group the market is everybody's.
    assert fresh.ask("DELETE", "/api/customer_groups/cgrVip").status == 423
    told = fresh.send("PATCH", "markets/mktVip", {}, customer_group=None, expect=200)
    assert told.data["attributes"]["private"] is False
    fresh.get("markets/mktVip", token="guest vip")
    assert fresh.ask("DELETE", "/api/customer_groups/cgrVip").status == 204
