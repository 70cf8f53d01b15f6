"""What the tree builds is whole: the wheel serves without the tree, the source archive builds the same wheel."""

import json
import os
import re
import signal
import subprocess
import sys
import tarfile
import tomllib
import urllib.parse
import urllib.request
import venv
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import certifi
import pytest
from packaging.requirements import Requirement

from paydesk import __version__
from tests.acts.dev import credentials, end
from tests.acts.readme import ROOT, block
from tests.processes import free_port, group

pytestmark = pytest.mark.slow

BUILD = "import sys; from flit_core import buildapi; print(getattr(buildapi, sys.argv[1])(sys.argv[2]))"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
NO_PART = {"__pycache__", "node_modules", "results"}


def build(what: str, tree: Path, into: Path) -> Path:
    """The wheel or the source archive of a tree; nothing is fetched."""
    done = subprocess.run(
        [sys.executable, "-c", BUILD, f"build_{what}", str(into)], cwd=tree, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return into / done.stdout.strip()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("sdist", ROOT, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that holds the wheel, and beside it what the tests' own environment holds."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "run-set.pth").write_text(f"{Path(certifi.__file__).parent.parent}\n")
    command = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "--isolated", "--quiet"]
    command += ["install", "--no-index", "--no-deps", "--no-compile", "--disable-pip-version-check", str(wheel)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "bin"


def files_of(archive: Path) -> set[str]:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as opened:
            return set(opened.namelist())
    with tarfile.open(archive) as opened:
        return {name.partition("/")[2] for name in opened.getnames()}


def kept_in(*folders: str) -> set[str]:
    """The files of some folders of the tree, without those that tools left there."""
    found = (file.relative_to(ROOT) for folder in folders for file in (ROOT / folder).rglob("*") if file.is_file())
    return {str(file) for file in found if not NO_PART & set(file.parts)}


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as opened:
        (name,) = [name for name in opened.namelist() if name.endswith(".dist-info/METADATA")]
        return Parser().parsestr(opened.read(name).decode())


def clean(**more: str) -> dict[str, str]:
    """An environment without settings of ours, and without a way back into the tree."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PAYDESK_", "PYTHON"))}
    return {**kept, **more}


def test_the_wheel_holds_every_file_of_the_package(wheel):
    found = {name for name in files_of(wheel) if ".dist-info/" not in name}
    assert found == {name.removeprefix("src/") for name in kept_in("src")}


def test_the_source_archive_holds_what_it_takes_to_build_test_and_work_on_it(archive):
    tops = {path.name for path in ROOT.iterdir() if path.is_file() and path.suffix == ".md"}
    wanted = {
        "Makefile",
        "LICENSE",
        "pyproject.toml",
        *tops,
        *kept_in("src", "tests", "bench", "deploy", "docs", "requirements"),
    }
    assert files_of(archive) - {"PKG-INFO", ".gitignore"} == wanted


def test_the_source_archive_builds_the_same_wheel(archive, wheel, tmp_path):
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path, filter="data")
    (tree,) = (path for path in tmp_path.iterdir() if path.is_dir())
    again = build("wheel", tree, tmp_path)
    with zipfile.ZipFile(again) as one, zipfile.ZipFile(wheel) as other:
        assert {name: one.read(name) for name in one.namelist()} == {
            name: other.read(name) for name in other.namelist()
        }


def test_the_metadata_say_what_it_is(wheel):
    told = metadata(wheel)
    assert (told["Name"], told["Version"]) == ("paydesk", __version__)
    assert told["Summary"] == PROJECT["description"]
    assert (told["License-Expression"], told["License-File"]) == ("Apache-2.0", "LICENSE")
    assert told["Requires-Python"] == ">=3.11"
    assert told["Description-Content-Type"] == "text/markdown"
    assert told.get_payload().strip() == (ROOT / "README.md").read_text().strip()
    assert told["Author"]
    assert told.get_all("Project-URL")
    assert {"Programming Language :: Python :: 3.11", "Typing :: Typed"} <= set(told.get_all("Classifier", []))
    with zipfile.ZipFile(wheel) as opened:
        (points,) = [name for name in opened.namelist() if name.endswith("/entry_points.txt")]
        assert opened.read(points).decode().split() == ["[console_scripts]", "paydesk=paydesk.cli:main"]


def test_what_it_needs_is_said_in_ranges_that_hold_what_it_is_tested_with(wheel):
    pins = dict(re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / "requirements" / "run.txt").read_text(), re.M))
    needed = [Requirement(text) for text in metadata(wheel).get_all("Requires-Dist")]
    assert len(needed) == len(PROJECT["dependencies"])
    assert [str(each) for each in needed if not each.specifier.contains(pins[each.name])] == []
    lowest = {each.name: [one.version for one in each.specifier if one.operator == ">="] for each in needed}
    assert [name for name, versions in lowest.items() if len(versions) != 1] == []


def test_the_wheel_alone_answers_the_documented_request_and_sells(installed, tmp_path):
    """`paydesk dev` as a user starts it, in an empty folder; then what README says to type."""
    port, data = free_port(), tmp_path / ".paydesk"
    environment = clean(PATH=os.pathsep.join([str(installed), os.environ["PATH"]]))
    process = subprocess.Popen(
        ["paydesk", "dev", "--port", str(port)],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        made = credentials(process, data)
        client = made["applications"]["integration"]
        with urllib.request.urlopen(
            f"http://127.0.0.1:{port}/oauth/token",
            urllib.parse.urlencode({"grant_type": "client_credentials", **client}).encode(),
        ) as answer:
            token = json.load(answer)["access_token"]
        request = block("sh", "POST http://localhost:8000/api/stripe_payments").replace(
            "localhost:8000", f"localhost:{port}"
        )
        said = run(request, tmp_path, environment | {"TOKEN": token})
        assert json.loads(said)["data"]["attributes"]["stripe_id"] == "pi_1234XXX"
        assert "partially refunded" in run("paydesk demo buy", tmp_path, environment)
        where = "import paydesk; print(paydesk.__file__)"
        assert run(f"python -c '{where}'", tmp_path, environment).startswith(str(installed.parent))
        end(process)
    finally:
        if group(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def run(script: str, folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(["bash", "-euc", script], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
