"""The benchmark runs: every case is measured, told and judged. How fast anything was is no test's business."""

import io
import json
from pathlib import Path

import pytest
from bench import report
from bench.cases import CASES
from bench.run import LENGTHS, Requirement, Result, run
from rich.console import Console

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def result() -> Result:
    return run(LENGTHS["tiny"])


def test_every_case_is_measured(result: Result) -> None:
    assert {row.case for row in result.rows} == set(CASES)
    for row in result.rows:
        figures = row.figures
        assert figures.rate > 0 and figures.cpu_ms > 0
        assert figures.p50_ms is not None and figures.p99_ms is not None
        assert 0 < figures.p50_ms <= figures.p99_ms
        assert figures.requests == LENGTHS["tiny"].requests(CASES[row.case])
        # Of what others do beside it, its own share of the processor cannot be told.
        assert (row.ratio is None) == bool(CASES[row.case].signing_up)
        assert row.ratio is None or row.ratio > 0


def test_a_limit_sends_as_many_bytes_as_the_case_it_is_the_limit_of(result: Result) -> None:
    for row in result.rows:
        floor = result.limits.get(f"static {row.case}")
        if floor is not None:
            assert floor.answer_bytes is not None and row.figures.answer_bytes is not None
            # Numbers in the documents grow by a digit, and a list's orders differ a little.
            assert abs(floor.answer_bytes - row.figures.answer_bytes) <= 0.02 * floor.answer_bytes


@pytest.mark.parametrize(
    ("name", "calls"), [("create", 1), ("place", 1), ("place-shipped", 1), ("capture", 1), ("refund", 1)]
)
def test_the_limit_of_what_asks_stripe_is_its_three_parts(result: Result, name: str, calls: int) -> None:
    limits = result.limits
    whole = limits[f"static {name}"].cpu_ms + limits[f"{name}: durable writes"].cpu_ms
    whole += calls * limits["bare HTTP call"].cpu_ms
    assert limits[f"{name}: bytes, writes, {calls} × call"].cpu_ms == pytest.approx(whole)


def test_every_requirement_is_judged(result: Result) -> None:
    assert [(one.case, one.bound, one.at_least) for one in result.requirements] == [
        ("create", 4, False),
        ("create", 0.4, True),
        ("add-line", 4, False),
        ("read", 10, False),
        ("list", 25, False),
        ("checkout", 12, False),
        ("read", 1.2, False),
        ("read-signups", 4, False),
        ("read-signups", 20, False),
        ("create-100ms", 130, False),
        ("serve", 250, False),
        ("serve", 1.5, False),
    ]


def test_a_missed_requirement_is_seen() -> None:
    assert Requirement("read", "CPU of static bytes", 9.9, 10).met
    assert not Requirement("read", "CPU of static bytes", 10.1, 10).met
    assert not Requirement("create", "raw durable rate", 0.39, 0.4, at_least=True).met
    assert not Result("tiny", {}, requirements=[Requirement("read", "", 10.1, 10)]).met


def test_the_result_is_told_to_people_and_to_programs(result: Result, tmp_path: Path) -> None:
    said = io.StringIO()
    report.show(result, Console(file=said, width=140))
    for case in CASES.values():
        assert case.title in said.getvalue()
    told = json.loads(report.write(result, tmp_path).read_text())
    assert told["length"] == "tiny"
    assert [row["case"] for row in told["rows"]] == list(CASES) or len(told["rows"]) == len(CASES)
    assert {"processor", "cores", "python", "sqlite", "load_before", "load_after"} <= set(told["machine"])
    assert told["met"] is result.met
