"""What a scope names beside public markets: private ones, stores and stock locations."""

from typing import Any

import pytest
from sqlalchemy import update

from paydesk.oauth.grants import JWT_BEARER
from paydesk.store.types import METADATA
from tests.acts.grants import assertion, bad_request, error_of
from tests.oauth.conftest import PASSWORD, Api


async def test_a_private_market_is_for_the_customers_of_its_group(api: Api) -> None:
    private: dict[str, Any] = {"scope": "market:code:private"}
    credentials: dict[str, Any] = {"username": "ada@example.com", "password": PASSWORD}
    asserted = {"assertion": assertion({"owner": {"type": "Customer", "id": "cusADAxxxx"}}), **private}
    for group, is_in in ((None, False), ("cgrOTHERxx", False), ("cgrVIPxxxx", True)):
        await move(api, group)
        for grant, given in (("password", credentials | private), (JWT_BEARER, asserted)):
            answer = await api.token("shop", grant, **given)
            assert answer.status_code == (200 if is_in else 400), (group, grant)
            assert is_in or error_of(answer) == bad_request("invalid_scope")
    # A wrong password is told before whose market it is.
    wrong = await api.token("shop", "password", **{**credentials, **private, "password": "wrong"})
    assert error_of(wrong) == bad_request("invalid_grant")
    # Whoever leaves the group is not let in again.
    first = await api.given("shop", "password", **credentials, **private)
    assert api.oauth.actor(first["access_token"], None).market_ids == ("mktPRIVATE",)
    second = await api.given("shop", "refresh_token", refresh_token=first["refresh_token"])
    await move(api, None)
    refused = await api.token("shop", "refresh_token", refresh_token=second["refresh_token"])
    assert error_of(refused) == bad_request("invalid_scope")


async def move(api: Api, group: str | None) -> None:
    """Put the customer into a group, or into none."""
    customers = METADATA.tables["customers"]
    moved = update(customers).where(customers.c.id == "cusADAxxxx").values(customer_group_id=group)
    await api.rows.run(f"move {group}", lambda: moved)


@pytest.mark.parametrize("scope", ["store:id:strROMExxx", "store:code:rome", "store:code:rome market:code:europe"])
async def test_a_store_brings_its_market(api: Api, scope: str) -> None:
    answer = await api.given("shop", "client_credentials", scope=scope)
    actor = api.oauth.actor(answer["access_token"], None)
    assert (answer["scope"], actor.store_id, actor.market_ids) == (scope, "strROMExxx", ("mktEUROPEx",))
    payload = api.oauth.tokens.read(answer["access_token"]).payload
    assert (payload["store"], payload["market"]["id"]) == ({"id": "strROMExxx"}, ["mktEUROPEx"])


async def test_stock_locations_stand_beside_markets(api: Api) -> None:
    scope = "market:code:europe stock_location:code:milano"
    actor = api.oauth.actor((await api.given("back", "client_credentials", scope=scope))["access_token"], None)
    assert (actor.market_ids, actor.stock_location_ids, actor.store_id) == (("mktEUROPEx",), ("stlMILANOx",), None)
