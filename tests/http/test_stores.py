"""Stores: their orders and ways to pay, and what a token with a store in its scope reads and writes."""

from typing import Any

from paydesk.commerce.accounts.stores import Store
from paydesk.commerce.orders.orders import Order
from paydesk.commerce.payments.payment_methods import PaymentMethod
from tests.http.world import World

EUR = {"currency_code": "EUR"}
CARD = {"payment_source_type": "stripe_payments", "payment_gateway_id": "gtwStripe", "price_amount_cents": 0, **EUR}


def furnished(world: World) -> None:
    """Two stores in Europe, the first with a payment method of its own; a token for each, and an integration's."""
    pending = {"status": "pending", "market_id": "mktEurope", "guest": True, "payable_in": "EUR", **EUR}
    world.write(
        "shop/test",
        (Store, "strRome", {"name": "Rome", "code": "rome", "market_id": "mktEurope", "merchant_id": "merBrand"}),
        (Store, "strOslo", {"name": "Oslo", "code": "oslo", "market_id": "mktEurope"}),
        (Store, "strUtah", {"name": "Utah", "code": "utah", "market_id": "mktUsa"}),
        (PaymentMethod, "pmtRome", {"name": "Rome's card", "market_id": "mktEurope", "store_id": "strRome", **CARD}),
        (Order, "ordRome", {"number": "301", "store_id": "strRome", **pending}),
        (Order, "ordOslo", {"number": "302", "store_id": "strOslo", **pending}),
    )
    of: dict[str, Any] = {"market_ids": ("mktEurope",)}
    for store in ("Rome", "Oslo"):
        world.token(store.lower(), kind="sales_channel", store_id=f"str{store}", **of)
        world.token(f"till {store.lower()}", store_id=f"str{store}", **of)


def test_a_token_with_a_store_reads_and_makes_the_orders_of_the_store(fresh: World) -> None:
    furnished(fresh)
    assert fresh.get("orders?page[size]=25", token="till rome").ids == ["ordRome"]
    for path, status in (("orders/ordRome", 200), ("orders/ordOslo", 401), ("orders/ordDraft", 401)):
        for token in ("rome", "till rome"):
            fresh.get(path, token=token, expect=status)
            fresh.get(f"{path}/line_items", token=token, expect=status)
    for token in ("rome", "till rome"):
        made = fresh.send("POST", "orders?include=store,market", {}, token=token, expect=201)
        link = made.data["relationships"]["store"]["data"]
        assert link == {"type": "stores", "id": "strRome"}
        others = fresh.send("POST", "orders", {}, token=token, store=("stores", "strOslo"))
        assert (others.status, others.rules[0][0]) == (422, "/data/relationships/store")
        left = fresh.send("PATCH", f"orders/{made.data['id']}", {}, token=token, store=None)
        assert (left.status, left.rules) == (422, [("/data/relationships/store", "invalid")])
    assert len(fresh.get("stores/strRome/orders?page[size]=25").ids) == 3
    # A store sells for its own market, whoever asks.
    for market, store in (("mktEurope", "strUtah"), ("mktUsa", "strRome")):
        refused = fresh.send("POST", "orders", {}, market=("markets", market), store=("stores", store))
        assert (refused.status, refused.rules) == (422, [("/data/relationships/store", "invalid")])
    assert fresh.send("PATCH", "orders/ordDraft", {}, store=("stores", "strUtah")).status == 422
    fresh.send("PATCH", "orders/ordDraft", {}, store=("stores", "strOslo"), expect=200)
    assert fresh.filtered("orders", store_code_eq="oslo", number_in="103,302") == ["ordDraft", "ordOslo"]


def test_orders_of_a_store_are_offered_its_methods_where_it_has_any(fresh: World) -> None:
    furnished(fresh)

    def offered(order: str) -> list[str]:
        return sorted(fresh.get(f"orders/{order}/available_payment_methods").ids)

    def takes(order: str, method: str) -> bool:
        answer = fresh.send("PATCH", f"orders/{order}", {}, payment_method=("payment_methods", method))
        assert answer.status == 200 or answer.rules == [("/data/relationships/payment_method", "invalid")]
        return answer.status == 200

    assert (offered("ordRome"), offered("ordOslo"), offered("ordFull")) == (["pmtRome"], ["pmtCard"], ["pmtCard"])
    assert [takes("ordRome", one) for one in ("pmtCard", "pmtRome")] == [False, True]
    assert [takes("ordOslo", one) for one in ("pmtRome", "pmtCard")] == [False, True]
    assert [takes("ordFull", one) for one in ("pmtRome", "pmtCard")] == [False, True]
    for token, seen in (("rome", "pmtRome"), ("oslo", "pmtCard")):
        for method in ("pmtRome", "pmtCard"):
            fresh.get(f"payment_methods/{method}", token=token, expect=200 if method == seen else 401)
    # A method that is switched off is none of the store's.
    fresh.send("PATCH", "payment_methods/pmtRome", {"_disable": True}, expect=200)
    fresh.send("PATCH", "payment_methods/pmtCard", {"_enable": True}, expect=200)
    assert takes("ordRome", "pmtCard")
    fresh.get("payment_methods/pmtCard", token="rome")


def test_a_store_is_shown_within_the_scope_and_stays_while_it_has_orders(fresh: World) -> None:
    furnished(fresh)
    for token, path, status in (
        ("guest", "stores/strRome", 200),
        ("guest", "stores/strUtah", 401),
        ("guest", "stores", 401),
        ("rome", "stores/strRome", 200),
        ("bound", "stores/strUtah", 401),
    ):
        fresh.get(path, token=token, expect=status)
    assert fresh.get("stores/strRome?include=market,merchant,payment_methods,stock_location").included == [
        ("markets", "mktEurope"), ("merchants", "merBrand"), ("payment_methods", "pmtRome")
    ]  # fmt: skip
    assert fresh.get("markets/mktEurope/stores?sort=name").ids == ["strOslo", "strRome"]
    assert fresh.ask("DELETE", "/api/stores/strRome").status == 423
    assert fresh.ask("DELETE", "/api/stores/strUtah").status == 204
    refused = fresh.send("POST", "stores", {"name": "x", "code": "rome"}, market=("markets", "mktUsa"))
    assert (refused.status, refused.rules) == (422, [("/data/attributes/code", "taken")])
    refused = fresh.send("POST", "stores", {"name": "x"})
    assert (refused.status, refused.rules) == (422, [("/data/relationships/market", "blank")])
