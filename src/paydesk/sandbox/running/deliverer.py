"""Delivery of events to webhook endpoints: signed, at least once, tried again with growing pauses.

A delivery is a row from the transaction that made its event until the endpoint has answered 2xx, so a killed sandbox
sends it after its restart. Sources: stripe.md §11; Stripe, "Webhooks" (signatures, retries).
"""

import asyncio
import contextlib
import hashlib
import heapq
import hmac
import logging
import time
from typing import TYPE_CHECKING, Any

import apsw
import orjson

from paydesk.sandbox.core.state import Delivery

if TYPE_CHECKING:
    import aiohttp

    from paydesk.sandbox.core.call import Call
    from paydesk.sandbox.objects.webhook_endpoints import Endpoint
    from paydesk.sandbox.running.sandbox import Sandbox

log = logging.getLogger("paydesk.sandbox")

PAUSES = (60, 300, 1800, 7200, 18_000, 36_000, 36_000, 43_200, 43_200, 43_200)
"""Seconds after each failure; with the last one three days have gone by, as in live mode."""

TIMEOUT_SECONDS = 10
AT_ONCE = 64
REVERSED_SECONDS = 2
ANSWER_BYTES = 4096


def sign(secret: str, payload: bytes, timestamp: int) -> str:
    """The Stripe-Signature header of a payload."""
    signature = hmac.new(secret.encode(), str(timestamp).encode() + b"." + payload, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={signature}"


class Deliverer:
    """Sends what is due, many at once, without holding the API up."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self.sandbox = sandbox
        self.waiting: list[tuple[float, int, Delivery]] = []
        self.running: set[asyncio.Task[None]] = set()
        self.starting: set[asyncio.Task[None]] = set()
        self.wake = asyncio.Event()
        self.idle = asyncio.Event()
        self.idle.set()
        self.session: aiohttp.ClientSession | None = None
        self.opening: asyncio.Lock = asyncio.Lock()
        self.counts = {"delivered": 0, "failed": 0}
        for row in sandbox.state.rows("select * from deliveries where state = 'pending'"):
            self._wait(Delivery._make(row))

    def send(self, call: "Call", event: int, kind: str, endpoints: list[str]) -> None:
        """Owe an event to endpoints. The rows are written with the event; sending starts when they are."""
        sandbox = self.sandbox
        now = sandbox.clock.exact()
        due, copies, state, order, held = now, 1, "pending", event, None
        if sandbox.faults.on_webhooks:
            fault = sandbox.faults.strike_webhook(kind, call.method, call.path, call.account.id)
            mode = fault.do["webhook"] if fault else None
            if mode == "twice":
                copies = 2
            elif mode == "lost":
                state = "lost"
            elif fault is not None and mode == "late":
                due = now + fault.do.get("seconds", 60)
            elif fault is not None and mode == "reversed":
                due, order = now + fault.do.get("seconds", REVERSED_SECONDS), -event
                held = fault
        rows = []
        for endpoint in endpoints:
            for _ in range(copies):
                row = Delivery(sandbox.state.next(), call.account.n, event, endpoint, 0, due, state, order)
                sandbox.state.put("deliveries", row)
                rows.append(row)
        if state == "pending":
            task = asyncio.get_running_loop().create_task(self._after_commit(rows, held))
            self.starting.add(task)
            task.add_done_callback(self.starting.discard)

    async def _after_commit(self, rows: list[Delivery], held: Any) -> None:
        try:
            await self.sandbox.state.written()
        except apsw.Error:  # the rows stay with the state and are written later: the next start finds them
            return
        for row in rows:
            self._wait(row)
            if held is not None:
                held.held.append(row.n)
        if held is not None and held.left == 0:  # the last of the reversed ones: let them all go, newest first
            wanted = set(held.held)
            now = self.sandbox.clock.exact()
            self.waiting = [(now if row.n in wanted else due, order, row) for due, order, row in self.waiting]
            heapq.heapify(self.waiting)
        self.wake.set()

    def _wait(self, row: Delivery) -> None:
        heapq.heappush(self.waiting, (row.due, row.order_key, row))

    @property
    def next_due(self) -> float:
        """When the next delivery is due on the sandbox's clock."""
        return self.waiting[0][0] if self.waiting else float("inf")

    async def keep(self) -> None:
        """Send as deliveries come due; runs until it is canceled."""
        while True:
            self.wake.clear()
            self.start_due()
            pause = self.next_due - self.sandbox.clock.exact()
            if pause > 0 and self.waiting:
                with contextlib.suppress(TimeoutError):
                    # Not `wait_for`: on Python 3.11 it loses a cancellation that comes together with the event.
                    async with asyncio.timeout(min(pause, 3600)):
                        await self.wake.wait()
            elif self.running or not self.waiting:  # what is due waits for its turn; the end of a delivery wakes this
                await self.wake.wait()

    def start_due(self) -> int:
        """Start what is due, as far as there is room; how many that were."""
        now = self.sandbox.clock.exact()
        started = 0
        while self.waiting and self.waiting[0][0] <= now and len(self.running) < AT_ONCE:
            if self.waiting[0][1] < 0 and self.running:
                break  # of reversed ones the order counts: one after the other
            _, order, row = heapq.heappop(self.waiting)
            self.idle.clear()
            task = asyncio.get_running_loop().create_task(self._deliver(row))
            self.running.add(task)
            task.add_done_callback(self._done)
            started += 1
            if order < 0:
                break
        return started

    def _done(self, task: asyncio.Task[None]) -> None:
        self.running.discard(task)
        if not self.running:
            self.idle.set()
        self.wake.set()

    async def run_due(self) -> None:
        """Send everything that is due now, and wait until all of it has been tried."""
        while self.starting:
            await asyncio.wait(self.starting)
        while self.start_due() or self.running or self.next_due <= self.sandbox.clock.exact():
            await self.idle.wait()

    async def _deliver(self, row: Delivery) -> None:
        """One attempt, and what follows from it."""
        sandbox = self.sandbox
        account = sandbox.accounts.by_n[row.account]
        endpoint = sandbox.endpoints.enabled(account.platform or account.n).get(row.endpoint)
        if endpoint is None:  # deleted or disabled meanwhile
            sandbox.state.put("deliveries", row._replace(state="failed"))
            return
        try:
            payload = self._payload(row, endpoint)
        except apsw.Error as failure:
            log.error("an event was put off: %s", failure)
            self._wait(row._replace(due=sandbox.clock.exact() + 1))
            return
        if payload is None:
            sandbox.state.put("done_deliveries", (row.n,))
            return
        if await self._post(endpoint, payload):
            self.counts["delivered"] += 1
            sandbox.state.put("done_deliveries", (row.n,))
            return
        self.counts["failed"] += 1
        attempts = row.attempts + 1
        if attempts > len(PAUSES):
            sandbox.state.put("deliveries", row._replace(attempts=attempts, state="failed"))
            return
        later = row._replace(
            attempts=attempts, due=sandbox.clock.exact() + PAUSES[attempts - 1], order_key=abs(row.order_key)
        )
        sandbox.state.put("deliveries", later)
        self._wait(later)

    def _payload(self, row: Delivery, endpoint: "Endpoint") -> bytes | None:
        for (body,) in self.sandbox.state.rows("select body from events where seq = ?", (row.event,)):
            if endpoint.api_version is None:
                return bytes(body)
            event = orjson.loads(body)
            event["api_version"] = endpoint.api_version
            return orjson.dumps(event)
        return None

    async def _post(self, endpoint: "Endpoint", payload: bytes) -> bool:
        """True when the endpoint answered 2xx in time; a redirect is a failure."""
        import aiohttp

        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": sign(endpoint.secret, payload, int(time.time())),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Accept": "*/*; q=0.5, application/xml",
            "Cache-Control": "no-cache",
        }
        try:
            session = await self._session()
            async with session.post(endpoint.url, data=payload, headers=headers, allow_redirects=False) as answer:
                await answer.content.read(ANSWER_BYTES)
                return 200 <= answer.status < 300
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return False

    async def _session(self) -> "aiohttp.ClientSession":
        """The client, made when the first event is sent: its import takes longer than the sandbox's start."""
        async with self.opening:
            if self.session is None:
                import aiohttp

                self.session = aiohttp.ClientSession(
                    timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
                    connector=aiohttp.TCPConnector(limit=AT_ONCE, ttl_dns_cache=60),
                    auto_decompress=False,
                    cookie_jar=aiohttp.DummyCookieJar(),
                )
            return self.session

    async def close(self) -> None:
        """Stop; what is not delivered stays owed."""
        for task in list(self.running):
            task.cancel()
        await asyncio.gather(*self.running, return_exceptions=True)
        if self.session is not None:
            await self.session.close()
