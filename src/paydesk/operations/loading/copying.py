"""Copying orders: what a process does beside the one that writes them, or the same process where they are few."""

from __future__ import annotations

import asyncio
import pickle
import random
import struct
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from paydesk.operations.loading.batches import Batch, Portion
from paydesk.operations.loading.copies import Model
from paydesk.operations.loading.goods import Made
from paydesk.operations.loading.people import REGIONS, Person

T = TypeVar("T")

BATCH = 1_000

RETURNS = (',"customer_type":["new","returning"]', '"customer_type":["new","returning"],', "returning")
"""What a model says of a customer who ordered before."""
IS_NEW = ("", "", "new")

_LENGTH = struct.Struct("!I")


@dataclass(frozen=True)
class Way:
    """What orders of one journey are copied from.

    goods     the models of its lines' skus, by their number
    takes     of each of these, how many pieces a copy keeps reserved, and how many it takes
    counts    whether it was placed, so that it counts among its customer's orders
    owned     whether it counts as the customer's own
    longest   when its last step came, in milliseconds after the first
    """

    region: int
    model: Model
    goods: tuple[int, ...]
    takes: tuple[tuple[int, int], ...]
    counts: bool
    owned: bool
    longest: int


@dataclass
class Copying:
    """Orders to be copied, and what they are told of.

    skus, people   by their model, the model's own first
    drawn          when each order begins, and what it is copied from, by time
    now            in milliseconds since 1970, as all times here
    """

    columns: Mapping[str, Sequence[str]]
    tables: Mapping[str, bool]
    skus: Sequence[Sequence[Made]]
    people: Sequence[Sequence[Person]]
    drawn: Sequence[tuple[int, Way]]
    first_number: int
    now: int
    seed: float

    def portions(self) -> Iterator[Portion]:
        """What each transaction writes."""
        self.chance = random.Random(self.seed)
        # The models' own go on from what is true now, which comes after all that is copied.
        self._skus = [own[1:] or own for own in self.skus]
        self._people = [own[1:] or own for own in self.people]
        for portion in portions(enumerate(self.drawn, self.first_number), BATCH):
            batch = Batch(self.columns, self.chance)
            for number, (began, way) in portion:
                self._copy(way, str(number), began, batch)
            yield batch.portion(self.tables)

    def _copy(self, way: Way, number: str, began: int, batch: Batch) -> None:
        person = self.chance.choice(self._people[way.region])
        given = [number, *(RETURNS if person.count else IS_NEW), *person.all_names]
        stretch = max(1, min((self.now - began) // (way.longest + 1), self.chance.randrange(20_000, 200_000)))
        ends = began + way.longest * stretch
        for model, (reserved, taken) in zip(way.goods, way.takes, strict=True):
            made = self.chance.choice(self._skus[model])
            given += made.names
            if reserved or taken:
                batch.hold(made, REGIONS[way.region].market, reserved, taken, ends)
        batch.add(way.model, way.model.names(given, began, stretch))
        if way.counts:
            batch.count(person, way.owned, ends)


def portions(many: Iterable[T], size: int) -> Iterator[list[T]]:
    """So many at a time."""
    rest = iter(many)
    while portion := list(islice(rest, size)):
        yield portion


async def here(copying: Copying) -> AsyncIterator[Portion]:
    """The portions, copied by this process."""
    for portion in copying.portions():
        yield portion


async def apart_from_writing(copying: Copying) -> AsyncIterator[Portion]:
    """The portions, copied by another process, which is one ahead of whoever writes them."""
    work = f"from {__name__} import _work; _work()"
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", work, stdin=pipe, stdout=pipe)
    assert process.stdin is not None and process.stdout is not None, "both are pipes"
    process.stdin.write(pickle.dumps(copying))
    process.stdin.close()
    next_one = asyncio.create_task(_read(process.stdout))
    try:
        while (content := await next_one) is not None:
            next_one = asyncio.create_task(_read(process.stdout))
            yield pickle.loads(content)  # noqa: S301 - of a process of our own
    finally:
        next_one.cancel()
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _read(stream: asyncio.StreamReader) -> bytes | None:
    """The next portion's bytes; None after the last one."""
    (length,) = _LENGTH.unpack(await stream.readexactly(_LENGTH.size))
    return await stream.readexactly(length) if length else None


def _work() -> None:
    """The other process, from its first byte to its last."""
    copying: Copying = pickle.load(sys.stdin.buffer)  # noqa: S301 - of the process that started this one
    for portion in copying.portions():
        content = pickle.dumps(portion, pickle.HIGHEST_PROTOCOL)
        sys.stdout.buffer.write(_LENGTH.pack(len(content)) + content)
    sys.stdout.buffer.write(_LENGTH.pack(0))
    sys.stdout.buffer.flush()
