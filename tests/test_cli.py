"""The command line: help and version everywhere, exit codes that mean something."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from paydesk import __version__
from paydesk.cli import dev
from paydesk.settings import describe
from tests.forked import paydesk

COMMANDS = [
    [],
    ["dev"],
    ["serve"],
    ["migrate"],
    ["recover"],
    ["reconcile"],
    ["prove"],
    ["sandbox"],
    ["organization"],
    ["organization", "create"],
    ["application"],
    ["application", "create"],
    ["application", "list"],
    ["application", "revoke"],
    ["payments"],
    ["payments", "show"],
    ["payments", "expiring"],
    ["gateways"],
    ["gateways", "check"],
    ["gateways", "rekey"],
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
