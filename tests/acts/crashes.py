"""Processes that are killed where it hurts."""

import asyncio
import json
import os
import signal
import urllib.request
from typing import Any

import asyncpg

from paydesk.settings import Settings
from tests import forked
from tests.payments import crashing
from tests.payments.conftest import HOST, MEDIA_TYPE, Api, Running, document_of


def settings_of(settings: Settings, **more: str) -> dict[str, str]:
    """The settings as variables, for another process on the same database."""
    assert settings.stripe_api_base is not None, "a sandbox"
    return {
        "PAYDESK_DATABASE_URL": settings.database_url,
        "PAYDESK_DATA_DIR": str(settings.data_dir),
        "PAYDESK_KEY_FILE": str(settings.vault_file),
        "PAYDESK_STRIPE_API_BASE": settings.stripe_api_base,
        "PAYDESK_STRIPE_TIMEOUT": "3",
        "PAYDESK_LOG_LEVEL": "error",
        "PAYDESK_RATE_LIMITS": "off",
        **more,
    }


def environment_of(settings: Settings, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PAYDESK_")}
    return kept | settings_of(settings, **more)


async def killed(
    running: Running, api: Api, at: str, requests: list[dict[str, Any]], recover: bool = False, key: str = ""
) -> str:
    """Have another process do these requests until it is killed at a place; what it printed."""
    asked = {
        "host": HOST,
        "headers": headers_of(api) | ({"idempotency-key": key} if key else {}),
        "requests": requests,
        "recover": recover,
    }
    env = environment_of(running.settings, PAYDESK_CRASH_AT=at)
    ended = await asyncio.to_thread(forked.run, crashing.run, env=env, given=json.dumps(asked))
    assert ended.returncode == -signal.SIGKILL, f"{at} was not met: {ended.stdout} {ended.stderr[-2000:]}"
    await long_gone(running)
    return ended.stdout


async def long_gone(running: Running) -> None:
    """Who is at work was last seen so long ago that it is taken for gone; who lives is seen again in a moment."""
    if running.settings.database_url.startswith("postgresql"):
        # Heartbeats go by the database's clock, which no test moves.
        connection = await asyncpg.connect(running.settings.database_url)
        await connection.execute("UPDATE holders SET seen_at = seen_at - interval '11 seconds'")
        await connection.close()


EVERYTHING = os.environ.get("PAYDESK_TEST_CRASHES") == "all"
"""Whether tests are to kill at every place, and not only where something is left behind."""


def post(type: str, attributes: dict[str, Any], **related: Any) -> dict[str, Any]:
    return {"method": "POST", "path": f"/api/{type}", "body": document_of(type, None, attributes, related)}


def ready(port: int) -> bool:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1) as answer:
        return bool(answer.status == 200)


def headers_of(api: Api) -> dict[str, str]:
    return {"authorization": f"Bearer {api.token}", "accept": MEDIA_TYPE, "content-type": MEDIA_TYPE}
