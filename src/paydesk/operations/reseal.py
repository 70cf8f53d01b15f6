"""New keys for the vault and for tokens, and everything sealed anew under the newest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from paydesk.oauth import keys
from paydesk.operations.parts import Parts
from paydesk.store.journal import idempotency
from paydesk.store.oauth import signing_keys
from paydesk.store.upkeep.mending import START, Key, Mend, Portion, portion
from paydesk.vault import SealBroken, Vault

RETURN_URL = "return_url"
ROUNDS = 5


@dataclass
class Resealed:
    """What came of it.

    done     how many rows were sealed anew, by table
    answers  how many answers, kept for a day for clients' keys, are sealed under a former key still
    former   the ids of the keys that are not the newest
    broken   in how many places something did not open
    """

    done: dict[str, int] = field(default_factory=dict)
    answers: int = 0
    former: tuple[str, ...] = ()
    broken: int = 0


async def rotate(parts: Parts, *, vault: bool, signing: bool) -> tuple[str | None, str | None]:
    """A new key for the vault, and one for tokens, as asked for; returns their ids. Raises KeyMissing."""
    sealing = parts.vault.rotate() if vault else None
    return sealing, await keys.rotate(parts.database, parts.vault, parts.clock()) if signing else None


async def reseal(parts: Parts) -> Resealed:
    """Seal everything anew that is not sealed under the newest key, in portions, also while servers run."""
    told = Resealed(former=parts.vault.key_ids[1:])
    walk = _Walk(parts.vault, told)
    for mend in walk.mends():
        # What another transaction holds is passed over: again, until a whole walk finds nothing.
        for _ in range(ROUNDS):
            if await _walked(parts, mend):
                break
        told.done[mend.table] = walk.take()
    for row in await parts.database.read(signing_keys.keys):
        if parts.vault.needs_resealing(row.private_key):
            about = keys.sealed_for(row.kid)
            fresh = parts.vault.seal(parts.vault.open(row.private_key, about), about)
            await parts.database.write(lambda: signing_keys.reseal_key(row.kid, row.private_key, fresh))  # noqa: B023
            told.done["signing_keys"] = told.done.get("signing_keys", 0) + 1
    newest = parts.vault.key_ids[0]
    told.answers = await parts.database.read(lambda: idempotency.sealed_otherwise(f"v1.{newest}"))
    return told


async def _walked(parts: Parts, mend: Mend) -> bool:
    """One walk through a table, a portion at a time; whether there was nothing to be done."""
    at: Key | None = START
    clean = True
    while at is not None:
        after = at
        went: Portion = await parts.database.write(lambda: portion(mend, after))  # noqa: B023
        at, clean = went.next, clean and went.clean
    return clean


class _Walk:
    """What of each table is sealed, and for what."""

    def __init__(self, vault: Vault, told: Resealed) -> None:
        self.vault, self.told = vault, told
        self.changed: set[str] = set()

    def take(self) -> int:
        changed, self.changed = self.changed, set()
        return len(changed)

    def mends(self) -> Iterable[Mend]:
        secrets = ("id", "login", "sealed_webhook_secret", "sealed_former_secret")
        yield Mend("reseal/payment_gateways", "payment_gateways", secrets, self._of(secrets[1:]))
        yield Mend(
            "reseal/customer_password_resets",
            "customer_password_resets",
            ("id", "sealed_token"),
            self._of(("sealed_token",)),
        )
        yield Mend("reseal/orders", "orders", ("id", "sealed_return_url"), self._of(("sealed_return_url",)))
        yield Mend("reseal/stripe_payments", "stripe_payments", ("id", "sealed_urls"), self._of(("sealed_urls",)))
        calls = ("tenant", "id", "record_id", "subject_id", "state", "ask", "parameters")
        yield Mend("reseal/gateway_calls", "gateway_calls", calls, self._of(("ask", "parameters")))

    def _of(self, names: tuple[str, ...]) -> Any:
        def changes(row: Mapping[str, Any]) -> dict[str, Any]:
            if row.get("state", "open") != "open":
                return {}  # It is never made again.
            ids = [row[name] for name in ("id", "record_id", "subject_id") if row.get(name)]
            about = [RETURN_URL, f"waiting/{row.get('tenant')}/{row['id']}"]
            about += [f"{kind}/{one}" for one in ids for kind in ("login", "webhook")]
            about += [f"customer_password_resets/{one}/token" for one in ids]
            fresh = {name: self._anew(row[name], about) for name in names}
            found = {name: value for name, value in fresh.items() if value != row[name]}
            if found:
                self.changed.add(row["id"])
            return found

        return changes

    def _anew(self, value: Any, about: list[str]) -> Any:
        if isinstance(value, dict):
            return {name: self._anew(one, about) for name, one in value.items()}
        if isinstance(value, list):
            return [self._anew(one, about) for one in value]
        if not isinstance(value, str) or not value.startswith("v1."):
            return value
        try:
            if not self.vault.needs_resealing(value):
                return value
        except SealBroken:
            return value  # It only looks like one.
        for one in about:
            try:
                return self.vault.seal(self.vault.open(value, one), one)
            except SealBroken:
                continue
        self.told.broken += 1
        return value
