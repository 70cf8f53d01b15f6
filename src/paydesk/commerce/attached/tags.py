"""tags: short names that records are gathered by."""

from __future__ import annotations

import re

from paydesk.declare import FIND, WRITE, Access, string, to_many
from paydesk.rules.asking import Change
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work

LONGEST_NAME = 25

_NAME = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


class Tag(
    Resource,
    type="tags",
    singular="tag",
    versions=False,
    unique=(("name",),),
    access=Access(guest="S", customer="S"),
):
    """A name that records of many types bear, each ten of them at most. A sales channel is shown those of
    records that it may read, and writes none. Source: Commerce Layer, "Tags".
    """

    about = "taggings.taggable"

    name = string(
        WRITE | FIND,
        required=True,
        max_length=LONGEST_NAME,
        example="new_campaign",
        doc="Unique; letters, digits, `_` and `-`.",
    )
    taggings = to_many("taggings", by="tag", hidden=True)

    @classmethod
    def creating(cls, change: Change, work: Work) -> Tag:
        _check(change, work)
        return work.create(cls, **change.values)

    def updating(self, change: Change, work: Work) -> None:
        _check(change, work)
        work.change(self, **change.values)


def _check(change: Change, work: Work) -> None:
    name = change.values.get("name")
    if name is not None and not _NAME.fullmatch(name):
        work.invalid("name", "invalid", value=name)
        work.check()
