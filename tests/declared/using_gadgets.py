"""What a client does with gadgets: `python -m tests.declared.using_gadgets URL`, on a migrated database."""

import asyncio
import sys
from typing import Any

from paydesk import commerce
from paydesk.store import migrate
from paydesk.store.records import tables
from tests import first_release
from tests.acts.schemas import differences, on
from tests.first_release import FACTS
from tests.http.world import World


def main(url: str) -> None:
    tables.build(commerce.registry())
    assert migrate.upgrade(url) == migrate.head()
    assert on(url, differences) == []
    loop = asyncio.new_event_loop()
    world = World(url, loop)
    organization = first_release.rows("markets")[0]["tenant"].partition("/")[0]
    (customer,) = [row["id"] for row in first_release.rows("customers") if row["password_hash"]][:1]
    market = (FACTS["market"]["id"],)
    world.token("acme", slug=organization)
    world.token("guest", slug=organization, kind="sales_channel", market_ids=market)
    world.token("owner", slug=organization, kind="sales_channel", owner_id=customer, owner_type="Customer")
    try:
        use(world, customer)
    finally:
        world.close()
        loop.close()


def use(world: World, customer: str) -> None:
    sku = world.get("skus", token="acme").data[0]

    def made(type: str, attributes: dict[str, Any], token: str = "acme", **related: Any) -> str:
        return str(world.send("POST", type, attributes, token=token, expect=201, **related).data["id"])

    of_sku: dict[str, Any] = {"sku": ("skus", sku["id"])}
    answer = world.send("POST", "pocket_gadgets", {"pockets": "many"}, token="acme", expect=422)
    assert answer.rules == [
        ("/data/attributes/pockets", "not_a_number"),
        ("/data/attributes/name", "blank"),
        ("/data/attributes/price_cents", "blank"),
        ("/data/relationships/sku", "blank"),
    ]
    loud, small = (("badges", made("badges", {"name": name})) for name in ("loud", "small"))
    whistle = made("pocket_gadgets", {"name": "Whistle", "price_cents": 1250}, badges=[loud, small], **of_sku)
    lamp = made("desk_gadgets", {"name": "Lamp", "price_cents": 9900, "secret": True}, badges=[loud], **of_sku)
    own = made(
        "pocket_gadgets", {"name": "Key", "price_cents": 1}, token="owner", customer=("customers", customer), **of_sku
    )

    told = world.get(f"pocket_gadgets/{whistle}?include=badges,sku", token="acme")
    attributes = told.data["attributes"]
    assert {name: attributes[name] for name in ("price_cents", "price_float", "formatted_price")} == {
        "price_cents": 1250,
        "price_float": 12.5,
        "formatted_price": "€12,50",
    }
    assert sorted(told.included) == sorted([loud, small, ("skus", sku["id"])])
    # The family, and who is of it.
    assert sorted(world.get("gadgets", token="acme").ids) == sorted([whistle, lamp, own])
    assert world.get(f"gadgets/{lamp}", token="acme").data["type"] == "gadgets"
    box = made("gadget_boxes", {}, gadget=("desk_gadgets", lamp))
    assert world.get(f"gadget_boxes/{box}?include=gadget", token="acme").included == [("gadgets", lamp)]

    # Filters through what it is related to.
    def found(type: str, **asked: str) -> list[str]:
        return sorted(world.filtered(type, token="acme", **asked))

    assert found("pocket_gadgets", badges_name_eq="loud", sku_code_eq=sku["attributes"]["code"]) == [whistle]
    assert found("desk_gadgets", badges_name_in="small,quiet") == []
    assert found("badges", gadgets_name_start="Whis") == sorted([loud[1], small[1]])
    # The trigger, the set replaced, and its history.
    polished = world.send(
        "PATCH", f"pocket_gadgets/{whistle}", {"_polish": True}, badges=[small], token="acme", expect=200
    )
    assert polished.data["attributes"]["polished"] == 1
    assert world.get(f"pocket_gadgets/{whistle}/badges", token="acme").ids == [small[1]]
    versions = world.get(f"gadgets/{whistle}/versions", token="acme").data
    assert sorted(one["attributes"]["event"] for one in versions) == ["create", "update"]
    # A guest and a customer.
    assert sorted(world.get("pocket_gadgets", token="guest").ids) == sorted([whistle, own])
    assert world.get(f"desk_gadgets/{lamp}", token="guest", expect=401).errors[0][1] == "UNAUTHORIZED"
    assert world.send("POST", "pocket_gadgets", {"name": "x"}, token="guest").status == 401
    assert world.get("pocket_gadgets", token="owner").ids == [own]
    world.send("PATCH", f"pocket_gadgets/{own}", {"name": "Ring", "_polish": True}, token="owner", expect=200)
    assert world.send("PATCH", f"pocket_gadgets/{whistle}", {"name": "mine"}, token="owner").status == 401
    assert world.ask("DELETE", f"/api/pocket_gadgets/{own}", token="owner").status == 204
    assert world.get("gadgets?include=badges", token="acme").status == 200
    # It is described like the others.
    assert {"gadgets", "pocket_gadgets", "badges"} <= set(world.registry.types)


if __name__ == "__main__":
    main(sys.argv[1])
