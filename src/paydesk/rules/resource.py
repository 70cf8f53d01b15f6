"""Resource: the one place where a type of the API is said. Table, decoder, routes, links, filters and pages follow."""

from __future__ import annotations

from typing import Any

from paydesk.declare.fields import FIND, WRITE, argument, moment
from paydesk.declare.shape import Limited
from paydesk.rules.asking import Change
from paydesk.rules.record import Record
from paydesk.rules.work import Work


class Resource(Record):
    """A type of the API: what clients see of its records, and what follows when they change them.

    Declared with `class Price(Resource, type="prices", singular="price")`.
    """

    @classmethod
    def limited(cls, verb: str, record_id: str | None, change: Change) -> Limited | None:
        """How a request is limited whatever the settings say; None for most, which are not."""
        return None

    # What happens when a client creates, changes or deletes a record. Types with rules of their own override these.

    @classmethod
    def creating(cls, change: Change, work: Work) -> Any:
        """Make the record that `change` asks for; returns it. May be a `Rule`."""
        return work.create(cls, **change.values)

    def updating(self, change: Change, work: Work) -> Any:
        """Assign what `change` carries; triggers run afterwards. May be a `Rule`."""
        work.change(self, **change.values)

    def updated(self, change: Change, work: Work) -> Any:
        """What follows once attributes are assigned and triggers have run. May be a `Rule`."""

    def deleting(self, work: Work) -> Any:
        """Delete the record, or refuse. May be a `Rule`."""
        work.delete(self)


class Disableable(Resource):
    """A record that can be switched off: `_disable` and `_enable` set and clear `disabled_at`."""

    disabled_at = moment(FIND, example="2018-01-01T12:00:00.000Z", doc="When it was switched off; null while on.")
    _disable = argument("boolean", WRITE, example=True, doc="Switch the record off.")
    _enable = argument("boolean", WRITE, example=True, doc="Switch it on again.")


def switching(change: Change, work: Work) -> None:
    """Turn `_disable` and `_enable` of a request into `disabled_at`; disabling twice keeps the first time."""
    if change.arguments.get("_disable") and not (change.record and change.record.disabled_at):
        change.values["disabled_at"] = work.now
    if change.arguments.get("_enable"):
        change.values["disabled_at"] = None
