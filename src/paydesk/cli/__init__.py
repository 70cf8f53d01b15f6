"""The command `paydesk`. Nothing of weight is imported here: a worker process that comes by does not pay for it."""

import gc


def main() -> None:
    # What is imported stays; looking through it for garbage at every step takes a fifth of the time of a start.
    gc.set_threshold(100_000)
    try:
        from paydesk.cli.commands import run

        run()
    except KeyboardInterrupt:
        # As a shell reports a program that Ctrl-C ended.
        raise SystemExit(130) from None
