"""Client ids, client secrets and passwords: how they are made, kept and compared.

What we make ourselves is random enough that one SHA-256 keeps it (RFC 6749, section 10.10); what people choose is kept
by argon2id (RFC 9106).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
import secrets
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from paydesk.base.errors import TooMany

SECRET_BYTES = 32
LONGEST_PASSWORD = 1024
NICE = 10

T = TypeVar("T")

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)
"""19 MiB, two passes, one lane: the least that OWASP's "Password Storage Cheat Sheet" recommends."""


def new_secret() -> str:
    """A client id, client secret, refresh token or code: 256 random bits in 43 url-safe characters.

    None begins with a hyphen, which a command line would take for an option.
    """
    while (made := secrets.token_urlsafe(SECRET_BYTES)).startswith("-"):
        pass
    return made


def digest(secret: str) -> str:
    """What is stored of a secret of ours: SHA-256 in hex."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def matches(secret: str, kept: str | None) -> bool:
    """Whether `secret` has the digest `kept`, in the same time whatever it is. Nothing matches None."""
    return hmac.compare_digest(digest(secret).encode(), (kept or "").encode())


def successor(token: str, salt: str) -> str:
    """The refresh token that follows `token`: whoever has both `token` and its row can make it again, nobody else.

    So a client whose answer was lost can be given the same answer, although only digests are stored.
    """
    made = hmac.new(token.encode("utf-8", "surrogatepass"), salt.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def hash_password(password: str) -> str:
    """argon2id in its usual text form (`$argon2id$v=19$m=…`). Takes some 20 ms: not for an event loop."""
    return _HASHER.hash(password.encode("utf-8", "surrogatepass"))


def verify_password(password: str, kept: str) -> bool:
    """As costly as `hash_password`, whatever the answer."""
    try:
        return _HASHER.verify(kept, password.encode("utf-8", "surrogatepass"))
    except (VerificationError, InvalidHashError):
        return False


class Passwords:
    """Hashes and checks passwords on threads of its own, a few at a time, while other requests go on.

    threads  how many are worked at once: each takes 19 MiB and a whole processor; None for half of the processors
    waiting  how many may wait besides, a second's work; the next one is refused
    """

    def __init__(self, threads: int | None = None, waiting: int = 16) -> None:
        threads = threads or max(1, (os.cpu_count() or 1) // 2)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="paydesk-passwords", initializer=_step_back)
        self._room = threads + waiting
        self._taken = 0
        self._nobody = hash_password(new_secret())

    async def hash(self, password: str) -> str:
        """`hash_password` on a thread. Raises TooMany."""
        return await self._run(hash_password, password)

    async def verify(self, password: str, kept: str | None) -> bool:
        """Whether the password is right. Where there is none to compare with (`kept` is None), a hash that nothing
        fits is compared with instead, so that the time tells nobody who has an account.

        raises TooMany
        """
        right = await self._run(verify_password, password[: LONGEST_PASSWORD + 1], kept or self._nobody)
        return right and kept is not None

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[..., T], *given: str) -> T:
        if self._taken >= self._room:
            raise TooMany("Too many passwords are being looked at. Try again in a moment.")
        self._taken += 1
        # Counted until its thread is done, also where nobody waits for it any more.
        future = self._pool.submit(work, *given)
        loop = asyncio.get_running_loop()
        future.add_done_callback(lambda _: _soon(loop, self._leave))
        return await asyncio.wrap_future(future)

    def _leave(self) -> None:
        self._taken -= 1


def _soon(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # The loop is closed: nobody counts any more.
        loop.call_soon_threadsafe(call)


def _step_back() -> None:
    """Have this thread wait where the one that answers requests wants a processor; outside of Linux it does not."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
