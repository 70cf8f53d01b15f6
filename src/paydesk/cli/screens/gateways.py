"""Whether gateways work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from paydesk.cli.screen import out, rows, safe, write_json
from paydesk.operations.check_gateways import Checked


def show(checked: Sequence[Checked]) -> None:
    """A paragraph for each gateway, then the counts."""
    marks = {True: "[green]✓[/]", False: "[bold red]✗[/]", None: "[dim]–[/]"}
    for gateway in checked:
        named = f"{gateway.organization}/{gateway.mode} {gateway.type}/{gateway.id}"
        out().print(f"[bold]{safe(named)}[/]  {safe(gateway.name)}")
        for line in gateway.lines:
            out().print(f"  {marks[line.ok]} [dim]{line.what:9}[/]  {safe(line.told)}")
            if line.do:
                out().print(f"    {safe(line.do[0].upper() + line.do[1:])}.")
        out().print()
    rows([("gateways", len(checked)), ("problems", sum(one.problems for one in checked))])


def as_json(checked: Sequence[Checked]) -> None:
    told = {"gateways": [asdict(one) for one in checked], "problems": sum(one.problems for one in checked)}
    write_json(told)
