"""price_list_schedulers: the price list that a market has for a while, in place of its own."""

from __future__ import annotations

from typing import Any

from paydesk.commerce import periods
from paydesk.commerce.accounts.markets import held_lists
from paydesk.declare import (
    FIND,
    WRITE,
    Caller,
    Condition,
    Own,
    Rule,
    Test,
    Without,
    both,
    derived,
    either,
    eq,
    moment,
    null,
    string,
    to_many,
    to_one,
)
from paydesk.rules.asking import Change, Find
from paydesk.rules.resource import Disableable, switching
from paydesk.rules.work import Work


class PriceListScheduler(Disableable, type="price_list_schedulers", singular="price_list_scheduler"):
    """A price list that replaces the market's from one instant up to another. Of several that are active the one that
    began last counts. Source: Commerce Layer, "Price list schedulers".
    """

    root = "market"
    loads = ("market", "price_list")

    name = string(WRITE | FIND, required=True, example="FW SALE 2023", doc="What people call it.")
    starts_at = moment(WRITE | FIND, required=True, example="2018-01-01T12:00:00.000Z", doc="From when it holds.")
    expires_at = moment(WRITE | FIND, required=True, example="2018-01-02T12:00:00.000Z", doc="When it holds no longer.")
    active = derived("boolean", periods.INPUTS, periods.is_active, example=True, doc="It holds now.")
    status = derived(
        "string",
        periods.INPUTS,
        periods.status,
        enum=periods.STATUSES,
        example="pending",
        doc="Where it stands now.",
    )
    market = to_one("markets", WRITE | FIND, required=True)
    price_list = to_one("price_lists", WRITE | FIND, required=True)
    list_prices = to_many("prices", match=eq("price_list_id", Own("price_list_id")), hidden=True)
    events = to_many("events", by="resource")
    successors = to_many(
        "price_list_schedulers",
        match=both(
            eq("market_id", Own("market_id")),
            either(
                Test("starts_at", "gt", Own("starts_at")),
                both(eq("starts_at", Own("starts_at")), Test("created_at", "gt", Own("created_at"))),
                both(
                    eq("starts_at", Own("starts_at")),
                    eq("created_at", Own("created_at")),
                    Test("id", "gt", Own("id")),
                ),
            ),
        ),
        hidden=True,
    )

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        switching(change, work)
        market, prices = change.related["market"], change.related["price_list"]
        yield from _check(change.values, market, prices, work)
        made = work.create(cls, **change.values)
        yield from _told(market, made, work)
        return made

    def updating(self, change: Change, work: Work) -> Rule:
        switching(change, work)
        market = change.related.get("market") or self.market
        prices = change.related.get("price_list") or self.price_list
        times = {"starts_at": self.starts_at, "expires_at": self.expires_at}
        yield from _check({**times, **change.values}, market, prices, work)
        work.change(self, **change.values)
        yield from _told(market, self, work)
        if market.id != self.market.id:
            yield from _told(self.market, self, work, gone=True)

    def deleting(self, work: Work) -> Rule:
        yield from _told(self.market, self, work, gone=True)
        work.delete(self)


def _check(values: dict[str, Any], market: Any, prices: Any, work: Work) -> Rule:
    """raises   Invalid where it ends before it begins, or its prices are not such as the market's carts hold"""
    if values["expires_at"] <= values["starts_at"]:
        work.invalid("expires_at", "greater_than", "must be after `starts_at`", value=values["expires_at"])
    lists = yield from held_lists(prices.id, market.price_list_id)
    prices, own = lists[prices.id], lists[market.price_list_id]
    if prices.currency_code != own.currency_code:
        work.invalid("price_list", "currency_mismatch", "has another currency than the market's price list")
    elif prices.tax_included != own.tax_included:
        work.invalid("price_list", "tax_mismatch", "differs from the market's price list in `tax_included`")
    work.check()


def _told(market: Any, scheduler: PriceListScheduler, work: Work, *, gone: bool = False) -> Rule:
    """Have a market keep until when it may have another price list, so that carts of others look for none."""
    all_ = yield Find(PriceListScheduler, eq("market_id", market.id), many=True)
    known = [one for one in all_ if one.id != scheduler.id] + ([] if gone else [scheduler])
    ends = [one.expires_at for one in known if one.disabled_at is None]
    work.change(market, schedulers_changed_at=work.now, scheduled_until=max(ends, default=None))


def price_list_of(market: Any, work: Work) -> Rule:
    """The id of the price list that a market sells by now."""
    until = market.scheduled_until
    if until is None or until <= work.now:
        return market.price_list_id
    found = yield Find(PriceListScheduler, both(eq("market_id", market.id), *_active(work.now)), many=True)
    last = max(found, key=lambda one: (one.starts_at, one.created_at, one.id), default=None)
    return last.price_list_id if last is not None else market.price_list_id


def _active(now: Any) -> tuple[Test, ...]:
    return (Test("starts_at", "lteq", now), Test("expires_at", "gt", now), null("disabled_at"))


ACTIVE = _active(Caller("now"))
"""What a scheduler fulfils while it is active."""

IN_FORCE: tuple[Condition, ...] = (*ACTIVE, Without(ACTIVE, "successors", "price_list_schedulers"))
"""What it fulfils while its market sells by its list: of several that are active the one that began last counts."""
