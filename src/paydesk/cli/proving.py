"""`paydesk prove`: what was tried and what came of it, for a person's eyes or as JSON."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from paydesk.cli.screen import console, err, safe, write_json
from paydesk.proving import matrix
from paydesk.proving.matrix import POINTS, RETRIES
from paydesk.proving.proof import Proof, prove

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 160
"""Of the table where it is not printed to a terminal."""

CHOSEN_INTERLEAVINGS = 20
CHOSEN_REFUNDS = 30
"""How many a quick proof tries."""


async def prove_all(
    database_url: str | None,
    *,
    quick: bool,
    interleavings: int | None,
    refunds: int | None,
    seed: int,
    as_json: bool,
) -> bool:
    """Prove on SQLite, and on PostgreSQL where one is given; whether it holds. Raises as `proof.prove`."""
    lost = refunds if refunds is not None else CHOSEN_REFUNDS if quick else 500
    count = interleavings if interleavings is not None else CHOSEN_INTERLEAVINGS if quick else 200
    screen = console(folds=True, width=None if sys.stdout.isatty() else WIDTH)
    databases: list[tuple[str, str | None]] = [("SQLite", None)]
    if database_url is not None:
        databases.append(("PostgreSQL", database_url))
    proofs = []
    for name, url in databases:
        with _progress() as tell:
            cells = matrix.chosen() if quick else matrix.whole()
            proof = await prove(
                name, url, cells=cells, seed=seed, count=count, refunds=lost, patient=not quick, tell=tell
            )
            proofs.append(proof)
        if not as_json:
            _show(proof, seed, screen)
    holds = all(one.holds for one in proofs)
    if as_json:
        made = {"seed": seed, "holds": holds, "databases": [one.to_json() for one in proofs]}
        write_json(made)
        return holds
    cells_tried = sum(len(one.cells) for one in proofs)
    kills = cells_tried + sum(one.kills for one in proofs)
    twice, missing = sum(one.moved_twice for one in proofs), sum(one.lost for one in proofs)
    screen.print(
        f"{cells_tried} deaths and {sum(len(one.interleavings) for one in proofs)} interleavings,"
        f" {kills} processes killed. Moved twice: {twice}. Lost: {missing}."
    )
    screen.print("[bold green]Money moved exactly once.[/]" if holds else "[bold red]The proof fails.[/]")
    return holds


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Where people watch, a line that tells what is being done."""
    if not err().is_terminal:
        yield lambda what: None
        return
    with err().status("") as status:
        yield lambda what: status.update(safe(what))


def _show(proof: Proof, seed: int, screen: "Console") -> None:
    table = Table(title=f"{proof.database}, {proof.seconds:.0f} s", title_justify="left", box=box.SIMPLE_HEAD)
    for name in ("act", "killed at", "client's retry", "Stripe has", "paydesk has"):
        table.add_column(name)
    for name in ("moved twice", "lost"):
        table.add_column(name, justify="right")
    table.add_column("")
    for cell in proof.cells:
        table.add_row(
            cell.act.name,
            POINTS[cell.point],
            RETRIES[cell.retry],
            str(cell.stripe.money) if cell.stripe else "?",
            str(cell.paydesk.money) if cell.paydesk else "?",
            str(cell.moved_twice),
            str(cell.lost),
            "[red]wrong[/]" if cell.wrong else "[green]right[/]",
        )
    losses = proof.losses
    if losses is not None:
        table.add_row(
            f"{losses.refunds} refunds",
            f"{losses.lost} first answers lost, {losses.kills} connections killed",
            RETRIES["equal"],
            f"{losses.at_stripe / 100:.2f} refunded",
            f"{losses.in_paydesk / 100:.2f} refunded",
            str(losses.doubled),
            str(losses.missing),
            "[red]wrong[/]" if losses.problems else "[green]right[/]",
        )
    if proof.cells or losses is not None:
        screen.print(table)
    if proof.interleavings:
        bad = sum(bool(one.wrong) for one in proof.interleavings)
        word = f"[red]{bad} wrong[/]" if bad else "[green]all right[/]"
        screen.print(
            f"{len(proof.interleavings)} interleavings of requests, webhooks and faults, kill -9 {proof.kills} times,"
            f" {proof.servers} server{'s' * (proof.servers > 1)}, seed {seed}: {word}"
        )
    for problem in losses.problems if losses is not None else ():
        screen.print(f"[red]lost answers:[/] {safe(problem)}")
    for one in proof.tried:
        for problem in one.wrong:
            screen.print(f"[red]{safe(str(one))}:[/] {safe(problem)}")
