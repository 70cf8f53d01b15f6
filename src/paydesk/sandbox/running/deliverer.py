"""The deliverer: it sends events to webhook endpoints, signed, at least once, and again after growing pauses.

Sources: stripe.md §11; Stripe, "Webhooks" (signatures, retries).
"""

import asyncio
import contextlib
import hashlib
import hmac
import logging
import time
from typing import TYPE_CHECKING

import apsw
import orjson

from paydesk.sandbox.core.backend import Backend
from paydesk.sandbox.core.endpoints import Endpoint
from paydesk.sandbox.core.state import Delivery

if TYPE_CHECKING:
    import aiohttp


log = logging.getLogger("paydesk.sandbox")

PAUSES = (60, 300, 1800, 7200, 18_000, 36_000, 36_000, 43_200, 43_200, 43_200)
"""Seconds after each failure; with the last one three days have gone by, as in live mode."""

TIMEOUT_SECONDS = 10
AT_ONCE = 64
ANSWER_BYTES = 4096


def sign(secret: str, payload: bytes, timestamp: int) -> str:
    """The Stripe-Signature header of a payload."""
    signature = hmac.new(secret.encode(), str(timestamp).encode() + b"." + payload, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={signature}"


class Deliverer:
    """Sends the deliveries that are due, many at once, without holding up the API."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.deliveries = backend.deliveries
        self.running: set[asyncio.Task[None]] = set()
        self.idle = asyncio.Event()
        self.idle.set()
        self.session: aiohttp.ClientSession | None = None
        self.opening: asyncio.Lock = asyncio.Lock()
        self.counts = {"delivered": 0, "failed": 0}

    async def keep(self) -> None:
        """Send deliveries as they come due; runs until it is canceled."""
        deliveries = self.deliveries
        while True:
            deliveries.wake.clear()
            self.start_due()
            pause = deliveries.next_due - self.backend.clock.exact()
            if pause > 0 and deliveries.waiting:
                with contextlib.suppress(TimeoutError):
                    # Not `wait_for`: on Python 3.11 it loses a cancellation that comes together with the event.
                    async with asyncio.timeout(min(pause, 3600)):
                        await deliveries.wake.wait()
            elif self.running or not deliveries.waiting:  # a delivery that is due waits until another one has ended
                await deliveries.wake.wait()

    def start_due(self) -> int:
        """Start the deliveries that are due, as far as there is room, and return their number."""
        deliveries = self.deliveries
        now = self.backend.clock.exact()
        started = 0
        while deliveries.waiting and deliveries.waiting[0][0] <= now and len(self.running) < AT_ONCE:
            if deliveries.waiting[0][1] < 0 and self.running:
                break  # in a reversed series the order counts: one after the other
            delivery = deliveries.take()
            self.idle.clear()
            task = asyncio.get_running_loop().create_task(self._deliver(delivery))
            self.running.add(task)
            task.add_done_callback(self._done)
            started += 1
            if delivery.order_key < 0:
                break
        return started

    def _done(self, task: asyncio.Task[None]) -> None:
        self.running.discard(task)
        if not self.running:
            self.idle.set()
        self.deliveries.wake.set()

    async def run_due(self) -> None:
        """Send all deliveries that are due now, and wait until each has been tried."""
        while self.deliveries.starting:
            await asyncio.wait(self.deliveries.starting)
        while self.start_due() or self.running or self.deliveries.next_due <= self.backend.clock.exact():
            await self.idle.wait()

    async def _deliver(self, delivery: Delivery) -> None:
        """Try a delivery once, and keep its outcome: done, failed, or due again later."""
        state, clock = self.backend.state, self.backend.clock
        account = self.backend.accounts.by_n[delivery.account]
        endpoint = self.backend.endpoints.enabled(account.platform or account.n).get(delivery.endpoint)
        if endpoint is None:  # deleted or disabled meanwhile
            state.put("deliveries", delivery._replace(state="failed"))
            return
        try:
            payload = self._payload(delivery, endpoint)
        except apsw.Error as failure:
            log.error("an event was put off: %s", failure)
            self.deliveries.wait(delivery._replace(due=clock.exact() + 1))
            return
        if payload is None:
            state.put("done_deliveries", (delivery.n,))
            return
        if await self._post(endpoint, payload):
            self.counts["delivered"] += 1
            state.put("done_deliveries", (delivery.n,))
            return
        self.counts["failed"] += 1
        attempts = delivery.attempts + 1
        if attempts > len(PAUSES):
            state.put("deliveries", delivery._replace(attempts=attempts, state="failed"))
            return
        retry = delivery._replace(
            attempts=attempts, due=clock.exact() + PAUSES[attempts - 1], order_key=abs(delivery.order_key)
        )
        state.put("deliveries", retry)
        self.deliveries.wait(retry)

    def _payload(self, delivery: Delivery, endpoint: Endpoint) -> bytes | None:
        for (body,) in self.backend.state.rows("select body from events where seq = ?", (delivery.event,)):
            if endpoint.api_version is None:
                return bytes(body)
            event = orjson.loads(body)
            event["api_version"] = endpoint.api_version
            return orjson.dumps(event)
        return None

    async def _post(self, endpoint: Endpoint, payload: bytes) -> bool:
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
        """Stop sending. Deliveries that are not done stay in the state."""
        for task in list(self.running):
            task.cancel()
        await asyncio.gather(*self.running, return_exceptions=True)
        if self.session is not None:
            await self.session.close()
