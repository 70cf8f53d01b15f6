"""The command `paydesk`. Nothing is imported here, so that a worker process that comes by does not pay for it."""


def main() -> None:
    try:
        from paydesk.cli.commands import run

        run()
    except KeyboardInterrupt:
        # As a shell reports a program that Ctrl-C ended.
        raise SystemExit(130) from None
