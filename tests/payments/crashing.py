"""A process that is to die in the middle: the application, one request, and a crash point in the environment.

Reads from standard input what to do, as JSON; prints the answers' statuses as far as it comes.
"""

import asyncio
import json
import sys
from typing import Any

import httpx

from paydesk.app import Application
from paydesk.settings import read


async def main(asked: dict[str, Any]) -> None:
    app = Application(read())
    await app.start()
    assert app.parts is not None, "it was started"
    await app.parts.recovery.stop()
    await app.parts.endpoints.loop.stop()
    await app.parts.catching_up.loop.stop()
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=asked["host"], timeout=30) as http:
        for one in asked["requests"]:
            answer = await http.request(
                one["method"], one["path"], content=json.dumps(one.get("body")), headers=asked["headers"]
            )
            print(answer.status_code, flush=True)
    if asked["recover"]:
        await app.parts.recovery.once()
        print("recovered", flush=True)
    await app.stop()


def run() -> None:
    """Do what standard input says."""
    asyncio.run(main(json.load(sys.stdin)))
