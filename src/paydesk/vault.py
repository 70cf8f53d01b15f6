"""Secrets at rest: gateway keys, webhook secrets, shared secrets, client secrets.

Sealed with AES-256-GCM under a key that is kept apart from the database. Each seal is bound to what it is about, so
that a sealed value moved to another row or column does not open. The keys come from a file or from the environment:

    # paydesk keys, newest first
    1f0c9a3e mYx0...=            id, key (32 bytes in base64)
    77ab02d1 p9Qe...=

The newest key seals, every key opens. Keys are never taken away here: the oldest one also makes what `derive` derives.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import fcntl
import hashlib
import logging
import os
import re
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

log = logging.getLogger("paydesk.vault")

_VERSION = "v1"
_KEY_BYTES = 32
_NONCE_BYTES = 12
_HEADER = "# paydesk keys, newest first. Keep this file apart from the database and its backups.\n"
_ID = re.compile(r"[0-9a-z]{1,32}")


class SealBroken(Exception):
    """A sealed value does not open: it is damaged, is about something else, or is none at all."""


class KeyMissing(Exception):
    """No key where one is needed: none was given, the key file is unreadable, or a value was sealed under another."""


class NoFolder(KeyMissing):
    """The folder in which the key file is to be does not exist. It is not made: it may not be mounted yet."""

    def __init__(self, place: Path) -> None:
        super().__init__(f"the folder {place.parent} of the key file {place.name} does not exist")


class Vault:
    """Seals and opens. Its repr names key ids, never keys; so does every error.

    Make one with `Vault.at(path)` or `Vault.given(text)`.
    """

    __slots__ = ("_ciphers", "_keys", "_path", "_read_at")

    def __init__(self, keys: list[tuple[str, bytes]], path: Path | None = None) -> None:
        self._path = path
        self._read_at = 0
        self._use(keys)

    def __repr__(self) -> str:
        return f"Vault({', '.join(self.key_ids)})"

    @classmethod
    def at(cls, path: str | os.PathLike[str], *, make: bool = True) -> Vault:
        """The vault whose keys are in the file `path`; the file is made, mode 0600, when there is none.

        Two processes that start together make one file between them: it appears whole or not at all.
        make    False where something is sealed already, which a new key could not open
        raises  KeyMissing when it cannot be read, made or understood, or is not there and not to be made
        """
        place = Path(path)
        try:
            if not place.exists():
                if not place.parent.exists():
                    raise NoFolder(place)
                if not make:
                    raise KeyMissing(f"there is no key file {place}")
                _create(place, _text([_new_key()]), replace=False)
            return cls(_read(place), place)
        except OSError as problem:
            raise KeyMissing(f"the key file {place} cannot be used: {problem.strerror}") from None

    @classmethod
    def given(cls, text: str) -> Vault:
        """The vault of keys from the environment: lines as in the file, or the bare base64 of one or more keys.

        Lines may be parted by commas or semicolons, too, newest first. A bare key's id is made from the key itself.
        raises  KeyMissing when there is none in it
        """
        return cls(_parse(text, "the keys given"))

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Newest first."""
        return tuple(name for name, _ in self._keys)

    def seal(self, plain: str, about: str) -> str:
        """`plain`, sealed: "v1.{key id}.{base64url}". `about` names its place, "stripe_gateways/XAyRWNUzyN/login"."""
        self._follow()
        name = self._keys[0][0]
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[name].encrypt(nonce, plain.encode("utf-8", "surrogatepass"), _bound(name, about))
        return f"{_VERSION}.{name}.{base64.urlsafe_b64encode(nonce + sealed).rstrip(b'=').decode()}"

    def open(self, sealed: str, about: str) -> str:
        """What was sealed for this very `about`.

        raises  SealBroken, KeyMissing; neither repeats anything of the value
        """
        name, body = _parts(sealed)
        if name not in self._ciphers and self._path is not None:
            # Another process may have added a key since.
            with contextlib.suppress(OSError, KeyMissing):
                self._use(_read(self._path))
        cipher = self._ciphers.get(name)
        if cipher is None:
            raise KeyMissing(f"sealed under the key {name}, which is not among {', '.join(self.key_ids)}")
        try:
            plain = cipher.decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], _bound(name, about))
        except InvalidTag:
            raise SealBroken(f"a value sealed under the key {name} is damaged, or about something else") from None
        return plain.decode("utf-8", "surrogatepass")

    def needs_resealing(self, sealed: str) -> bool:
        """Whether it was sealed under a key that is no longer the newest. Raises SealBroken for what is not sealed."""
        return _parts(sealed)[0] != self._keys[0][0]

    def rotate(self) -> str:
        """Put a new key in front and return its id. Everything sealed before still opens.

        raises  KeyMissing when the keys come from the environment: they are changed there
        """
        if self._path is None:
            raise KeyMissing("these keys come from the environment: put the new key in front of them there")
        try:
            with _alone(self._path.parent):
                keys = [_new_key(), *_read(self._path)]
                _create(self._path, _text(keys), replace=True)
        except OSError as problem:
            raise KeyMissing(f"the key file {self._path} cannot be written: {problem.strerror}") from None
        self._use(keys)
        return keys[0][0]

    def derive(self, label: str, length: int) -> bytes:
        """`length` bytes (1 to 8160) made from `label` and the oldest key: the same before and after `rotate`."""
        oldest = self._keys[-1][1]
        return HKDF(algorithm=hashes.SHA256(), length=length, salt=b"paydesk", info=label.encode()).derive(oldest)

    def _follow(self) -> None:
        """Seal under the newest key of the file: another process may have put one in front."""
        if self._path is None:
            return
        with contextlib.suppress(OSError, KeyMissing):
            changed = self._path.stat().st_mtime_ns
            if changed != self._read_at:
                self._use(_read(self._path))
                self._read_at = changed

    def _use(self, keys: list[tuple[str, bytes]]) -> None:
        self._keys = keys
        self._ciphers = {name: AESGCM(key) for name, key in keys}


def _bound(name: str, about: str) -> bytes:
    return f"{_VERSION}.{name}.{about}".encode()


def _parts(sealed: str) -> tuple[str, bytes]:
    version, _, rest = sealed.partition(".")
    name, _, body = rest.partition(".")
    if version != _VERSION or not _ID.fullmatch(name) or not body.isascii():
        raise SealBroken("this is not a sealed value")
    try:
        raw = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise SealBroken("this is not a sealed value") from None
    if len(raw) < _NONCE_BYTES + 16:
        raise SealBroken("this sealed value is cut off")
    return name, raw


def _new_key() -> tuple[str, bytes]:
    return secrets.token_hex(4), os.urandom(_KEY_BYTES)


def _text(keys: list[tuple[str, bytes]]) -> str:
    return _HEADER + "".join(f"{name} {base64.b64encode(key).decode()}\n" for name, key in keys)


def _parse(text: str, where: str) -> list[tuple[str, bytes]]:
    keys: list[tuple[str, bytes]] = []
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    entries = [words for entry in re.split(r"[\n,;]", "\n".join(lines)) if (words := entry.split())]
    for number, words in enumerate(entries, 1):
        try:
            key = base64.b64decode(words[-1].replace("-", "+").replace("_", "/"), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(words) > 2 or len(key) != _KEY_BYTES:
            raise KeyMissing(f"{where}: entry {number} is not an id and 32 bytes in base64")
        name = words[0] if len(words) == 2 else hashlib.sha256(key).hexdigest()[:8]
        if not _ID.fullmatch(name) or any(name == other for other, _ in keys):
            raise KeyMissing(f"{where}: entry {number} has an id that is none, or that stands there twice")
        keys.append((name, key))
    if not keys:
        raise KeyMissing(f"{where}: there is no key")
    return keys


def _read(path: Path) -> list[tuple[str, bytes]]:
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        if stat.S_IMODE(status.st_mode) & 0o077:
            log.warning("the key file %s could be read by others; it is being closed to them", path)
            with contextlib.suppress(OSError):  # a mounted secret may be read-only: then its owner sees to it
                os.fchmod(file.fileno(), 0o600)
        return _parse(file.read().decode("utf-8", "replace"), f"the key file {path}")


def _create(path: Path, text: str, *, replace: bool) -> None:
    """Write the file so that it appears whole; `replace=False` leaves one alone that somebody else made meanwhile."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            fresh.replace(path)
        else:
            with contextlib.suppress(FileExistsError):
                os.link(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Only one process at a time changes the keys; a lock on the folder leaves no file behind."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
