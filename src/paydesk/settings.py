"""Every setting, one sentence each, read from the environment variables PAYDESK_*.

A setting is one field of `Settings`: its variable is the field's name in capitals after `PAYDESK_`. All mistakes are
reported at once, each with its variable's name and never with its value, which may be a secret.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

PREFIX = "PAYDESK_"
MEBIBYTE = 1024 * 1024
LONGEST_BODY_BYTES = 10 * MEBIBYTE
LOG_LEVELS = ("debug", "info", "warning", "error")
LOOPBACK: tuple[IPv4Network | IPv6Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


class SettingsError(Exception):
    """One or more settings cannot be used. `mistakes` maps each variable's name to what is wrong with it."""

    def __init__(self, mistakes: Mapping[str, str]) -> None:
        self.mistakes = dict(mistakes)
        super().__init__("; ".join(f"{variable} {problem}" for variable, problem in self.mistakes.items()))


@dataclass(frozen=True, slots=True)
class SettingDoc:
    """What the documentation says of one setting."""

    name: str
    """The environment variable."""
    default: str
    """As one would write it; empty where unset means something of its own, which the sentence tells."""
    sentence: str


def setting(
    sentence: str,
    parse: Callable[[str], Any],
    default: Any = MISSING,
    *,
    default_text: str | None = None,
    secret: bool = False,
) -> Any:
    """Declare one setting. `parse` turns the variable's text into the value or raises ValueError with what is wrong;
    `default_text` is how the default is documented where it is not its own text; a secret stays out of `repr`.
    """
    if default_text is None:
        default_text = "" if default is MISSING or default is None else _text(default)
    metadata = {"sentence": sentence, "parse": parse, "default_text": default_text}
    return field(default=default, repr=not secret, metadata=metadata)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit()) or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(text)

    return parse


def _seconds(least: float, most: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            seconds = float(text)
        except ValueError:
            seconds = -1.0
        if not least <= seconds <= most:
            raise ValueError(f"must be a number of seconds from {least:g} to {most:g}")
        return seconds

    return parse


def _switch(text: str) -> bool:
    if text.lower() in {"1", "on", "true", "yes"}:
        return True
    if text.lower() in {"0", "off", "false", "no"}:
        return False
    raise ValueError("must be on or off")


def _factor(text: str) -> float:
    try:
        return float(_switch(text))
    except ValueError:
        pass
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 0.01 <= factor <= 100_000:
        raise ValueError("must be on, off or a factor from 0.01 to 100000")
    return factor


def _one_of(words: tuple[str, ...]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in words:
            raise ValueError("must be one of " + ", ".join(words))
        return text.lower()

    return parse


def _database_url(text: str) -> str:
    scheme, separator, rest = text.partition("://")
    if separator and scheme in {"postgresql", "postgres"}:
        return f"postgresql://{rest}"
    if separator and scheme == "sqlite" and rest.startswith("/") and rest.strip("/"):
        return text
    raise ValueError("must be sqlite:///path/of/a/file or postgresql://user:password@host:5432/name")


def _http_base(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("must be http://host:port or https://host, without a path")
    return text.rstrip("/")


def _domain(text: str) -> str:
    labels = text.lower().partition(":")[0].split(".")
    if "/" in text or not all(label and label.replace("-", "").isalnum() and label.isascii() for label in labels):
        raise ValueError("must be a domain name such as shop.example.com, with no scheme and no path")
    return text.lower()


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        raise ValueError("must be addresses or networks separated by commas, such as 127.0.0.1,10.0.0.0/8") from None


def _host(text: str) -> str:
    if any(sign in text for sign in " /@") or not text:
        raise ValueError("must be an address or a host name")
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set from outside. Made by `read`, or by keyword in tests."""

    data_dir: Path = setting(
        "The folder for the embedded database and the key file, where no other places are given for them.",
        Path,
        Path(".paydesk"),
    )
    database_url: str = setting(
        "Where the data is: `sqlite:///path/of/a/file` or `postgresql://user:password@host:5432/name`; "
        "unset, an SQLite file in PAYDESK_DATA_DIR.",
        _database_url,
        default="",
        secret=True,
    )
    host: str = setting("The address that `serve` listens on.", _host, "127.0.0.1")
    port: int = setting("The port that `serve` listens on.", _whole(1, 65535), 8000)
    workers: int = setting(
        "How many worker processes serve requests; an SQLite database is served by exactly one.", _whole(1, 64), 1
    )
    public_domain: str | None = setting(
        "The domain of all links and of the token issuer (`https://{slug}.{domain}`, `https://auth.{domain}`), "
        "whatever a request's Host says; set it in production.",
        _domain,
        None,
    )
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = setting(
        "Addresses or networks, separated by commas, whose X-Forwarded-Proto, -Host and -For headers count.",
        _networks,
        (),
        default_text="",
    )
    metrics_networks: tuple[IPv4Network | IPv6Network, ...] = setting(
        "Addresses or networks, separated by commas, that `/metrics` answers to; never through a proxy that is not in "
        "PAYDESK_TRUSTED_PROXIES, nor under PAYDESK_PUBLIC_DOMAIN.",
        _networks,
        LOOPBACK,
        default_text="127.0.0.0/8,::1/128",
    )
    tls_certificate: Path | None = setting(
        "A file with the certificate chain (PEM) to serve HTTPS with; goes with PAYDESK_TLS_KEY.", Path, None
    )
    tls_key: Path | None = setting("The file with the private key (PEM) of PAYDESK_TLS_CERTIFICATE.", Path, None)
    key_file: Path | None = setting(
        "The file with the keys that seal secrets in the database; unset, `vault.keys` in PAYDESK_DATA_DIR.",
        Path,
        None,
    )
    keys: str | None = setting(
        "The keys themselves, in the form of the key file, for platforms that hand out secrets as variables; "
        "wins over PAYDESK_KEY_FILE.",
        str,
        None,
        secret=True,
    )
    database_connections: int = setting(
        "The most connections a worker keeps to PostgreSQL; means nothing on SQLite.", _whole(1, 500), 10
    )
    max_body_bytes: int = setting(
        "The longest request body that is read, in bytes, at most 10 MiB; a longer one is answered 413.",
        _whole(1024, LONGEST_BODY_BYTES),
        MEBIBYTE,
    )
    body_timeout: float = setting(
        "Within how many seconds a request's whole body must have arrived.", _seconds(1, 600), 30.0
    )
    header_timeout: float = setting(
        "Within how many seconds a request's headers must have arrived; a connection on which none arrive for so long "
        "is closed, so a proxy in front lets go of its idle ones sooner.",
        _seconds(1, 600),
        10.0,
    )
    rate_limits: float | None = setting(
        "How often clients may ask: `on` for Commerce Layer's numbers of requests, a factor such as `2.5` for so many "
        "times more, or `off`; unset, `serve` has them on and `dev` off. Guesses at passwords and secrets, sign-ups "
        "and password resets are always limited.",
        _factor,
        None,
    )
    log_requests: bool | None = setting(
        "Whether a line is logged for each request: when, status, method, path without its query, milliseconds and the "
        "trace id that the answer has; `on` or `off`.",
        _switch,
        None,
        default_text="on",
    )
    log_format: Literal["text", "json"] = setting(
        "The form of the log, on the standard error: lines of `text`, or of `json`.", _one_of(("text", "json")), "text"
    )
    log_level: str = setting("What is logged: `debug`, `info`, `warning` or `error`.", _one_of(LOG_LEVELS), "info")
    stripe_api_base: str | None = setting(
        "Where Stripe is called, for a sandbox or a stub, such as http://127.0.0.1:8010; unset, Stripe itself.",
        _http_base,
        None,
    )
    stripe_timeout: float = setting(
        "How many seconds one call to Stripe may take before its outcome counts as unknown.", _seconds(0.1, 80), 8.0
    )
    stripe_secret_key: str | None = setting(
        "The secret key that `paydesk dev` gives to the demo's gateway; unset, one of the sandbox is made up.",
        str,
        None,
        secret=True,
    )
    stripe_publishable_key: str | None = setting(
        "The publishable key that belongs to PAYDESK_STRIPE_SECRET_KEY.", str, None
    )
    development: bool = field(default=False)
    """Set by `paydesk dev`, never from outside: authorization codes are given without asking a person, and the
    gateway's webhook endpoint is registered although it listens on loopback.
    """

    def __post_init__(self) -> None:
        if not self.database_url:
            # A frozen dataclass is filled in by this way only.
            object.__setattr__(self, "database_url", f"sqlite:///{self.data_dir.absolute()}/paydesk.sqlite3")
        if self.key_file is None:
            object.__setattr__(self, "key_file", self.data_dir / "vault.keys")
        mistakes = self._contradictions()
        if mistakes:
            raise SettingsError(mistakes)

    def _contradictions(self) -> dict[str, str]:
        mistakes: dict[str, str] = {}
        if self.on_sqlite and self.workers != 1:
            mistakes["PAYDESK_WORKERS"] = "must be 1 on SQLite; PostgreSQL takes more"
        for given, other in (("tls_certificate", "tls_key"), ("tls_key", "tls_certificate")):
            if getattr(self, given) is not None and getattr(self, other) is None:
                mistakes[PREFIX + other.upper()] = f"must be given with {PREFIX}{given.upper()}"
        if self.stripe_publishable_key is not None and self.stripe_secret_key is None:
            mistakes["PAYDESK_STRIPE_SECRET_KEY"] = "must be given with PAYDESK_STRIPE_PUBLISHABLE_KEY"  # noqa: S105
        return mistakes

    @property
    def on_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite:")

    @property
    def sqlite_file(self) -> Path:
        """The embedded database's file; only where `on_sqlite`."""
        assert self.on_sqlite, "there is no file on PostgreSQL"
        return Path(self.database_url.removeprefix("sqlite:///"))

    @property
    def vault_file(self) -> Path:
        """The key file, whether set or not."""
        assert self.key_file is not None, "filled in by __post_init__"
        return self.key_file


def read(environment: Mapping[str, str] | None = None, **given: Any) -> Settings:
    """The settings of an environment (this process's, unless one is given); `given` values win over their variables.

    A variable that is empty counts as unset.
    raises   SettingsError with every mistake found
    """
    environment = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    mistakes: dict[str, str] = {}
    known = {PREFIX + each.name.upper(): each for each in fields(Settings) if each.metadata}
    for variable, text in environment.items():
        if not variable.startswith(PREFIX) or variable.startswith(PREFIX + "TEST_"):
            continue
        if variable not in known:
            # A platform may put names of its own under our prefix (Kubernetes does for a service called paydesk), so
            # only what looks like a slip of the pen is refused.
            for meant in get_close_matches(variable, known, n=1, cutoff=0.9):
                mistakes[variable] = f"is not a setting; {meant} may be meant"
        elif text.strip() and known[variable].name not in given:
            try:
                values[known[variable].name] = known[variable].metadata["parse"](text.strip())
            except ValueError as problem:
                mistakes[variable] = str(problem)
    try:
        settings = Settings(**(values | given))
    except SettingsError as contradictions:
        raise SettingsError(mistakes | contradictions.mistakes) from None
    if mistakes:
        raise SettingsError(mistakes)
    return settings


def describe() -> Iterator[SettingDoc]:
    """Every setting in the order it is declared, for `paydesk serve --help` and the README."""
    for each in fields(Settings):
        if each.metadata:
            yield SettingDoc(PREFIX + each.name.upper(), each.metadata["default_text"], each.metadata["sentence"])
