"""The whole proof: the matrix, the interleavings and the lost answers, on each database."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from paydesk.proving import interleavings, losing, matrix
from paydesk.proving.ground import ground
from paydesk.proving.interleavings import Interleaving
from paydesk.proving.losing import Losses
from paydesk.proving.matrix import POINTS, RETRIES, Cell


@dataclass
class Proof:
    """What was tried on one database.

    servers   how many processes served the interleavings; one on SQLite
    kills     how many of them were killed meanwhile
    losses    the refunds whose answers were lost
    """

    database: str
    cells: list[Cell]
    interleavings: list[Interleaving] = field(default_factory=list)
    servers: int = 1
    kills: int = 0
    losses: Losses | None = None
    seconds: float = 0.0

    @property
    def tried(self) -> list[Cell | Interleaving]:
        return [*self.cells, *self.interleavings]

    @property
    def moved_twice(self) -> int:
        return sum(one.moved_twice for one in self.tried) + (self.losses.doubled if self.losses else 0)

    @property
    def lost(self) -> int:
        return sum(one.lost for one in self.tried) + (self.losses.missing if self.losses else 0)

    @property
    def holds(self) -> bool:
        return not any(one.wrong for one in self.tried) and not (self.losses and self.losses.problems)

    def to_json(self) -> dict[str, Any]:
        return {
            "database": self.database,
            "seconds": round(self.seconds, 1),
            "moved_twice": self.moved_twice,
            "lost": self.lost,
            "holds": self.holds,
            "cells": [
                {
                    "act": one.act.name,
                    "killed": POINTS[one.point],
                    "retry": RETRIES[one.retry],
                    "stripe_has": str(one.stripe.money) if one.stripe else None,
                    "paydesk_has": str(one.paydesk.money) if one.paydesk else None,
                    "moved_twice": one.moved_twice,
                    "lost": one.lost,
                    "wrong": one.wrong,
                }
                for one in self.cells
            ],
            "refunds": self.losses.to_json() if self.losses else None,
            "interleavings": {
                "count": len(self.interleavings),
                "servers": self.servers,
                "kills": self.kills,
                "wrong": [
                    {"interleaving": str(one), "answers": one.answers, "wrong": one.wrong}
                    for one in self.interleavings
                    if one.wrong
                ],
            },
        }


async def prove(
    name: str,
    database_url: str | None,
    *,
    cells: Sequence[Cell],
    seed: int,
    count: int,
    refunds: int,
    patient: bool,
    tell: Callable[[str], None],
) -> Proof:
    """Try everything on one database.

    name           of the database, for people
    database_url   of a PostgreSQL server in which a database may be made; None for SQLite
    count          of interleavings
    refunds        whose answers are lost
    patient        lose webhooks for good in some, and wait until they are missed
    raises         processes.Failed; asking.Unexpected where not even the preparations went well
    """
    begun = time.monotonic()
    servers = 1 if database_url is None else 2
    proof = Proof(name, list(cells), servers=servers)
    tell(f"{name}: starting")
    async with ground(database_url) as on:
        if proof.cells:
            await matrix.run(on, proof.cells, lambda what: tell(f"{name}: {what}"))
        if count:
            groups = interleavings.drawn(seed, count, servers, patient=patient)
            proof.interleavings = [one for group, _ in groups for one in group]
            proof.kills = await interleavings.run(on, groups, lambda what: tell(f"{name}: {what}"), servers, patient)
        if refunds:
            proof.losses = await losing.run(
                on, refunds, seed, servers, database_url, lambda what: tell(f"{name}: {what}")
            )
    proof.seconds = time.monotonic() - begun
    return proof
