"""The limits that need no server: the bare database doing the same writes, and one bare HTTP call.

    python -m bench.limits durable FILE STATEMENTS ORDERS BATCH ROUNDS
    python -m bench.limits call PORT CALLS ROUNDS

Each prints `{"rate": ..., "cpu_ms": ...}`: units per second and processor time of this process for one unit.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import apsw

from paydesk.rules.asking import new_id
from paydesk.store.engines import sqlite_file
from paydesk.store.engines.sqlite_log import CHECKPOINT_SECONDS

CONCURRENT = 16
CALL = (
    b"amount=15400&currency=eur&capture_method=manual&automatic_payment_methods[enabled]=true"
    b"&receipt_email=buyer%40example.com&metadata[order_id]=ABCRtyUpBa&metadata[order_number]=90000001"
    b"&metadata[stripe_payment_id]=xYZkjABcde&metadata[organization_id]=xYZkjABcde&metadata[organization]=demo"
    b"&metadata[mode]=test&metadata[paydesk]=xYZkjABcde"
)
Unit = list[list[tuple[str, tuple[Any, ...]]]]
"""The statements of one request, transaction by transaction."""


def units(captured: list[list[tuple[str, dict[str, Any]]]], orders: list[str]) -> list[Unit]:
    """What one request wrote, again for each of these orders.

    What was about an order is about the other one. What was about a transaction is so again, and changes the same rows;
    only its call, which there is once for each transaction, is another's.
    """
    own: list[str] = []
    subject, moved = "", False
    for transaction in captured:
        for sql, values in transaction:
            if "subject_id" in values:
                subject, moved = values["subject_id"], values["subject_type"] != "orders"
            elif sql.startswith("UPDATE orders") and not subject:
                subject = values["at_id"]
            if sql.startswith("INSERT"):
                own += [values[name] for name in ("id", "record_id", "stripe_id", "object_key") if values.get(name)]
    own = [one for one in dict.fromkeys(own) if one != subject]
    numbers = iter(range(2_000_000_000, 4_000_000_000))
    made: list[Unit] = []
    for other in orders:
        names = {one: new_id() + one[10:] for one in own}

        def unit(sql: str, values: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
            renamed = names | {subject: other} if "gateway_calls" in sql or not moved else names  # noqa: B023
            return sql, _bound(sql, {**values, **_sequence(values, numbers)}, renamed)

        made.append([[unit(sql, values) for sql, values in transaction] for transaction in captured])
    return made


def _sequence(values: dict[str, Any], numbers: Any) -> dict[str, Any]:
    return {"sequence": next(numbers)} if "sequence" in values else {}


def _bound(sql: str, values: dict[str, Any], names: dict[str, str]) -> tuple[Any, ...]:
    def renamed(value: Any) -> Any:
        if isinstance(value, str):
            for old, new in names.items():
                value = value.replace(old, new)
        return value

    placed = dict.fromkeys(name for name in re.findall(r":(\w+)", sql) if name in values)
    return tuple(renamed(values[name]) for name in placed)


def durable(file: Path, made: list[Unit], batch: int) -> tuple[float, float]:
    """Write the units, so many sharing a commit. Seconds, and processor seconds; checkpoints as paydesk makes them."""
    connection = sqlite_file.connect(file)
    stop = threading.Event()

    def checkpoints() -> None:
        own = sqlite_file.connect(file)
        while not stop.wait(CHECKPOINT_SECONDS):
            own.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        own.close()

    beside = threading.Thread(target=checkpoints)
    beside.start()
    cursor = connection.cursor()
    try:
        begun, used = time.perf_counter(), time.process_time()
        for first in range(0, len(made), batch):
            group = made[first : first + batch]
            for at in range(len(group[0])):
                cursor.execute("BEGIN IMMEDIATE")
                for unit in group:
                    for sql, values in unit[at]:
                        cursor.execute(sql, values).fetchall()
                cursor.execute("COMMIT")
        return time.perf_counter() - begun, time.process_time() - used
    finally:
        stop.set()
        beside.join()
        connection.close()


async def call(port: int, calls: int) -> tuple[float, float]:
    """Bare calls of the client library that paydesk's Stripe calls go through, read to the end."""
    headers = {
        "Authorization": "Bearer sk_test_benchmark",
        "Content-Type": "application/x-www-form-urlencoded",
        "Idempotency-Key": "bench",
    }
    url = f"http://127.0.0.1:{port}/v1/payment_intents"
    left = iter(range(calls))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def client() -> None:
            for _ in left:
                async with session.post(url, data=CALL, headers=headers) as answer:
                    json.loads(await answer.read())

        begun, used = time.perf_counter(), time.process_time()
        await asyncio.gather(*(client() for _ in range(CONCURRENT)))
        return time.perf_counter() - begun, time.process_time() - used


def _best(count: int, rounds: int, round_: Callable[[int], tuple[float, float]]) -> dict[str, float]:
    told = [round_(number) for number in range(rounds)]
    return {
        "rate": count / min(seconds for seconds, _ in told),
        "cpu_ms": 1000 * min(used for _, used in told) / count,
    }


def main(kind: str, *given: str) -> dict[str, float]:
    if kind == "durable":
        file, statements, orders, batch, rounds = given
        ids = json.loads(Path(orders).read_text())
        made = units(json.loads(Path(statements).read_text()), ids)
        each = len(made) // int(rounds)
        return _best(
            each, int(rounds), lambda number: durable(Path(file), made[number * each :][:each], min(int(batch), each))
        )
    port, calls, times = (int(one) for one in given)
    return _best(calls, times, lambda _: asyncio.run(call(port, calls)))


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
