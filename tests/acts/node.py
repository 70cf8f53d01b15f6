"""Where the software for Node is."""

from tests.acts.readme import ROOT

NODE = ROOT / "tests" / "node"
