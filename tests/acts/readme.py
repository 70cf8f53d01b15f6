"""The README, the pages in `docs/`, and their blocks."""

import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    str(page.relative_to(ROOT)): page.read_text() for page in (ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")))
}
"""By their names, the README and what it leads on to."""
README, USING, OPERATING = (PAGES[name] for name in ("README.md", "docs/using.md", "docs/operating.md"))


def blocks(language: str) -> list[str]:
    return [block for page in PAGES.values() for block in re.findall(rf"^```{language}\n(.*?)^```$", page, re.S | re.M)]


def block(language: str, having: str) -> str:
    (found,) = [text for text in blocks(language) if having in text]
    return found


def environment(**more: str) -> dict[str, str]:
    """What a reader's shell has: `paydesk` on the path, and no settings of ours."""
    import sys

    clean = {name: value for name, value in os.environ.items() if not name.startswith("PAYDESK_")}
    path = os.pathsep.join([str(Path(sys.executable).parent), clean["PATH"]])
    return {**clean, "PATH": path, **more}
