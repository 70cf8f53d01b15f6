"""Requests to Stripe: the one place that sends, repeats and waits.

    2xx                         done
    402                         Declined
    other 4xx                   Refused; a 400 `idempotency_error` does not answer what is asked (`key_is_spent`)
    409, 424, 429               again after a pause, same key; Unknown once the time is up
    5xx, no or no whole answer  again after a pause, same key; Unknown once the time is up, or at once when Stripe says
                                that it keeps this answer

An answer that is not Stripe's (an HTML page of something in between) is no answer, whatever its status.

Source: Stripe, "Error handling", "Advanced error handling", "Idempotent requests".
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import aiohttp
import stripe

from paydesk.gateways.port.account import Credentials
from paydesk.gateways.port.problems import Refused, Unknown
from paydesk.gateways.stripe.failures import trouble
from paydesk.gateways.stripe.lanes import Lane, Patience
from paydesk.gateways.stripe.reading.values import Object, bears
from paydesk.gateways.stripe.transport import Transports

log = logging.getLogger("paydesk.gateways.stripe")

PAGE: Final = 100
"""The entries of one page of a list."""

_MOST_PAGES = 100
_BLIND_SECONDS = 3600.0
_ID = re.compile(r"[A-Za-z0-9_]{1,255}")
_HEADER = re.compile(r"[!-~]{1,255}")

Response = tuple[Object, Mapping[str, str]]
"""The object of an answer, and its headers."""


class Requests:
    """Requests under all the credentials of the process.

    patience   how long things may take
    """

    def __init__(self, transports: Transports, patience: Patience) -> None:
        self._transports = transports
        self.patience = patience
        self._blind: dict[tuple[str, str | None], float] = {}

    async def ask(
        self,
        method: str,
        path: str,
        sent: Mapping[str, Any],
        *,
        what: str,
        credentials: Credentials,
        seconds: float | None,
        key: str | None = None,
    ) -> Response:
        """One request and its repetitions. Raises Declined, Refused, Unknown.

        what   the verb, or what is read: for the log
        key    the idempotency key; None where nothing is changed
        """
        _check(credentials, key)
        client, lane = self._transports.here().of(credentials)
        patience = self.patience
        deadline = time.monotonic() + (patience.budget if seconds is None else seconds)
        arguments = {**sent, "idempotency_key": key} if key is not None else sent
        last: Unknown | None = None
        unsent = True
        request_id: str | None = None
        attempt = 0
        while True:
            if (closed := await lane.enter(deadline)) is not None:
                if last is None:
                    raise Unknown("Stripe is not being asked at the moment.", closed, unsent=True)
                last.retry_after = closed
                raise last
            try:
                outcome = await self._attempt(client, lane, method, path, arguments, what, deadline, attempt)
            except Refused as refusal:
                if key is None or unsent or not refusal.unauthorized:
                    raise
                # The key was ended between two attempts, and the first of them may have been carried out.
                raise Unknown(refusal.message, request_id=refusal.request_id) from None
            if not isinstance(outcome, Unknown):
                return outcome
            last = outcome
            unsent = last.unsent = unsent and last.unsent  # one attempt that may have got through is enough
            # The name of the last attempt that Stripe knows of, though later ones were never answered.
            request_id = last.request_id = last.request_id or request_id
            pause = max(patience.pause(attempt), last.retry_after or 0.0)
            if last.kept or time.monotonic() + pause >= deadline:
                log.warning("stripe %s unknown after %d attempts: %s", what, attempt + 1, last.reason)
                last.retry_after = pause
                raise last
            log.info("stripe %s again in %.1f s: %s", what, pause, last.reason)
            await asyncio.sleep(pause)
            attempt += 1

    async def _attempt(
        self,
        client: stripe.StripeClient,
        lane: Lane,
        method: str,
        path: str,
        arguments: Mapping[str, Any],
        what: str,
        deadline: float,
        attempt: int,
    ) -> Response | Unknown:
        """One request; the lane is told how it ended. Returns why nothing is known, where that may pass. Raises
        Declined, Refused.
        """
        left = deadline - time.monotonic()
        limit = max(left * self.patience.attempt_share, min(left, 2.0))
        try:
            async with asyncio.timeout(limit):
                response = await client.raw_request_async(method, path, **arguments)
            if not isinstance(response.data, dict):
                raise TypeError("not an object")
        except asyncio.CancelledError:
            lane.left()
            raise
        except stripe.StripeError as problem:
            return trouble(problem, lane, what, self.patience.pause(attempt))
        except TimeoutError:
            lane.unanswered()
            return Unknown("Stripe did not answer in time.")
        except (aiohttp.ClientError, OSError, EOFError) as problem:
            # The SDK wraps failures before the body; a body that breaks off comes as it is.
            lane.unanswered()
            return Unknown(f"Stripe's answer broke off ({type(problem).__name__}).")
        except (AttributeError, KeyError, TypeError, ValueError):
            lane.unanswered()
            return Unknown("Stripe's answer could not be read.")
        lane.answered()
        return response.data, response.headers

    def sees_balance(self, credentials: Credentials) -> bool:
        """Whether balance transactions may be asked for: a restricted key may lack the right to."""
        return self._blind.get((credentials.secret_key, credentials.account), 0.0) <= time.monotonic()

    def hide_balance(self, credentials: Credentials) -> None:
        """They may not; it is tried again later, since a key may be given the right."""
        log.warning(
            "stripe read: payments are read without their fees for an hour, since the key %s has no right to balance "
            "transactions (rak_balance_transaction_source_read)",
            f"{credentials.secret_key[:8]}…{credentials.secret_key[-4:]}",
        )
        self._blind[(credentials.secret_key, credentials.account)] = time.monotonic() + _BLIND_SECONDS

    async def every(
        self,
        path: str,
        sent: Mapping[str, Any],
        credentials: Credentials,
        seconds: float | None,
        *,
        what: str = "list",
        most_pages: int = _MOST_PAGES,
    ) -> AsyncIterator[Object]:
        """All objects of a list, newest first, page by page."""
        cursor: dict[str, Any] = {}
        for _ in range(most_pages):
            answer, _headers = await self.ask(
                "get", path, {**sent, **cursor, "limit": PAGE}, what=what, credentials=credentials, seconds=seconds
            )
            page = answer.get("data")
            if not isinstance(page, list):
                raise Unknown("Stripe's answer could not be read.")
            for one in page:
                yield one
            if not page or not answer.get("has_more"):
                return
            cursor = {"starting_after": page[-1]["id"]}
        log.warning("stripe list %s is longer than %d pages; the rest was not read", path, most_pages)

    async def bearing(
        self,
        path: str,
        metadata: Mapping[str, str],
        credentials: Credentials,
        since: float | None,
        seconds: float | None,
    ) -> list[Object]:
        """The objects at a path that carry all of `metadata`: searched for, then gone through one by one."""
        found: list[Object] = []
        query = " AND ".join(f"metadata[{_quoted(key)}]:{_quoted(value)}" for key, value in metadata.items())
        try:
            answer, _ = await self.ask(
                "get",
                f"{path}/search",
                {"query": query, "limit": PAGE},
                what="find",
                credentials=credentials,
                seconds=seconds,
            )
            found = [one for one in answer["data"] if bears(one, metadata)]
        except Refused as refusal:
            # Some countries' accounts have no search (Stripe, "Search"); the list is complete, but slow.
            if since is None or refusal.unauthorized:
                raise
        if not found and since is not None:
            created = {"created": {"gte": int(since)}}
            async for one in self.every(path, created, credentials, seconds):
                if bears(one, metadata):
                    found.append(one)
        return found


def checked(identifier: Any) -> str:
    """An id as a part of a path. Stripe has no object of an impossible id; an empty one would ask for a list."""
    if not isinstance(identifier, str) or not _ID.fullmatch(identifier):
        raise Refused("No such object at Stripe.", code="resource_missing", param="id", http_status=404)
    return identifier


def _check(credentials: Credentials, key: str | None) -> None:
    if key is not None and not _HEADER.fullmatch(key):
        raise ValueError("an idempotency key has 1 to 255 printable characters")
    secret = credentials.secret_key
    if not _HEADER.fullmatch(secret) or not _HEADER.fullmatch(credentials.account or "-"):
        raise Refused("Invalid API key or account.", http_status=401)
    if secret.startswith(("sk_test_", "rk_test_") if credentials.live else ("sk_live_", "rk_live_")):
        raise Refused("The API key is of the other mode.", code="livemode_mismatch", http_status=401)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
