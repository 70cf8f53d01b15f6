"""SQLite: one writer, many in one commit; what happens when the disk is full or a read does not end."""

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

import apsw
import pytest
import pytest_asyncio

from paydesk.base.errors import Unavailable
from paydesk.store.engines.sqlite import SQLite
from paydesk.store.engines.sqlite_file import connect
from tests.processes import eventually
from tests.store.rows import Asks, names, present, put, say


@pytest_asyncio.fixture
async def database(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[SQLite]:
    file = tmp_path / "paydesk.sqlite3"
    shutil.copyfile(sqlite_template, file)
    opened = SQLite(file)
    yield opened
    await opened.close()


class Failing(apsw.VFS):
    """A file system whose syncs fail when told, or wait."""

    def __init__(self) -> None:
        self.fails = False
        self.syncs = threading.Event()
        self.syncs.set()
        super().__init__("failing", "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> "FailingFile":
        return FailingFile(self, name, flags)


class FailingFile(apsw.VFSFile):
    def __init__(self, vfs: Failing, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self.vfs = vfs
        super().__init__("", name, flags)

    def xSync(self, flags: int) -> None:
        self.vfs.syncs.wait(30)
        if self.vfs.fails:
            raise apsw.IOError("the disk is gone")
        super().xSync(flags)


@pytest.fixture
def disk() -> Iterator[Failing]:
    made = Failing()
    yield made
    made.unregister()


@pytest_asyncio.fixture
async def on_disk(disk: Failing, sqlite_template: Path, tmp_path: Path) -> AsyncIterator[SQLite]:
    """A database on `disk`."""
    file = tmp_path / "paydesk.sqlite3"
    shutil.copyfile(sqlite_template, file)
    opened = SQLite(file, vfs="failing")
    yield opened
    disk.fails = False
    disk.syncs.set()
    await opened.close()


def commits(database: SQLite) -> list[int]:
    """How often the writer commits, counted from now on."""
    seen = [0]

    def hook() -> bool:
        seen[0] += 1
        return False

    database._connection.set_commit_hook(hook)
    return seen


def committing_of(database: SQLite) -> Callable[[], Awaitable[bool]]:
    async def committing() -> bool:
        return database._committing is not None

    return committing


async def test_every_connection_writes_through_to_the_disk(database: SQLite) -> None:
    async def told(pragma: str) -> object:
        return (await database.write(lambda: say(f"PRAGMA {pragma}")))[0][0]

    assert await told("journal_mode") == "wal"
    assert await told("synchronous") == 2
    assert await told("foreign_keys") == 1


async def test_writers_at_the_same_time_share_commits(database: SQLite) -> None:
    seen = commits(database)
    await asyncio.gather(*(database.write(partial(put, f"n{at:03d}")) for at in range(200)))
    assert len(await present(database)) == 200
    assert 200 / 64 <= seen[0] < 100
    seen[0] = 0
    for at in range(5):
        await database.write(partial(put, f"alone {at}"))
    assert seen[0] == 5


async def test_nobody_is_told_before_the_commit(database: SQLite) -> None:
    other = connect(database.path)

    async def written(name: str) -> None:
        await database.write(lambda: put(name))
        assert other.execute("SELECT count(*) FROM sequences WHERE name = ?", (name,)).fetchall() == [(1,)]

    await asyncio.gather(*(written(f"n{at}") for at in range(50)))
    other.close()


async def test_what_was_rolled_back_to_its_savepoint_is_in_no_commit(database: SQLite) -> None:
    def broken() -> Asks:
        yield from put("broken")
        yield from say("SELECT nothing FROM nowhere")

    outcomes = await asyncio.gather(
        database.write(lambda: put("before")),
        database.write(broken),
        database.write(lambda: put("after")),
        return_exceptions=True,
    )
    assert [type(one) for one in outcomes] == [type(None), apsw.SQLError, type(None)]
    assert await present(database) == ["after", "before"]


async def test_a_writer_that_cannot_be_rolled_back_is_in_no_commit_and_holds_nobody_up(database: SQLite) -> None:
    def broken() -> Asks:
        yield from put("broken")
        yield from say("RELEASE job")
        yield from say("SELECT nothing FROM nowhere")

    writers: list[Callable[[], Asks]] = [partial(put, "before"), broken, partial(put, "after")]
    tasks = [asyncio.create_task(database.write(one)) for one in writers]
    _, waiting = await asyncio.wait(tasks, timeout=60)
    assert not waiting
    outcomes = [type(one.exception()) for one in tasks]
    assert outcomes == [Unavailable, apsw.SQLError, type(None)]
    assert await present(database) == ["after"]


def much(name: str) -> Asks:
    yield from put(name + "x" * 100_000)


async def test_a_full_disk_refuses_writes_alone_and_is_normal_again_with_space(database: SQLite) -> None:
    await database.write(lambda: put("first"))
    pages = (await database.write(lambda: say("PRAGMA page_count")))[0][0]
    await database.write(lambda: say(f"PRAGMA max_page_count = {pages + 2}"))
    outcomes = await asyncio.gather(
        *(database.write(partial(much, f"much {at}")) for at in range(4)), return_exceptions=True
    )
    assert [type(one) for one in outcomes] == [Unavailable] * 4
    assert await present(database) == ["first"]
    with pytest.raises(Unavailable):
        await database.write(lambda: much("still"))
    assert await present(database) == ["first"]
    await database.write(lambda: say("PRAGMA max_page_count = 1073741823"))
    await database.write(lambda: much("again"))
    assert [name[:5] for name in await present(database)] == ["again", "first"]
    assert database._reader.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_a_full_disk_loses_nothing_that_was_acknowledged(database: SQLite) -> None:
    pages = (await database.write(lambda: say("PRAGMA page_count")))[0][0]
    await database.write(lambda: say(f"PRAGMA max_page_count = {pages + 60}"))

    async def written(at: int) -> str | None:
        try:
            await database.write(lambda: put(f"{at:02d}" + "x" * 20_000))
        except Unavailable:
            return None
        return f"{at:02d}"

    kept = [one for one in await asyncio.gather(*(written(at) for at in range(40))) if one]
    assert [name[:2] for name in await present(database)] == kept


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_those_behind_one_that_fills_the_disk_are_answered_as_well(on_disk: SQLite, disk: Failing) -> None:
    pages = (await on_disk.write(lambda: say("PRAGMA page_count")))[0][0]
    await on_disk.write(lambda: say(f"PRAGMA max_page_count = {pages + 2}"))
    disk.syncs.clear()
    first = asyncio.create_task(on_disk.write(lambda: put("first")))
    await eventually(committing_of(on_disk))
    others = [asyncio.create_task(on_disk.write(partial(much, f"much {at}"))) for at in range(3)]
    others.append(asyncio.create_task(on_disk.write(lambda: put("last"))))
    await asyncio.sleep(0)
    disk.syncs.set()
    _, waiting = await asyncio.wait([first, *others], timeout=60)
    assert not waiting
    outcomes = await asyncio.gather(first, *others, return_exceptions=True)
    assert [type(one) for one in outcomes] == [type(None), *[Unavailable] * 3, type(None)]
    assert await present(on_disk) == ["first", "last"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_commit_that_cannot_be_synced_is_not_acknowledged(on_disk: SQLite, disk: Failing) -> None:
    await on_disk.write(lambda: put("before"))
    disk.fails = True
    outcomes = await asyncio.gather(
        *(on_disk.write(partial(put, f"lost {at}")) for at in range(3)), return_exceptions=True
    )
    assert [type(one) for one in outcomes] == [Unavailable] * 3
    assert await present(on_disk) == ["before"]
    disk.fails = False
    await on_disk.write(lambda: put("after"))
    assert await present(on_disk) == ["after", "before"]


async def test_a_slow_disk_holds_up_no_reads_and_those_that_write_meanwhile_share_the_next_commit(
    on_disk: SQLite, disk: Failing
) -> None:
    await on_disk.write(lambda: put("before"))
    seen = commits(on_disk)
    disk.syncs.clear()
    first = asyncio.create_task(on_disk.write(lambda: put("slow")))
    await eventually(committing_of(on_disk))
    others = [asyncio.create_task(on_disk.write(partial(put, f"n{at}"))) for at in range(5)]
    assert await present(on_disk) == ["before"]
    assert not any(one.done() for one in (first, *others))
    disk.syncs.set()
    await asyncio.gather(first, *others)
    assert seen[0] == 2
    assert await present(on_disk) == ["before", "n0", "n1", "n2", "n3", "n4", "slow"]


async def test_writes_wait_for_another_process_and_reads_go_on(
    database: SQLite, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = connect(database.path)
    other.execute("BEGIN IMMEDIATE")
    waiting = [asyncio.create_task(database.write(partial(put, f"n{at}"))) for at in range(3)]
    await asyncio.sleep(0.05)
    assert await present(database) == []
    assert not any(one.done() for one in waiting)
    other.execute("COMMIT")
    await asyncio.gather(*waiting)
    assert await present(database) == ["n0", "n1", "n2"]

    monkeypatch.setattr("paydesk.store.engines.sqlite.BUSY_SECONDS", 0.02)
    other.execute("BEGIN IMMEDIATE")
    for _ in range(2):
        with pytest.raises(Unavailable):
            await database.write(lambda: put("refused"))
    other.execute("ROLLBACK")
    other.close()
    await database.write(lambda: put("later"))
    assert await present(database) == ["later", "n0", "n1", "n2"]


async def test_closing_finishes_what_was_taken_also_of_a_client_that_is_gone(
    sqlite_template: Path, tmp_path: Path
) -> None:
    file = tmp_path / "paydesk.sqlite3"
    shutil.copyfile(sqlite_template, file)
    database = SQLite(file)
    tasks = [asyncio.create_task(database.write(partial(put, f"n{at:02d}"))) for at in range(30)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    await database.close()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(one) for one in outcomes] == [asyncio.CancelledError, *[type(None)] * 29]
    left = connect(file)
    assert left.execute("SELECT count(*) FROM sequences").fetchall() == [(30,)]
    left.close()


def test_what_one_event_loop_left_is_finished_by_the_next(sqlite_template: Path, tmp_path: Path) -> None:
    file = tmp_path / "paydesk.sqlite3"
    shutil.copyfile(sqlite_template, file)
    database = SQLite(file)

    async def leave() -> None:
        task = asyncio.create_task(database.write(lambda: put("left")))
        await asyncio.sleep(0)
        assert database._group
        task.cancel()

    async def go_on() -> list[str]:
        await database.write(lambda: put("next"))
        found = await present(database)
        await database.close()
        return found

    asyncio.run(leave())
    assert asyncio.run(go_on()) == ["left", "next"]


async def test_a_read_that_does_not_end_is_given_up_and_the_next_is_answered(
    database: SQLite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paydesk.store.engines.sqlite.READ_SECONDS", 0.1)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    with pytest.raises(Unavailable):
        await database.read(lambda: say(endless))
    assert await database.read(names) == []


async def test_nothing_is_taken_once_it_is_closed(database: SQLite) -> None:
    await database.close()
    with pytest.raises(Unavailable):
        await database.write(lambda: put("late"))


def test_lower_case_is_that_of_every_alphabet(sqlite_template: Path) -> None:
    connection = connect(sqlite_template)
    for text, lower in (("ÀÉÖ", "àéö"), ("ΟΔΟΣ", "οδοσ"), ("ЖУК", "жук"), ("İI", "ii"), ("Straße", "straße")):
        assert connection.execute("SELECT lower_text(?)", (text,)).fetchall() == [(lower,)]
    assert connection.execute("SELECT lower_text(NULL)").fetchall() == [(None,)]
    connection.close()
