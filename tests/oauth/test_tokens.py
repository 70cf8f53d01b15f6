"""Which access tokens are let in, and which are not."""

import hmac
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws
from joserfc.jwk import RSAKey

from paydesk.base.errors import InvalidToken
from paydesk.base.instants import instant
from paydesk.oauth.keys import Keyring
from paydesk.oauth.tokens import LONGEST_LIFETIME_SECONDS, Tokens, first_label, issuer_of
from paydesk.store.oauth.administrators import User
from paydesk.store.oauth.signing_keys import KeyRow
from paydesk.store.oauth.state import State
from paydesk.vault import Vault
from tests.oauth.conftest import NOW, Clock

PAYLOAD: dict[str, Any] = {
    "organization": {"id": "orgAAAAAAA", "slug": "acme", "enterprise": False, "region": "self-hosted"},
    "application": {"id": "app", "client_id": "client", "kind": "integration", "public": False, "confidential": True},
    "test": True,
    "scope": "market:all",
    "exp": int(NOW) + 7200,
    "iat": int(NOW),
    "iss": "https://auth.shop.test",
    "rand": 0.5,
}


def state(**values: Any) -> State:
    given: dict[str, Any] = {"keys": [], "revoked": [], "slugs": frozenset(), "users": [], "gone": frozenset()}
    return State(**given | values)


@pytest.fixture
def tokens(keyring: Keyring, clock: Clock) -> Tokens:
    made = Tokens(keyring, clock)
    made.take(state(slugs=frozenset({"acme", "bolt"})))
    return made


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def refused(tokens: Tokens, text: str) -> bool:
    for _ in range(2):
        with pytest.raises(InvalidToken):
            tokens.actor(text, None)
    return True


def test_a_token_of_ours_tells_who_asks(tokens: Tokens) -> None:
    text, _ = tokens.make(PAYLOAD)
    header, body, _ = text.split(".")
    kid = next(iter(tokens.keyring.by_header.values())).kid
    assert unb64(header) == orjson.dumps({"alg": "RS512", "typ": "JWT", "kid": kid})
    assert json.loads(unb64(body)) == PAYLOAD
    actor = tokens.actor(text, "acme")
    assert (actor.tenant, actor.organization_id, actor.slug, actor.mode) == (
        "orgAAAAAAA/test",
        "orgAAAAAAA",
        "acme",
        "test",
    )
    assert (actor.kind, actor.application_id, actor.role, actor.owner_id) == ("integration", "app", "admin", None)
    assert (actor.market_ids, actor.stock_location_ids, actor.custom_claim) == (None, None, None)
    assert actor.who == {"application": PAYLOAD["application"]}
    assert tokens.actor(text, None) is actor


def test_another_organizations_host_refuses_it_and_an_unknown_label_does_not(tokens: Tokens) -> None:
    text, _ = tokens.make(PAYLOAD)
    for label in ("acme", "localhost", "auth", "127", "", None):
        assert tokens.actor(text, label).slug == "acme"
    with pytest.raises(InvalidToken):
        tokens.actor(text, "bolt")
    assert tokens.actor(text, "acme").slug == "acme"


def test_expiry_is_to_the_second_also_from_the_cache(tokens: Tokens, clock: Clock) -> None:
    text, _ = tokens.make(PAYLOAD)
    tokens.actor(text, None)
    clock.now = PAYLOAD["exp"] - 0.001
    tokens.actor(text, None)
    clock.now = float(PAYLOAD["exp"])
    assert refused(tokens, text)
    tokens.sweep()
    assert tokens.client_ids() == set()


def test_what_ends_later_than_a_token_may_was_made_by_a_clock_that_ran_ahead(tokens: Tokens) -> None:
    longest = int(NOW) + LONGEST_LIFETIME_SECONDS + 600
    tokens.actor(tokens.make(PAYLOAD | {"exp": longest})[0], None)
    assert refused(tokens, tokens.make(PAYLOAD | {"exp": longest + 1})[0])


def test_not_before_has_a_little_leeway(tokens: Tokens) -> None:
    tokens.actor(tokens.make(PAYLOAD | {"nbf": NOW + 30})[0], None)
    assert refused(tokens, tokens.make(PAYLOAD | {"nbf": NOW + 31})[0])


@pytest.mark.parametrize("change", [{"exp": "tomorrow"}, {"exp": None}, {"nbf": "yesterday"}])
def test_times_that_are_none(tokens: Tokens, keyring: Keyring, change: dict[str, Any]) -> None:
    key = keyring.signer(instant(NOW))
    header = {"alg": "RS512", "typ": "JWT", "kid": key.kid}
    text = jws.serialize_compact(header, orjson.dumps(PAYLOAD | change), key.private(), algorithms=["RS512"])
    assert refused(tokens, text)


def signed(header: dict[str, Any], key: RSAKey | bytes, algorithm: str) -> str:
    """A token signed under a header as wrong as can be. `key` is bytes for HMAC."""
    raw = b64(orjson.dumps(header)) + "." + b64(orjson.dumps(PAYLOAD))
    if isinstance(key, bytes):
        return raw + "." + b64(hmac.new(key, raw.encode(), f"sha{algorithm[2:]}").digest())
    hashing = {"256": SHA256(), "512": SHA512()}[algorithm[2:]]
    padding = PSS(MGF1(hashing), hashing.digest_size) if algorithm.startswith("PS") else PKCS1v15()
    private = key.private_key
    assert private is not None
    return raw + "." + b64(private.sign(raw.encode(), padding, hashing))


@pytest.fixture(scope="session")
def forged(vault: Vault, key_rows: list[KeyRow]) -> dict[str, str]:
    """Forged tokens by what is wrong with them. Each takes signatures, so all are made once."""
    keyring, others = Keyring(), Keyring()
    keyring.take(key_rows[:1], vault, instant(NOW))
    others.take(key_rows[1:], vault, instant(NOW))
    ours = keyring.signer(instant(NOW))
    foreign = others.signer(instant(NOW))
    good = signed({"alg": "RS512", "typ": "JWT", "kid": ours.kid}, ours.private(), "RS512")
    header, body, signature = good.split(".")
    public_pem = ours.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    jwk = foreign.as_jwk()

    def headed(key: Any, algorithm: str = "RS512", **members: Any) -> str:
        return signed({"alg": algorithm, "typ": "JWT", "kid": ours.kid} | members, key, algorithm)

    def bare(**members: Any) -> str:
        return b64(orjson.dumps(members)) + "." + body + "."

    doubled = b64(b'{"alg":"none","alg":"RS512","typ":"JWT","kid":"' + ours.kid.encode() + b'"}')
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return {
        "alg none": bare(alg="none", typ="JWT", kid=ours.kid),
        "alg none with our signature": b64(orjson.dumps({"alg": "none", "typ": "JWT", "kid": ours.kid}))
        + f".{body}.{signature}",
        "alg NONE": bare(alg="NONE", typ="JWT", kid=ours.kid),
        "alg missing": bare(typ="JWT", kid=ours.kid),
        "no signature": f"{header}.{body}.",
        "two parts": f"{header}.{body}",
        "one part": header,
        "nothing": "",
        "dots": "..",
        "HS256 with the public key": headed(public_pem, "HS256"),
        "HS512 with the public key": headed(public_pem, "HS512"),
        "RS256 of our own key": headed(ours.private(), "RS256"),
        "PS512 of our own key": headed(ours.private(), "PS512"),
        "our header over RS256": f"{header}.{body}." + headed(ours.private(), "RS256").rpartition(".")[2],
        "unknown kid": headed(foreign.private(), kid=foreign.kid),
        "our kid, another's key": headed(foreign.private()),
        "kid is a path": headed(foreign.private(), kid="../../../../dev/null"),
        "kid is a number": headed(ours.private(), kid=0),
        "kid in a list": headed(ours.private(), kid=[ours.kid]),
        "kid missing": signed({"alg": "RS512", "typ": "JWT"}, ours.private(), "RS512"),
        "jwk": headed(foreign.private(), jwk=jwk),
        "jwk, signed by us": headed(ours.private(), jwk=jwk),
        "jku": headed(foreign.private(), jku="https://evil.example/jwks.json"),
        "x5u": headed(foreign.private(), x5u="https://evil.example/cert.pem"),
        "crit": headed(ours.private(), crit=["exp"]),
        "another typ": headed(ours.private(), typ="at+jwt"),
        "alg doubled": f"{doubled}.{body}.{signature}",
        "truncated": good[:-1],
        "truncated by half": good[: len(good) // 2],
        "prolonged": good + "A",
        "a fourth part": good + "." + signature,
        "padded": good + "==",
        "a space": good + " ",
        "a line break": good[:50] + "\n" + good[50:],
        "not ASCII": good[:-1] + "é",
        "a surrogate": good[:-1] + "\ud800",
        "NUL": good[:-1] + "\0",
        "signature spelt otherwise": good[:-1] + last[last.index(good[-1]) ^ 1],
        "another payload": f"{header}." + b64(orjson.dumps(PAYLOAD | {"test": False})) + f".{signature}",
        "a changed signature": f"{header}.{body}." + ("B" if signature[0] == "A" else "A") + signature[1:],
        "no payload": f"{header}..{signature}",
        "too long": f"{header}.{body}{'A' * 100_000}.{signature}",
        "bearer twice": f"Bearer {good}",
    }


KINDS = [
    "alg none", "alg none with our signature", "alg NONE", "alg missing", "no signature", "two parts", "one part",
    "nothing", "dots", "HS256 with the public key", "HS512 with the public key", "RS256 of our own key",
    "PS512 of our own key", "our header over RS256", "unknown kid", "our kid, another's key", "kid is a path",
    "kid is a number", "kid in a list", "kid missing", "jwk", "jwk, signed by us", "jku", "x5u", "crit", "another typ",
    "alg doubled", "truncated", "truncated by half", "prolonged", "a fourth part", "padded", "a space", "a line break",
    "not ASCII", "a surrogate", "NUL", "signature spelt otherwise", "another payload", "a changed signature",
    "no payload", "too long", "bearer twice",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_forged_token_is_refused(tokens: Tokens, forged: dict[str, str], kind: str) -> None:
    tokens.actor(tokens.make(PAYLOAD)[0], None)
    assert refused(tokens, forged[kind])


def test_a_header_with_an_unknown_key_takes_as_long_as_a_wrong_signature(
    tokens: Tokens, forged: dict[str, str]
) -> None:
    def takes(text: str) -> float:
        best = 1.0
        for _ in range(50):
            began = time.perf_counter()
            with pytest.raises(InvalidToken):
                tokens.read(text)
            best = min(best, time.perf_counter() - began)
        return best

    wrong = takes(forged["our kid, another's key"])
    unknown = takes(forged["unknown kid"])
    assert 0.3 < unknown / wrong < 3


def test_a_fixed_domain_fixes_the_issuer(keyring: Keyring, clock: Clock) -> None:
    tokens = Tokens(keyring, clock, public_domain="shop.test")
    tokens.actor(tokens.make(PAYLOAD)[0], None)
    assert refused(tokens, tokens.make(PAYLOAD | {"iss": "https://auth.other.test"})[0])


def test_a_revoked_token_is_refused_however_it_is_spelt(tokens: Tokens) -> None:
    text, remembered = tokens.make(PAYLOAD)
    other, _ = tokens.make(PAYLOAD | {"rand": 0.25})
    tokens.actor(text, None)
    tokens.actor(other, None)
    tokens.revoke([remembered])
    assert refused(tokens, text)
    tokens.actor(other, None)


def test_revocations_are_forgotten_once_the_token_has_ended(tokens: Tokens, clock: Clock) -> None:
    text, remembered = tokens.make(PAYLOAD)
    tokens.take(state(revoked=[remembered]))
    assert refused(tokens, text)
    assert len(tokens._revoked) == 1
    clock.advance(7200)
    tokens.sweep()
    assert tokens._revoked == {}


def test_an_application_that_ended_takes_its_tokens_with_it(tokens: Tokens) -> None:
    text, _ = tokens.make(PAYLOAD)
    tokens.actor(text, None)
    assert tokens.client_ids() == {"client"}
    tokens.take(state(gone=frozenset({"client"})))
    assert refused(tokens, text)
    assert tokens.client_ids() == set()


def test_a_users_role_is_that_of_now(tokens: Tokens) -> None:
    owner = {"owner": {"id": "usr", "type": "User"}}
    text, _ = tokens.make(PAYLOAD | owner | {"application": PAYLOAD["application"] | {"kind": "webapp"}})
    assert refused(tokens, text)
    user = User("orgAAAAAAA", "usr", "a@b.example", "admin", "Ada", "L", "UTC")
    tokens.take(state(users=[user]))
    assert tokens.actor(text, None).role == "admin"
    tokens.take(state(users=[User("orgAAAAAAA", "usr", "a@b.example", "read_only", "Ada", "L", "UTC")]))
    assert tokens.actor(text, None).role == "read_only"
    tokens.take(state(users=[]))
    assert refused(tokens, text)


def test_what_is_kept_is_bounded(tokens: Tokens, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paydesk.oauth.tokens.KEPT", 3)
    made = [tokens.make(PAYLOAD | {"rand": number / 8})[0] for number in range(5)]
    for text in made:
        tokens.actor(text, None)
    assert list(tokens._kept) == made[2:]
    tokens.actor(made[0], None)
    assert list(tokens._kept) == [*made[3:], made[0]]


def test_a_key_signs_once_everybody_knows_it_and_verifies_until_it_is_retired(
    vault: Vault, key_rows: list[KeyRow], clock: Clock
) -> None:
    ring = Keyring()
    tokens = Tokens(ring, clock)
    ring.take(key_rows[:1], vault, instant(NOW))
    old, _ = tokens.make(PAYLOAD)
    first, second = key_rows
    retired = KeyRow(first.kid, 1, first.private_key, first.public_key, first.created_at, instant(NOW + 3600))
    fresh = KeyRow(second.kid, 2, second.private_key, second.public_key, instant(NOW), None)
    ring.take([retired, fresh], vault, instant(NOW))
    assert ring.signer(instant(NOW + 14.9)).kid == first.kid
    assert ring.signer(instant(NOW + 15)).kid == second.kid
    assert [key["kid"] for key in ring.jwks()["keys"]] == [second.kid, first.kid]
    clock.advance(15)
    new, _ = tokens.make(PAYLOAD)
    tokens.actor(old, None)
    tokens.actor(new, None)
    ring.take([retired, fresh], vault, instant(NOW + 3600))
    assert [key["kid"] for key in ring.jwks()["keys"]] == [second.kid]
    with pytest.raises(InvalidToken):
        tokens.read(old)
    tokens.read(new)


def test_a_private_key_opens_in_its_own_row_alone(vault: Vault, key_rows: list[KeyRow]) -> None:
    from paydesk.vault import SealBroken

    first, second = key_rows
    swapped = KeyRow(first.kid, 1, second.private_key, first.public_key, first.created_at, None)
    ring = Keyring()
    ring.take([swapped], vault, instant(NOW))
    with pytest.raises(SealBroken):
        ring.signer(instant(NOW)).private()


def test_first_labels_and_issuers() -> None:
    assert [
        first_label(host) for host in ("acme.shop.test", "acme.shop.test:80", "localhost:8000", "[::1]:80", "")
    ] == [
        "acme",
        "acme",
        "localhost",
        "::1",
        "",
    ]
    assert issuer_of("http", "acme.shop.test:8000", None, {"acme"}) == "http://auth.shop.test:8000"
    assert issuer_of("http", "anything", "shop.test", set()) == "https://auth.shop.test"


def test_the_key_is_rsa_2048(keyring: Keyring) -> None:
    (key,) = keyring.by_header.values()
    assert key.public.key_size == 2048
    assert isinstance(key.private(), RSAKey)
