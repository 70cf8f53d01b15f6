"""Types that no shop has, put beside those that are served: what a declaration can say, tried on real databases."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine

from paydesk import commerce
from paydesk.declare import ALWAYS, CREATE, FILTER, FIND, NONE, WRITE, Access, eq, string, to_many, to_one
from paydesk.rules.registry import Registry, register
from paydesk.rules.resource import Resource
from paydesk.store.records import tables
from paydesk.store.records.sessions import know_tables
from paydesk.store.types import METADATA
from tests.http.world import World

OPEN = Access(guest="CSLUD", customer="CSLUD", guest_sees=eq("kind", "open"), customer_sees=ALWAYS, guest_writes=ALWAYS)


class Shelf(Resource, type="test_shelves", singular="test_shelf", access=OPEN):
    """Where books stand."""

    name = string(WRITE | FIND, required=True)
    kind = string(WRITE | FIND, default="open")
    labels = to_many("test_labels", flags=WRITE | FILTER, through="test_labellings")
    kept_labels = to_many("test_labels", flags=NONE, through="test_labellings", prohibited=True)
    books = to_many("test_books", by="shelf", flags=WRITE | FILTER)
    notes = to_many("test_notes", by="about", flags=WRITE | FILTER)


class Book(Resource, type="test_books", singular="test_book"):
    """What stands on a shelf, and nowhere else."""

    title = string(WRITE | FIND, required=True)
    shelf = to_one("test_shelves", WRITE | FIND, required=True)
    labels = to_many("test_labels", flags=WRITE | FILTER, through="test_labellings")


class Note(Resource, type="test_notes", singular="test_note"):
    """What somebody says about one thing or another."""

    text = string(WRITE | FIND)
    about = to_one(("test_shelves", "test_books"), WRITE | FILTER)


class Label(Resource, type="test_labels", singular="test_label", access=OPEN, unique=(("name",),)):
    """What is stuck on shelves and books."""

    name = string(WRITE | FIND, required=True)
    kind = string(CREATE | FILTER, default="open")
    shelves = to_many("test_shelves", flags=WRITE | FILTER, through="test_labellings")


class Labelling(
    Resource,
    type="test_labellings",
    singular="test_labelling",
    actions=(),
    versions=False,
    event_stores=False,
    unique=(("labelled_id", "labelled_type", "label_id"),),
):
    """A label on a thing."""

    recorded = False

    labelled = to_one(("test_shelves", "test_books"))
    label = to_one("test_labels")


TYPES = (Shelf, Book, Note, Label, Labelling)


@cache
def registry() -> Registry:
    """The library beside the shop."""
    served = commerce.registry()
    return register([*served.every.values(), *TYPES], served.contract)


@contextmanager
def library(url: str) -> Iterator[World]:
    """A world that serves the library, its tables there as long as it is."""
    known = registry()
    tables.build(known)
    own = [METADATA.tables[one.shape.table] for one in TYPES]
    make(url, own, True)
    loop = asyncio.new_event_loop()
    world = World(url, loop, registry=known)
    try:
        yield world
    finally:
        world.close()
        loop.close()
        make(url, own, False)
        for table in own:
            METADATA.remove(table)
        know_tables(commerce.registry())


def make(url: str, own: list[Any], there: bool) -> None:
    """Create or drop tables."""
    change = METADATA.create_all if there else METADATA.drop_all
    if url.startswith("sqlite"):
        engine = create_engine(url)
        change(engine, tables=own)
        engine.dispose()
        return

    async def run() -> None:
        made = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1))
        async with made.begin() as connection:
            await connection.run_sync(lambda sync: change(sync, tables=own))
        await made.dispose()

    asyncio.run(run())
