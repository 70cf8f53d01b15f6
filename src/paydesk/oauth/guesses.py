"""Guesses at passwords and client secrets: after a wrong guess, the next guess has to wait.

Sign-ups, probes for who has an account, and password resets (which send mail) are limited here as well, whatever the
settings say.

The database counts the failures, so that all processes know them: of an account from an address, of an account from
everywhere, and of an address with every account. Each count is a leaky bucket: a few failures cost nothing, and each
further failure doubles the pause.

- An attacker is held up by the pause of account and address, which grows to a quarter of an hour.
- An attacker must never lock out the owner of an account. An address that was right before is never held up by the
  failures of others. Any other address waits for one pause of the account, of 30 seconds at most: it is promised the
  pause's end, and is then heard however many others were wrong meanwhile.
- An account that does not exist counts, waits and answers like any other.
- Repeated password resets for one e-mail address wait, whoever asks: its owner has a mail already, whose token is good
  for hours.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from paydesk.base.errors import NotFound, Refusal, TooMany, is_guess
from paydesk.base.instants import Clock, instant, later, seconds
from paydesk.declare import Limited
from paydesk.http.origin import Peer
from paydesk.store.oauth import guesses
from paydesk.store.oauth.guesses import Tally
from paydesk.store.sql.ask import Database, Transaction

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bucket:
    """The failures of one kind, or what is counted like them.

    free             how many in a row cost nothing; the last of them begins the first pause
    leak_seconds     how long until one failure is forgotten
    longest_seconds  the longest pause
    most             more are not counted, so that the end of an attack is soon the end of its pauses
    first_seconds    the first pause
    """

    free: int
    leak_seconds: float
    longest_seconds: float
    most: float
    first_seconds: float = 1.0


PAIR = Bucket(5, 600.0, 900.0, 110.0)
ACCOUNT = Bucket(20, 60.0, 30.0, 30.0)
ADDRESS = Bucket(50, 6.0, 30.0, 60.0)
SIGN_UPS = Bucket(60, 2.0, 30.0, 75.0)
"""Requests of one address that hash a password or may tell who has an account; successful ones count, too."""
MAILS = Bucket(20, 20.0, 60.0, 30.0)
"""Requests of one address that send mail."""
MAILBOX = Bucket(5, 900.0, 900.0, 12.0, first_seconds=60.0)
"""Requests that send mail to one e-mail address, whoever asks."""
SHARED_SECONDS = 30.0
"""The longest pause of account and address where many people share the address: behind a proxy that is not listed, or a
shop's own server that signs its customers in.
"""
UNLISTED_SECONDS = 1.0
"""The longest pause of such a proxy's address with every account: all the shop's customers come from there."""
MAILS_SHARED_SECONDS = 5.0
"""The same before a password reset: anybody can pretend to be such a proxy, and mail costs more than an answer."""
KNOWN_FAILURES = 100
"""After so many failures of account and address (fewer as they are forgotten) an earlier sign-in counts no more."""
KNOWN_SECONDS = 90 * 86_400.0
"""How long an address is remembered as one that was right."""
RENEW_SECONDS = 86_400.0
"""How often that is written anew, so that a sign-in mostly writes nothing here."""
PROMISE_SECONDS = 3600.0
"""How long a promised turn can be taken."""
SKEW_SECONDS = 60.0
"""An instant further ahead was written by a clock that ran ahead, and counts as long past."""


@dataclass(frozen=True, slots=True)
class _Verdict:
    """wait: until this guess is looked at; own: what of it is the address's own doing; known: it was right before."""

    wait: float
    own: float
    known: bool


class Guesses:
    """Every check of a password or client secret goes through `tried`; every request of the API that is limited always
    goes through `limited`.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def tried(self, account: str, peer: Peer, look: Callable[[], Awaitable[bool]], *, once: bool = False) -> bool:
        """Whether the guess is right, as `look` says, which is asked only where nothing is to be waited for.

        account  what is guessed at, whether it exists or not
        once     nobody is right about it a second time: that somebody was is not remembered
        raises   TooMany, for right and wrong guesses alike; what `look` raises
        """
        pair, _, _ = keys = _keys(account, peer)
        found = await self._database.read(lambda: guesses.tallies(keys))
        verdict = self._verdict(found, keys, peer)
        if verdict.wait:
            if not verdict.own:
                await self._settle(keys, peer, None)
            raise _wait(verdict.wait)
        right = await look()
        if right and (once or self._is_fresh(found.get(pair))):
            return True
        wait = await self._settle(keys, peer, right)
        if wait:
            raise _wait(wait)
        return right

    async def limited(
        self, asked: Limited, tenant: str, peer: Peer, shopper: bool, make: Callable[[], Awaitable[T]]
    ) -> T:
        """Make a request that is limited always.

        peer      where it comes from; that its token is the shop's own server's says little, since it may be handed on
        shopper   it comes through a storefront: anybody may be behind it
        raises    TooMany; what `make` raises, of which a wrong guess is counted
        """
        peer = Peer(peer.address, peer.unlisted or peer.vouched)
        counted: dict[str, tuple[Bucket, float]] = {}
        if shopper:
            bucket = MAILS if asked.kind == "mail" else SIGN_UPS
            shared = MAILS_SHARED_SECONDS if asked.kind == "mail" else UNLISTED_SECONDS
            longest = shared if peer.unlisted else bucket.longest_seconds
            counted[_key(f"{asked.kind} from\n{peer.address}")] = (bucket, longest)
        if asked.kind == "mail":
            counted[_key(f"mail to\n{tenant}\n{asked.about}")] = (MAILBOX, MAILBOX.longest_seconds)
            await self._count(counted)
            return await make()
        if not shopper:
            return await make()
        made: list[T] = []
        wrong: list[Refusal] = []

        async def look() -> bool:
            await self._count(counted)
            try:
                made.append(await make())
            except Refusal as refusal:
                if not (is_guess(refusal) or (asked.about is not None and isinstance(refusal, NotFound))):
                    raise
                wrong.append(refusal)
            return not wrong

        if asked.about is None:
            await self._probed(peer, look)
        else:
            await self.tried(f"{asked.about} of {tenant}", peer, look, once=True)
        if wrong:
            raise wrong[0]
        return made[0]

    async def _probed(self, peer: Peer, look: Callable[[], Awaitable[bool]]) -> None:
        """As `tried`, of guesses at nobody in particular, but at who is there: they count for the address alone."""
        bucket = (ADDRESS, UNLISTED_SECONDS if peer.unlisted else ADDRESS.longest_seconds)
        counted = {_key(f"address\n{peer.address}"): bucket}
        await self._must_be_free(counted)
        if not await look():
            await self._count(counted)

    async def _must_be_free(self, counted: dict[str, tuple[Bucket, float]]) -> None:
        """Raises TooMany where one of these buckets is full."""
        found = await self._database.read(lambda: guesses.tallies(counted))
        if wait := self._longest(found, counted):
            raise _wait(wait)

    async def _count(self, counted: dict[str, tuple[Bucket, float]]) -> None:
        """Count one request in each of these buckets, or in none and raise TooMany where one is full."""
        await self._must_be_free(counted)
        if wait := await self._database.write(lambda: self._counted(counted)):
            raise _wait(wait)

    def _counted(self, counted: dict[str, tuple[Bucket, float]]) -> Transaction[float]:
        now = self._clock()
        found = yield from guesses.hold(counted, instant(now))
        wait = self._longest(found, counted)
        if not wait:
            yield from guesses.keep(
                [_ended(_more(found[key], bucket, now), bucket) for key, (bucket, _) in counted.items()]
            )
        return wait

    def _longest(self, found: dict[str, Tally], counted: dict[str, tuple[Bucket, float]]) -> float:
        now = self._clock()
        return max(_pause(found.get(key), bucket, now, longest) for key, (bucket, longest) in counted.items())

    async def _settle(self, keys: tuple[str, str, str], peer: Peer, right: bool | None) -> float:
        """Count what came of a guess (None: it is not looked at), and how long its answer must wait after all: others
        may have been counted since it was let in.
        """
        return await self._database.write(lambda: self._settled(keys, peer, right))

    def _settled(self, keys: tuple[str, str, str], peer: Peer, right: bool | None) -> Transaction[float]:
        now = self._clock()
        at = instant(now)
        pair, whole, everywhere = keys
        found = yield from guesses.hold(keys if right is False else (pair,), at)
        if right is not False:
            found = (yield from guesses.tallies((whole, everywhere))) | found
        verdict = self._verdict(found, keys, peer)
        own = found[pair]
        if verdict.wait or right is None:
            if verdict.wait and not verdict.own and not _is_promised(own, now):
                kept = replace(
                    own, level=_level(own, PAIR, now), counted_at=at, promised_at=instant(now + verdict.wait)
                )
                yield from guesses.keep([_ended(kept, PAIR)])
            return verdict.wait
        if right:
            kept = replace(own, level=0.0, counted_at=at, promised_at=None, signed_in_at=at)
            yield from guesses.keep([_ended(kept, PAIR)])
            return 0.0
        counted = [_ended(replace(_more(own, PAIR, now), promised_at=None), PAIR)]
        counted.append(_ended(_more(found[whole], ACCOUNT, now), ACCOUNT))
        if not peer.vouched:
            counted.append(_ended(_more(found[everywhere], ADDRESS, now), ADDRESS))
        yield from guesses.keep(counted)
        return verdict.own

    def _verdict(self, found: dict[str, Tally], keys: tuple[str, str, str], peer: Peer) -> _Verdict:
        now = self._clock()
        pair, whole, everywhere = (found.get(key) for key in keys)
        level = _level(pair, PAIR, now)
        known = pair is not None and pair.signed_in_at is not None and now < seconds(pair.signed_in_at) + KNOWN_SECONDS
        shared = peer.unlisted or peer.vouched or known
        own = _pause(pair, PAIR, now, SHARED_SECONDS if shared else PAIR.longest_seconds)
        if known and level < KNOWN_FAILURES:
            return _Verdict(0.0, own, True)
        if not peer.vouched:
            longest = UNLISTED_SECONDS if peer.unlisted else ADDRESS.longest_seconds
            own = max(own, _pause(everywhere, ADDRESS, now, longest))
        if pair is not None and _is_promised(pair, now):
            others = max(0.0, seconds(pair.promised_at or "") - now)
        else:
            others = _pause(whole, ACCOUNT, now, ACCOUNT.longest_seconds)
        return _Verdict(max(own, others), own, False)

    def _is_fresh(self, pair: Tally | None) -> bool:
        """Nothing is to be written for a guess that was right."""
        if pair is None or pair.signed_in_at is None or pair.level or pair.promised_at is not None:
            return False
        return 0.0 <= self._clock() - seconds(pair.signed_in_at) < RENEW_SECONDS


def _wait(left: float) -> TooMany:
    return TooMany("Too many guesses. Try again later.", max(1, math.ceil(left - 1e-6)))


def _key(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _keys(account: str, peer: Peer) -> tuple[str, str, str]:
    """The keys of account and address, of the account, and of the address."""
    return _key(f"pair\n{peer.address}\n{account}"), _key(f"account\n{account}"), _key(f"address\n{peer.address}")


def _elapsed(tally: Tally, now: float) -> float:
    """Seconds since it was counted."""
    elapsed = now - seconds(tally.counted_at)
    return math.inf if elapsed < -SKEW_SECONDS else max(0.0, elapsed)


def _level(tally: Tally | None, bucket: Bucket, now: float) -> float:
    return 0.0 if tally is None else max(0.0, tally.level - _elapsed(tally, now) / bucket.leak_seconds)


def _pause(tally: Tally | None, bucket: Bucket, now: float, longest: float) -> float:
    """How many seconds of the pause are left that the last failure began."""
    if tally is None or (over := round(tally.level) - bucket.free) < 0:
        return 0.0
    return max(0.0, min(longest, bucket.first_seconds * 2.0 ** min(over, 20)) - _elapsed(tally, now))


def _more(tally: Tally, bucket: Bucket, now: float) -> Tally:
    """With one failure more."""
    return replace(tally, level=min(_level(tally, bucket, now) + 1, bucket.most), counted_at=instant(now))


def _is_promised(tally: Tally, now: float) -> bool:
    """A turn was promised that is still to come, or can still be taken."""
    if tally.promised_at is None:
        return False
    ahead = seconds(tally.promised_at) - now
    return -PROMISE_SECONDS < ahead < ACCOUNT.longest_seconds + SKEW_SECONDS


def _ended(tally: Tally, bucket: Bucket) -> Tally:
    """With the instant from which on it says nothing."""
    until = later(tally.counted_at, tally.level * bucket.leak_seconds)
    if tally.promised_at is not None:
        until = max(until, later(tally.promised_at, PROMISE_SECONDS))
    if tally.signed_in_at is not None:
        until = max(until, later(tally.signed_in_at, KNOWN_SECONDS))
    return replace(tally, until=until)
