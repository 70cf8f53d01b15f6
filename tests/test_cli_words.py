"""The words of the command line, as somebody reads them for the first time, in a terminal of 80 columns."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from paydesk.base.errors import Unavailable, reason_of
from paydesk.cli.commands import cli
from paydesk.cli.periods import span
from tests.forked import paydesk


def commands(one: Any, *names: str) -> Iterator[tuple[str, ...]]:
    yield names
    for name, below in getattr(one, "commands", {}).items():
        yield from commands(below, *names, name)


ALL = list(commands(typer.main.get_command(cli)))


def test_no_help_is_cut_in_its_middle() -> None:
    assert len(ALL) > 30
    cut = {}
    for names in ALL:
        shown = CliRunner().invoke(cli, [*names, "--help"], env={"COLUMNS": "80"}, terminal_width=80)
        assert shown.exit_code == 0, names
        bad = [line for line in shown.stdout.splitlines() if line.endswith("...") and "Usage:" not in line]
        bad += [line for line in shown.stdout.splitlines() if len(line) > 80 or line.endswith("-")]
        bad += [
            line for line in shown.stdout.splitlines() if re.search(r"<=|>=|^ +-.* <(str|int range|path|file)>", line)
        ]
        if bad:
            cut[" ".join(names)] = bad
    assert cut == {}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("dev", "--port", "70000"), "70000 is not from 1 to 65535."),
        (("dev", "--port", "http"), "http is no whole number."),
        (("sandbox", "--port", "0"), "0 is not from 1 to 65535."),
        (("matters", "--limit", "0"), "0 is not at least 1."),
        (("sandbox", "faults", "add", "--cut", "--times", "-1"), "-1 is no whole number from 0 on."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_number_out_of_range_is_refused_before_anything_is_done(arguments: tuple[str, ...], said: str) -> None:
    ended = CliRunner().invoke(cli, arguments)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr.splitlines()[-1] == f"Error: Invalid value for '{arguments[-2]}': {said}"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("15s", 15),
        ("90m", 5400),
        ("36h", 129_600),
        ("7d", 604_800),
        ("2w", 1_209_600),
        ("1d12h", 129_600),
        ("", None),
        ("7", None),
        ("d7", None),
        ("7d ", None),
        ("soon", None),
    ],
)
def test_a_length_of_time_is_written_the_same_everywhere(text: str, seconds: int | None) -> None:
    assert span(text) == seconds


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("payments", "expiring", "--within", "later"),
            ["error: --within later: that is no length of time.", "  Write for instance 90m, 36h, 7d or 1d12h."],
        ),
        (
            ("reconcile", "--since", "soon"),
            [
                "error: --since soon: that is no time.",
                "  Write how long ago, as 7d, 36h or 1d12h, or when, as 2026-11-22T10:00:00Z.",
            ],
        ),
        (
            ("organization", "create", "Acme", "--slug", "Acme_Books"),
            [
                "error: 'Acme_Books' cannot be a host name's label.",
                "  Give one with --slug: small letters and digits, with hyphens between, as in acme-books.",
            ],
        ),
    ],
    ids=lambda value: " ".join(value),
)
def test_a_wrong_argument_is_told_with_a_right_one(arguments: tuple[str, ...], said: list[str]) -> None:
    ended = paydesk(*arguments)
    assert (ended.returncode, ended.stdout, ended.stderr.splitlines()) == (2, "", said)


def test_a_reason_follows_what_it_is_the_reason_of() -> None:
    error = Unavailable("The gateway did not answer.")
    error.__cause__ = OSError("connection refused")
    assert reason_of(error) == "The gateway did not answer: connection refused"
