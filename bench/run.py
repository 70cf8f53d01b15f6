"""One run of the benchmark: data, servers, limits, cases, in this order; everything it started ends with it."""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import apsw
import orjson

from bench import holding, inside, processes
from bench.cases import CASES, Case, Requests, to_the_floor
from bench.client import Answers, load, load_beside
from bench.data import PUBLISHABLE_KEY, SECRET_KEY, Data, seed
from bench.holding import Held
from bench.processes import MEBIBYTE, Server, ask, child, free_port

Say = Callable[[str], None]
ANSWERED = "/healthz"
NO_LIMIT = 100_000
"""So many times the documented requests are more than one client can ask."""
UNLIMITED = "read, without rate limits"
LIMITED = "read, with rate limits"


@dataclass(frozen=True)
class Length:
    """How long a run is.

    share    of the requests that a case has at normal length
    orders   in the database
    starts   how often the server is started beside what the cases need, to see how long that takes
    seconds  a round takes at most about so long: a slow case gets fewer requests
    held     of the connections that a case has held
    """

    name: str
    rounds: int
    share: float
    orders: int
    starts: int
    seconds: float
    held: float = 1.0

    def requests(self, case: Case) -> int:
        return max(2, round(case.requests * self.share))


LENGTHS = {
    one.name: one
    for one in (
        Length("tiny", 1, 0.02, 400, 0, 60.0, held=0.02),
        Length("quick", 2, 0.2, 3_000, 0, 0.4),
        Length("normal", 5, 1.0, 24_000, 1, 4.0),
        Length("full", 5, 3.0, 100_000, 3, 10.0),
    )
}


@dataclass
class Figures:
    """Of one case or limit: the best of the rounds, each figure by itself, but p99 of the round with the best p50."""

    rate: float
    cpu_ms: float
    p50_ms: float | None = None
    p99_ms: float | None = None
    answer_bytes: int | None = None
    requests: int | None = None


@dataclass
class Row:
    """One case: what was measured, what the limit is, and how many times the limit's processor time it used."""

    case: str
    title: str
    connections: int
    figures: Figures
    limit_cpu_ms: float | None = None

    @property
    def ratio(self) -> float | None:
        return self.figures.cpu_ms / self.limit_cpu_ms if self.limit_cpu_ms else None


@dataclass
class Requirement:
    """`value` has to be at most, or at least, `bound`."""

    case: str
    what: str
    value: float
    bound: float
    unit: str = ""
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.value >= self.bound if self.at_least else self.value <= self.bound


@dataclass
class Result:
    length: str
    machine: dict[str, Any]
    rows: list[Row] = field(default_factory=list)
    limits: dict[str, Figures] = field(default_factory=dict)
    start_seconds: float = 0.0
    memory_mib: float = 0.0
    memory_idle_mib: float = 0.0
    requirements: list[Requirement] = field(default_factory=list)

    @property
    def met(self) -> bool:
        return all(one.met for one in self.requirements)

    def document(self) -> dict[str, Any]:
        """As it is written beside the table."""
        told = asdict(self)
        for row, written in zip(self.rows, told["rows"], strict=True):
            written["ratio"] = row.ratio
        for one, written in zip(self.requirements, told["requirements"], strict=True):
            written["met"] = one.met
        return told | {"met": self.met}


def run(length: Length, cases: list[str] | None = None, say: Say = lambda text: None) -> Result:
    """Measure the cases (all of them unless some are named)."""
    chosen = [CASES[name] for name in cases or CASES]
    with tempfile.TemporaryDirectory(prefix="paydesk-bench-") as folder, ExitStack() as stack:
        return _Run(length, chosen, Path(folder), stack, say).whole()


class _Run:
    def __init__(self, length: Length, cases: list[Case], folder: Path, stack: ExitStack, say: Say) -> None:
        self.length, self.cases, self.folder, self.say = length, cases, folder, say
        self._stack = stack
        self.result = Result(length.name, machine())
        self._calls: dict[str, int] = {}
        """How often Stripe is asked by one request of a case."""

    def whole(self) -> Result:
        self.stand_in = self._stack.enter_context(launched("stand-in", "bench.stand_in:create_app"))
        self.floor = self._stack.enter_context(launched("floor", "bench.memory:create_app"))
        self.say(f"seeding {self.length.orders:,} orders")
        self.data = asyncio.run(seed(self.folder / "data", self.stand_in.base, self.length.orders))
        self.requests = Requests(self.data, 0)
        captured = self._captured()
        self._starts()
        self._measure([case for case in self.cases if case.stripe != "sandbox" and not case.held], self.stand_in.base)
        if held := [case for case in self.cases if case.held]:
            self._measure(held, self.stand_in.base)
        self._limits(captured)
        self._limited()
        sandboxed = [case for case in self.cases if case.stripe == "sandbox"]
        if sandboxed:
            with sandbox(self.folder / "sandbox") as base:
                self._measure(sandboxed, base)
        self._judge()
        self.result.machine["load_after"] = round(os.getloadavg()[0], 2)
        return self.result

    def _captured(self) -> dict[str, Any]:
        """What one request of a case writes, seen on a copy of the data; the bare database repeats it."""
        copy = self.folder / "copy"
        shutil.copytree(self.data.directory, copy)
        names = [case.name for case in self.cases if case.writes]
        # The stand-in is one for both: what the copy captures of an order is captured of the other one, too.
        data = replace(self.data, directory=copy, shipped=self.data.shipped[::-1])
        return asyncio.run(inside.writes_of(data, self.stand_in.base, names))

    def _starts(self) -> None:
        self.say("starting the server")
        for _ in range(self.length.starts):
            with serving(self.data, self.stand_in.base) as server:
                self._started(server)

    def _started(self, server: Server) -> None:
        result = self.result
        result.start_seconds = min(server.started_seconds, result.start_seconds or server.started_seconds)
        result.memory_idle_mib = server.memory().now / MEBIBYTE

    def _measure(self, cases: list[Case], stripe_api_base: str) -> None:
        with serving(self.data, stripe_api_base) as server:
            self._started(server)
            requests = self.requests
            requests.port, requests.token = server.port, ""
            requests.token = self._token(server)
            warm = max(2, round(200 * self.length.share))
            asyncio.run(load(server.port, requests.create(warm), connections=16, status=201, see=requests.see))
            for case in cases:
                self.say(case.title)
                if stripe_api_base == self.stand_in.base:
                    self._delay(0.1 if case.stripe == "100 ms" else 0.0)
                with self._holding(case, server):
                    figures = self._figures(case, server, lambda case, count: requests.of(case.name, count))
                self._delay(0.0)
                self.result.rows.append(Row(case.name, case.title, case.connections, figures))
                if case.stripe == "at once" and not case.signing_up:
                    self._floor(case)
            if not any(case.held for case in cases):
                self.result.memory_mib = max(self.result.memory_mib, server.memory().most / MEBIBYTE)

    @contextmanager
    def _holding(self, case: Case, server: Server) -> Iterator[None]:
        """Open the connections that the case wants held, as far as the system allows so many files."""
        held, kinds = Held(), holding.requests(server.port, token=self.requests.token)
        if case.held:
            held.open(server.port, holding.room(round(case.held * self.length.held)), kinds)
        try:
            yield
            if ended := held.ended():
                raise processes.Failed(f"connections that were to be held were ended: {ended}")
        finally:
            held.close()

    def _limited(self) -> None:
        """The reads once more, of a server that counts them and of one that does not, round by round in turn: the
        machine's speed changes within a run by more than counting costs.
        """
        if "read" not in {case.name for case in self.cases}:
            return
        base, copy = self.stand_in.base, replace(self.data, directory=self.folder / "limited")
        shutil.copytree(self.data.directory, copy.directory)
        with serving(self.data, base) as plain, serving(copy, base, limited=True) as limited:
            tokens = {}
            for server in (plain, limited):
                self.requests.port, self.requests.token = server.port, ""
                self.requests.token = tokens[server] = self._token(server)
                # A process imports Stripe's SDK at its first call; that would cost more than all that is measured here.
                asyncio.run(load(server.port, self.requests.create(16), connections=16, status=201))

            def made(server: Server, case: Case, count: int) -> Iterator[bytes]:
                self.requests.port, self.requests.token = server.port, tokens[server]
                return self.requests.of(case.name, count)

            self.say(LIMITED)
            figures = self._in_turn(CASES["read"], [plain, limited], made)
            self.result.limits[UNLIMITED], self.result.limits[LIMITED] = figures

    def _token(self, server: Server) -> str:
        _, _, body = self.requests.token_request().partition(b"\r\n\r\n")
        status, answer = ask(server.port, "POST", "/oauth/token", body, Content_Type="application/json")
        assert status == 200, answer
        return str(orjson.loads(answer)["access_token"])

    def _delay(self, seconds: float) -> None:
        ask(self.stand_in.port, "PUT", "/delay", str(seconds).encode())

    def _answered(self) -> int:
        """How many calls the stand-in has answered so far."""
        return int(orjson.loads(ask(self.stand_in.port, "GET", "/")[1])["answered"])

    def _prepare(self, case: Case, port: int, count: int) -> None:
        """Make what so many requests of a case need; nothing of it is counted."""
        requests = self.requests
        for before, lacking in requests.lacking(case.name, count):
            see = requests.see if before.creates else None
            made = requests.of(before.name, lacking)
            asyncio.run(load(port, made, connections=before.connections, status=before.status, see=see))
            requests.look()

    def _floor(self, case: Case) -> None:
        """The same requests of the server that sends the same bytes from memory."""
        kept: list[bytes] = []
        self._prepare(case, self.requests.port, 2)
        asked = self._answered()
        (one,) = self.requests.of(case.name, 1)
        asyncio.run(load(self.requests.port, iter([one]), connections=1, status=case.status, see=kept.append))
        self._calls[case.name] = self._answered() - asked
        ask(self.floor.port, "PUT", f"/{case.name}", kept[0])
        request = to_the_floor(one, case.name)
        self.result.limits[f"static {case.name}"] = self._figures(
            replace(case, requests=4 * case.requests), self.floor, lambda _, count: iter([request] * count)
        )

    def _figures(self, case: Case, server: Server, made: Callable[[Case, int], Iterator[bytes]]) -> Figures:
        (figures,) = self._in_turn(case, [server], lambda _, case, count: made(case, count))
        return figures

    def _in_turn(
        self, case: Case, servers: list[Server], made: Callable[[Server, Case, int], Iterator[bytes]]
    ) -> list[Figures]:
        """The figures of each server, all of them loaded in each round, one after the other."""
        rounds: list[list[tuple[Answers, float]]] = [[] for _ in servers]
        count = self.length.requests(case)
        see = self.requests.see if case.creates else None
        for number in range(-1, self.length.rounds):
            size = count if number >= 0 else max(2, count // 5)
            for server, kept in zip(servers, rounds, strict=True):
                if server is not self.floor:
                    self._prepare(case, server.port, size)
                used = server.cpu_seconds()
                answers = asyncio.run(self._loaded(case, server, made(server, case, size), see))
                assert len(answers.latencies) == size, "there were too few orders for so many requests"
                if number >= 0:
                    kept.append((answers, server.cpu_seconds() - used))
            if number < 0:
                in_time = round(size / answers.seconds * self.length.seconds)
                count = min(count, max(2 * case.connections, in_time))
        return [self._best(count, kept) for kept in rounds]

    def _best(self, count: int, rounds: list[tuple[Answers, float]]) -> Figures:
        calm = min((answers for answers, _ in rounds), key=lambda answers: answers.percentile(0.5))
        return Figures(
            rate=max(count / answers.seconds for answers, _ in rounds),
            cpu_ms=1000 * min(used for _, used in rounds) / count,
            p50_ms=1000 * calm.percentile(0.5),
            p99_ms=1000 * calm.percentile(0.99),
            answer_bytes=calm.size,
            requests=count * self.length.rounds,
        )

    async def _loaded(
        self, case: Case, server: Server, made: Iterator[bytes], see: Callable[[bytes], None] | None
    ) -> Answers:
        told = {"connections": case.connections, "status": case.status}
        if case.signing_up:
            others = self.requests.sign_ups()
            return await load_beside(server.port, made, others, other_clients=case.signing_up, **told)
        return await load(server.port, made, see=see, **told)

    def _limits(self, captured: dict[str, Any]) -> None:
        if not captured:
            return
        self.say("the bare database and a bare call")
        rounds = self.length.rounds
        # The bare database makes each write durable before the next, as a program does that shares no commits; what
        # sharing them among 16 would spare is shown beside it.
        wanted = [(f"{name}: durable writes", name, 1, 1) for name in captured]
        if "create" in captured:
            wanted.append(("create: durable writes, 16 a commit", "create", 16, 2))
        for limit, name, batch, share in wanted:
            count = max(16, round(500 * self.length.share * share)) * rounds
            # The first orders are paid in the copy that they are taken from.
            others = self.data.carts if name == "add-line" else self.data.orders[2 * len(captured) :]
            file, written, orders = (self.folder / f"bare.{kind}" for kind in ("sqlite3", "written", "orders"))
            for left in self.folder.glob("bare.sqlite3*"):
                left.unlink()
            shutil.copyfile(self.folder / "copy" / "paydesk.sqlite3", file)
            written.write_text(json.dumps(captured[name]))
            orders.write_text(json.dumps(others[:count]))
            told = child("bench.limits", "durable", str(file), str(written), str(orders), str(batch), str(rounds))
            self.result.limits[limit] = Figures(**told)
        calls = max(16, round(1000 * self.length.share))
        told = child("bench.limits", "call", str(self.stand_in.port), str(calls), str(rounds))
        self.result.limits["bare HTTP call"] = Figures(**told)

    def _judge(self) -> None:
        result, limits = self.result, self.result.limits
        rows = {row.case: row for row in result.rows}
        need = result.requirements
        for name in ("create", "place", "place-shipped", "capture", "refund", "add-line"):
            if name in rows:
                writes = limits[f"{name}: durable writes"]
                calls = self._calls[name] * limits["bare HTTP call"].cpu_ms
                whole = limits[f"static {name}"].cpu_ms + writes.cpu_ms + calls
                limits[f"{name}: bytes, writes, {self._calls[name]} × call"] = Figures(writes.rate, whole)
                shared = limits.get(f"{name}: durable writes, 16 a commit")
                if shared is not None:
                    less = whole - writes.cpu_ms + shared.cpu_ms
                    limits[f"{name}: the same, 16 writes a commit"] = Figures(shared.rate, less)
                for like in (name, f"{name}-100ms", f"{name}-sandbox"):
                    if like in rows:
                        rows[like].limit_cpu_ms = whole
        if "create" in rows:
            rate = rows["create"].figures.rate / limits["create: durable writes"].rate
            need.append(Requirement("create", "CPU of the limit", _ratio(rows["create"]), 4, "×"))
            need.append(Requirement("create", "raw durable rate", rate, 0.4, "×", at_least=True))
        if "add-line" in rows:
            need.append(Requirement("add-line", "CPU of the limit", _ratio(rows["add-line"]), 4, "×"))
        for name, bound in (
            ("read", 10),
            ("read-held", None),
            ("read-one", None),
            ("list", 25),
            ("list-recent", None),
            ("skus", None),
            ("checkout", 12),
            ("patch", None),
        ):
            if name in rows:
                rows[name].limit_cpu_ms = limits[f"static {name}"].cpu_ms
                if bound:
                    need.append(Requirement(name, "CPU of static bytes", _ratio(rows[name]), bound, "×"))
        if "read" in rows:
            ratio = limits[LIMITED].cpu_ms / limits[UNLIMITED].cpu_ms
            need.append(Requirement("read", "CPU with rate limits", ratio, 1.2, "×"))
        if "read-one" in rows and "read-signups" in rows:
            alone, beside = rows["read-one"].figures, rows["read-signups"].figures
            for what, bound in (("p50", 4), ("p99", 20)):
                ratio = getattr(beside, f"{what}_ms") / getattr(alone, f"{what}_ms")
                need.append(Requirement("read-signups", f"{what} of one alone", ratio, bound, "×"))
        if "create-100ms" in rows:
            need.append(Requirement("create-100ms", "p50", rows["create-100ms"].figures.p50_ms or 0.0, 130, " ms"))
        need.append(Requirement("serve", "memory of the worker", result.memory_mib, 250, " MiB"))
        need.append(Requirement("serve", "start until it answers", result.start_seconds, 1.5, " s"))


def _ratio(row: Row) -> float:
    assert row.ratio is not None, "its limit was measured"
    return row.ratio


@contextmanager
def launched(name: str, application: str) -> Iterator[Server]:
    port = free_port()
    server = Server(name, ["bench.launch", application], {"PAYDESK_PORT": str(port)}, port, ANSWERED)
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def serving(data: Data, stripe_api_base: str, *, limited: bool = False) -> Iterator[Server]:
    """`paydesk serve`, as in production, save that Stripe is somewhere else, and that one client may ask as often as it
    can: limits are off, or, to see what counting costs, so high that nothing is refused (`limited`).
    """
    port = free_port()
    settings = {
        "PAYDESK_PORT": str(port),
        "PAYDESK_DATA_DIR": str(data.directory),
        "PAYDESK_STRIPE_API_BASE": stripe_api_base,
        "PAYDESK_STRIPE_SECRET_KEY": SECRET_KEY,
        "PAYDESK_STRIPE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
        "PAYDESK_LOG_LEVEL": "warning",
        # Connections that are held are ended by nobody's clock.
        "PAYDESK_HEADER_TIMEOUT": "600",
        "PAYDESK_BODY_TIMEOUT": "600",
        "PAYDESK_RATE_LIMITS": str(NO_LIMIT) if limited else "off",
    }
    server = Server("paydesk serve", ["paydesk", "serve"], settings, port, ANSWERED)
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def sandbox(folder: Path) -> Iterator[str]:
    port = free_port()
    arguments = ["paydesk", "sandbox", "--port", str(port), "--data-dir", str(folder)]
    server = Server("sandbox", arguments, {}, port, ANSWERED)
    try:
        yield server.base
    finally:
        server.stop()


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    model = ""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    except OSError:
        model = platform.processor()
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": apsw.sqlite_lib_version(),
        "load_before": round(os.getloadavg()[0], 2),
        **{name: importlib.metadata.version(name) for name in ("paydesk", "granian", "apsw", "aiohttp", "stripe")},
    }


__all__ = ["LENGTHS", "Figures", "Length", "Requirement", "Result", "Row", "processes", "run"]
