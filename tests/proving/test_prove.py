"""`paydesk prove` on both databases, and with defects planted into the code: then it has to say no."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import paydesk
from paydesk.proving import interleavings, matrix
from paydesk.proving.acts import ACTS
from tests.acts.readme import block

pytestmark = pytest.mark.slow

SOURCE = Path(paydesk.__file__).parent

QUICK = block("sh", "paydesk prove").partition("#")[0].split()
"""The README's command."""

Ended = subprocess.CompletedProcess[str]

Change = tuple[str, str, str]
"""A file of the desk, what stands in its code, and what is put in its place."""

DEFECTS: dict[str, list[Change]] = {
    "every attempt makes up its own idempotency key": [
        ("calls", "self._opened(call), key=call.key,", "self._opened(call), key=__import__('os').urandom(16).hex(),"),
    ],
    "the call is not written down before it is made": [
        ("writing", "yield from self._writer.journal(", "(lambda *_, **__: None)("),
        ("settlements", "return is_ours", "return True"),
    ],
    "the call is closed in a transaction before the one that books its answer": [
        (
            "settlements",
            "        way = _Way(stores=call.waiting is not None)\n",
            "        way = _Way(stores=call.waiting is not None)\n"
            "        if plan.verb is not None:\n"
            "            now = self._transactions.now()\n"
            "            await self._database.write(lambda: journal.settle(call.tenant, call.id, 'done', {}, now))\n",
        ),
        ("settlements", "return is_ours", "return True"),
    ],
}


SHOWING = [
    ("create a payment", "asked", "none"),
    ("adopt a payment", "settling", "equal"),
    ("refund a part", "settling", "equal"),
]
"""Cells of the README's command that the defects show in: what is red with a part of it is red with the whole."""

PART = f"""
import sys
from paydesk.cli import main
from paydesk.proving import matrix

cells = [cell for cell in matrix.chosen() if (cell.act.name, cell.point, cell.retry) in {SHOWING}]
matrix.chosen = lambda: cells
sys.argv[0] = "paydesk"
main()
"""


def prove(*options: str, command: Sequence[str] = ("-m", "paydesk"), **variables: str) -> Ended:
    assert QUICK[0] == "paydesk"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PAYDESK_")}
    whole = [sys.executable, *command, *QUICK[1:], *options]
    return subprocess.run(whole, env=clean | variables, capture_output=True, text=True, timeout=1500)


@pytest.mark.usefixtures("unhurried")
def test_money_moves_exactly_once_on_both_databases(postgres_server: str, tmp_path: Path) -> None:
    options = ("--json", "--seed", "3", "--interleavings", "8", "--database-url", postgres_server)
    done = prove(*options, TMPDIR=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert (told["holds"], told["seed"]) == (True, 3)
    assert [one["database"] for one in told["databases"]] == ["SQLite", "PostgreSQL"]
    for one in told["databases"]:
        assert (one["moved_twice"], one["lost"]) == (0, 0)
        assert len(one["cells"]) == len(matrix.chosen())
        assert all(cell["stripe_has"] == cell["paydesk_has"] for cell in one["cells"])
        assert one["interleavings"]["wrong"] == []
        assert (one["refunds"]["count"], one["refunds"]["doubled"], one["refunds"]["missing"]) == (30, 0, 0)
        assert one["refunds"]["wrong"] == []
        assert one["refunds"]["first_answers_lost"] >= 6
    assert told["databases"][1]["refunds"]["connections_killed"] > 0


@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize("defect", DEFECTS)
def test_a_build_with_a_defect_turns_it_red(defect: str, tmp_path: Path) -> None:
    # What is compiled already goes along, but nothing that is only just being written.
    shutil.copytree(SOURCE, tmp_path / "paydesk", ignore=shutil.ignore_patterns("*.pyc.*"))
    for name, before, after in DEFECTS[defect]:
        file = tmp_path / "paydesk" / "desk" / f"{name}.py"
        code = file.read_text()
        assert before in code, f"the code no longer says: {before}"
        file.write_text(code.replace(before, after))
    nothing_else = ("--interleavings", "0", "--refunds", "0")
    done = prove(*nothing_else, command=("-c", PART), PYTHONPATH=str(tmp_path), TMPDIR=str(tmp_path))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "The proof fails." in done.stdout
    assert "Moved twice: 0. Lost: 0." not in done.stdout


def test_the_cross_section_meets_every_act_and_every_point() -> None:
    cells = matrix.chosen()
    assert len([cell for cell in cells if (cell.act.name, cell.point, cell.retry) in SHOWING]) == len(SHOWING)
    assert {cell.act for cell in cells} == set(ACTS)
    assert {cell.point for cell in cells} == set(matrix.POINTS)
    assert {cell.retry for cell in cells} == set(matrix.RETRIES)
    assert len(matrix.whole()) == len(ACTS) * len(matrix.POINTS) * len(matrix.RETRIES) - 1


def test_a_seed_stands_for_the_same_interleavings() -> None:
    def said(seed: int) -> list[Any]:
        return [([str(one) for one in group], kill) for group, kill in interleavings.drawn(seed, 25, 2)]

    assert said(7) == said(7) != said(8)
    assert [len(group) for group, _ in interleavings.drawn(7, 25, 2)] == [5] * 5


def test_two_refunds_at_stripe_are_two_that_were_asked_for() -> None:
    groups = interleavings.drawn(5, 500, 2)
    steps = [step for group, _ in groups for one in group for step in one.steps]
    assert {(step.at_stripe, step.key is None) for step in steps} == {(True, True), (False, True), (False, False)}
    one = groups[0][0][4]
    assert [step.name for step in one.steps] == ["refund at Stripe", "refund all", "refund at Stripe"]
    assert interleavings._refunds_asked(one) == 3
