"""`paydesk demo load`: the demo filled up, with a bar that shows how far it is."""

from __future__ import annotations

import time
from contextlib import ExitStack

from paydesk.cli.dev import STRIPE, Options, prepare
from paydesk.cli.holding import InUse, hold, hold_database
from paydesk.cli.running import finish, opened
from paydesk.cli.sandboxed import Sandbox, SandboxFailed
from paydesk.cli.screen import done, err, fail
from paydesk.settings import Settings


def load(settings: Settings, *, skus: int, orders: int, customers: int | None, seed: int) -> None:
    """Fill the demo of this data directory; both are made where they are missing."""
    if settings.stripe_secret_key or settings.stripe_api_base == STRIPE:
        fail(
            "PAYDESK_STRIPE_SECRET_KEY is set, and the demo is filled up with payments of the sandbox alone.",
            hint="Unset it, and take a data directory of its own: PAYDESK_DATA_DIR.",
        )
    directory = settings.data_dir.absolute()
    try:
        with ExitStack() as stack:
            stack.enter_context(hold(directory / "dev.lock", f"The folder {directory}"))
            stack.enter_context(hold_database(settings))
            sandbox = Sandbox(directory / "sandbox", directory / "dev.json")
            sandbox.start()
            stack.callback(sandbox.stop)
            prepared, _ = prepare(directory, settings, Options(None, False, False, None), sandbox)
            began = time.monotonic()
            finish(_loaded(prepared, skus, orders, customers, seed))
            taken = time.monotonic() - began
    except InUse as error:
        fail(str(error), hint="End `paydesk dev` there, or take another folder: PAYDESK_DATA_DIR.")
    except SandboxFailed as error:
        fail(str(error))
    done(f"{skus} skus and {orders} orders in {taken:.1f} s, {orders / taken:.0f} orders a second")


async def _loaded(settings: Settings, skus: int, orders: int, customers: int | None, seed: int) -> None:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from paydesk.operations.loading.load import load

    columns = (TextColumn("{task.description:>9}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err()) as bars:
        tasks = {}

        def told(what: str, there: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=there)

        async with opened(settings) as parts:
            await parts.recovery.begin()
            await load(parts, skus=skus, orders=orders, customers=customers, seed=seed, told=told)
