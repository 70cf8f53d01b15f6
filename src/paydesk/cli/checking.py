"""`paydesk gateways check`: draws what `operations.check_gateways` finds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from paydesk.app import Parts
from paydesk.base.instants import Clock, wall
from paydesk.cli.certificates import Certificates
from paydesk.cli.screen import fail, out, rows, safe
from paydesk.operations.check_gateways import Checked, check_gateways
from paydesk.operations.names import Unknown
from paydesk.settings import Settings


async def check(
    settings: Settings, ids: Sequence[str], *, self_test: bool = True, clock: Clock = wall
) -> list[Checked]:
    """Check the gateways with these ids, or all that are not disabled. Ends the command where there is no such one."""
    parts = await Parts.open(settings, clock, reading=True)
    authority = Certificates.below(settings.data_dir / "tls").authority
    try:
        trusted = authority if authority.exists() else None
        return await check_gateways(parts, ids, self_test=self_test, authority=trusted)
    except Unknown as unknown:
        fail(str(unknown))
    finally:
        await parts.close()


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
    out().print(json.dumps(told, indent=2, ensure_ascii=False), markup=False)
