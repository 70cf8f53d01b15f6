"""`python -m bench.launch module:function`: serve an application exactly as `paydesk serve` serves paydesk's."""

from __future__ import annotations

import sys

from paydesk.http import serving
from paydesk.settings import read

if __name__ == "__main__":
    serving.serve(read(), application=sys.argv[1])
