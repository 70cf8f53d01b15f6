"""`python -m bench`: measure, show, write; exit status 1 when a requirement is missed."""

from __future__ import annotations

import argparse
import sys

from rich.console import Console

from bench import profiling, report, run
from bench.cases import CASES
from bench.processes import Failed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    lengths = parser.add_mutually_exclusive_group()
    for name, told in (
        ("quick", "under 20 s: a first impression"),
        ("full", "100,000 orders and longer rounds: minutes"),
        ("tiny", "a few dozen requests: whether it runs at all"),
    ):
        lengths.add_argument(f"--{name}", dest="length", action="store_const", const=name, help=told)
    parser.add_argument(
        "--only", action="append", choices=list(CASES), metavar="CASE", help="this case; may be repeated"
    )
    parser.add_argument("--no-fail", action="store_true", help="exit 0 although a requirement is missed")
    commands = parser.add_subparsers(dest="command")
    profile = commands.add_parser("profile", help="tell which functions a case spends its time in")
    profile.add_argument("case", choices=[name for name in CASES if name not in profiling.WITHOUT])
    profile.add_argument("--requests", type=int, default=1000)
    profile.add_argument("--top", type=int, default=45)
    explain = commands.add_parser("explain", help="tell which statements a case runs, and how SQLite goes about them")
    explain.add_argument("case", choices=[name for name in CASES if name not in profiling.WITHOUT])
    explain.add_argument("--requests", type=int, default=200)
    given = parser.parse_args()
    errors = Console(stderr=True)
    try:
        if given.command == "profile":
            print(profiling.profile(given.case, given.requests, given.top))
            return 0
        if given.command == "explain":
            print(profiling.explain(given.case, given.requests))
            return 0
        with errors.status("starting") as status:
            result = run.run(run.LENGTHS[given.length or "normal"], given.only, lambda text: status.update(text))
    except Failed as problem:
        errors.print(str(problem), style="red", markup=False)
        return 1
    console = Console(width=None if sys.stdout.isatty() else 130)
    report.show(result, console)
    console.print(f"written to {report.write(result).relative_to(report.RESULTS.parent.parent)}", style="dim")
    return 0 if result.met or given.no_fail else 1


if __name__ == "__main__":
    sys.exit(main())
