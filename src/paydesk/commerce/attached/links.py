"""links: addresses that let into a cart, a sku or a list of skus, for a while."""

from __future__ import annotations

from paydesk.base.instants import later
from paydesk.commerce import periods
from paydesk.declare import CREATE, FILTER, FIND, WRITE, Access, derived, document, moment, string, to_one
from paydesk.rules.asking import Change
from paydesk.rules.resource import Disableable, switching
from paydesk.rules.work import Work

LIFETIME_SECONDS = 30 * 86_400.0
"""How long a link holds unless it says otherwise."""


def _url(domain: str | None, id: str) -> str | None:
    return f"https://{domain}/{id}" if domain else None


class Link(
    Disableable,
    type="links",
    singular="link",
    versions=False,
    access=Access(guest="S", customer="S"),
):
    """What an application of the shop's own needs to open a cart, a sku or a list of skus: for which client and scope,
    and from when until when. Source: Commerce Layer, "Links".
    """

    about = "item"

    name = string(WRITE | FIND, required=True, example="FW SALE 2023", doc="What people call it.")
    client_id = string(WRITE | FILTER, required=True, example="xxxx-yyyy-zzzz", doc="Of the sales channel.")
    scope = string(
        WRITE | FILTER,
        required=True,
        example="market:id:GhvCxsElAQ,market:id:kJhgVcxZDr",
        doc="For which the sales channel asks for a token.",
    )
    starts_at = moment(
        WRITE | FIND, example="2018-01-01T12:00:00.000Z", doc="From when it holds; at once unless given."
    )
    expires_at = moment(
        WRITE | FIND, example="2018-01-02T12:00:00.000Z", doc="When it holds no longer; after 30 days unless given."
    )
    active = derived("boolean", periods.INPUTS, periods.is_active, example=True, doc="It holds now.")
    status = derived(
        "string",
        periods.INPUTS,
        periods.status,
        enum=periods.STATUSES,
        example="pending",
        doc="Where it stands.",
    )
    domain = string(WRITE, example="commercelayer.link", doc="Where links are served; paydesk itself serves none.")
    url = derived(
        "string",
        ("domain", "id"),
        _url,
        example="https://commercelayer.link/ZXUtd2VzdC0xLzE5ZjBlMGVlLTg4OGMtNDQ1Yi1iYTA0LTg3MTUxY2FjZjFmYQ",
        doc="Its address; null without a domain.",
    )
    item_type = string(
        CREATE | FIND, enum=("orders", "skus", "sku_lists"), example="orders", doc="The type of its item."
    )
    params = document(WRITE | FILTER, example={"param1": "ABC", "param2": "XYZ"}, doc="What is handed on with it.")
    item = to_one(("orders", "sku_lists", "skus"), WRITE, required=True, doc="What it lets into.")

    @classmethod
    def creating(cls, change: Change, work: Work) -> Link:
        switching(change, work)
        values = change.values
        values["starts_at"] = values.get("starts_at") or work.now
        values["expires_at"] = values.get("expires_at") or later(values["starts_at"], LIFETIME_SECONDS)
        _check(values["starts_at"], values["expires_at"], work)
        return work.create(cls, **values)

    def updating(self, change: Change, work: Work) -> None:
        switching(change, work)
        _check(change.values.get("starts_at", self.starts_at), change.values.get("expires_at", self.expires_at), work)
        work.change(self, **change.values)


def _check(starts_at: str | None, expires_at: str | None, work: Work) -> None:
    if starts_at is not None and expires_at is not None and expires_at <= starts_at:
        work.invalid("expires_at", "greater_than", "must be after `starts_at`", value=expires_at)
        work.check()
