"""The command line: help and version everywhere, exit codes that mean something."""

import asyncio
import base64
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from paydesk import __version__
from paydesk.cli import dev
from paydesk.oauth import keys
from paydesk.settings import describe
from paydesk.store import open_database
from paydesk.vault import Vault
from tests.acts.schemas import execute
from tests.conftest import with_database
from tests.forked import paydesk

pytestmark = pytest.mark.slow

COMMANDS = [
    [],
    ["dev"],
    ["serve"],
    ["migrate"],
    ["recover"],
    ["matters"],
    ["reconcile"],
    ["takings"],
    ["refunds"],
    ["disputes"],
    ["prove"],
    ["sandbox"],
    ["organization"],
    ["organization", "create"],
    ["application"],
    ["application", "create"],
    ["application", "list"],
    ["application", "revoke"],
    ["user"],
    ["user", "add"],
    ["user", "passwd"],
    ["user", "disable"],
    ["user", "enable"],
    ["user", "list"],
    ["payments"],
    ["payments", "show"],
    ["payments", "list"],
    ["payments", "expiring"],
    ["gateways"],
    ["gateways", "check"],
    ["gateways", "rekey"],
    ["gateways", "add"],
    ["demo"],
    ["demo", "buy"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_and_version(command: list[str]) -> None:
    shown = paydesk(*command, "--help")
    assert shown.returncode == 0
    assert "--help" in shown.stdout
    version = paydesk(*command, "--version")
    assert (version.returncode, version.stdout.strip()) == (0, f"paydesk {__version__}")


def test_the_package_is_the_command() -> None:
    for command in ([sys.executable, "-m", "paydesk"], [str(Path(sys.executable).with_name("paydesk"))]):
        told = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
        assert told.stdout == f"paydesk {__version__}\n"


def test_help_imports_nothing_that_takes_long() -> None:
    heavy = "aiohttp alembic granian joserfc rich.console sqlalchemy starlette stripe"
    told = f"import sys, paydesk.cli.commands; print([one for one in {heavy.split()} if one in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_the_help_of_serve_tells_every_setting() -> None:
    shown = " ".join(paydesk("serve", "--help").stdout.split())
    for each in describe():
        assert f"{each.name}: " in shown
        assert each.sentence in shown.replace("- ", "-") or each.sentence in shown


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        (["nonsense"], {}),
        (["dev", "--port", "99999"], {}),
        (["serve"], {"PAYDESK_PORT": "many", "PAYDESK_WORKERS": "0"}),
        (["application", "create", "-o", "acme", "--name", "Shop", "--kind", "webapp"], {}),
        (
            ["application", "create", "-o", "acme", "--name", "ERP", "--kind", "integration", "--lifetime", "long"],
            {},
        ),
        (["organization", "create", "Über GmbH", "--slug", "über"], {}),
    ],
    ids=lambda value: " ".join(value),
)
def test_wrong_usage_or_settings_end_with_two(arguments: list[str], variables: dict[str, str], tmp_path: Path) -> None:
    ended = paydesk(*arguments, PAYDESK_DATA_DIR=str(tmp_path), **variables)
    assert ended.returncode == 2
    assert all(name in ended.stderr for name in variables)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments", [["serve"], ["organization", "create", "Acme"], ["application", "list", "-o", "acme"]], ids=" ".join
)
def test_a_database_that_was_not_migrated_ends_with_three(arguments: list[str], tmp_path: Path) -> None:
    ended = paydesk(*arguments, PAYDESK_DATA_DIR=str(tmp_path))
    assert ended.returncode == 3, ended.stderr
    assert "paydesk migrate" in ended.stderr


@pytest.mark.parametrize("arguments", [["serve"], ["migrate"]], ids=" ".join)
def test_a_database_that_cannot_be_reached_ends_with_three(arguments: list[str], port: int, tmp_path: Path) -> None:
    url = f"postgresql://desk:hush@127.0.0.1:{port}/desk"
    ended = paydesk(*arguments, PAYDESK_DATABASE_URL=url, PAYDESK_DATA_DIR=str(tmp_path))
    assert ended.returncode == 3, ended.stderr
    assert "hush" not in ended.stderr + ended.stdout


WORKING = [
    ["recover"],
    ["matters"],
    ["reconcile"],
    ["takings"],
    ["refunds"],
    ["disputes"],
    ["payments", "show", "10000001"],
    ["payments", "list"],
    ["payments", "expiring"],
    ["gateways", "check"],
    ["gateways", "rekey", "aGateway"],
]
"""Commands on a database with its secrets."""
FOUNDING = [["organization", "create", "Acme"], ["application", "list", "-o", "acme"]]
"""Commands on a database alone."""
STRIPE = {"PAYDESK_STRIPE_API_BASE": "http://127.0.0.1:9", "PAYDESK_STRIPE_SECRET_KEY": "sk_test_" + "a1" * 16}


def refused(arguments: list[str], **variables: str) -> tuple[int, str]:
    """How a command ends that cannot be carried out, and what it says in one line, with where to look in a second."""
    ended = paydesk(*arguments, **STRIPE, **variables)
    assert ended.stdout == ""
    first, *more = ended.stderr.splitlines()
    assert first.startswith("error: "), ended.stderr
    assert len(more) <= 1, ended.stderr
    assert not more or more[0].startswith("  "), ended.stderr
    return ended.returncode, first.removeprefix("error: ")


async def _seal(folder: Path) -> None:
    """Make what a server's first start makes: a key file, and a signing key that is sealed with it."""
    database = open_database(f"sqlite:///{folder / 'paydesk.sqlite3'}")
    await keys.ensure(database, Vault.at(folder / "vault.keys"), 0.0)
    await database.close()


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    """A data directory that a server has been started on."""
    assert paydesk("migrate", PAYDESK_DATA_DIR=str(tmp_path)).returncode == 0
    asyncio.run(_seal(tmp_path))
    return tmp_path


def test_a_folder_that_does_not_exist_is_said_to_be_the_matter(sealed: Path, port: int) -> None:
    elsewhere = sealed / "not mounted"
    here = {"PAYDESK_DATA_DIR": str(elsewhere), "PAYDESK_PORT": str(port)}
    told = f"The folder {elsewhere} of the database does not exist; run `paydesk migrate`."
    assert refused(["serve"], **here) == (3, told)
    here["PAYDESK_DATABASE_URL"] = f"sqlite:///{sealed / 'paydesk.sqlite3'}"
    status, said = refused(["serve"], **here)
    assert status == 2
    assert said.startswith(f"the folder {elsewhere} of the key file vault.keys does not exist")
    assert not elsewhere.exists()


@pytest.mark.parametrize("broken", ["missing", "another", "of another text", "unreadable", "in the environment"])
def test_a_key_file_that_is_not_the_databases_ends_with_two(broken: str, sealed: Path, port: int) -> None:
    here = {"PAYDESK_DATA_DIR": str(sealed), "PAYDESK_PORT": str(port)}
    file = sealed / "vault.keys"
    name, key = file.read_text().splitlines()[1].split()
    other = base64.b64encode(bytes(32)).decode()
    told = f"The database's secrets cannot be opened: sealed under the key {name}, which is not among 77ab02d1"
    if broken == "missing":
        file.unlink()
        told = f"The database's secrets cannot be opened: there is no key file {file}"
    elif broken == "another":
        file.write_text(f"77ab02d1 {other}\n")
    elif broken == "of another text":
        file.write_text(f"{name} {other}\n")
        told = f"The database's secrets cannot be opened: a value sealed under the key {name} is damaged, or about "
    elif broken == "unreadable":
        file.write_text("nonsense\n")
        told = f"The database's secrets cannot be opened: the key file {file}: entry 1 is not an id and 32 bytes in "
    else:
        here["PAYDESK_KEYS"] = f"77ab02d1 {other}"
    kept = sorted(path.name for path in sealed.iterdir())
    for arguments in [["serve"], *(WORKING if broken == "another" else WORKING[:1])]:
        status, said = refused(arguments, **here)
        assert (status, said.startswith(told), key in said, other in said) == (2, True, False, False), said
    dev = paydesk("dev", "--port", str(port), **STRIPE, **here)
    assert (dev.returncode, f"error: {told}" in dev.stderr) == (2, True), dev.stderr
    # No key file was made in its place, and nothing was made with one.
    assert sorted(path.name for path in sealed.iterdir() if path.suffix != ".lock") == [
        one for one in kept if not one.endswith(".lock")
    ]
    assert paydesk("application", "list", "-o", "demo", PAYDESK_DATA_DIR=str(sealed)).returncode == 1


@pytest.mark.parametrize("arguments", [["serve"], ["migrate"], ["dev"], *WORKING, *FOUNDING], ids=" ".join)
def test_a_database_that_cannot_be_used_ends_with_three(arguments: list[str], tmp_path: Path) -> None:
    file = tmp_path / "other.sqlite3"
    file.write_bytes(b"This is no database. " * 500)
    url = f"sqlite:///{file}"
    status, said = refused(arguments, PAYDESK_DATABASE_URL=url, PAYDESK_DATA_DIR=str(tmp_path / "data"))
    assert (status, said.startswith(f"The database cannot be reached: {file}"), "is not a database" in said) == (
        3,
        True,
        True,
    )
    url = "postgresql://desk:hu/sh@127.0.0.1:5432/desk"
    status, said = refused(arguments, PAYDESK_DATABASE_URL=url, PAYDESK_DATA_DIR=str(tmp_path / "data"))
    assert (status, "its address cannot be understood" in said, "hu" in said) == (3, True, False)


@pytest.mark.parametrize("arguments", [["serve"], WORKING[0]], ids=" ".join)
def test_a_database_of_an_edited_migration_ends_with_three(
    arguments: list[str], database_url: str, tmp_path: Path
) -> None:
    execute(database_url, "UPDATE migrations SET digest = 'another' WHERE revision = '0004'")
    assert refused(arguments, PAYDESK_DATABASE_URL=database_url, PAYDESK_DATA_DIR=str(tmp_path)) == (
        3,
        "The database was brought up with another text of 0004 than this version has.",
    )


@pytest.mark.parametrize("arguments", [["serve"], ["migrate"], WORKING[0], FOUNDING[0]], ids=" ".join)
def test_a_database_that_the_server_has_not_ends_with_three(
    arguments: list[str], postgres_server: str, tmp_path: Path
) -> None:
    url = with_database(postgres_server, "nobodys")
    status, said = refused(arguments, PAYDESK_DATABASE_URL=url, PAYDESK_DATA_DIR=str(tmp_path))
    assert (status, said) == (3, 'The database cannot be reached: database "nobodys" does not exist')


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_drivers_own_options_may_stand_in_an_address(database_url: str, tmp_path: Path) -> None:
    url = f"{database_url}{'&' if '?' in database_url else '?'}sslmode=prefer"
    here = {"PAYDESK_DATABASE_URL": url, "PAYDESK_DATA_DIR": str(tmp_path)}
    assert paydesk("migrate", **here).stderr.startswith("✓ The database is at revision ")
    assert paydesk("organization", "create", "Acme", **here).returncode == 0


@pytest.mark.parametrize("arguments", [["migrate"], ["dev"], ["recover"]], ids=" ".join)
def test_a_data_directory_that_is_none_ends_with_two(arguments: list[str], tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for folder, why in ((file, "File exists"), (file / "below", "Not a directory")):
        assert refused(arguments, PAYDESK_DATA_DIR=str(folder)) == (2, f"{folder} cannot be used: {why}")


def test_a_certificate_that_is_none_ends_with_two(sealed: Path, port: int) -> None:
    here = {"PAYDESK_DATA_DIR": str(sealed), "PAYDESK_PORT": str(port)}
    for file in (sealed / "none.pem", sealed / "vault.keys"):
        tls = {"PAYDESK_TLS_CERTIFICATE": str(file), "PAYDESK_TLS_KEY": str(file)}
        status, said = refused(["serve"], **here, **tls)
        assert (status, said[:57]) == (2, "PAYDESK_TLS_CERTIFICATE and PAYDESK_TLS_KEY cannot be use")


def test_a_sandbox_that_cannot_start_says_why(tmp_path: Path, port: int) -> None:
    file = tmp_path / "file"
    file.write_text("")
    ended = paydesk("sandbox", "--port", str(port), "--data-dir", str(file))
    assert (ended.returncode, ended.stderr.splitlines()[-1][:44]) == (1, f"The sandbox cannot start in {file}: "[:44])
    with socket.create_server(("127.0.0.1", port)):
        ended = paydesk("sandbox", "--port", str(port), "--data-dir", str(tmp_path / "sandbox"))
    told = (
        f"The sandbox cannot start. Port {port} of 127.0.0.1 is in use by another process. Choose another with --port."
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", f"{told}\n")


def test_an_organization_and_its_applications_are_made_and_ended(tmp_path: Path) -> None:
    here = {"PAYDESK_DATA_DIR": str(tmp_path)}
    assert paydesk("migrate", **here).returncode == 0
    founded = paydesk("organization", "create", "Acme Shop", **here)
    assert founded.returncode == 0, founded.stderr
    assert founded.stdout.count("client_secret") == 4
    taken = paydesk("organization", "create", "Acme Shop", **here)
    assert taken.returncode == 1
    create = ("application", "create", "-o", "acme-shop", "--name", "Nightly", "--kind", "integration", "--lifetime")
    assert paydesk(*create, "16d", **here).returncode == 1
    made = paydesk(*create, "15d", **here)
    assert made.returncode == 0, made.stderr
    client_id, secret = [line.split()[-1] for line in made.stdout.splitlines() if "client_" in line]
    listed = paydesk("application", "list", "-o", "acme-shop", **here).stdout
    assert client_id in listed
    assert secret not in listed
    assert paydesk("application", "revoke", client_id, **here).returncode == 0
    assert client_id not in paydesk("application", "list", "-o", "acme-shop", **here).stdout
    assert paydesk("application", "revoke", client_id, **here).returncode == 1


def test_the_curl_can_be_pasted_as_it_stands(tmp_path: Path) -> None:
    """A stand-in for curl writes down the arguments that a shell gives it."""
    stand_in = tmp_path / "curl"
    stand_in.write_text(f"#!{sys.executable}\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n")
    stand_in.chmod(0o755)
    command = dev.curl(
        "http://localhost:8000", "header.pay-load_.sig'nature", dev.DOCUMENTED_INTENT, tmp_path / "a b.pem"
    )
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    printed = subprocess.run(["sh", "-c", command], env={"PATH": path}, capture_output=True, text=True, check=True)
    assert "header.pay-load_.sig'nature" in printed.stdout
    assert str(tmp_path / "a b.pem") in printed.stdout
    assert '"http://localhost:8000/api/stripe_payments"' in printed.stdout
    assert '\\"id\\": \\"ABCRtyUpBa\\"' in printed.stdout
