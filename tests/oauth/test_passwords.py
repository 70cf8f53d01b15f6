"""What keeps a password in production; other tests hash cheaply (tests/conftest.py)."""

import pytest

from paydesk.oauth import secrets
from tests.conftest import HASHER


def test_passwords_are_kept_as_owasp_recommends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "_HASHER", HASHER)
    kept = secrets.hash_password("correct horse")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert kept != secrets.hash_password("correct horse"), "each has a salt of its own"
    assert secrets.verify_password("correct horse", kept)
    assert not secrets.verify_password("correct horsf", kept)
