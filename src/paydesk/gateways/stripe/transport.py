"""The SDK's HTTP client, one for each event loop, and a cheap SDK client for each pair of key and account on top of it.

Source: the SDK's own code. Its aiohttp client keeps a pool of 100 connections and waits up to 80 s unless told
otherwise; a connector of our own loses its CA bundle unless the context is handed over; used from a second event loop
every call fails.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import weakref
from collections.abc import Mapping
from functools import cache, lru_cache, partial
from typing import Any
from urllib.parse import quote_plus

import aiohttp
import orjson
import stripe
import stripe._api_requestor
import stripe._stripe_response

from paydesk import __version__
from paydesk.gateways.port.account import Credentials
from paydesk.gateways.stripe.lanes import Lane, Patience
from paydesk.gateways.stripe.version import API_VERSION

_KEPT = 1024  # lanes and clients of one event loop; beyond that the longest unused ones go


class Transport:
    """All that one event loop shares: the connections, and per credentials a client and a lane."""

    def __init__(self, api_base: str | None, http_client: stripe.HTTPClient | None, patience: Patience) -> None:
        self._api_base = api_base
        self._patience = patience
        self._http = http_client or _HTTPClient(patience)
        self._clients: dict[tuple[str, str | None], tuple[stripe.StripeClient, Lane]] = {}

    def of(self, credentials: Credentials) -> tuple[stripe.StripeClient, Lane]:
        """The client that speaks for `credentials`, and its lane. Costs nothing the second time."""
        name = (credentials.secret_key, credentials.account)
        found = self._clients.get(name)
        if found is None:
            if len(self._clients) >= _KEPT:
                self._prune()
            found = self._clients[name] = (
                stripe.StripeClient(
                    credentials.secret_key,
                    stripe_account=credentials.account,
                    stripe_version=API_VERSION,
                    base_addresses={"api": self._api_base} if self._api_base else None,
                    max_network_retries=0,  # retries are ours: the SDK's read no Retry-After and have no time limit
                    http_client=self._http,
                ),
                Lane(self._patience),
            )
        return found

    def lanes(self) -> list[Lane]:
        return [lane for _, lane in self._clients.values()]

    async def close(self) -> None:
        await self._http.close_async()  # type: ignore[no-untyped-call]

    def _prune(self) -> None:
        idle = [(lane.used_at, name) for name, (_, lane) in self._clients.items() if not lane.busy]
        for _, name in sorted(idle, key=lambda one: one[0])[: _KEPT // 4]:
            del self._clients[name]


class Transports:
    """The transport of whatever event loop asks."""

    def __init__(self, api_base: str | None, http_client: stripe.HTTPClient | None, patience: Patience) -> None:
        self._make = partial(Transport, api_base, http_client, patience)
        self._of: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Transport] = weakref.WeakKeyDictionary()
        stripe.enable_telemetry = False
        stripe.set_app_info("paydesk", version=__version__)
        # The SDK formats every body it sends and receives, client secrets among them, for a log that is nearly always
        # off, and prints it to stderr where STRIPE_LOG says so. Nothing of that may happen here; it is also a seventh
        # of a call's time. Its form encoding and JSON decoding, and its looking for one and the same set of environment
        # variables, are another third.
        vars(stripe._api_requestor).update(
            log_debug=_silent, log_info=_silent, dashboard_link=_silent, _api_encode=_fields, urlencode="&".join
        )
        vars(stripe._stripe_response).update(json=_JSON)
        requestor = stripe._api_requestor._APIRequestor
        requestor.AI_AGENTS = [one for one in requestor.AI_AGENTS if os.environ.get(one[0])]

    def here(self) -> Transport:
        loop = asyncio.get_running_loop()
        found = self._of.get(loop)
        if found is None:
            found = self._of[loop] = self._make()
        return found

    def every(self) -> list[Transport]:
        return list(self._of.values())

    async def close(self) -> None:
        found = self._of.pop(asyncio.get_running_loop(), None)
        if found is not None:
            await found.close()


def _silent(message: str, **_: object) -> None:
    """Takes the place of the SDK's own logging; what is worth a line is logged by `requests`, without bodies."""


class _JSON:
    """Takes the place of `json` where the SDK decodes an answer."""

    @staticmethod
    def loads(text: str, **_: object) -> Any:
        return orjson.loads(text)


_name = lru_cache(1024)(quote_plus)
"""Names of parameters are few, and come again with every call."""


def _fields(parameters: Mapping[str, Any], within: str = "") -> list[str]:
    """What the SDK makes of parameters that are plain values, `metadata[order_id]=x` and `expand[0]=y`, in a fifth of
    the time.
    """
    made: list[str] = []
    for key, value in parameters.items():
        if value is None:
            continue
        name = f"{within}[{key}]" if within else key
        if isinstance(value, str):
            text = value
        elif isinstance(value, dict):
            made += _fields(value, name)
            continue
        elif isinstance(value, list | tuple):
            made += _fields({str(at): one for at, one in enumerate(value)}, name)
            continue
        else:
            text = ("true" if value else "false") if isinstance(value, bool) else str(value)
        made.append(f"{_name(name)}={text if text.isascii() and text.isalnum() else quote_plus(text)}")
    return made


@cache
def _trusting(bundle: str) -> ssl.SSLContext:
    """What trusts the authorities of a bundle, which takes longer to read than a call takes."""
    return ssl.create_default_context(cafile=bundle)


class _HTTPClient(stripe.AIOHTTPClient):
    """The SDK's, on a session of our own: without its limit of 100 connections, and without cookies."""

    def __init__(self, patience: Patience) -> None:
        context = _trusting(stripe.ca_bundle_path)
        self._own = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=context), cookie_jar=aiohttp.DummyCookieJar()
        )
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=patience.connect, sock_read=patience.read)
        super().__init__(timeout=timeout, session=self._own)

    async def close_async(self) -> None:
        await self._own.close()
