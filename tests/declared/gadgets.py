"""gadgets: things of two kinds, as nobody sells them. `test_new_type` puts this file among those of the catalog."""

from __future__ import annotations

from typing import Any

from paydesk.declare import (
    FILTER,
    FIND,
    READ_ACTIONS,
    WRITE,
    Access,
    Caller,
    boolean,
    eq,
    integer,
    money,
    string,
    to_many,
    to_one,
    trigger,
)
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work

ACCESS = Access(
    guest="SL",
    customer="CSLUD",
    guest_sees=eq("secret", False),
    customer_sees=eq("customer_id", Caller("owner_id")),
    customer_writes=eq("customer_id", Caller("owner_id")),
)


class Thing(Resource):
    """What all gadgets share."""

    name = string(WRITE | FIND, required=True, example="Corkscrew", doc="What people call it.")
    currency_code = string(WRITE | FIND, default="EUR", example="EUR", doc="Its currency.")
    price = money(WRITE | FIND, required=True, example=900, doc="What it costs.")
    secret = boolean(WRITE | FILTER, default=False, example=True, doc="Guests do not see it.")
    polished = integer(FIND, default=0, example=2, doc="How often it was polished.")
    sku = to_one("skus", WRITE | FIND, required=True)
    customer = to_one("customers", WRITE | FIND)
    badges = to_many("badges", flags=WRITE | FILTER, through="badge_holders")

    @trigger()
    def _polish(self, work: Work, value: Any) -> None:
        """Polish it."""
        work.change(self, polished=self.polished + 1)


class Gadget(Thing, type="gadgets", singular="gadget", actions=READ_ACTIONS, access=ACCESS):
    """Any gadget, read as what it shares with the others."""


class PocketGadget(Thing, type="pocket_gadgets", singular="pocket_gadget", family="gadgets", access=ACCESS):
    """One that fits into a pocket."""

    pockets = integer(WRITE | FILTER, example=1, doc="Into how many.")


class DeskGadget(Thing, type="desk_gadgets", singular="desk_gadget", family="gadgets", access=ACCESS):
    """One that stands on a desk."""


class GadgetBox(
    Resource, type="gadget_boxes", singular="gadget_box", access=Access(guest="S", guest_sees=eq("id", "-"))
):
    """What a gadget comes in."""

    gadget = to_one("gadgets", WRITE | FILTER, required=True)


class Badge(Resource, type="badges", singular="badge", unique=(("name",),), access=ACCESS.via("gadgets", guest="S")):
    """What a gadget wears."""

    name = string(WRITE | FIND, required=True, example="loud", doc="What it says.")
    gadgets = to_many("pocket_gadgets", flags=FILTER, through="badge_holders")


class BadgeHolder(
    Resource,
    type="badge_holders",
    singular="badge_holder",
    actions=(),
    versions=False,
    event_stores=False,
    unique=(("gadget_id", "gadget_type", "badge_id"),),
):
    """A badge on a gadget."""

    recorded = False

    gadget = to_one(("pocket_gadgets", "desk_gadgets"))
    badge = to_one("badges")
