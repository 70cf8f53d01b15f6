"""The architecture: which room may import which, and what may stand in no file at all.

Imports are read with `ast`, those inside functions too. Those below `if TYPE_CHECKING` are left out: they say what a
parameter is, and bring nothing in. The search for circles counts them: a reader has to follow them all the same.
"""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"

BASE = {"base"}
"""What every room may import."""

ROOMS: dict[str, set[str] | None] = {
    # room: the rooms it may import besides itself; None for those that know all the others
    "base": set(),
    "settings": set(),
    "vault": BASE,
    "sandbox": {"sandbox.core", "sandbox.http"},
    "sandbox.core": set(),
    "sandbox.objects": {"sandbox.core"},
    "sandbox.running": {"sandbox.core", "sandbox.objects"},
    "sandbox.http": {"sandbox.core", "sandbox.objects", "sandbox.running"},
    "declare": BASE,
    "rules": {*BASE, "declare", "gateways.port"},
    "jsonapi": {*BASE, "declare", "rules"},
    "store": {*BASE, "declare", "rules"},
    "store.revise": None,
    "gateways.port": {*BASE},
    "gateways": {*BASE, "gateways.port"},
    "gateways.stripe": {*BASE, "gateways.port"},
    "gateways.manual": {*BASE, "gateways.port"},
    "commerce": {*BASE, "declare", "rules", "gateways.port"},
    "commerce.accounts": {*BASE, "declare", "rules", "gateways.port", "commerce"},
    "commerce.catalog": {
        *BASE, "declare", "rules", "gateways.port", "commerce", "commerce.accounts",
    },
    "commerce.payments": {
        *BASE, "declare", "rules", "gateways.port",
        "commerce", "commerce.accounts", "commerce.catalog",
    },
    "commerce.orders": {
        *BASE, "declare", "rules", "gateways.port",
        "commerce", "commerce.accounts", "commerce.catalog", "commerce.payments",
    },
    "desk": {*BASE, "declare", "rules", "store", "gateways.port"},
    "background": {
        *BASE, "declare", "rules", "store", "desk", "gateways.port",
        "commerce", "commerce.orders", "commerce.payments",
    },
    "oauth": None,
    "http": None,
    "operations": None,
    "app": None,
    "proving": None,
    "cli": None,
    "__main__": {"cli"},
}  # fmt: skip

ABOVE = {"app", "cli", "proving", "store.revise", "__main__"}
"""Rooms that only `ABOVE` may import: they put the others together."""

ONLY_IN = {
    "stripe": {"gateways.stripe"},
    "granian": {"http", "sandbox"},
    "typer": {"cli", "sandbox"},
    "rich": {"cli", "sandbox"},
    "alembic": {"store"},
    "sqlalchemy": {"store"},
    "apsw": {"store", "sandbox"},
    "asyncpg": {"store", "proving"},
    "starlette": {"http", "app", "oauth", "sandbox"},
    "argon2": {"oauth"},
    "joserfc": {"oauth"},
}
"""Libraries that a room keeps to itself."""


WITHOUT_CIRCLES = ("sandbox",)
"""Folders whose files never import each other in a circle."""


@dataclass(frozen=True)
class Import:
    file: Path
    line: int
    room: str
    module: str

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line} ({self.room}) imports {self.module}"


def room_of(module: str) -> str:
    """The room that a module of ours belongs to: the longest name of the table that it begins with."""
    parts = module.split(".")[1:]
    for length in (2, 1):
        name = ".".join(parts[:length])
        if len(parts) >= length and name in ROOMS:
            return name
    return parts[0] if parts else ""


def module_of(file: Path) -> str:
    parts = list(file.relative_to(SOURCE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports() -> tuple[Import, ...]:
    return tuple(found for file in sorted((SOURCE / "paydesk").rglob("*.py")) for found in imports_of(file))


def imports_of(file: Path, *, for_types_too: bool = False) -> Iterator[Import]:
    module = module_of(file)
    room = room_of(module)
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if node in for_types and not for_types_too:
            continue
        if isinstance(node, ast.Import):
            for name in node.names:
                yield Import(file, node.lineno, room, name.name)
        elif isinstance(node, ast.ImportFrom):
            start = node.module or ""
            if node.level:
                package = module.split(".") if file.name == "__init__.py" else module.split(".")[:-1]
                start = ".".join([*package[: len(package) - node.level + 1], *filter(None, [node.module])])
            for name in node.names:
                # `from paydesk.store import migrate` may name a module or something in one; both are of that room.
                yield Import(file, node.lineno, room, f"{start}.{name.name}" if is_ours(start) else start)


def is_ours(module: str) -> bool:
    return module.split(".")[0] == "paydesk"


def test_every_room_stands_in_the_table() -> None:
    rooms = {room_of(module_of(file)) for file in (SOURCE / "paydesk").rglob("*.py")} - {""}
    assert rooms <= set(ROOMS), f"not in the table of rooms: {sorted(rooms - set(ROOMS))}"


def test_a_room_imports_only_what_it_may() -> None:
    wrong = []
    for found in imports():
        if not is_ours(found.module) or not found.room:
            continue
        target = room_of(found.module)
        allowed = ROOMS.get(found.room)
        if target in {"", found.room} or found.module == "paydesk.__version__":
            continue
        if allowed is None:
            if target in ABOVE and found.room not in ABOVE:
                wrong.append(str(found))
        elif target not in allowed:
            wrong.append(str(found))
    assert not wrong, "\n".join(wrong)


def file_of(module: str) -> Path | None:
    """The file that an import of ours reads: the module itself, or the one that has the name."""
    while module:
        path = SOURCE.joinpath(*module.split("."))
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if file.is_file():
                return file
        module = module.rpartition(".")[0]
    return None


def circles(folder: Path) -> list[list[str]]:
    """The sets of a folder's files each of which reaches all the others by imports, type-only ones counted."""
    graph: dict[Path, set[Path]] = {}
    for file in folder.rglob("*.py"):
        targets = {file_of(each.module) for each in imports_of(file, for_types_too=True) if is_ours(each.module)}
        graph[file] = {target for target in targets if target is not None and target != file}

    def reached(start: Path) -> set[Path]:
        seen: set[Path] = set()
        waiting = [start]
        while waiting:
            new = graph.get(waiting.pop(), set()) - seen
            seen |= new
            waiting += new
        return seen

    reach = {file: reached(file) for file in graph}
    found = {frozenset(other for other in reach[file] if file in reach.get(other, ())) for file in graph}
    return [sorted(str(file.relative_to(ROOT)) for file in circle) for circle in found if circle]


@pytest.mark.parametrize("folder", WITHOUT_CIRCLES)
def test_no_files_import_each_other_in_a_circle(folder: str) -> None:
    assert circles(SOURCE / "paydesk" / folder) == []


def test_rules_do_no_input_or_output() -> None:
    """`commerce` is plain functions on records: no await, no clock but the one it is given, no logging of its own."""
    forbidden = {"asyncio", "socket", "time", "logging", "threading", "os", "pathlib", "http", "urllib"}
    wrong = [str(each) for each in imports() if each.room.startswith("commerce") and each.module in forbidden]
    assert not wrong, "\n".join(wrong)


def test_a_library_is_known_only_in_its_rooms() -> None:
    wrong = []
    for found in imports():
        rooms = ONLY_IN.get(found.module.split(".")[0])
        if rooms is not None and not {found.room, found.room.partition(".")[0]} & rooms:
            wrong.append(str(found))
    assert not wrong, "\n".join(wrong)


def test_what_is_imported_is_declared() -> None:
    """Everything that `src` imports comes from Python itself or is a dependency, not by chance of another's."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[\[<>=!~ ]", each)[0].replace("-", "_") for each in project["dependencies"]}
    declared |= {"argon2" for each in declared if each == "argon2_cffi"}
    known = declared | set(sys.stdlib_module_names) | {"paydesk"}
    wrong = [str(each) for each in imports() if each.module.split(".")[0] not in known]
    assert not wrong, "\n".join(wrong)


def tracked() -> list[Path]:
    """The files that are or would be committed; all of them where this is no git checkout."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listing = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    except (OSError, subprocess.CalledProcessError):
        return [path for path in ROOT.rglob("*") if path.is_file() and not {".venv", ".git"} & set(path.parts)]
    return [ROOT / name for name in listing.split("\0") if name and (ROOT / name).is_file()]


def lines(files: list[Path]) -> Iterator[tuple[Path, int, str]]:
    for file in files:
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            yield file.relative_to(ROOT), number, line


def test_no_file_names_a_package_registry_or_a_path_of_one_machine() -> None:
    """Locks, scripts and pages work wherever they are read: packages come from where the reader's pip looks."""
    registries = r"pypi\.org|pythonhosted|registry\.npmjs|npmjs\.com|deb\.debian|find-links|index-url"
    machine = r"(?<![\w.:/])/(?:home|root|Users|opt|work)/\w"
    pattern = re.compile(f"{registries}|{machine}")
    this = Path(__file__).relative_to(ROOT)
    wrong = [
        f"{file}:{number} {line.strip()}"
        for file, number, line in lines(tracked())
        if pattern.search(line) and file != this
    ]
    assert not wrong, "\n".join(wrong)


def test_nothing_is_left_for_later() -> None:
    pattern = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X:|raise NotImpl" r"ementedError)\b")
    code = [file for file in tracked() if file.suffix in {".py", ".js", ".toml", ".sh"} or file.name == "Makefile"]
    wrong = [f"{file}:{number} {line.strip()}" for file, number, line in lines(code) if pattern.search(line)]
    assert not wrong, "\n".join(wrong)
