"""The files in `deploy/`: each is checked by the program that it is for, and compared with paydesk's settings."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from paydesk.cli import certificates
from paydesk.settings import Settings, describe, read
from tests.acts.readme import PAGES, ROOT

DEPLOY = ROOT / "deploy"
FILES = {file.name: file.read_text() for file in DEPLOY.iterdir() if file.is_file()}
SETTINGS = {each.name for each in describe()}
DEPLOYING = PAGES["docs/deploying.md"]


def program(name: str) -> str:
    """Where a program of the system is; the test is skipped where it is not installed."""
    found = shutil.which(name, path=os.pathsep.join([os.environ["PATH"], "/usr/sbin"]))
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def told(*command: str, **variables: str) -> str:
    """What a program says; it must be content."""
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | variables)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def values(text: str, name: str) -> list[str]:
    """What a systemd unit sets one of its names to."""
    return re.findall(rf"^{name}=(.*)$", text, re.M)


def substituted(text: str, **variables: str) -> str:
    """As compose does, one default within another at most."""
    for _ in range(2):
        text = re.sub(
            r"\$\{(\w+)(?::([-?])([^${}]*))?\}",
            lambda found: variables.get(found[1]) or (found[3] if found[2] == "-" else ""),
            text,
        )
    return text


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    made: dict[str, Any] = yaml.safe_load(
        substituted(FILES["compose.yaml"], POSTGRES_PASSWORD="secret", PAYDESK_PUBLIC_DOMAIN="pay.example.com")
    )
    return made


def test_every_file_is_explained():
    for name in FILES:
        assert f"`{name}`" in DEPLOYING, name


def test_every_setting_that_is_named_is_one():
    for name, text in FILES.items():
        ours = set(re.findall(r"PAYDESK_[A-Z_]+", text)) - {"PAYDESK_UPSTREAM", "PAYDESK_NAMES"}
        assert ours <= SETTINGS, name


def test_the_image_is_built_as_the_linter_wants():
    hadolint = Path(sys.executable).parent / "hadolint"
    assert told(str(hadolint), "--failure-threshold", "style", str(DEPLOY / "Containerfile")) == ""


def test_the_image_is_made_of_what_the_tree_has():
    text = FILES["Containerfile"]
    for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.M):
        *sources, _ = line.split()
        assert [source for source in sources if not (ROOT / source).exists()] == []
    given = re.search(r"^ENV ((?:.*\\\n)*.*)$", text, re.M)
    assert given
    variables = dict(re.findall(r"(PAYDESK_\w+)=(\S+)", given[1]))
    settings = read(variables)
    assert settings.host == "0.0.0.0"
    assert f"EXPOSE {settings.port}" in text
    assert f"http://127.0.0.1:{settings.port}/readyz" in text
    assert f"VOLUME {settings.data_dir}" in text
    assert settings.vault_file.is_relative_to(settings.data_dir)
    user = re.search(r"--uid (\d+)", text)
    assert user and f"USER {user[1]}" in text


def test_what_compose_starts_has_settings_that_can_be_used(compose):
    services = compose["services"]
    paydesk = services["paydesk"]
    settings = read(paydesk["environment"])
    assert not settings.on_sqlite
    database = services["postgres"]["environment"]
    url = f"postgresql://{database['POSTGRES_USER']}:{database['POSTGRES_PASSWORD']}@postgres:5432/{database['POSTGRES_DB']}"
    assert settings.database_url == url
    assert settings.public_domain == "pay.example.com"
    subnets = [each["subnet"] for each in compose["networks"]["inside"]["ipam"]["config"]]
    assert [str(network) for network in settings.trusted_proxies] == subnets
    assert read(services["migrate"]["environment"]).database_url == url
    assert services["migrate"]["command"] == ["migrate"]
    assert paydesk["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}


def test_what_compose_names_is_there(compose):
    services = compose["services"]
    for service in services.values():
        assert set(service["networks"]) <= set(compose["networks"])
        for volume in service["volumes"]:
            source = volume.partition(":")[0]
            assert source in compose["volumes"] or (DEPLOY / source).is_file(), volume
        if build := service.get("build"):
            assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()
    data = {line.partition(":")[2] for line in services["paydesk"]["volumes"]}
    assert data == set(re.findall(r"^VOLUME (.*)$", FILES["Containerfile"], re.M))
    assert services["caddy"]["environment"] == {
        "PAYDESK_UPSTREAM": "paydesk:8000",
        "PAYDESK_NAMES": "acme.pay.example.com, auth.pay.example.com",
    }


def test_systemd_has_no_complaint_of_the_units(tmp_path):
    systemd = program("systemd-analyze")
    paydesk = str(Path(sys.executable).parent / "paydesk")
    for name in ("paydesk.service", "paydesk.socket"):
        (tmp_path / name).write_text(FILES[name].replace("/usr/local/lib/paydesk/bin/paydesk", paydesk))
    # It ends with 0 even where a value is unknown to it, and says so.
    assert told(systemd, "verify", str(tmp_path / "paydesk.service"), str(tmp_path / "paydesk.socket")) == ""
    exposure = re.search(
        r"Overall exposure level for paydesk.service: ([\d.]+)",
        told(systemd, "security", "--offline=yes", "--no-pager", str(tmp_path / "paydesk.service")),
    )
    assert exposure and float(exposure[1]) <= 2.0


def test_the_units_fit_what_serve_does():
    from paydesk.http import serving

    service, listening = FILES["paydesk.service"], FILES["paydesk.socket"]
    assert values(service, "Type") == ["notify"]
    assert values(service, "ExecReload") == ["/bin/kill -HUP $MAINPID"]
    assert values(service, "KillMode") == ["mixed"]
    assert int(values(service, "TimeoutStopSec")[0]) > serving.GRACE_SECONDS
    assert values(listening, "Backlog") == [str(serving.BACKLOG)]
    settings = read(dict(re.findall(r"^(PAYDESK_\w+)=(.*)$", FILES["paydesk.env"], re.M)))
    assert values(service, "WorkingDirectory") == [str(settings.data_dir)]
    assert values(service, "StateDirectory") == [settings.data_dir.name]
    default = Settings()
    assert values(listening, "ListenStream") == [f"{default.host}:{default.port}"]


def test_nginx_takes_its_configuration(tmp_path):
    nginx = program("nginx")
    made = certificates.ensure(tmp_path / "tls", "demo")
    site = FILES["nginx.conf"].replace("/etc/ssl/paydesk/fullchain.pem", str(made.certificate))
    site = site.replace("/etc/ssl/paydesk/privkey.pem", str(made.key))
    (tmp_path / "paydesk.conf").write_text(site)
    temporary = " ".join(
        f"{name}_temp_path {tmp_path}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (tmp_path / "main.conf").write_text(
        f"pid {tmp_path}/pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; {temporary} include {tmp_path}/paydesk.conf; }}\n"
    )
    said = told(nginx, "-t", "-p", str(tmp_path), "-c", str(tmp_path / "main.conf"))
    assert "test is successful" in said
    assert "[warn]" not in said


def test_caddy_takes_its_configuration(tmp_path):
    caddy = program("caddy")
    said = told(
        caddy, "validate", "--config", str(DEPLOY / "Caddyfile"), "--adapter", "caddyfile",
        HOME=str(tmp_path), XDG_DATA_HOME=str(tmp_path), XDG_CONFIG_HOME=str(tmp_path),
    )  # fmt: skip
    assert "Valid configuration" in said
    assert '"level":"warn"' not in said


def test_the_proxies_fit_the_settings():
    default = Settings()
    for name in ("nginx.conf", "Caddyfile"):
        assert f"{default.host}:{default.port}" in FILES[name]
    assert default.max_body_bytes == 1024 * 1024
    # A kept connection may be closed just as a request comes on it.
    assert "keepalive" not in FILES["nginx.conf"]
    assert "keepalive off" in FILES["Caddyfile"]
    assert "client_max_body_size 1m;" in FILES["nginx.conf"]
    assert "max_size 1MiB" in FILES["Caddyfile"]
