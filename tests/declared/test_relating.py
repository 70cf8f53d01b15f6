"""To-many relationships that can be written, and those between many and many: read, included, filtered, replaced."""

from collections.abc import Iterator
from typing import Any

import pytest

from paydesk.declare import NONE, WRITE, eq, string, to_many, to_one
from paydesk.rules.registry import register
from paydesk.rules.resource import Resource
from tests.declared.library import library
from tests.http.world import World


@pytest.fixture(scope="module")
def world(module_database_url: str) -> Iterator[World]:
    """The library, empty."""
    with library(module_database_url) as made:
        yield made


def label(world: World, name: str, kind: str = "open") -> tuple[str, str]:
    return "test_labels", world.send("POST", "test_labels", {"name": name, "kind": kind}, expect=201).data["id"]


def shelf(world: World, name: str, **related: Any) -> str:
    id: str = world.send("POST", "test_shelves", {"name": name}, expect=201, **related).data["id"]
    return id


def filtered(world: World, type: str, **asked: str) -> list[str]:
    return sorted(world.filtered(type, **asked))


def names(world: World, path: str, **options: Any) -> list[str]:
    return sorted(one["attributes"]["name"] for one in world.get(path, **options).data)


def test_it_is_written_read_included_and_filtered_through(world: World) -> None:
    red, blue, green = (label(world, name) for name in ("red", "blue", "green"))
    first = shelf(world, "first", labels=[red, blue, red])
    second = shelf(world, "second", labels=[blue])
    third = shelf(world, "third")
    assert names(world, f"test_shelves/{first}/labels") == ["blue", "red"]
    linkage = world.get(f"test_shelves/{first}/relationships/labels").data
    assert sorted(one["id"] for one in linkage) == sorted([red[1], blue[1]])
    page = world.get("test_shelves?include=labels.shelves&sort=name&filter[q][name_in]=first,second,third")
    linked = [sorted(each["id"] for each in one["relationships"]["labels"]["data"]) for one in page.data]
    assert linked == [sorted([red[1], blue[1]]), [blue[1]], []]
    assert sorted(id for _, id in page.included) == sorted([red[1], blue[1]])
    of_blue = next(one for one in page.document["included"] if one["id"] == blue[1])
    assert sorted(one["id"] for one in of_blue["relationships"]["shelves"]["data"]) == sorted([first, second])
    assert filtered(world, "test_shelves", labels_name_eq="blue") == sorted([first, second])
    assert filtered(world, "test_shelves", labels_id_in=f"{red[1]},{green[1]}") == [first]
    assert filtered(world, "test_shelves", labels_name_null="true", name_in="first,second,third") == []
    assert filtered(world, "test_labels", shelves_name_start="fir") == sorted([red[1], blue[1]])
    assert world.get(f"test_shelves/{third}/labels").data == []
    # From the other side it is the same.
    world.send(
        "PATCH", f"test_labels/{green[1]}", shelves=[("test_shelves", second), ("test_shelves", third)], expect=200
    )
    assert names(world, f"test_shelves/{second}/labels") == ["blue", "green"]
    assert names(world, f"test_labels/{green[1]}/shelves") == ["second", "third"]


def test_writing_it_replaces_what_was_there(world: World) -> None:
    one, two, three = (label(world, name) for name in ("one", "two", "three"))
    id = shelf(world, "replaced", labels=[one, two])
    answer = world.send("PATCH", f"test_shelves/{id}?include=labels", {"name": "kept"}, labels=[two, three], expect=200)
    assert sorted(name for _, name in answer.included) == sorted([two[1], three[1]])
    assert names(world, f"test_shelves/{id}/labels") == ["three", "two"]
    world.send("PATCH", f"test_shelves/{id}", {"name": "kept still"}, expect=200)
    assert names(world, f"test_shelves/{id}/labels") == ["three", "two"]
    world.send("PATCH", f"test_shelves/{id}", labels=[], expect=200)
    assert world.get(f"test_shelves/{id}/labels").data == []


def test_what_is_not_there_is_refused_and_nothing_is_written(world: World) -> None:
    known = label(world, "known")
    before = world.everything()
    answer = world.send("POST", "test_shelves", {"name": "x"}, labels=[known, ("test_labels", "none")], expect=422)
    assert answer.rules == [("/data/relationships/labels", "blank")]
    answer = world.send("POST", "test_shelves", {"name": "x"}, labels=[("test_books", "none")], expect=400)
    assert answer.errors == [("400", "TYPE_MISMATCH", "/data/relationships/labels")]
    answer = world.send("POST", "test_shelves", {"name": "x"}, kept_labels=[known], expect=400)
    assert answer.errors == [("400", "PARAM_NOT_ALLOWED", "/data/relationships/kept_labels")]
    assert world.everything() == before


def test_things_of_two_types_with_one_id_have_each_their_own(world: World) -> None:
    label_ = label(world, "twin")
    where = shelf(world, "of twins")
    book = world.send("POST", "test_books", {"title": "twin"}, shelf=("test_shelves", where), expect=201).data["id"]
    world.send("PATCH", f"test_books/{book}", labels=[label_], expect=200)
    note = world.send("POST", "test_notes", {"text": "of the book"}, about=("test_books", book), expect=201).data["id"]
    world.write("shop/test", (world.registry["test_shelves"], book, {"name": "same id"}))
    assert world.get(f"test_shelves/{book}/labels").data == []
    assert world.get(f"test_shelves/{book}/notes").data == []
    assert world.get(f"test_notes?filter[q][about_id_eq]={book}").ids == [note]
    included = world.get(f"test_shelves/{book}?include=notes,labels").document["included"]
    assert included == []
    assert names(world, f"test_books/{book}/labels") == ["twin"]


def test_a_sales_channel_sees_and_relates_only_what_it_may(world: World) -> None:
    shown, secret = label(world, "shown"), label(world, "secret", kind="closed")
    id = shelf(world, "seen", labels=[shown, secret])
    assert names(world, f"test_shelves/{id}/labels", token="guest") == ["shown"]
    assert [one for _, one in world.get(f"test_shelves/{id}?include=labels", token="guest").included] == [shown[1]]
    assert filtered(world, "test_shelves", token="guest", labels_name_eq="secret") == []
    answer = world.send("PATCH", f"test_shelves/{id}", labels=[secret], token="guest", expect=422)
    assert answer.rules == [("/data/relationships/labels", "blank")]
    assert names(world, f"test_shelves/{id}/labels") == ["secret", "shown"]
    # What it may not change itself does not come to be another's either.
    answer = world.send("PATCH", f"test_shelves/{id}", books=[("test_books", "x")], token="guest", expect=401)
    assert answer.errors[0][1] == "UNAUTHORIZED"


def test_records_of_one_come_to_be_anothers(world: World) -> None:
    left, right = shelf(world, "left"), shelf(world, "right")
    books = [
        ("test_books", world.send("POST", "test_books", {"title": it}, shelf=("test_shelves", left)).data["id"])
        for it in ("a", "b")
    ]
    world.send("PATCH", f"test_shelves/{right}", books=books[:1], expect=200)
    assert [world.get(f"test_shelves/{one}/books").ids for one in (left, right)] == [[books[1][1]], [books[0][1]]]
    answer = world.send("PATCH", f"test_shelves/{right}", {"name": "lost"}, books=[], expect=422)
    assert answer.rules == [("/data/relationships/books", "invalid")]
    assert (
        world.get(f"test_shelves/{right}").data["attributes"]["name"],
        len(world.get(f"test_shelves/{right}/books").data),
    ) == ("right", 1)
    note = world.send("POST", "test_notes", {"text": "loose"}, about=("test_shelves", left), expect=201).data["id"]
    world.send("PATCH", f"test_shelves/{left}", notes=[], expect=200)
    assert world.get(f"test_notes/{note}?include=about").data["relationships"]["about"]["data"] is None
    made = shelf(world, "made with it", notes=[("test_notes", note)])
    assert world.get(f"test_shelves/{made}/notes").ids == [note]


def test_reading_it_costs_one_statement_however_much_there_is(world: World) -> None:
    labels = [label(world, f"many {number}") for number in range(5)]
    ids = [shelf(world, f"of many {number}", labels=labels) for number in range(3)]
    assert world.counting(lambda: world.get("test_shelves?include=labels&filter[q][name_start]=of many")) == 2
    assert world.counting(lambda: world.get(f"test_shelves/{ids[0]}/labels")) == 2


def test_what_cannot_be_read_or_written_is_not_declared() -> None:
    with pytest.raises(AssertionError, match="say `by`, `through` or `match`"):
        to_many("events")
    with pytest.raises(AssertionError, match="cannot be written"):
        to_many("events", flags=WRITE, match=eq("id", "x"))

    class Plain(Resource, type="test_plain", singular="test_one", versions=False, event_stores=False):
        name = string(WRITE)
        parent = to_one("test_plain")
        other = to_one("test_plain")

    def refuses(relationship: Any, why: str) -> None:
        class Owner(Resource, type="test_owners", singular="test_owner", versions=False, event_stores=False):
            plain = relationship

        with pytest.raises(AssertionError, match=why):
            register([Plain, Owner])

    refuses(to_many("test_plain", by="owner"), "have no to-one owner that may be it")
    refuses(to_many("test_plain", by="parent"), "have no to-one parent that may be it")
    refuses(to_many("test_plain", through="test_ties"), "there are no test_ties")
    refuses(to_many("test_plain", through="test_plain"), "do not say which to-ones tie both")
    refuses(to_many("test_plain", flags=NONE, through="test_plain", by="parent"), "do not say which to-ones tie both")
