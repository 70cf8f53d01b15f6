"""Who may do what: the tables of roles, on resources made for it and on those that are served."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from paydesk import commerce
from paydesk.base.actor import Actor
from paydesk.declare import ALWAYS, NEVER, Access, All, Caller, both, eq, string, within
from paydesk.oauth import permissions
from paydesk.oauth.permissions import caller_values, lists, may, reads_confidential, sees, writes
from paydesk.rules.resource import Resource

ACTS = ("create", "show", "list", "update", "delete")


class Parcel(
    Resource,
    type="test_parcels",
    singular="test_parcel",
    access=Access(
        guest="CSU",
        customer="CSLUD",
        guest_sees=eq("guest", True),
        customer_sees=ALWAYS,
        guest_writes=eq("status", "draft"),
        customer_writes=eq("owner_id", Caller("owner_id")),
        customer_lists=eq("owner_id", Caller("owner_id")),
        scope=within("market_id", Caller("market_ids")),
        sales_scope=eq("sold", True),
    ),
):
    """A resource that says something of everything."""

    status = string()
    secret = string(confidential=True)


class Closed(Resource, type="test_closed", singular="test_close", actions=("list", "retrieve", "update")):
    """A resource that says nothing."""


def actor(kind: str = "integration", **values: Any) -> Actor:
    return Actor(
        tenant="org/test",
        organization_id="org",
        slug="acme",
        live=False,
        kind=kind,  # type: ignore[arg-type]
        application_id="app",
        **values,
    )


GUEST = actor("sales_channel")
CUSTOMER = actor("sales_channel", owner_id="cus", owner_type="Customer")
INTEGRATION = actor()
ADMIN = actor("webapp", owner_id="usr", owner_type="User", role="admin")
READER = actor("webapp", owner_id="usr", owner_type="User", role="read_only")
WORKER = actor("worker")
MARKETS: dict[str, Any] = {"market_ids": ("m1", "m2")}


def acts(who: Actor, resource: type[Resource]) -> str:
    return "".join(act[0].upper() for act in ACTS if may(who, resource, act))


@pytest.mark.parametrize(
    ("who", "parcels", "closed"),
    [
        (GUEST, "CSU", ""),
        (CUSTOMER, "CSLUD", ""),
        (INTEGRATION, "CSLUD", "SLU"),
        (ADMIN, "CSLUD", "SLU"),
        (READER, "SL", "SL"),
        (WORKER, "CSLUD", "SLU"),
    ],
)
def test_who_may_do_what(who: Actor, parcels: str, closed: str) -> None:
    assert acts(who, Parcel) == parcels
    assert acts(who, Closed) == closed


SCOPE = within("market_id", Caller("market_ids"))
OWN = eq("owner_id", Caller("owner_id"))
SOLD = eq("sold", True)


@pytest.mark.parametrize(
    ("who", "seen", "listed", "written"),
    [
        (GUEST, eq("guest", True), eq("guest", True), both(eq("guest", True), eq("status", "draft"))),
        (CUSTOMER, None, OWN, OWN),
        (INTEGRATION, None, None, None),
        (ADMIN, None, None, None),
        (READER, None, None, NEVER),
        (WORKER, None, None, None),
    ],
)
def test_which_rows_without_markets(who: Actor, seen: Any, listed: Any, written: Any) -> None:
    assert (sees(who, Parcel), lists(who, Parcel), writes(who, Parcel)) == (seen, listed, written)


def scoped(who: Actor) -> Actor:
    return replace(who, **MARKETS)


def test_which_rows_with_markets() -> None:
    assert sees(scoped(GUEST), Parcel) == All((eq("guest", True), SCOPE, SOLD))
    assert sees(scoped(CUSTOMER), Parcel) == All((SCOPE, SOLD))
    assert lists(scoped(CUSTOMER), Parcel) == All((SCOPE, SOLD, OWN))
    assert writes(scoped(CUSTOMER), Parcel) == All((SCOPE, SOLD, OWN))
    assert sees(scoped(INTEGRATION), Parcel) == SCOPE
    assert writes(scoped(INTEGRATION), Parcel) == SCOPE
    assert sees(scoped(ADMIN), Parcel) == SCOPE
    assert writes(scoped(READER), Parcel) == NEVER


def test_what_no_sales_channel_reaches() -> None:
    for who in (GUEST, CUSTOMER, scoped(GUEST), scoped(CUSTOMER)):
        assert sees(who, Closed) == lists(who, Closed) == writes(who, Closed) == NEVER
    assert sees(INTEGRATION, Closed) is None


def test_confidential_values() -> None:
    assert [reads_confidential(who) for who in (GUEST, CUSTOMER, INTEGRATION, ADMIN, READER)] == [
        False,
        False,
        True,
        True,
        False,
    ]


def test_what_conditions_are_told_of_the_caller() -> None:
    assert caller_values(scoped(CUSTOMER)) == {
        "owner_id": "cus",
        "trusted_at": None,
        "market_ids": ("m1", "m2"),
        "store_ids": (),
        "stock_location_ids": (),
        "application_id": "app",
        "organization_id": "org",
        "custom_claim": None,
        "enters": (False,),
    }
    assert caller_values(GUEST)["market_ids"] == ()


def test_answers_are_kept() -> None:
    sees(GUEST, Parcel)
    before = permissions._sees.cache_info().misses  # type: ignore[attr-defined]
    assert sees(GUEST, Parcel) is sees(actor("sales_channel"), Parcel)
    assert permissions._sees.cache_info().misses == before  # type: ignore[attr-defined]


PAGE = Path(__file__).with_name("permissions.txt")
TYPES = commerce.registry().types
ROLES = {"guest": GUEST, "customer": CUSTOMER, "integration": INTEGRATION, "read only": READER}


def page() -> str:
    """What each kind of client may do with each type, as it is declared: create, show, list, update, delete."""
    lines = [f"{'':28}" + "".join(f"{role:13}" for role in ROLES)]
    for name, resource in TYPES.items():
        lines.append(f"{name:28}" + "".join(f"{acts(who, resource) or '-':13}" for who in ROLES.values()))
    return "".join(f"{line.rstrip()}\n" for line in lines)


def test_who_may_do_what_is_what_was_reviewed() -> None:
    """The page is compared with the public documentation by whoever changes it: `make permissions` prints it anew."""
    assert page() == PAGE.read_text()


@pytest.mark.parametrize("type", [name for name, one in TYPES.items() if acts(GUEST, one) == acts(CUSTOMER, one) == ""])
def test_what_a_sales_channel_does_not_reach_has_no_rows_for_it(type: str) -> None:
    resource = commerce.registry()[type]
    assert sees(GUEST, resource) == sees(CUSTOMER, resource) == NEVER


@pytest.mark.parametrize("type", list(TYPES))
def test_an_integration_may_do_all_that_is_served(type: str) -> None:
    resource = commerce.registry()[type]
    served = {"create": "create", "show": "retrieve", "list": "list", "update": "update", "delete": "delete"}
    assert [act for act in ACTS if may(INTEGRATION, resource, act)] == [
        act for act in ACTS if served[act] in resource.shape.actions
    ]
    assert sees(INTEGRATION, resource) is None


if __name__ == "__main__":
    PAGE.write_text(page())
