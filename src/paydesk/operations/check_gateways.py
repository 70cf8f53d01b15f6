"""Checks whether a gateway's key works, and whether its events get here.

It reads our books, asks the gateway, and sends an event of our own to the address that the gateway has: signed like any
other, so that the door knows it to be ours, takes note of it, and answers what nobody else at that address could.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paydesk.base.instants import SKEW_SECONDS, instant, later, seconds
from paydesk.base.tenants import mode_of, tenant_of
from paydesk.commerce.payments.payment_gateways import PaymentGateway
from paydesk.declare import eq
from paydesk.gateways.port.account import Account, Credentials, Registration
from paydesk.gateways.port.problems import GatewayProblem, Refused
from paydesk.operations.names import Unknown
from paydesk.operations.parts import Parts
from paydesk.operations.self_test import Line, self_test_of, shown
from paydesk.rules.asking import Find
from paydesk.store import organizations as stored_organizations
from paydesk.store import ownership
from paydesk.store.inbox import gateways as stored_gateways
from paydesk.store.records.sessions import Session
from paydesk.store.upkeep import lookup
from paydesk.vault import KeyMissing, SealBroken

AT_ONCE = 4
LATE_SECONDS = 600.0
"""A list of events that was not read to its end for so long is read by nobody: it is asked for once a minute."""
ASK_AGAIN = "a server then reads the list again by itself within a minute, and `paydesk recover` at once"
UNHEARD_SECONDS = 300.0
"""A webhook that is to come comes within that."""


@dataclass
class Checked:
    """A gateway, what was found out about it, and what came to its door (`lookup.door`)."""

    organization: str
    mode: str
    type: str
    id: str
    name: str
    lines: list[Line] = field(default_factory=list)
    door: dict[str, Any] = field(default_factory=dict)

    @property
    def problems(self) -> int:
        return sum(line.ok is False for line in self.lines)


async def check_gateways(
    parts: Parts, ids: Sequence[str], *, self_test: bool = True, authority: Path | None = None
) -> list[Checked]:
    """Check the gateways with these ids, or all that are not disabled. Raises Unknown where there is no such one.

    authority   a certificate that self-tests trust besides those of the system
    """
    read, gateways = parts.database.read, parts.desk.gateways
    organizations = await read(stored_organizations.organizations)
    slugs = {tenant_of(id_, live): slug for id_, slug in organizations for live in (False, True)}
    chosen: list[tuple[str, str, str]] = []
    for tenant, kind, id_ in await read(lambda: stored_gateways.every_gateway(PaymentGateway)):
        if gateways[kind].account is not None and (not ids or id_ in ids):
            chosen.append((tenant, kind, id_))
    for id_ in ids:
        if id_ not in {known for _, _, known in chosen}:
            raise Unknown(f"There is no gateway {id_} that could be checked.")
    turns = asyncio.Semaphore(AT_ONCE)
    works = bool(await read(lambda: lookup.somebody_works(instant(parts.clock()))))

    async def one(tenant: str, kind: str, id_: str) -> Checked:
        async with turns:
            walk = _Check(parts, tenant, kind, id_, slugs[tenant], works=works, authority=authority)
            return await walk.go(named=bool(ids), self_test=self_test)

    return list(await asyncio.gather(*(one(*each) for each in chosen)))


class _Check:
    """One gateway.

    works       a server is at work on this database
    authority   see `check_gateways`
    """

    def __init__(
        self, parts: Parts, tenant: str, kind: str, id_: str, slug: str, *, works: bool, authority: Path | None
    ) -> None:
        self._parts = parts
        self._tenant, self._kind, self._id, self._slug = tenant, kind, id_, slug
        self._works = works
        self._authority = authority
        self._now = instant(parts.clock())
        account = parts.desk.gateways[kind].account
        assert account is not None, "only gateways with an account are checked"
        self._account: Account = account
        # Where a server moves the endpoint to, when it looks after it.
        self._fixed = parts.fixed_address(slug, kind, id_)

    async def go(self, *, named: bool, self_test: bool) -> Checked:
        read, reader = self._parts.database.read, self._parts.desk.reader
        find = Find(self._kind, eq("id", self._id))
        (record,) = await read(lambda: reader.records(Session(self._tenant, {}), find))
        told = Checked(self._slug, mode_of(self._tenant), self._kind, self._id, record.name)
        told.door = await read(lambda: lookup.door(self._tenant, self._id))
        if record.disabled_at is not None:
            since = f"disabled since {self._ago(record.disabled_at)}: no server looks after it"
            told.lines.append(Line("gateway", since if named else f"{since}; name it to have it checked", None))
            if not named:
                return told
        try:
            credentials = self._parts.credentials(record)
        except (KeyMissing, SealBroken) as problem:
            do = "see that PAYDESK_KEY_FILE or PAYDESK_KEYS names the keys that this database was sealed with"
            told.lines.append(Line("key", f"cannot be opened: {problem}", False, do))
            return told
        known = await read(ownership.known)
        if known.stopped_at is not None:
            said = f"nothing with an effect is asked of the gateway here since {known.stopped_at}: {known.stopped_why}"
            do = "if this installation is the one that is to act, run `paydesk adopt-installation`; else stop it"
            told.lines.append(Line("owner", said, False, do))
        elif known.mark is None and record.webhook_endpoint_id is None:
            # The mark stands with an endpoint; nothing else of ours at the gateway lasts as long.
            said = "a copy of this installation with the same keys cannot be recognised: there is no endpoint to mark"
            do = "see that no copy has these keys, or set PAYDESK_PUBLIC_DOMAIN: a server then registers an endpoint"
            told.lines.append(Line("owner", said, None, do))
        key, works = await self._key(credentials)
        told.lines.append(key)
        endpoint: Registration | None = None
        if works:
            lines, endpoint = await self._endpoint(record, credentials)
            told.lines += lines
        told.lines += self._events(record, told.door, endpoint)
        told.lines.append(self._list(record, told.door))
        if not self_test:
            last = told.door["tested_at"]
            said = f"not asked for; last passed {self._ago(last)}" if last else "not asked for"
            told.lines.append(Line("self-test", said, None))
        else:
            url = endpoint.url if endpoint is not None else record.webhook_endpoint_url
            tests = self._account.self_tests(credentials=credentials, now=self._parts.clock())
            told.lines += await self_test_of(url, tests, self._parts.desk.installation, self._authority)
        return told

    def _ago(self, at: str) -> str:
        return f"{_age(seconds(self._now) - seconds(at))} ago ({at})"

    def _is_ahead(self, at: str) -> bool:
        return at > later(self._now, SKEW_SECONDS)

    def _heals(self, else_do: str) -> str:
        """What to do about an endpoint that is not as it should be."""
        if self._fixed is None:
            return f"{else_do}, or set PAYDESK_PUBLIC_DOMAIN: a server then mends it by itself"
        return "start the server anew, which mends it; it does so by itself within an hour"

    # The key.

    async def _key(self, credentials: Credentials) -> tuple[Line, bool]:
        """What there is to say of the key, and whether it can be asked for more."""
        try:
            lacks = await self._account.probe(credentials)
            tells_fees = await self._account.tells_fees(credentials)
        except Refused as problem:
            do = (
                "see at the gateway why: was it rolled or deleted, has it expired, is it for other addresses? Then "
                f"give it another key of the same account: `paydesk gateways rekey {self._id}`"
            )
            return Line("key", f"is refused: {_sentence(problem)}", False, do), False
        except GatewayProblem as problem:
            return Line("key", f"could not be tried: {_sentence(problem)}", False, "check again"), False
        if lacks:
            do = f"give the restricted key these rights at the gateway, or run `paydesk gateways rekey {self._id}`"
            return Line("key", f"works, but lacks rights: {', '.join(lacks)}", False, do), True
        without = "" if tells_fees else "; fees stay unknown without rak_balance_transaction_source_read"
        return Line("key", f"works, and has all rights that are needed{without}"), True

    # The endpoint.

    async def _endpoint(self, record: Any, credentials: Credentials) -> tuple[list[Line], Registration | None]:
        name, ours = record.webhook_endpoint_id, self._fixed or record.webhook_endpoint_url
        try:
            known = await self._account.find_endpoints(self._id, credentials=credentials)
        except GatewayProblem as problem:
            said = f"{name or 'none here'}; could not be looked at: {_sentence(problem)}"
            return [Line("endpoint", said, False, "check again once the key is in order")], None
        own = next((one for one in known if one.endpoint_id == name), None)
        if own is None:
            gone = f"{name} is not there any more" if name else "there is none: events come by the list alone"
            do = (
                "set PAYDESK_PUBLIC_DOMAIN to a domain that can be reached from outside; a server then registers one"
                if self._fixed is None
                else "start the server anew, which registers one; it does so by itself within an hour"
            )
            return [Line("endpoint", gone, False, do), *self._beside(known, own)], None
        lines = list(self._wrong(own, record, ours))
        if not lines:
            version = f", in API version {own.version}" if own.version else ""
            told = f"{own.endpoint_id} at {shown(own.url)} is enabled and tells of all that is handled{version}"
            lines.append(Line("endpoint", told))
        return [*lines, *self._beside(known, own)], own

    def _wrong(self, own: Registration, record: Any, ours: str | None) -> Iterator[Line]:
        name = own.endpoint_id
        if own.status != "enabled":
            do = self._heals("enable it at the gateway") + "; see below whether it gets through"
            yield Line("endpoint", f"{name} is {own.status}: nothing is sent", False, do)
        if own.url != ours:
            do = self._heals("give it our address at the gateway")
            yield Line("endpoint", f"{name} sends to {shown(own.url)}, and ours is {shown(ours)}", False, do)
        if own.deaf_to:
            do = self._heals("add them at the gateway")
            yield Line("endpoint", f"{name} does not tell of {', '.join(own.deaf_to)}", False, do)
        if not own.current:
            do = self._heals("delete it at the gateway")
            version = own.version or "that is the account's own"
            yield Line("endpoint", f"{name} is of an API version ({version}) that is not the one read here", False, do)
        if own.account != record.connected_account:
            whose = f"brings the events of {own.account or 'the platform'}"
            do = self._heals("delete it at the gateway")
            yield Line("endpoint", f"{name} {whose}, not of {record.connected_account or 'the platform'}", False, do)
        if not record.sealed_webhook_secret:
            do = self._heals("delete it at the gateway")
            yield Line("endpoint", f"{name} signs with a secret that is not known here", False, do)

    def _beside(self, known: list[Registration], own: Registration | None) -> Iterator[Line]:
        for one in known:
            if one is not own:
                do = self._heals("delete it at the gateway")
                said = f"{one.endpoint_id} was registered for this gateway, too, and signs with a secret of its own"
                yield Line("endpoint", said, False, do)

    # What came.

    def _events(self, record: Any, door: Mapping[str, Any], endpoint: Registration | None) -> Iterator[Line]:
        verified, forged, unheard = door["verified_at"], door["forged_at"], door["unheard_since"]
        told = f"last verified {self._ago(verified)}" if verified else "none was verified yet"
        told += f", {door['forged_since'] or 'nothing'} forged since"
        if door["foreign_since"]:
            told += f"; {door['foreign_since']} of other accounts or modes since the last of its own"
        # What came for a former endpoint says nothing of the one that took its place.
        since = (endpoint.created_at if endpoint is not None else None) or ""
        problems = []
        if door["forged_since"] and forged > since:
            said = f"forged ones are newer than the last verified one: the newest came {self._ago(forged)}"
            do = (
                "was the endpoint's secret rolled at the gateway by hand? Then delete the endpoint there"
                + (" and start the server anew" if self._fixed else ", set PAYDESK_PUBLIC_DOMAIN and start the server")
                + ", which registers another one. If not, see that the server's clock is right and that no proxy "
                "changes bodies; else somebody tries to forge"
            )
            problems.append(Line("events", said, False, do))
        is_late = unheard and (since < unheard <= later(self._now, -UNHEARD_SECONDS) or self._is_ahead(unheard))
        if is_late and record.webhook_endpoint_id is not None:
            said = f"the gateway's list brings what no webhook has brought since {self._ago(unheard)}"
            do = "see at the gateway what its deliveries were answered, and that its addresses are let through"
            problems.append(Line("events", said, False, do))
        for name, at in (("verified", verified), ("forged", forged), ("tested", door["tested_at"])):
            if at and self._is_ahead(at):
                said = f"the last that was {name} came at {at}, which is yet to come: a clock ran ahead"
                do = "see that the clock is right; the next event that comes is noted by it"
                problems.append(Line("events", said, False, do))
        yield Line("events", told, None if problems or not verified else True)
        yield from problems

    def _list(self, record: Any, door: Mapping[str, Any]) -> Line:
        reached = door["reached_at"]
        told = f"of events last read to its end {self._ago(reached)}" if reached else "of events was not read yet"
        if record.disabled_at is not None:
            return Line("list", told, None)
        if reached and self._is_ahead(reached):
            told = f"of events last read to its end at {reached}, which is yet to come: a clock ran ahead"
            return Line("list", told, False, f"see that the clock is right; {ASK_AGAIN}")
        made = record.created_at if record.created_at <= self._now else ""
        if max(reached or "", made) > later(self._now, -LATE_SECONDS):
            return Line("list", told, True if reached else None)
        if not self._works:
            return Line("list", f"{told}; no server is at work", False, "start one, or run `paydesk recover`")
        do = "see the server's log for why; the key may lack the right to read events"
        return Line("list", f"{told}, and is to be read once a minute", False, do)


def _sentence(problem: GatewayProblem) -> str:
    return problem.message.rstrip(".")


def _age(passed: float) -> str:
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if passed >= size:
            count = int(passed // size)
            return f"{count} {name}{'s' if count > 1 else ''}"
    count = max(int(passed), 0)
    return f"{count} second{'s' if count != 1 else ''}"
