"""Rules that are written once: who needs one takes it from the place that has it."""

from __future__ import annotations

import ast
import functools
import json
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from analysis import study
from analysis.contract.nearest_names import did_you_mean, nearest
from analysis.inference.cohorts.populations import Population
from analysis.inference.launch.decision import first_look
from analysis.inference.verdict.classification import at_level
from analysis.json_values import finite, records
from analysis.numerals import counted
from analysis.queries.cohorts import launches
from analysis.report.charts import vega_cohorts
from analysis.report.status import MARKS, WORDS, Status, status_of
from testbed.claims.statistics import measure
from testbed.markdown import heading, row
from testbed.patterns.outcome import Outcome
from testbed.patterns.retention import launch_cohort_durable
from testbed.terminal.console import STYLES
from tests.testbed.claims.market_log import cohort, fact, log_of

MODEL = "meta-llama/llama-4-maverick"
WORDS_THAT_AGREE = {
    "analysis/report/pages/launch_verdicts.py",
    "testbed/terminal/verdict_view.py",
}  # "the cohort", "the cohorts"
ROOT = Path(__file__).parent.parent


@functools.cache
def house() -> dict[str, list[ast.AST]]:
    """All nodes of the modules of the house by their file. They are read by the worker that has these tests, not by
    all."""
    return {
        path.relative_to(ROOT).as_posix(): list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        for room in ("sim", "analysis", "testbed", "lessons")
        for path in sorted((ROOT / room).rglob("*.py"))
    }


@functools.cache
def names_used() -> dict[str, set[str]]:
    """By file of the house, the names that it imports or uses."""
    used: dict[str, set[str]] = {path: set() for path in house()}
    for path, nodes in house().items():
        for node in nodes:
            match node:
                case ast.alias(name=name) | ast.Attribute(attr=name) | ast.Name(id=name):
                    used[path].add(name)
    return used


def users_of(*names: str) -> set[str]:
    """Files of the house that import or use one of these names."""
    return {path for path, used in names_used().items() if not used.isdisjoint(names)}


def test_one_file_knows_which_names_are_alike():
    assert users_of("difflib", "get_close_matches", "SequenceMatcher") == {
        "analysis/contract/nearest_names.py"
    }


@pytest.mark.parametrize(("known", "most", "near"), [
    (["Health", "finance", "legal"], 1, ["Health"]),
    (["CN", "cn"], 2, ["CN", "cn"]),
    (["user_id", "userId", "account", "x"], 3, ["userId", "user_id"]),
    ([], 1, []),
])  # fmt: skip
def test_the_nearest_names_are_found_in_any_letter_case(known, most, near):
    word = {"Health": "HEALHT", "CN": "Cn", "user_id": "userid"}.get(known[0], "") if known else "x"
    assert nearest(word, known, most) == near
    assert did_you_mean(word, known) == (f"did you mean '{near[0]}'?" if near else "")
    assert did_you_mean("x" * 30, known) == ""


@pytest.mark.parametrize("constant", ["LEVEL", "PLATEAU"])
def test_claims_patterns_and_verdicts_call_the_same_cohorts_foundational(monkeypatch, constant):
    """All of them change with each of the two thresholds."""
    visits = cohort(MODEL, "2025-04", 500, [300, 300, 300, 300, 300])
    panel = Population("steady", (500,) * 6, months=8).draw(np.random.default_rng(1))
    decision = first_look(panel, panel.launch)
    sizes = decision.sizes
    assert sizes is not None
    stays = replace(sizes, own=replace(sizes.own, value=0.6), plateau=replace(sizes.plateau, value=1.0))
    decision = replace(decision, sizes=stays)
    with log_of(visits=visits, facts=[fact(MODEL, "row-open", released="2025-04-01")]) as log:

        def said() -> list[bool | None]:
            return [
                at_level(decision),
                measure(log, "retention.foundational_cohorts", {"model": MODEL}).value == 1,
                launch_cohort_durable(Outcome(log, None), MODEL, at_least=study.LEVEL).holds,
            ]

        assert said() == [True] * 3
        monkeypatch.setattr(study, constant, 1.01)
        assert said() == [False] * 3


def test_verdicts_on_claims_have_one_word_and_one_mark():
    """No other file has a table of the statuses' words or marks; colours are the terminal's."""
    tables = {
        path
        for path, nodes in house().items()
        for node in nodes
        if isinstance(node, ast.Dict)
        and {"holds", "fails", "not_testable"}
        == {key.value for key in node.keys if isinstance(key, ast.Constant)}
    }
    assert tables == {"analysis/report/status.py", "testbed/terminal/console.py"}
    assert set(WORDS) == set(MARKS) == set(STYLES) == set(get_args(Status))
    assert [status_of(text) for text in (*WORDS, "else", None)] == [*WORDS, "not_testable", "not_testable"]


def test_one_file_knows_how_a_file_is_written_as_a_whole():
    """The other users of `write_text` write into a folder that takes its place as a whole."""
    aside = {
        "analysis/staging.py",
        "analysis/report/results.py",
        "analysis/report/pages/claim_verdicts.py",
        "testbed/commands/compare.py",
        "testbed/commands/experiment.py",
        "lessons/handouts/writing.py",
    }
    of_paths = {
        path
        for path, nodes in house().items()
        for node in nodes
        if isinstance(node, ast.Attribute) and node.attr in ("write_text", "mkstemp", "NamedTemporaryFile")
        and not (isinstance(node.value, ast.Name) and node.value.id == "files")
    }  # fmt: skip
    assert of_paths == aside | {"analysis/contract/files.py"}
    assert users_of("uuid4") == {
        "analysis/contract/files.py",
        "analysis/sources/log.py",
    }  # the log names a view


def test_the_options_of_a_world_are_described_once():
    """`slipper verdict`, `slipper calibrate` and the studies have a seed of another kind: that of what they draw
    themselves."""
    found: dict[str, set[str]] = {}
    for path, nodes in house().items():
        for node in nodes:
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "add_argument"
            ):
                options = {word.value for word in node.args if isinstance(word, ast.Constant)}
                for option in options & {"--seed", "--users", "--set", "--workers"}:
                    found.setdefault(option, set()).add(path)
    once = {"testbed/arguments.py"}
    assert {option: found[option] for option in ("--users", "--set", "--workers")} == dict.fromkeys(
        ("--users", "--set", "--workers"), once
    )
    studies = {f"testbed/studies/{name}.py" for name in ("error_rates", "trend_tests", "recovery/__main__")}
    own = {"testbed/commands/verdict.py", "testbed/commands/calibrate.py"}
    assert found["--seed"] == once | studies | own


def test_one_function_says_how_many_there_are_of_a_thing():
    """No other file adds an s by a count; the simulator, which knows nothing of the analysis, has two of its own."""
    own = {
        path
        for path, nodes in house().items()
        for node in nodes
        if (isinstance(node, ast.Subscript) and isinstance(node.value, ast.Constant) and node.value.value == "s")
        or (
            isinstance(node, ast.IfExp)
            and {getattr(side, "value", None) for side in (node.body, node.orelse)} == {"", "s"}
        )
    }  # fmt: skip
    assert own - WORDS_THAT_AGREE == {"analysis/numerals.py", "sim/config/problems.py", "sim/estimate.py"}
    assert [counted(n, "request") for n in (0, 1, 2000)] == ["0 requests", "1 request", "2,000 requests"]
    assert [counted(n, "copy", "copies") for n in (0, 1, 2)] == ["0 copies", "1 copy", "2 copies"]


def test_what_is_not_known_is_null_in_every_answer_for_programs():
    """NaN, infinity and missing days, in rows of a frame as in a number alone: JSON has none of them."""
    frame = pd.DataFrame({"ratio": [np.inf, 1.5], "since": [pd.NaT, pd.Timestamp(2025, 5, 1)], "n": [1, 2]})
    rows = records(frame)
    assert rows == [
        {"ratio": None, "since": None, "n": 1},
        {"ratio": 1.5, "since": "2025-05-01", "n": 2},
    ]
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows
    assert [finite(value) for value in (None, np.nan, -np.inf, 2)] == [None, None, None, 2.0]


def test_a_cohorts_mark_says_the_same_in_the_chart_as_in_the_table():
    seen = set(launches.MARKS) | {"small", "first", "complete"}
    cells = pd.DataFrame({column: [False, False] for column in seen} | {"left_truncated": [True, False]})
    cells["cohort"], cells["k"] = pd.Timestamp(2025, 5, 1), [1, 2]
    for column in ("retention", "wilson_low", "wilson_high", "users", "whole", "tail", "alone"):
        cells[column] = 0
    cells["complete"] = True
    assert vega_cohorts._rows(cells)["note"].tolist() == [launches.MARKS["left_truncated"][1], ""]


def test_a_text_cannot_break_a_table_of_markdown():
    assert row("a | b", "<b>", "one\ntwo") == r"| a \| b | &lt;b> | one<br>two |"
    assert row("`a <> b|c` < d") == r"| `a <> b\|c` &lt; d |"  # in code an escape would be shown
    assert heading("x", "y") == ["| x | y |", "|---|---|"]
