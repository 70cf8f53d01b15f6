"""Which skus a storefront is shown: those with a price and, where stock is counted, a stock item in its market."""

from collections.abc import Iterator
from typing import Any

import pytest

from paydesk.commerce.accounts.markets import Market
from paydesk.commerce.catalog.price_lists import PriceList
from paydesk.commerce.catalog.prices import Price
from paydesk.commerce.catalog.skus import Sku
from paydesk.commerce.inventory.inventory_models import InventoryModel
from paydesk.commerce.inventory.inventory_stock_locations import InventoryStockLocation
from paydesk.commerce.inventory.stock_items import StockItem
from paydesk.commerce.inventory.stock_locations import StockLocation
from tests.http.world import CATEGORY, World, world_at

EUR = {"currency_code": "EUR"}
PRICED = ("Stocked", "Emptied", "Elsewhere", "Unstocked", "Untracked")


@pytest.fixture(scope="module")
def world(module_database_url: str) -> Iterator[World]:
    """Two markets of one price list: Europe with an inventory model of one location, and another place without one."""
    with world_at(module_database_url) as made:
        stock = {"stl": "Turin", "other": "Utah"}
        made.write(
            "shop/test",
            *((StockLocation, f"{kind}Place", {"name": name, "number": number, "address_id": "adrTorino"})
              for number, (kind, name) in enumerate(stock.items(), 1)),
            (Market, "mktBare", {"name": "Bare", "code": "bare", "number": 9, "merchant_id": "merBrand",
                                 "price_list_id": "lstEur"}),
            (InventoryModel, "invEurope", {"name": "Europe"}),
            (InventoryStockLocation, "islTurin", {"priority": 1, "stock_location_id": "stlPlace",
                                                  "inventory_model_id": "invEurope"}),
            *((Sku, f"sku{name}", {"code": name, "name": name, "shipping_category_id": CATEGORY,
                                   "do_not_track": name == "Untracked"}) for name in (*PRICED, "Priceless")),
            *((Price, f"prc{name}", {"price_list_id": "lstEur", "sku_id": f"sku{name}", "sku_code": name,
                                     "amount_cents": 100, **EUR}) for name in PRICED),
            (StockItem, "itmStocked", {"sku_id": "skuStocked", "stock_location_id": "stlPlace", "quantity": 5}),
            (StockItem, "itmEmptied", {"sku_id": "skuEmptied", "stock_location_id": "stlPlace", "quantity": 0}),
            (StockItem, "itmElsewhere", {"sku_id": "skuElsewhere", "stock_location_id": "otherPlace", "quantity": 5}),
            (StockItem, "itmPriceless", {"sku_id": "skuPriceless", "stock_location_id": "stlPlace", "quantity": 5}),
        )  # fmt: skip
        made.send("PATCH", "markets/mktEurope", {}, inventory_model=("inventory_models", "invEurope"), expect=200)
        made.token("bare", kind="sales_channel", market_ids=("mktBare",))
        made.token("both", kind="sales_channel", market_ids=("mktBare", "mktUsa"))
        made.token("two", kind="sales_channel", market_ids=("mktEurope", "mktUsa"))
        made.token("all", kind="sales_channel")
        yield made


def shown(world: World, token: str) -> list[str]:
    names = world.get("skus?page[size]=25&filter[q][code_in]=" + ",".join((*PRICED, "Priceless")), token=token).data
    return sorted(one["attributes"]["code"] for one in names)


def test_it_has_a_price_and_where_stock_is_counted_a_stock_item(world: World) -> None:
    stocked = ["Emptied", "Stocked", "Untracked"]
    assert shown(world, "guest") == shown(world, "ada") == shown(world, "two") == stocked
    assert shown(world, "bare") == shown(world, "both") == shown(world, "all") == sorted(PRICED)
    assert shown(world, "bound") == sorted((*PRICED, "Priceless"))  # an integration's
    for name in (*PRICED, "Priceless"):
        assert world.ask("GET", f"/api/skus/sku{name}", token="guest").status == (200 if name in stocked else 401)
    # What a market does not sell is no more seen by what belongs to it.
    found = world.get("prices?include=sku&page[size]=25&filter[q][sku_code_in]=" + ",".join(PRICED), token="guest")
    assert sorted(id for type_, id in found.included) == [f"sku{name}" for name in stocked]
    assert world.get("skus/skuStocked?include=prices", token="guest").included == [("prices", "prcStocked")]


def test_a_price_list_of_the_hour_sells_in_place_of_the_markets_own(world: World) -> None:
    world.write(
        "shop/test",
        (PriceList, "lstSale", {"name": "Sale", **EUR}),
        (Price, "prcSale", {"price_list_id": "lstSale", "sku_id": "skuPriceless", "sku_code": "Priceless",
                            "amount_cents": 50, **EUR}),
    )  # fmt: skip
    when = {"name": "Sale", "starts_at": "2023-11-01T00:00:00Z", "expires_at": "2023-12-01T00:00:00Z"}
    related: dict[str, Any] = {"market": ("markets", "mktEurope"), "price_list": ("price_lists", "lstSale")}
    made = world.send("POST", "price_list_schedulers", when, **related, expect=201).data["id"]
    assert shown(world, "guest") == ["Priceless"]
    world.send("PATCH", f"price_list_schedulers/{made}", {"_disable": True}, expect=200)
    assert shown(world, "guest") == ["Emptied", "Stocked", "Untracked"]


def test_a_page_of_them_is_one_statement_more_for_each_include(world: World) -> None:
    assert world.counting(lambda: world.get("skus", token="guest")) == 1
    assert world.counting(lambda: world.get("skus?include=prices", token="guest")) == 2
