"""The summary says what the log holds, marks what must be marked, and fits its terminal."""

from __future__ import annotations

import datetime as dt
import io
import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from rich.cells import cell_len

from analysis import open_log, write_analysis
from analysis.queries import retention
from testbed.terminal import summary
from testbed.terminal.console import open_console
from testbed.terminal.summary import Findings
from tests.analysis.made_log import made, write_run

SONNET = "anthropic/claude-sonnet-4"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run folder of a made log that ends within a month."""
    folder = tmp_path_factory.mktemp("summary") / "run"
    return write_run(made(rows=20_000, users=1_500, start="2024-06-01", end="2025-11-20"), folder)


@pytest.fixture(scope="module")
def log(run):
    with open_log(run) as opened:
        yield opened


@pytest.fixture(scope="module")
def findings(log, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("analysis.report.exhibits.EXHIBITS", ())  # the summary shows none of them
        return Findings.of(write_analysis(log, tmp_path_factory.mktemp("results")))


def printed(width: int, show) -> str:
    stream = io.StringIO()
    show(open_console(stream, width=width))
    return stream.getvalue()


def cohort(name: str, users: int, rates: list[float], complete: list[bool] | None = None) -> pd.DataFrame:
    """Triangle rows of one cohort of `new/model`."""
    complete = complete or [True] * len(rates)
    return pd.DataFrame(
        {
            "model": "new/model", "cohort": pd.Timestamp(name), "k": range(len(rates)), "users": users,
            "active": [rate * users for rate in rates], "retention": rates, "observed": True, "complete": complete,
            "small": users < 200, "left_truncated": False, "after_hole": False,
        }
    )  # fmt: skip


def findings_of(*cohorts: pd.DataFrame) -> Findings:
    launch = dt.date(2025, 1, 1)
    contrast = pd.DataFrame(
        {
            "model": "new/model", "launch_cohort": pd.Timestamp(launch), "k": [3, 4, 5], "launch_users": 300,
            "launch": [0.5, 0.4, float("nan")], "later": [0.2, 0.1, float("nan")],
        }
    )  # fmt: skip
    return Findings(
        {"new/model": "New Model"},
        {"new/model": launch},
        pd.concat(cohorts, ignore_index=True),
        contrast,
        None,
        [],
    )


def test_the_report_s_models_that_the_log_holds_are_shown(findings):
    assert findings.names[SONNET] == "Claude Sonnet 4"
    assert len(findings.names) == 8
    text = printed(80, lambda console: summary.print_findings(console, findings))
    assert all(name in text for name in findings.names.values())


def test_an_empty_cell_is_explained_where_small_ones_are_withheld(findings):
    for withheld in (False, True):
        shown = replace(findings, withheld=withheld)
        text = printed(80, lambda console, shown=shown: summary.print_findings(console, shown))
        assert ("empty: withheld, or not over yet" in " ".join(text.split())) == withheld


def test_cells_are_the_triangle_s(log, findings):
    cells = retention.triangle(log, SONNET).set_index(["cohort", "k"])
    first = cells.loc[pd.Timestamp("2025-06-01")]
    text = printed(80, lambda console: summary.print_findings(console, findings))
    block = text[text.index("Claude Sonnet 4") :]
    line = next(row for row in block.splitlines() if row.startswith("2025-06"))
    shown = line[:39].split()
    assert shown[1].strip("()") == f"{first.loc[1, 'users']:,}"
    assert shown[2:] == [
        ("" if first.loc[k, "complete"] else "~") + f"{100 * first.loc[k, 'retention']:.0f}"
        for k in range(1, 6)
    ]


def test_launch_small_and_incomplete_cohorts_are_marked():
    found = findings_of(
        cohort("2025-01-01", 1300, [1.0, 0.5, 0.4]),
        cohort("2025-02-01", 150, [1.0, 0.3], complete=[True, False]),
    )
    lines = printed(80, lambda console: summary.print_findings(console, found)).splitlines()
    assert [line.split() for line in lines if line.startswith("2025-")] == [
        ["2025-01★", "1,300", "50", "40"],
        ["2025-02", "(150)", "~30"],
    ]


def test_many_cohorts_end_in_one_row_for_the_rest_weighted_by_users():
    months = pd.date_range("2025-01-01", periods=10, freq="MS")
    found = findings_of(
        *(cohort(f"{month:%Y-%m-%d}", 300, [1.0, 0.5]) for month in months[:8]),
        cohort(f"{months[8]:%Y-%m-%d}", 100, [1.0, 0.0]),
        cohort(f"{months[9]:%Y-%m-%d}", 100, [1.0, 0.9], complete=[True, False]),
    )
    lines = printed(80, lambda console: summary.print_findings(console, found)).splitlines()
    rows = [line.split() for line in lines if line.startswith(("2025-", "+"))]
    assert len(rows) == summary.MAX_COHORTS
    # the eighth cohort's 150 of 300 and the ninth's 0 of 100; the incomplete month does not count
    assert rows[-1] == ["+3", "later", "500", "38"]


def test_cohorts_that_may_hold_others_are_marked_and_left_out_of_the_rest():
    months = pd.date_range("2025-01-01", periods=10, freq="MS")
    found = findings_of(
        *(cohort(f"{month:%Y-%m-%d}", 300, [1.0, 0.5]) for month in months[:9]),
        cohort(f"{months[9]:%Y-%m-%d}", 100, [1.0, 0.9]),
    )
    cells = found.triangles
    cells["after_hole"] = cells["cohort"].isin([months[3], months[9]])
    text = printed(120, lambda console: summary.print_findings(console, found))
    rows = [line.split() for line in text.splitlines() if line.startswith(("2025-", "+"))]
    assert [row[0] for row in rows[:5]] == ["2025-01★", "2025-02", "2025-03", "2025-04?", "2025-05"]
    assert rows[-1] == ["+2", "later", "600", "50"]
    assert "? may have joined on days that the log lacks" in text
    assert "< joined" not in text


def test_the_launch_contrast_keeps_missing_months_in_their_place():
    found = findings_of(cohort("2025-01-01", 300, [1.0, 0.5]))
    text = printed(80, lambda console: summary.print_findings(console, found))
    line = next(line for line in text.splitlines() if line.startswith("New Model  2025-01"))
    assert line.split() == ["New", "Model", "2025-01", "300", "50", "40", "-", "20", "10", "-", "3.0x"]


def test_shares_by_openness_are_those_of_the_analysis(findings):
    text = printed(80, lambda console: summary.print_findings(console, findings))
    line = next(line for line in text.splitlines() if line.startswith("open, China"))
    row = findings.shares.set_index("source_type").loc["cn-open"]
    assert line.split()[2:5] == [f"{100 * row[key]:.1f}" for key in ("first", "mean", "last")]


def test_what_the_log_cannot_say_is_stated(findings):
    found = replace(findings, shares=None, gaps=["shares by openness: not available: models"])
    text = printed(80, lambda console: summary.print_findings(console, found))
    assert "Whose tokens" not in text
    assert "Not shown: shares by openness: models" in text
    many = replace(findings, gaps=[f"figure {i}: not available: labels (none)" for i in range(1, 20)])
    text = printed(80, lambda console: summary.print_findings(console, many))
    assert text.count("Not shown") == 1 and "19 figures and tables" in text


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal_and_no_control_characters_reach_a_file(
    run, findings, width, monkeypatch
):
    monkeypatch.chdir(run.parent)
    manifest = {"title": "Report world", "question": "Who stays? " * 20, "census": [["Users", "1,500 " * 40]]}

    def show(console):
        summary.print_question(console, manifest)
        summary.print_answer(console, findings)
        summary.print_census(console, manifest)
        summary.print_findings(console, findings)
        summary.print_files(console, Path(run.name), {"traffic": 12.0, "market": 4.25})

    text = printed(width, show)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert "\x1b" not in text
    assert "…" not in text, "a cell was cut"


def test_wide_terminals_hold_more_triangles_in_a_row(findings):
    heights = [
        len(printed(width, lambda console: summary.print_findings(console, findings)).splitlines())
        for width in (60, 80, 120)
    ]
    assert heights[0] > heights[1] > heights[2]


def test_files_are_listed_with_sizes_and_only_if_they_exist(run):
    text = printed(100, lambda console: summary.print_files(console, run, {"traffic": 12.0, "market": 4.25}))
    assert str(run) in text.replace("\n", "")
    assert "log/" in text
    assert "models.parquet" in text
    assert "report.html" not in text
    assert "16 s: traffic 12 s, market 4.2 s" in text
    assert "complete already" in printed(
        100, lambda console: summary.print_files(console, run, {}, reused=True)
    )


def test_findings_as_json_are_plain_and_complete(findings):
    data = json.loads(json.dumps(findings.as_json(), allow_nan=False))
    cell = next(
        r for r in data["retention"] if r["model"] == SONNET and r["cohort"] == "2025-06-01" and r["k"] == 1
    )
    assert 0 < cell["retention"] < 1
    assert cell["users"] > 0
    assert {row["source_type"] for row in data["shares_by_openness"]} >= {"closed", "cn-open", "row-open"}
    assert len(data["launch_contrast"]) == 3 * len(findings.names)


def test_violations_are_shown_with_counts_and_examples():
    checks = pd.DataFrame(
        [
            ("generations", "not null", "user_id", 12, 1200, "g1, g2", "error", "the value is missing"),
            ("labels", "confidence", "confidence", 0, 10, "", "error", "in 0..1"),
        ],
        columns=["table", "check", "column", "violations", "rows", "examples", "severity", "explanation"],
    )
    text = printed(80, lambda console: summary.print_violations(console, "my-log", checks))
    assert "1 of 2 checks violated" in text
    assert "generations.user_id: not null: 12 (1%)" in text
    assert "g1, g2" in text
    clean = printed(80, lambda console: summary.print_violations(console, "my-log", checks.iloc[1:]))
    assert "no violations" in clean
