"""The vault: what is sealed opens for its own place only, under every key there ever was."""

import base64
import os
import stat
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydesk.vault import KeyMissing, SealBroken, Vault

KEY = base64.b64encode(bytes(range(32))).decode()
OTHER = base64.b64encode(bytes(range(32, 64))).decode()


@pytest.fixture
def vault(tmp_path):
    return Vault.at(tmp_path / "keys")


def test_what_is_sealed_opens_again(vault):
    sealed = vault.seal("sk_test_secret", "stripe_gateways/x/login")
    assert vault.open(sealed, "stripe_gateways/x/login") == "sk_test_secret"
    version, key_id, body = sealed.split(".")
    assert (version, key_id) == ("v1", vault.key_ids[0])
    assert "sk_test" not in sealed
    assert len(base64.urlsafe_b64decode(body + "==")) == 12 + len("sk_test_secret") + 16


@given(st.text(max_size=200), st.text(st.characters(exclude_categories=["Cs"]), max_size=50))
def test_any_text_comes_back_as_it_was(plain, about):
    vault = Vault.given(KEY)
    assert vault.open(vault.seal(plain, about), about) == plain


def test_the_same_text_is_never_sealed_alike(vault):
    assert vault.seal("a", "b") != vault.seal("a", "b")


def test_a_seal_opens_for_its_own_place_only(vault):
    with pytest.raises(SealBroken) as caught:
        vault.open(vault.seal("sk_test_secret", "stripe_gateways/x/login"), "stripe_gateways/y/login")
    assert "sk_test_secret" not in str(caught.value)


@pytest.mark.parametrize(
    "broken",
    ["", "v1", "v1.", "v1..", "v2.00000000.AAAA", "v1.ABC!.AAAA", "v1.00000000.****", "v1.00000000.AAAA", "ü.ü.ü"],
)
def test_what_is_no_seal_is_said_so(vault, broken):
    with pytest.raises(SealBroken):
        vault.open(broken, "x")
    with pytest.raises(SealBroken):
        vault.needs_resealing(broken)


def test_every_changed_byte_breaks_the_seal(vault):
    head, key_id, body = vault.seal("secret", "x").split(".")
    raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 1
        with pytest.raises(SealBroken):
            vault.open(f"{head}.{key_id}.{base64.urlsafe_b64encode(bytes(changed)).decode().rstrip('=')}", "x")


def test_the_key_file_is_made_once_and_for_its_owner_only(tmp_path):
    path = tmp_path / "keys"
    first = Vault.at(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Vault.at(path).key_ids == first.key_ids
    assert Vault.at(path).open(first.seal("a", "x"), "x") == "a"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["keys"]


def test_a_key_file_open_to_others_is_closed(tmp_path, caplog):
    path = tmp_path / "keys"
    Vault.at(path)
    path.chmod(0o644)
    Vault.at(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "could be read by others" in caplog.text


def test_many_that_start_together_agree_on_one_key(tmp_path):
    path = tmp_path / "keys"
    start = threading.Barrier(8)
    seen = []

    def begin():
        start.wait()
        seen.append(Vault.at(path).key_ids)

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert len(set(seen)) == 1


def test_a_new_key_seals_and_the_old_ones_still_open(tmp_path):
    vault = Vault.at(tmp_path / "keys")
    before = vault.seal("a", "x")
    assert not vault.needs_resealing(before)
    fresh = vault.rotate()
    assert vault.key_ids[0] == fresh
    assert len(vault.key_ids) == 2
    assert vault.needs_resealing(before)
    assert vault.open(before, "x") == "a"
    assert not vault.needs_resealing(vault.seal("a", "x"))
    assert Vault.at(tmp_path / "keys").key_ids == vault.key_ids
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o600


def test_another_process_opens_what_was_sealed_under_a_key_made_since(tmp_path):
    running = Vault.at(tmp_path / "keys")
    cli = Vault.at(tmp_path / "keys")
    cli.rotate()
    assert running.open(cli.seal("a", "x"), "x") == "a"
    assert running.key_ids == cli.key_ids


def test_two_rotations_at_once_lose_no_key(tmp_path):
    path = tmp_path / "keys"
    Vault.at(path)
    threads = [threading.Thread(target=Vault.at(path).rotate) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Vault.at(path).key_ids) == 6


def test_a_value_of_an_unknown_key_says_which_is_missing(vault):
    stranger = Vault.given(KEY)
    with pytest.raises(KeyMissing, match=stranger.key_ids[0]):
        vault.open(stranger.seal("secret", "x"), "x")


def test_keys_from_the_environment():
    first = Vault.given(KEY)
    both = Vault.given(f"{OTHER}, {KEY}")
    assert len(both.key_ids) == 2
    assert both.open(first.seal("a", "x"), "x") == "a"
    assert both.needs_resealing(first.seal("a", "x"))
    named = Vault.given(f"# mine\nnewest {OTHER}\nolder {KEY}\n")
    assert named.key_ids == ("newest", "older")
    with pytest.raises(KeyMissing, match="environment"):
        named.rotate()


@pytest.mark.parametrize(
    "text", ["", " \n", "# none", "abc", "a b c", f"a {KEY[:-4]}", f"a {KEY}\na {OTHER}", f"A! {KEY}"]
)
def test_keys_that_are_none_are_refused_and_not_repeated(text):
    with pytest.raises(KeyMissing) as caught:
        Vault.given(text)
    assert KEY[:20] not in str(caught.value)


def test_a_key_file_that_cannot_be_used_is_said_so(tmp_path):
    with pytest.raises(KeyMissing, match="does not exist"):
        Vault.at(tmp_path / "nowhere" / "keys")
    with pytest.raises(KeyMissing, match="cannot be used"):
        Vault.at(tmp_path)
    (tmp_path / "empty").touch(mode=0o600)
    with pytest.raises(KeyMissing, match="there is no key"):
        Vault.at(tmp_path / "empty")


def test_what_is_derived_outlives_a_rotation(tmp_path):
    vault = Vault.at(tmp_path / "keys")
    before = vault.derive("demo/secret", 32)
    assert len(before) == 32
    assert vault.derive("demo/other", 32) != before
    vault.rotate()
    assert vault.derive("demo/secret", 32) == before
    assert Vault.at(tmp_path / "keys").derive("demo/secret", 32) == before
    assert Vault.given(KEY).derive("demo/secret", 16).hex() == "052b909102ccd2ea88e005490f4f2d95"


def test_no_key_shows_in_a_repr(tmp_path):
    vault = Vault.at(tmp_path / "keys")
    keys = [line.split()[1] for line in (tmp_path / "keys").read_text().splitlines() if not line.startswith("#")]
    assert repr(vault) == f"Vault({vault.key_ids[0]})"
    assert all(key not in repr(vault) for key in keys)
    assert os.fspath(tmp_path) not in repr(vault)
