"""The table of which tests watch what types do, and the switch that makes a type do nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from paydesk import commerce
from tests.muting import WATCHED, members, mute


def test_every_type_that_does_something_is_watched_by_test_files() -> None:
    types = commerce.registry().types
    doing = {name for name, one in types.items() if members(one)}
    assert doing == set(WATCHED), "tests/muting.py says which tests fail when a type's triggers do nothing"
    files = {file for each in WATCHED.values() for file in each}
    assert not [file for file in files if not Path(__file__).parents[2].joinpath(file).is_file()]


def test_what_there_is_not_cannot_be_muted() -> None:
    types = commerce.registry().types
    for what in ("orders._fly", "merchants"):
        with pytest.raises(ValueError, match="nothing to mute"):
            mute(types, what)


def test_what_is_muted_does_nothing() -> None:
    # In a process of its own: a type stays muted.
    script = """
from paydesk import commerce
from tests.muting import mute
types = commerce.registry().types
mute(types, "shipments"); mute(types, "addresses.full_name")
assert all(one.run(None, None, True) is None for one in types["shipments"].shape.triggers.values())
fields = types["addresses"].shape.fields
assert fields["full_name"].compute(False, "Ada", "Rossi", None) is None
assert fields["full_address"].compute is not None
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parents[2])
