"""Draws `docs/payments-show.svg` of a real run: `python -m tests.picture`, or `make picture`.

Starts `paydesk dev` in a folder of its own, buys what `paydesk demo buy` buys, and keeps what `paydesk payments show`
then prints, with its colours.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.text import Text

from paydesk.cli.commands import cli
from paydesk.cli.screen import out
from tests.acts.dev import credentials, dev, end
from tests.processes import free_port, until

FILE = Path(__file__).parent.parent / "docs" / "payments-show.svg"
ORDER = "10000001"
COLUMNS = 118
"""Longer lines are cut, as the text beside the picture says."""
TITLE = "What paydesk payments show tells of the demo order, line by line"

FORMAT = (
    '<svg viewBox="-9 -9 {width} {height}" xmlns="http://www.w3.org/2000/svg">\n'
    "<title>" + TITLE + "</title>\n"
    "<style>\n"
    ".{unique_id}-matrix {{ font: {char_height}px ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace; }}\n"
    "{styles}\n"
    "</style>\n"
    '<rect fill="#292929" x="-9" y="-9" width="{width}" height="{height}" rx="8"/>\n'
    '<g class="{unique_id}-matrix">\n{matrix}\n</g>\n'
    "</svg>\n"
)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="paydesk-picture-") as name:
        folder, port = Path(name) / "data", free_port()
        with dev(folder, port) as process:
            credentials(process, folder)
            os.environ["PAYDESK_DATA_DIR"] = str(folder)
            subprocess.run([sys.executable, "-m", "paydesk", "demo", "buy"], check=True, capture_output=True)
            until(_all_is_read)
            FILE.write_text(drawn(), encoding="utf-8")
            end(process)


def _all_is_read() -> bool:
    """Every webhook of the order has been worked."""
    command = [sys.executable, "-m", "paydesk", "payments", "show", ORDER, "--json"]
    told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return all(one["worked_at"] for one in told["history"] if one["what"] == "webhook")


def drawn() -> str:
    console = out()
    console.file, console.record, console.width = io.StringIO(), True, COLUMNS
    console.print(Text.assemble(("$ ", "dim"), (f"paydesk payments show {ORDER} --history", "bold")))
    cli(["payments", "show", ORDER, "--history"], standalone_mode=False)
    text = console.export_svg(title=TITLE, code_format=FORMAT, unique_id="p")
    return re.sub(r' clip-path="[^"]*"|<text [^>]*>\n</text>', "", text).replace("</text><text", "</text>\n<text")


if __name__ == "__main__":
    main()
