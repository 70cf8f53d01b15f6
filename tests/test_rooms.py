"""The architecture: which room may import which, and what may stand in no file at all.

Imports are read with `ast`, those inside functions too. Those below `if TYPE_CHECKING` are left out: they say what a
parameter is, and bring nothing in. The search for circles counts them: a reader has to follow them all the same.
"""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"

BASE = {"base"}
"""What every room may import."""

RULED = {*BASE, "declare", "rules", "gateways.port"}
"""What rules are written with."""

ROOMS: dict[str, set[str] | None] = {
    # room: the rooms it may import besides itself; None for the one that knows all the others
    "base": set(),
    "settings": set(),
    "vault": BASE,
    "sandbox": set(),
    "declare": BASE,
    "gateways.port": BASE,
    "gateways": {*BASE, "gateways.port"},
    "gateways.stripe": {*BASE, "gateways.port"},
    "gateways.manual": {*BASE, "gateways.port"},
    "rules": {*BASE, "declare", "gateways.port"},
    "jsonapi": {*BASE, "declare", "rules"},
    "store": {*BASE, "declare", "rules"},
    "store.revise": {*BASE, "declare", "rules", "store", "commerce"},
    "commerce": {*RULED, "commerce.history"},
    "commerce.accounts": {*RULED, "commerce"},
    "commerce.catalog": {*RULED, "commerce", "commerce.accounts", "commerce.inventory"},
    "commerce.history": {*RULED, "commerce"},
    "commerce.inventory": {*RULED, "commerce", "commerce.accounts"},
    "commerce.payments": {*RULED, "commerce", "commerce.accounts", "commerce.catalog"},
    "commerce.shipping": {*RULED, "commerce", "commerce.accounts", "commerce.catalog", "commerce.inventory"},
    "commerce.taxes": {*RULED, "commerce"},
    "commerce.orders": {
        *RULED, "commerce", "commerce.accounts", "commerce.catalog", "commerce.inventory", "commerce.payments",
        "commerce.shipping", "commerce.taxes",
    },
    "desk": {*BASE, "declare", "rules", "store", "gateways.port"},
    "background": {*RULED, "store", "desk", "commerce", "commerce.orders", "commerce.payments"},
    "http": {*BASE, "declare", "rules", "settings", "gateways.port", "jsonapi", "store", "desk", "commerce.history"},
    "oauth": {*BASE, "declare", "rules", "store", "http"},
    "operations": {
        *RULED, "settings", "vault", "store", "desk", "background", "http", "oauth",
        "commerce", "commerce.accounts", "commerce.orders", "commerce.payments",
    },
    "app": None,
    "proving": {*BASE, "settings", "gateways.stripe", "commerce", "store", "http", "operations", "app"},
    "cli": {
        *RULED, "settings", "vault", "gateways.stripe", "commerce", "commerce.orders", "commerce.payments", "store",
        "desk", "background", "http", "oauth", "operations", "sandbox", "proving", "app",
    },
    "__main__": {"cli"},
}  # fmt: skip

ABOVE = {"cli", "proving", "store.revise", "__main__"}
"""Rooms that nothing but each other imports, not even `app`."""

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
    "re2": {"commerce"},
    "markdown_it": {"jsonapi"},
}
"""Libraries that a room keeps to itself."""


MOST_LINES_OF_A_FILE, MOST_LINES_OF_A_CLASS, MOST_LINES_OF_A_FUNCTION = 600, 300, 60
"""Released migrations are not counted: they stay as they are."""

LONGER: dict[str, int] = {}
"""What is longer, and how long it may be: this list only ever shrinks, and no number in it grows."""


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


@cache
def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def imports_of(file: Path, *, for_types_too: bool = False) -> Iterator[Import]:
    module = module_of(file)
    room = room_of(module)
    tree = tree_of(file)
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


def test_no_files_import_each_other_in_a_circle() -> None:
    assert circles(SOURCE / "paydesk") == []


def lengths() -> Iterator[tuple[str, int, int]]:
    """Each file, class and function by its name, with its lines and the most that it may have."""
    for file in sorted((SOURCE / "paydesk").rglob("*.py")):
        name = str(file.relative_to(SOURCE / "paydesk"))
        if name.startswith("store/migrations/versions/"):
            continue
        yield name, len(file.read_text(encoding="utf-8").splitlines()), MOST_LINES_OF_A_FILE
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                most = MOST_LINES_OF_A_CLASS if isinstance(node, ast.ClassDef) else MOST_LINES_OF_A_FUNCTION
                yield f"{name}: {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1, most


def test_files_classes_and_functions_stay_short() -> None:
    long = {name: lines_ for name, lines_, most in lengths() if lines_ > most}
    assert {name: lines_ for name, lines_ in long.items() if lines_ > LONGER.get(name, 0)} == {}, "too long"
    assert [name for name in LONGER if name not in long] == [], "short by now: take it out of LONGER"


def test_the_pages_name_files_that_are_there() -> None:
    rooms = "|".join(sorted({name.partition(".")[0] for name in ROOMS}))
    for page in ("ARCHITECTURE.md", "CONTRIBUTING.md"):
        named = re.findall(rf"(?<![\w/])(?:{rooms})/[a-z_/]*[a-z]", (ROOT / page).read_text(encoding="utf-8"))
        places = [SOURCE / "paydesk" / name for name in named]
        wrong = [str(place) for place in places if not place.is_dir() and not place.with_suffix(".py").is_file()]
        assert not wrong, f"{page} names what is not there: {wrong}"


def test_rules_do_no_input_or_output() -> None:
    """`commerce` is plain functions on records: no await, no clock but the one it is given, no logging of its own."""
    forbidden = {"asyncio", "socket", "time", "logging", "threading", "os", "pathlib", "http", "urllib"}
    wrong = [str(each) for each in imports() if each.room.startswith("commerce") and each.module in forbidden]
    assert not wrong, "\n".join(wrong)


TYPED = {"order", "payment", "transaction", "authorization", "capture", "subject", "everything", "problem", "ask"}
"""What a rule is given under these names has a type that says what it is."""


def test_rules_say_what_they_are_given_and_read_what_they_load_as_attributes() -> None:
    wrong = []
    for file in sorted((SOURCE / "paydesk" / "commerce").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            untyped = (
                isinstance(node, ast.arg)
                and node.arg in TYPED
                and isinstance(node.annotation, ast.Name)
                and node.annotation.id == "Any"
                # What is below payments names them as no type of its own.
                and file.name != "payable.py"
            )
            if untyped or (isinstance(node, ast.Attribute) and node.attr == "__dict__"):
                wrong.append(f"{file.relative_to(ROOT)}: {ast.unparse(node)}")
    assert not wrong, "\n".join(wrong)


def test_nobody_reads_an_ask_member_by_member() -> None:
    """It is a type of its plan's; what the journal keeps of it is read by `Ask.read` alone."""
    wrong = []
    for file in sorted((SOURCE / "paydesk").rglob("*.py")):
        room = room_of(module_of(file)).partition(".")[0]
        if room not in ("commerce", "desk"):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            of = node.value if isinstance(node, ast.Subscript) else None
            if (isinstance(of, ast.Attribute) and of.attr == "ask") or (isinstance(of, ast.Name) and of.id == "ask"):
                wrong.append(f"{file.relative_to(ROOT)}:{of.lineno}")
    assert not wrong, "\n".join(wrong)


def test_a_row_tells_its_columns_by_name() -> None:
    """Rows leave the store as named tuples; what unpacks one by numbers is the store's own. The rows of documents have
    the columns of a view, of which the first is the id.
    """
    wrong = []
    for file in sorted((SOURCE / "paydesk").rglob("*.py")):
        name = file.relative_to(SOURCE / "paydesk").as_posix()
        if name.startswith(("store/", "sandbox/")):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            of, at = (node.value, node.slice) if isinstance(node, ast.Subscript) else (None, None)
            if not isinstance(of, ast.Name) or of.id != "row" or not isinstance(at, ast.Constant):
                continue
            is_id = at.value == 0 and name.startswith(("jsonapi/", "desk"))
            if isinstance(at.value, int) and not is_id:
                wrong.append(f"{file.relative_to(ROOT)}:{of.lineno}")
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
    other_names = {"argon2": "argon2_cffi", "markdown_it": "markdown_it_py", "re2": "google_re2"}
    declared |= {name for name, of in other_names.items() if of in declared}
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


OF_THE_ENGINE = {"links", "organizations", "applications", "versions", "event_stores"}
"""A member of documents, and the types that the engine itself is made of. It knows no other by its name: what one
has of its own is said where it is declared.
"""

TYPE_NAMES: dict[str, set[str]] = {
    "jsonapi": set(),
    "http": set(),
    "desk": set(),
    "store": set(),
}
"""Which other names still stand where. This only gets shorter: a page's examples, a word of OpenAPI's own, and what the
database is asked of one type alone.
"""


def test_the_engine_knows_no_type_by_its_name() -> None:
    types = set(json.loads((SOURCE / "paydesk/declare/contract.json").read_text())) - OF_THE_ENGINE
    found: dict[str, set[str]] = {room: set() for room in TYPE_NAMES}
    for room in TYPE_NAMES:
        for file in sorted((SOURCE / "paydesk" / room).rglob("*.py")):
            if "migrations" not in file.parts:
                constants = (one for one in ast.walk(tree_of(file)) if isinstance(one, ast.Constant))
                found[room] |= {one.value for one in constants if isinstance(one.value, str)} & types
    assert found == TYPE_NAMES
