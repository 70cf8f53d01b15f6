"""What an assertion's token may do: never more than its application, whoever its owner is."""

from typing import Any

import pytest

from paydesk import commerce
from paydesk.base.actor import Actor
from paydesk.oauth import permissions
from paydesk.oauth.grants import JWT_BEARER
from tests.acts.grants import assertion, bad_request, error_of, payload_of
from tests.oauth.conftest import TENANT, Api, add_application

CUSTOMER = {"type": "Customer", "id": "cusADAxxxx"}
ADMIN = {"type": "User", "id": "usrADMINxx"}
READER = {"type": "User", "id": "usrREADERx"}
CLAIM = {"tier": "gold"}


async def bearer(api: Api, id: str, claims: dict[str, Any]) -> tuple[Actor, Actor]:
    """Who bears the token that an assertion gives, and who bears the one that it is refreshed to."""
    answer = await api.given(id, JWT_BEARER, assertion=assertion(claims))
    again = await api.given(id, "refresh_token", refresh_token=answer["refresh_token"])
    return api.oauth.actor(answer["access_token"], None), api.oauth.actor(again["access_token"], None)


def may(actor: Actor, type: str) -> set[str]:
    resource = commerce.registry()[type]
    return {act for act in ("create", "show", "list", "update", "delete") if permissions.may(actor, resource, act)}


EVERYTHING = {"create", "show", "list", "update", "delete"}


@pytest.mark.parametrize(
    ("id", "owner", "orders", "gateways"),
    [
        ("desk", None, {"show", "list"}, {"show", "list"}),
        ("desk", CUSTOMER, {"show", "list"}, {"show", "list"}),
        ("desk", READER, {"show", "list"}, {"show", "list"}),
        ("desk", ADMIN, EVERYTHING, EVERYTHING),
        ("chief", None, EVERYTHING, EVERYTHING),
        ("chief", CUSTOMER, EVERYTHING, EVERYTHING),
        ("chief", READER, {"show", "list"}, {"show", "list"}),
        ("shop", None, {"create", "show", "update"}, set()),
        ("shop", ADMIN, {"create", "show", "update"}, set()),
        ("shop", CUSTOMER, {"create", "show", "list", "update"}, set()),
        ("back", None, EVERYTHING, EVERYTHING),
        ("back", READER, EVERYTHING, EVERYTHING),
        ("back", CUSTOMER, EVERYTHING, EVERYTHING),
    ],
)
async def test_an_owner_never_widens_what_the_application_may_do(
    api: Api, id: str, owner: dict[str, str] | None, orders: set[str], gateways: set[str]
) -> None:
    await add_application(api.rows, TENANT, "chief", "webapp", redirect_uri="https://x.example", role="admin")
    claims = {"custom_claim": CLAIM} | ({"owner": owner} if owner else {})
    for actor in await bearer(api, id, claims):
        assert (may(actor, "orders"), may(actor, "stripe_gateways")) == (orders, gateways)
        assert actor.custom_claim == CLAIM
        assert (actor.who.get("owner") or {}).get("id") == (owner and owner["id"])
        # Only who shops with the token is a customer to the rules.
        assert actor.customer_id == (owner["id"] if (id, owner) == ("shop", CUSTOMER) else None)


async def test_a_user_who_only_reads_is_told_nothing_confidential_by_a_web_application_alone(api: Api) -> None:
    for id, owner, told in (("desk", READER, False), ("back", READER, True), ("shop", ADMIN, False)):
        actor, _ = await bearer(api, id, {"owner": owner})
        assert permissions.reads_confidential(actor) is told


async def test_the_role_of_an_application_stands_in_no_other_token(api: Api) -> None:
    given = await api.given("desk", JWT_BEARER, assertion=assertion({"custom_claim": CLAIM}))
    assert payload_of(given["access_token"])["role"] == "read_only"
    for id, owner in (("desk", ADMIN), ("shop", CUSTOMER), ("back", ADMIN)):
        given = await api.given(id, JWT_BEARER, assertion=assertion({"owner": owner}))
        assert "role" not in payload_of(given["access_token"])


async def test_an_assertion_that_claims_nothing_is_refused_in_the_documented_words(api: Api) -> None:
    for claims in ({}, {"owner": None, "custom_claim": {}}):
        refused = await api.token("desk", JWT_BEARER, assertion=assertion(claims))
        assert error_of(refused) == bad_request("invalid_assertion")
        assert refused.json()["errors"][0]["detail"] == "The provided assertion is invalid."


async def test_an_integrations_own_credentials_give_no_refresh_token(api: Api) -> None:
    assert "refresh_token" not in await api.given("back", "client_credentials")
    refused = await api.token("back", JWT_BEARER, secret=False, assertion=assertion({"owner": ADMIN}))
    assert refused.status_code == 401
