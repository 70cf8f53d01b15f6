"""`python -m paydesk.sandbox`: serve the sandbox, with as few imports as that takes."""

import argparse
import gc
from pathlib import Path


def main() -> None:
    """Read the command line and serve."""
    gc.set_threshold(100_000)  # what is imported stays and need not be looked through meanwhile
    from paydesk.sandbox.serve import DEFAULT_PORT, die_with_parent, serve

    parser = argparse.ArgumentParser(prog="python -m paydesk.sandbox", description="A Stripe look-alike with a memory.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="port to listen on (default: %(default)s)")
    parser.add_argument(
        "--data-dir", type=Path, default=Path("sandbox-data"), help="folder of its data (default: %(default)s)"
    )
    parser.add_argument(
        "--die-with-parent", action="store_true", help="end when the process that started this one ends (Linux)"
    )
    arguments = parser.parse_args()
    if arguments.die_with_parent:
        die_with_parent()
    serve(arguments.host, arguments.port, arguments.data_dir)


if __name__ == "__main__":
    main()
