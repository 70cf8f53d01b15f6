"""The certificate authority that `paydesk dev --tls` makes itself, and the certificate it serves with.

The authority's certificate is limited by name constraints to `localhost`, what stands below it, and loopback addresses:
whoever trusts it trusts it for nothing else.
"""

import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_DAYS = 3650
LEAF_DAYS = 397
"""The longest that browsers accept from an authority; nothing says one of our own is spared."""
RENEWAL_DAYS = 30
BACKDATED = timedelta(hours=1)
"""For clients whose clock is late."""
LOOPBACK: tuple[IPv4Address | IPv6Address, ...] = (ip_address("127.0.0.1"), ip_address("::1"))


@dataclass(frozen=True)
class Certificates:
    """The files of one development server."""

    authority: Path
    """What clients are told to trust (PEM)."""
    certificate: Path
    key: Path

    @classmethod
    def below(cls, directory: Path) -> "Certificates":
        return cls(directory / "ca.pem", directory / "localhost.pem", directory / "localhost.key")


def ensure(directory: Path, slug: str | None = None, now: datetime | None = None) -> Certificates:
    """Make what is missing below `directory`, and anew what is about to expire or lacks `{slug}.localhost`.

    A renewed certificate comes from the same authority, so that clients need to be told but once.
    """
    now = now or datetime.now(UTC)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = Certificates.below(directory)
    authority_key_file = directory / "ca.key"
    authority = _certificate(files.authority, now)
    authority_key = _key(authority_key_file)
    if authority is None or authority_key is None:
        authority_key = ec.generate_private_key(ec.SECP256R1())
        authority = _authority(authority_key, now)
        files.certificate.unlink(missing_ok=True)
        _write(authority_key_file, _private_pem(authority_key), mode=0o600)
        _write(files.authority, authority.public_bytes(Encoding.PEM))
    names = ["localhost", "*.localhost", "auth.localhost"]
    if slug:
        # Browsers take no wildcard right below a top-level name.
        names.append(f"{slug}.localhost")
    leaf = _certificate(files.certificate, now)
    if leaf is None or _key(files.key) is None or set(names) - set(_names(leaf)):
        leaf_key = ec.generate_private_key(ec.SECP256R1())
        _write(files.key, _private_pem(leaf_key), mode=0o600)
        leaf = _leaf(leaf_key, names, authority, authority_key, now)
        _write(files.certificate, leaf.public_bytes(Encoding.PEM))
    return files


def trusting(files: Certificates) -> dict[str, str]:
    """The environment in which an OpenSSL program trusts our authority besides those it trusts anyway."""
    usual = ssl.get_default_verify_paths().cafile
    bundle = files.authority.with_name("bundle.pem")
    _write(bundle, (Path(usual).read_bytes() if usual else b"") + b"\n" + files.authority.read_bytes())
    return {"SSL_CERT_FILE": str(bundle)}


def _authority(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "paydesk development authority")])
    permitted: list[x509.GeneralName] = [x509.DNSName("localhost")]
    permitted += [x509.IPAddress(ip_network(address)) for address in LOOPBACK]
    return (
        _builder(name, name, key, now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True), critical=True)
        .add_extension(x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _leaf(
    key: ec.EllipticCurvePrivateKey,
    names: Sequence[str],
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    now: datetime,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
    alternatives += [x509.IPAddress(address) for address in LOOPBACK]
    issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    return (
        _builder(subject, authority.subject, key, now, LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(key_cert_sign=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(issuer_id, critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + timedelta(days=days))
    )


def _usage(*, key_cert_sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not key_cert_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=key_cert_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _certificate(file: Path, now: datetime) -> x509.Certificate | None:
    """The certificate in a file, unless it is missing, damaged or about to expire."""
    try:
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError):
        return None
    return certificate if certificate.not_valid_after_utc - now > timedelta(days=RENEWAL_DAYS) else None


def _key(file: Path) -> ec.EllipticCurvePrivateKey | None:
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError):
        return None
    return key if isinstance(key, ec.EllipticCurvePrivateKey) else None


def _names(certificate: x509.Certificate) -> list[str]:
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return extension.value.get_values_for_type(x509.DNSName)


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(file: Path, content: bytes, mode: int = 0o644) -> None:
    """Whole or not at all, and never readable by others for a moment when it should not be."""
    unfinished = file.with_suffix(file.suffix + ".new")
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as stream:
        stream.write(content)
    unfinished.replace(file)
