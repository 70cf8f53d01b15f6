"""Settings: read from the environment, all mistakes at once."""

import re
from dataclasses import fields
from ipaddress import ip_network
from pathlib import Path

import pytest

from paydesk.settings import PREFIX, Settings, SettingsError, describe, read


def test_nothing_needs_to_be_set() -> None:
    settings = read({})
    assert settings.on_sqlite
    assert settings.sqlite_file == Path.cwd() / ".paydesk" / "paydesk.sqlite3"
    assert settings.vault_file == Path(".paydesk/vault.keys")
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8000, 1)
    assert settings.max_body_bytes == 1024 * 1024
    assert not settings.rate_limits
    assert not settings.development


def test_variables_are_read_and_an_empty_one_counts_as_unset() -> None:
    settings = read(
        {
            "PAYDESK_DATABASE_URL": "postgres://pay:secret@db:5432/desk",
            "PAYDESK_WORKERS": "4",
            "PAYDESK_PORT": "",
            "PAYDESK_PUBLIC_DOMAIN": "Shop.Example.COM",
            "PAYDESK_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8",
            "PAYDESK_STRIPE_API_BASE": "http://127.0.0.1:8010/",
            "PAYDESK_RATE_LIMITS": "on",
        }
    )
    assert settings.database_url == "postgresql://pay:secret@db:5432/desk"
    assert not settings.on_sqlite
    assert (settings.workers, settings.port) == (4, 8000)
    assert settings.public_domain == "shop.example.com"
    assert settings.trusted_proxies == (ip_network("127.0.0.1/32"), ip_network("10.0.0.0/8"))
    assert settings.stripe_api_base == "http://127.0.0.1:8010"
    assert settings.rate_limits


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        read(
            {
                "PAYDESK_PORT": "70000",
                "PAYDESK_WORKERS": "2",
                "PAYDESK_MAX_BODY_BYTES": "99999999",
                "PAYDESK_DATABASE_URL": "sqlite:///tmp/x",
                "PAYDESK_STRIPE_API_BASE": "http://127.0.0.1:8010/v1",
                "PAYDESK_TLS_KEY": "/tmp/key",
                "PAYDESK_LOG_LEVELS": "debug",
            }
        )
    assert set(caught.value.mistakes) == {
        "PAYDESK_PORT",
        "PAYDESK_WORKERS",
        "PAYDESK_MAX_BODY_BYTES",
        "PAYDESK_STRIPE_API_BASE",
        "PAYDESK_TLS_CERTIFICATE",
        "PAYDESK_LOG_LEVELS",
    }
    assert caught.value.mistakes["PAYDESK_LOG_LEVELS"] == "is not a setting; PAYDESK_LOG_LEVEL may be meant"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PAYDESK_DATABASE_URL", "mysql://x"),
        ("PAYDESK_DATABASE_URL", "paydesk.sqlite3"),
        ("PAYDESK_PORT", "-1"),
        ("PAYDESK_PORT", "٣"),
        ("PAYDESK_PUBLIC_DOMAIN", "https://shop.example.com"),
        ("PAYDESK_TRUSTED_PROXIES", "proxy.local"),
        ("PAYDESK_RATE_LIMITS", "maybe"),
        ("PAYDESK_STRIPE_TIMEOUT", "nan"),
        ("PAYDESK_LOG_LEVEL", "loud"),
        ("PAYDESK_STRIPE_PUBLISHABLE_KEY", "pk_test_1"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_without_being_repeated(variable: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read({variable: value})
    assert value not in str(caught.value)


def test_names_that_a_platform_puts_under_our_prefix_are_no_mistake() -> None:
    read({"PAYDESK_SERVICE_HOST": "10.0.0.1", "PAYDESK_PORT_8000_TCP_ADDR": "10.0.0.1"})


def test_secrets_stay_out_of_the_repr() -> None:
    settings = read(
        {
            "PAYDESK_DATABASE_URL": "postgresql://pay:hush@db/desk",
            "PAYDESK_KEYS": "hush",
            "PAYDESK_STRIPE_SECRET_KEY": "sk_test_hush",
        }
    )
    assert "hush" not in repr(settings)


def test_every_setting_has_one_sentence() -> None:
    documented = {each.name: each for each in describe()}
    assert set(documented) == {PREFIX + field.name.upper() for field in fields(Settings)} - {"PAYDESK_DEVELOPMENT"}
    for each in documented.values():
        assert re.fullmatch(r"[A-Z].*[^.]\.", each.sentence), each


@pytest.mark.parametrize(("text", "factor"), [("off", 0.0), ("on", 1.0), ("1", 1.0), ("2.5", 2.5), ("0.5", 0.5)])
def test_rate_limits_are_switched_or_given_a_factor(text: str, factor: float) -> None:
    assert read({"PAYDESK_RATE_LIMITS": text}).rate_limits == factor


@pytest.mark.parametrize("text", ["-1", "0.001", "nan", "inf", "1000000"])
def test_a_factor_of_rate_limits_is_a_number_that_makes_sense(text: str) -> None:
    with pytest.raises(SettingsError):
        read({"PAYDESK_RATE_LIMITS": text})
