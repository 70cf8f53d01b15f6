"""The sandbox's commands, mounted by the main command line as `paydesk sandbox`: run it, move its clock, set faults."""

import json
import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import Annotated, Any

import typer

DEFAULT_URL = "http://127.0.0.1:8010"

cli = typer.Typer(help="The Stripe sandbox: run it, move its clock, let it fail.", no_args_is_help=False)
faults = typer.Typer(help="Have the sandbox misbehave, to see how a checkout takes it.", no_args_is_help=True)
cli.add_typer(faults, name="faults")

Url = Annotated[
    str, typer.Option("--url", metavar="URL", help="Where the sandbox listens.", envvar="PAYDESK_SANDBOX_URL")
]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"([0-9]+)([smhdw])")


def _count(text: str) -> int:
    """A whole number from 0 on, read here because typer's ranges write `[x>=0]` into the help."""
    if not str(text).isdecimal():
        raise typer.BadParameter(f"{text} is no whole number from 0 on.")
    return int(text)


def _port(text: str) -> int:
    port = _count(text)
    if not 1 <= port <= 65_535:
        raise typer.BadParameter(f"{port} is not from 1 to 65535.")
    return port


def seconds(text: str) -> int:
    """A duration such as 7d, 36h, 90m, 15s or 1d12h in seconds.

    raises   typer.BadParameter for anything else
    """
    compact = text.replace(" ", "")
    parts = _DURATION.findall(compact)
    if not parts or "".join(number + unit for number, unit in parts) != compact:
        raise typer.BadParameter(f"{text!r} is no duration; write for instance 7d, 36h, 90m, 15s or 1d12h.")
    return sum(int(number) * _UNITS[unit] for number, unit in parts)


def _control(method: str, url: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """A control call. Ends the command with a plain sentence when the sandbox is not there or refuses."""
    if not url.startswith(("http://", "https://")):
        raise typer.BadParameter(f"{url!r} is no http address.", param_hint="--url")
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked
        f"{url.rstrip('/')}/_control/{path}", data=data, method=method, headers={"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=600) as answer:  # noqa: S310 - the scheme was checked
            result: dict[str, Any] = json.load(answer)
            return result
    except urllib.error.HTTPError as refused:
        try:
            message = json.load(refused)["error"]["message"]
        except (ValueError, KeyError, TypeError):
            message = f"{url} answered {refused.code}; is a sandbox there?"
        typer.echo(message, err=True)
    except (OSError, ValueError) as failure:
        reason = getattr(failure, "reason", failure)
        typer.echo(f"No sandbox at {url} ({reason}). Start one with: paydesk sandbox", err=True)
    raise typer.Exit(1)


@cli.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="PORT", help="The port to listen on.", parser=_port)] = 8010,
    data_dir: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder of its data.")] = Path("sandbox-data"),
) -> None:
    """Run the sandbox, or with a command below talk to one that runs."""
    if context.invoked_subcommand is None:
        run(host, port, data_dir)


@cli.command()
def run(
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="PORT", help="The port to listen on.", parser=_port)] = 8010,
    data_dir: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder of its data.")] = Path("sandbox-data"),
    die_with_parent: Annotated[bool, typer.Option("--die-with-parent", hidden=True)] = False,
) -> None:
    """Run the sandbox until it is stopped."""
    from paydesk.sandbox.serve import die_with_parent as tie_to_parent
    from paydesk.sandbox.serve import serve

    if die_with_parent:
        tie_to_parent()
    serve(host, port, data_dir)


@cli.command()
def clock(
    advance: Annotated[
        str | None, typer.Option(metavar="SPAN", help="How far to move it: 7d, 36h, 1d12h, 15s.")
    ] = None,
    url: Url = DEFAULT_URL,
) -> None:
    """Show the sandbox's clock, or move it on.

    Moving it does all that comes due before the command returns: authorizations expire, pending refunds finish or fail,
    webhooks are tried again.
    """
    from datetime import UTC, datetime

    body = None if advance is None else {"advance_seconds": seconds(advance)}
    state = _control("GET" if body is None else "POST", url, "clock", body)
    now = datetime.fromtimestamp(state["now"], UTC)
    ahead = state["offset_seconds"]
    typer.echo(f"{now:%Y-%m-%d %H:%M:%S} UTC ({state['now']}), {ahead} s ahead of wall time")


def _line(fault: dict[str, Any]) -> str:
    times = "until cleared" if fault["times"] == 0 else f"{fault['times']} more"
    return (
        f"{fault['id']}  on {json.dumps(fault['on'])}  do {json.dumps(fault['do'])}  {times}, struck {fault['struck']}"
    )


@faults.command("list")
def list_faults(url: Url = DEFAULT_URL) -> None:
    """Show the faults that are set."""
    data = _control("GET", url, "faults")["data"]
    for fault in data:
        typer.echo(_line(fault))
    if not data:
        typer.echo("No faults are set.")


@faults.command("add")
def add_fault(
    method: Annotated[
        str | None, typer.Option(metavar="METHOD", help="HTTP method it strikes, for instance POST.")
    ] = None,
    path: Annotated[
        str | None, typer.Option(metavar="PATH", help="Path or its beginning, or a pattern with *.")
    ] = None,
    account: Annotated[str | None, typer.Option(metavar="ID", help="Account (acct_…) it strikes.")] = None,
    event: Annotated[
        str | None, typer.Option(metavar="TYPE", help="For webhooks: type of event, or a pattern with *.")
    ] = None,
    delay: Annotated[str | None, typer.Option(metavar="SPAN", help="Answer late, for instance 500ms or 3s.")] = None,
    drop: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Close the connection `before` or `after` the work.")
    ] = None,
    cut: Annotated[bool, typer.Option("--cut", help="Break the answer off in its middle.")] = False,
    status: Annotated[
        int | None, typer.Option(metavar="STATUS", help="Answer with this status, as 429, 409, 500 or 503.")
    ] = None,
    when: Annotated[
        str, typer.Option(metavar="WHEN", help="For --status and --delay: `before` or `after` the work.")
    ] = "before",
    retry_after: Annotated[
        int | None, typer.Option(metavar="SECONDS", help="Retry-After in seconds, with --status.")
    ] = None,
    webhook: Annotated[
        str | None, typer.Option(metavar="HOW", help="Deliver it `twice`, `late`, `reversed` or `lost`.")
    ] = None,
    late: Annotated[
        str | None, typer.Option(metavar="SPAN", help="For --webhook late and reversed: how long, for instance 10s.")
    ] = None,
    times: Annotated[
        int, typer.Option(metavar="NUMBER", help="How often it strikes; 0 until it is cleared.", parser=_count)
    ] = 1,
    url: Url = DEFAULT_URL,
) -> None:
    """Set one fault. Exactly one of --delay, --drop, --cut, --status and --webhook says what it does."""
    chosen: list[dict[str, Any]] = []
    if delay is not None:
        milliseconds = int(delay[:-2]) if re.fullmatch(r"[0-9]+ms", delay) else seconds(delay) * 1000
        chosen.append({"delay_ms": milliseconds, "when": when})
    if drop is not None:
        chosen.append({"drop": drop})
    if cut:
        chosen.append({"cut": True})
    if status is not None:
        chosen.append({"status": status, "when": when, **({} if retry_after is None else {"retry_after": retry_after})})
    if webhook is not None:
        chosen.append({"webhook": webhook, **({} if late is None else {"seconds": seconds(late)})})
    if len(chosen) != 1:
        raise typer.BadParameter("Give exactly one of --delay, --drop, --cut, --status and --webhook.")
    named = {"method": method, "path": path, "account": account, "event": event}
    on = {name: value for name, value in named.items() if value is not None}
    typer.echo(_line(_control("POST", url, "faults", {"on": on, "do": chosen[0], "times": times})))


@faults.command("clear")
def clear_faults(
    fault: Annotated[
        str | None, typer.Argument(metavar="FAULT", help="The fault's id; without one all are cleared.")
    ] = None,
    url: Url = DEFAULT_URL,
) -> None:
    """Clear one fault, or all of them."""
    cleared = _control("DELETE", url, f"faults/{fault}" if fault else "faults")["cleared"]
    typer.echo(f"Cleared {cleared}.")
