"""The result for people, as tables, and for programs, as JSON."""

from __future__ import annotations

from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from bench.run import Requirement, Result

RESULTS = Path(__file__).resolve().parent / "results"


def write(result: Result, folder: Path = RESULTS) -> Path:
    """Write the JSON; returns where."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "latest.json"
    file.write_bytes(orjson.dumps(result.document(), option=orjson.OPT_INDENT_2) + b"\n")
    return file


def show(result: Result, console: Console) -> None:
    console.print(_cases(result))
    console.print(_limits(result))
    console.print(_requirements(result))
    machine = result.machine
    console.print(
        f"{machine['processor']}, {machine['cores']} cores, Python {machine['python']}, SQLite {machine['sqlite']}; "
        f"load {machine['load_before']} before, {machine.get('load_after', '?')} after; worker {result.memory_mib:.0f} "
        f"MiB at most, {result.memory_idle_mib:.0f} MiB idle; started in {result.start_seconds:.2f} s",
        style="dim",
        highlight=False,
    )


def _cases(result: Result) -> Table:
    table = Table(title="paydesk serve, one worker, SQLite FULL")
    table.add_column("case")
    for name in ("clients", "req/s", "CPU ms", "p50 ms", "p99 ms", "bytes", "× limit", "required"):
        table.add_column(name, justify="right")
    table.add_column("")
    for row in result.rows:
        figures = row.figures
        needed = [one for one in result.requirements if one.case == row.case]
        table.add_row(
            row.title,
            str(row.connections),
            f"{figures.rate:,.0f}",
            f"{figures.cpu_ms:.3f}",
            f"{figures.p50_ms:.1f}",
            f"{figures.p99_ms:.1f}",
            f"{figures.answer_bytes:,}",
            f"{row.ratio:.1f}" if row.ratio else "",
            ", ".join(_bound(one) for one in needed) or "noted",
            _verdict(needed),
        )
    return table


def _limits(result: Result) -> Table:
    table = Table(title="limits of this machine")
    table.add_column("limit")
    for name in ("per s", "CPU ms", "p50 ms", "bytes"):
        table.add_column(name, justify="right")
    for name, figures in result.limits.items():
        table.add_row(
            name,
            f"{figures.rate:,.0f}",
            f"{figures.cpu_ms:.3f}",
            f"{figures.p50_ms:.1f}" if figures.p50_ms else "",
            f"{figures.answer_bytes:,}" if figures.answer_bytes else "",
        )
    return table


def _requirements(result: Result) -> Table:
    table = Table(title="required")
    table.add_column("case")
    table.add_column("what")
    table.add_column("measured", justify="right")
    table.add_column("required", justify="right")
    table.add_column("")
    for one in result.requirements:
        table.add_row(one.case, one.what, f"{one.value:.2f}{one.unit}", _bound(one), _verdict([one]))
    return table


def _bound(one: Requirement) -> str:
    return f"{'≥' if one.at_least else '≤'} {one.bound:g}{one.unit}"


def _verdict(needed: list[Requirement]) -> str:
    if not needed:
        return ""
    return "[green]ok[/]" if all(one.met for one in needed) else "[red]over[/]"
