"""New keys: everything is sealed anew under the newest, until the former one can be taken out."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from paydesk.app import Parts
from paydesk.cli.running import opened
from paydesk.oauth import keys
from paydesk.operations.reseal import Resealed, reseal, rotate
from paydesk.settings import Settings
from paydesk.vault import KeyMissing, Vault
from tests.payments.conftest import Running, Stripe, furnish


async def _rotated(settings: Settings, *, vault: bool, signing: bool) -> tuple[str | None, str | None]:
    async with opened(settings) as parts:
        return await rotate(parts, vault=vault, signing=signing)


async def _resealed(settings: Settings) -> Resealed:
    async with opened(settings) as parts:
        return await reseal(parts)


async def test_a_former_key_can_be_taken_out_once_all_is_sealed_anew(
    running: Running, account: Stripe, tmp_path: Path
) -> None:
    file = tmp_path / "vault.keys"
    shutil.copy(running.settings.vault_file, file)
    settings = running.settings = replace(running.settings, key_file=file)
    async with running.api(account) as api, running.api(account) as other:
        await furnish(api)
        other.gateway, other.method = api.gateway, api.method
        tokens = [api.token, await api.log_in()]
        url = "https://shop.example/back?token=secret"
        order = await api.order(attributes={"return_url": url})
        payment = await api.payment(order, {"options": {"return_url": url}})
        await api.create("orders", market=api.market, key="kept")
        # A call that is open keeps what it is to send.
        await account.faults(status=500, times=0)
        await api.create("stripe_payments", {"return_url": url}, order=await api.order(), expect=503)
        await account.mend()
        former = Vault.at(file).key_ids[0]
        newest, kid = await _rotated(settings, vault=True, signing=True)
        assert Vault.at(file).key_ids == (newest, former)
        told = await _resealed(settings)
        assert (told.former, told.broken, told.answers) == ((former,), 0, 1)
        assert told.done["payment_gateways"] == 1 and told.done["signing_keys"] >= 1
        assert told.done["stripe_payments"] + told.done["gateway_calls"] >= 1
        # Again: there is nothing left, and running processes seal under the new key by themselves.
        again = await _resealed(settings)
        assert set(again.done.values()) == {0}
        await api.create("orders", market=api.market, key="kept later")
        assert (await _resealed(settings)).answers == 1
        # The former one is taken out, and both processes go on.
        lines = [line for line in file.read_text().splitlines() if not line.startswith(former)]
        file.write_text("\n".join(lines) + "\n")
        for one in (api, other):
            await one.parts.oauth.refresh()
            one.parts._opened.clear()
            for token in tokens:
                assert (await one.get(payment, token=token))["stripe_id"] == payment["stripe_id"]
        assert kid in [key["kid"] for key in api.parts.oauth.keyring.jwks()["keys"]]
        assert (await other.payment())["stripe_id"].startswith("pi_")
        await api.recover(after=60)
        assert await api.open_calls() == []
    parts = await Parts.open(settings)
    try:
        assert parts.vault.key_ids == (newest,)
        assert len(parts.vault.open((await rows_of_keys(parts))[0], keys.sealed_for(await first_kid(parts)))) > 100
    finally:
        await parts.close()


async def rows_of_keys(parts: Parts) -> list[str]:
    from paydesk.store.oauth import signing_keys

    return [row.private_key for row in await parts.database.read(signing_keys.keys)]


async def first_kid(parts: Parts) -> str:
    from paydesk.store.oauth import signing_keys

    return str((await parts.database.read(signing_keys.keys))[0].kid)


async def test_keys_of_the_environment_are_changed_there(running: Running, account: Stripe, tmp_path: Path) -> None:
    async with running.api(account):
        pass
    settings = replace(running.settings, keys=running.settings.vault_file.read_text())
    with pytest.raises(KeyMissing, match="put the new key in front of them there"):
        await _rotated(settings, vault=True, signing=False)
