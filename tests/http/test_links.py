"""Links: where they lead, from when until when, and who is shown them."""

from tests.http.world import World

LINK = {"name": "Sale", "client_id": "client", "scope": "market:id:mktEurope"}


def test_a_link_holds_for_a_while_and_can_be_switched_off(fresh: World) -> None:
    made = fresh.send("POST", "links?include=item", LINK, item=("skus", "skuAlpha"), expect=201).data
    assert made["relationships"]["item"]["data"] == {"type": "skus", "id": "skuAlpha"}
    told = made["attributes"]
    assert {name: told[name] for name in ("item_type", "status", "active", "url", "domain", "params")} == {
        "item_type": "skus", "status": "active", "active": True, "url": None, "domain": None, "params": None
    }  # fmt: skip
    assert (told["starts_at"], told["expires_at"]) == ("2023-11-14T22:13:20.000Z", "2023-12-14T22:13:20.000Z")
    path = f"links/{made['id']}"
    for given, status in (
        ({"starts_at": "2023-11-20T00:00:00Z"}, "pending"),
        ({"starts_at": "2023-11-01T00:00:00Z", "expires_at": "2023-11-10T00:00:00Z"}, "expired"),
        ({"expires_at": "2023-12-10T00:00:00Z"}, "active"),
        ({"_disable": True}, "disabled"),
        ({"_enable": True}, "active"),
    ):
        told = fresh.send("PATCH", path, given, expect=200).data["attributes"]
        assert (told["status"], told["active"]) == (status, status == "active")
    told = fresh.send("PATCH", path, {"domain": "go.example", "params": {"a": "b"}}, expect=200).data["attributes"]
    assert (told["url"], told["params"]) == (f"https://go.example/{made['id']}", {"a": "b"})
    refused = fresh.send("PATCH", path, {"expires_at": "2023-10-01T00:00:00Z"}, expect=422)
    assert refused.rules == [("/data/attributes/expires_at", "greater_than")]
    refused = fresh.send("POST", "links", {"name": "x"}, expect=422)
    assert sorted(refused.rules) == [
        ("/data/attributes/client_id", "blank"),
        ("/data/attributes/scope", "blank"),
        ("/data/relationships/item", "blank"),
    ]
    assert fresh.get("skus/skuAlpha/links?sort=-created_at").ids == [made["id"]]
    assert fresh.ask("DELETE", f"/api/{path}").status == 204


def test_a_sales_channel_is_shown_those_of_what_it_reads(fresh: World) -> None:
    made = {}
    for type_, id_ in (("skus", "skuAlpha"), ("skus", "skuPercent"), ("orders", "ordDraft"), ("orders", "ordFull")):
        made[id_] = fresh.send("POST", "links", LINK, item=(type_, id_), expect=201).data["id"]
    for token, seen in (("guest", {"skuAlpha", "ordDraft"}), ("ada", {"skuAlpha", "ordDraft", "ordFull"})):
        for id_, link in made.items():
            assert fresh.ask("GET", f"/api/links/{link}", token=token).status == (200 if id_ in seen else 401)
        assert fresh.get("links", token=token, expect=401).status == 401
        assert fresh.get("orders/ordDraft?include=links", token=token).included == [("links", made["ordDraft"])]
        assert fresh.send("PATCH", f"links/{made['skuAlpha']}", {"name": "x"}, token=token).status == 401
