"""Attachments of records of every type that bears them, and who is shown them."""

from functools import partial
from typing import Any

from tests.http.world import World

ABOUT = {
    "customers": ("cusAda", "ada"),
    "markets": ("mktEurope", "guest"),
    "merchants": ("merBrand", None),
    "orders": ("ordDraft", "guest"),
    "payment_methods": ("pmtCard", "guest"),
    "price_lists": ("lstEur", None),
    "prices": ("prcAlphaEur", "guest"),
    "shipping_categories": ("catGoods", None),
    "skus": ("skuAlpha", "guest"),
}
"""A record of each type, and which sales channel reads it."""


def note(world: World, type_: str, id_: str, **more: Any) -> str:
    said = {"name": "note", "description": "text", "url": "https://files.example/a.pdf", **more}
    made: str = world.send("POST", "attachments", said, attachable=(type_, id_), expect=201).data["id"]
    return made


def test_every_type_bears_them_and_they_are_shown_with_its_records(fresh: World) -> None:
    for type_, (id_, reader) in ABOUT.items():
        path = f"{type_}/{id_}"
        bare = fresh.counting(partial(fresh.get, path))
        made = note(fresh, type_, id_)
        told = fresh.get(f"attachments/{made}?include=attachable").document
        assert told["data"]["relationships"]["attachable"]["data"] == {"type": type_, "id": id_}
        assert told["data"]["attributes"]["description"] == "text"
        assert fresh.get(f"{path}/attachments").ids == [made]
        assert fresh.get(f"{path}?include=attachments").included == [("attachments", made)]
        assert fresh.filtered(type_, attachments_name_eq="note") == [id_]
        for token in ("guest", "ada"):
            seen = reader in ("guest", token)
            assert fresh.ask("GET", f"/api/attachments/{made}", token=token).status == (200 if seen else 401), type_
            listed = fresh.ask("GET", f"/api/{path}/attachments", token=token)
            assert (listed.status, listed.ids if seen else []) == ((200, [made]) if seen else (401, []))
            assert fresh.ask("PATCH", f"/api/attachments/{made}", {}, token=token).status == 401
            assert fresh.get("attachments", token=token, expect=401).status == 401
        assert fresh.counting(partial(fresh.get, path)) == bare
    # Another's, and what another market sells.
    for type_, id_ in (("orders", "ordFull"), ("customers", "cusBob"), ("skus", "skuPercent"), ("markets", "mktUsa")):
        assert fresh.get(f"attachments/{note(fresh, type_, id_)}", token="guest", expect=401).status == 401
    # A note about an order is a child of the order for a token that is bound to a market.
    own, others = note(fresh, "orders", "ordOld"), note(fresh, "orders", "ordPlaced")
    fresh.get(f"attachments/{own}", token="bound")
    fresh.get(f"attachments/{others}", token="bound", expect=401)


def test_they_are_changed_deleted_and_have_to_be_about_something(fresh: World) -> None:
    made = note(fresh, "orders", "ordDraft", reference_origin="app-orders--note")
    fresh.send(
        "PATCH", f"attachments/{made}", {"name": "other", "url": None}, attachable=("skus", "skuAlpha"), expect=200
    )
    assert (fresh.get("orders/ordDraft/attachments").ids, fresh.get("skus/skuAlpha/attachments").ids) == ([], [made])
    before = fresh.everything()
    answer = fresh.send("POST", "attachments", {"description": "text"}, expect=422)
    assert answer.rules == [("/data/attributes/name", "blank"), ("/data/relationships/attachable", "blank")]
    answer = fresh.send("PATCH", f"attachments/{made}", {}, attachable=None, expect=422)
    assert answer.rules == [("/data/relationships/attachable", "blank")]
    answer = fresh.send("POST", "attachments", {"name": "x"}, attachable=("addresses", "adrTorino"), expect=400)
    assert answer.errors == [("400", "TYPE_MISMATCH", "/data/relationships/attachable")]
    assert fresh.everything() == before
    assert fresh.ask("DELETE", f"/api/attachments/{made}").status == 204
    assert fresh.get("skus/skuAlpha/attachments").ids == []
