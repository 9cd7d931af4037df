"""Rules that the code of the analysis keeps: no bare division on columns, no printed SQL that is not the one run."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import analysis

HOUSE = Path(analysis.__file__).parent
MODULES = sorted(HOUSE.rglob("*.py"))


def imports(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return names


def divisions(tree: ast.AST) -> list[int]:
    """Lines with `/`, `//` or their in-place forms."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div | ast.FloorDiv)
    ]


MOMENTS = {"created_at", "first_at", "arrived"}
OF_A_ZONE = {
    "date", "time", "truncate", "year", "month", "day", "hour", "minute", "second", "day_of_week", "day_of_year",
    "week_of_year", "quarter", "epoch_seconds", "strftime", "cast",
}  # fmt: skip


def session_times(tree: ast.AST) -> list[int]:
    """Lines that ask a column of moments for what a session's zone decides."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in OF_A_ZONE
        and isinstance(node.value, ast.Attribute)
        and node.value.attr in MOMENTS
    ]


def handles_columns(tree: ast.AST) -> bool:
    """Whether a module can hold Ibis columns: it imports ibis, or the vocabulary."""
    return any(name.split(".")[0] == "ibis" or name == "analysis.vocabulary" for name in imports(tree))


def test_the_rules_see_the_modules():
    names = {path.relative_to(HOUSE).as_posix() for path in MODULES}
    assert {"queries/usage.py", "queries/retention.py", "vocabulary.py", "report/pages/page.py"} <= names
    guarded = {path.stem for path in MODULES if handles_columns(ast.parse(path.read_text()))}
    assert {
        "usage",
        "openness",
        "agentic",
        "categories",
        "retention",
        "cost",
        "weekly",
        "conformance",
    } <= guarded


def test_the_rule_catches_a_bare_division():
    tree = ast.parse("import ibis\ndef f(t):\n    x = t.a // 2\n    return t.mutate(r=t.a / t.b)\n")
    assert handles_columns(tree)
    assert sorted(divisions(tree)) == [3, 4]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(HOUSE).as_posix())
def test_no_bare_division_on_columns(path):
    """Integer columns divide as integers on PostgreSQL: only vocabulary.ratio divides, with both sides cast."""
    tree = ast.parse(path.read_text())
    if not handles_columns(tree):
        return
    if path.name == "vocabulary.py":
        (line,) = divisions(tree)
        ratio = next(
            node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "ratio"
        )
        assert ratio.lineno < line <= (ratio.end_lineno or 0)
        return
    assert divisions(tree) == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(HOUSE).as_posix())
def test_analysis_knows_nothing_of_simulators_and_prints_the_sql_that_runs(path):
    tree = ast.parse(path.read_text())
    roots = {name.split(".")[0] for name in imports(tree)}
    assert not roots & {"sim", "testbed", "scenarios"}
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert "to_sql" not in attributes  # it prints another query than the engine runs
    assert "pyplot" not in attributes
    assert "matplotlib.pyplot" not in imports(tree)
    assert "truth" not in {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}


def test_the_rule_catches_a_day_of_the_session():
    assert session_times(
        ast.parse("x = t.created_at.date()\ny = v.day(t.created_at)\nz = t.first_at.min()")
    ) == [1]


def test_days_are_taken_by_the_vocabulary():
    """A day, week or month of a moment is the session's, unless the query says UTC: see `analysis.operations`."""
    found = {path.name: session_times(ast.parse(path.read_text())) for path in MODULES}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_ratio_is_a_float_of_integers():
    import ibis

    from analysis.vocabulary import ratio

    table = ibis.memtable({"a": [1, 3, 7, 5], "b": [2, 4, 2, 0]})
    found = table.mutate(r=ratio(table.a, table.b)).order_by("a").to_pandas()["r"].tolist()
    assert found[:2] == [0.5, 0.75]
    assert found[3] == 3.5
    assert found[2] != found[2]
