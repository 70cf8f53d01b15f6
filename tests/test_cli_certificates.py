"""The development authority: made once, renewed in time, good for loopback names alone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from paydesk.cli.certificates import LEAF_DAYS, ensure

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def serial(file: Path) -> int:
    return x509.load_pem_x509_certificate(file.read_bytes()).serial_number


def test_the_same_certificates_serve_again(tmp_path: Path) -> None:
    files = ensure(tmp_path, "demo", NOW)
    before = (serial(files.authority), serial(files.certificate))
    again = ensure(tmp_path, "demo", NOW + timedelta(days=LEAF_DAYS - 31))
    assert (serial(again.authority), serial(again.certificate)) == before


def test_a_certificate_about_to_expire_is_renewed_by_the_same_authority(tmp_path: Path) -> None:
    files = ensure(tmp_path, "demo", NOW)
    authority, certificate = serial(files.authority), serial(files.certificate)
    ensure(tmp_path, "demo", NOW + timedelta(days=LEAF_DAYS - 29))
    assert serial(files.authority) == authority
    assert serial(files.certificate) != certificate


def test_a_name_that_is_missing_is_added(tmp_path: Path) -> None:
    files = ensure(tmp_path, now=NOW)
    ensure(tmp_path, "acme", NOW)
    certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == {
        "localhost",
        "*.localhost",
        "auth.localhost",
        "acme.localhost",
    }
    ensure(tmp_path, now=NOW)
    assert serial(files.certificate) == certificate.serial_number


def test_the_authority_can_speak_for_loopback_names_alone(tmp_path: Path) -> None:
    authority = x509.load_pem_x509_certificate(ensure(tmp_path, "demo", NOW).authority.read_bytes())
    limits = authority.extensions.get_extension_for_class(x509.NameConstraints)
    assert limits.critical
    assert [str(each.value) for each in limits.value.permitted_subtrees or ()] == [
        "localhost",
        "127.0.0.1/32",
        "::1/128",
    ]


def test_private_keys_are_for_the_owner_alone(tmp_path: Path) -> None:
    files = ensure(tmp_path, "demo", NOW)
    for key in (files.key, tmp_path / "ca.key"):
        assert key.stat().st_mode & 0o777 == 0o600
