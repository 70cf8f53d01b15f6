"""The README and its blocks."""

import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.S | re.M)


def block(language: str, having: str) -> str:
    (found,) = [text for text in blocks(language) if having in text]
    return found


def environment(**more: str) -> dict[str, str]:
    """What a reader's shell has: `paydesk` on the path, and no settings of ours."""
    import sys

    clean = {name: value for name, value in os.environ.items() if not name.startswith("PAYDESK_")}
    path = os.pathsep.join([str(Path(sys.executable).parent), clean["PATH"]])
    return {**clean, "PATH": path, **more}
