"""What reaches a terminal is text, whoever wrote it."""

import ast
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

import paydesk
from paydesk.base.printable import one_line, printable
from paydesk.cli.screen import complain, rows, say, write_json
from paydesk.cli.screens import answer, history
from tests.picture import FILE, ORDER

SVG = "{http://www.w3.org/2000/svg}"
CLI = Path(paydesk.__file__).parent / "cli"


@pytest.mark.parametrize(
    ("text", "shown", "in_one_line"),
    [
        ("Ada Rossi, 東京, €154,00 🎁", "Ada Rossi, 東京, €154,00 🎁", "Ada Rossi, 東京, €154,00 🎁"),
        ("a\x1b[2Jb", "a\\u001b[2Jb", "a\\u001b[2Jb"),
        ("\x00\x07\x08\x7f\x9b", "\\u0000\\u0007\\u0008\\u007f\\u009b", "\\u0000\\u0007\\u0008\\u007f\\u009b"),
        ("a\nb\tc", "a\nb\tc", "a b c"),
        ("a\r\nb", "a\\u000d\nb", "a b"),
        ("a\u2028b\x85c", "a\\u2028b\\u0085c", "a b c"),
        ("\u202eevil\u2066", "\\u202eevil\\u2066", "\\u202eevil\\u2066"),
        ("\udce9", "\\udce9", "\\udce9"),
    ],
)
def test_what_a_terminal_obeys_is_spelled_out(text: str, shown: str, in_one_line: str) -> None:
    assert (printable(text), one_line(text)) == (shown, in_one_line)


def test_json_stays_the_same_value_and_messages_keep_their_lines(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"name": "\x1b[2J\x9b\u202e\n[bold]é"}
    write_json(value)
    out = capsys.readouterr().out
    assert (json.loads(out), [one for one in out if not one.isprintable() and one != "\n"]) == (value, [])
    say("a\x1b]0;b\n[red]c")
    rows([("na\nme", "\x1bc\n[red]d")])
    complain("it ended:\nTraceback\x1b[A\nat\tline 1")
    shown = capsys.readouterr()
    assert shown.out == "a\\u001b]0;b [red]c\nna me  \\u001bc [red]d\n"
    assert shown.err == "error: it ended:\nTraceback\\u001b[A\nat line 1\n"


def test_the_picture_of_payments_show_has_what_is_printed_today() -> None:
    """`make picture` draws it anew."""
    lines = [row.text.replace("\xa0", " ") for row in ElementTree.parse(FILE).iter(f"{SVG}text") if row.text]
    labels = [line.split()[0] for line in lines if line.split()]
    assert lines[1] == f"paydesk payments show {ORDER} --history"
    assert [label for label in labels if label in answer.COLOURS] == list(answer.COLOURS)
    assert set(history.COLOURS) <= set(labels)
    assert f"{ORDER}/T/003" in labels and {"status", "total", "sums", "net"} <= set(labels)


def test_the_command_line_writes_by_its_consoles_alone() -> None:
    found = []
    for file in CLI.rglob("*.py"):
        for call in (one for one in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(one, ast.Call)):
            name = ast.unparse(call.func)
            if name in {"print", "Console"} or name.rpartition(".")[2] in {"echo", "secho"}:
                found.append(f"{file.name}:{call.lineno} {name}")
    assert found == []
