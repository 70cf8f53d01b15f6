"""A gateway that is made when it is first needed.

Importing Stripe's SDK takes a third of what a start takes, and a server that just started can answer most of what it
is asked without it.
"""

import asyncio
from collections.abc import Callable
from importlib import import_module
from typing import Any, cast

from paydesk.gateways.port.gateway import Gateway

WARM_AFTER_SECONDS = 0.5


class _Later:
    """Stands for the gateway; has whatever methods that has."""

    def __init__(self, module: str, make: Callable[[Any], Gateway]) -> None:
        self._module = module
        self._make = make
        self._gateway: Gateway | None = None

    async def close(self) -> None:
        if self._gateway is not None:
            await self._gateway.close()

    def __getattr__(self, name: str) -> Any:
        if self._gateway is None:
            self._gateway = self._make(import_module(self._module))
        return getattr(self._gateway, name)


def later(module: str, make: Callable[[Any], Gateway]) -> Gateway:
    """The gateway that `make` makes of the imported `module`, in the event loop that first asks it for something."""
    return cast(Gateway, _Later(module, make))


async def warm(*modules: str) -> None:
    """Import what `later` would, beside the event loop, so that the first call to a gateway need not wait for it."""
    # The interpreter does one thing at a time: the server is to answer first.
    await asyncio.sleep(WARM_AFTER_SECONDS)
    for module in modules:
        await asyncio.to_thread(import_module, module)
