"""The house is as its page draws it: current, without circles, no room too full."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from tests import conftest, house

MOST_FILES, MOST_LINES = 12, 400
"""Files of a folder, `__init__.py` and `__main__.py` not counted; lines of a file that states no reason."""
REASON = re.compile(r"^Long because \w.*\w", re.MULTILINE)
"""How a longer file states it: a line of the docstring at its head."""


def code() -> list[Path]:
    """The files in which a stranger must find his way: the house and its benchmarks. Tests are lists and may grow."""
    return [*house.files().values(), *house.notebooks(), *sorted((house.ROOT / "benchmarks").glob("*.py"))]


def test_the_drawing_follows_from_the_imports():
    text = house.PAGE.read_text(encoding="utf-8")
    assert text == house.page(text), "docs/architecture.md is out of date: python -m tests.house"


def test_no_file_imports_another_in_a_circle():
    assert house.circles(house.loads()) == []  # in any order of import, packages' own files among them


def test_circles_are_seen():
    assert house.circles(frozenset({("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")})) == [["a", "b", "c"]]


def test_each_floor_imports_only_from_itself_and_from_below():
    for package in house.PACKAGES:
        height = {name: -n for n, names in enumerate(house.floors(package)) for name in names}
        assert set(height) == {name for name in house.rooms() if name.split("/")[0] == package}
        for above, below in house.arrows():
            if above in height and below in height:
                assert height[above] >= height[below], f"{above} imports {below}"


def test_no_room_is_crowded():
    inside = [path for path in code() if path.stem not in ("__init__", "__main__")]
    counts = Counter(path.parent.relative_to(house.ROOT).as_posix() for path in inside)
    crowded = {folder: count for folder, count in counts.items() if count > MOST_FILES}
    assert crowded == {}, "give what belongs together a folder of its own"


def unexplained(text: str) -> str:
    """What is wrong with the length of a file and the reason that it states, empty if nothing is."""
    lines = text.count("\n")
    if lines <= MOST_LINES and not REASON.search(text):
        return ""
    reason = REASON.search(ast.get_docstring(ast.parse(text)) or "")
    if lines > MOST_LINES and reason is None:
        return f"{lines} lines: split it, or state the reason in its docstring: Long because ..."
    return "states why it is long, and is not" if lines <= MOST_LINES and reason else ""


def test_a_long_file_states_its_reason_at_its_head():
    found = {path.relative_to(house.ROOT).as_posix(): unexplained(path.read_text("utf-8")) for path in code()}
    assert {name: fault for name, fault in found.items() if fault} == {}


@pytest.mark.parametrize(("head", "lines", "fault"), [
    ('"""A job."""', 400, ""),
    ('"""A job."""', 401, "401 lines"),
    ('"""A job.\n\nLong because all rules read the same table.\n"""', 401, ""),
    ('"""A job.\n\nLong because\n"""', 401, "401 lines"),
    ('"""A job."""\n# Long because all rules read the same table.', 401, "401 lines"),
    ('"""A job.\n\nLong because all rules read the same table.\n"""', 400, "is not"),
])  # fmt: skip
def test_what_counts_as_a_reason(head, lines, fault):
    text = f"{head}\n"
    text += "x = 1\n" * (lines - text.count("\n"))
    assert fault in unexplained(text) and bool(fault) == bool(unexplained(text))


def test_every_room_says_its_job():
    assert not [name for name in house.rooms() if len(house.job(name)) < 10]


def test_the_files_that_start_first_are_there():
    there = {path.name for path in (house.ROOT / "tests").rglob("test_*.py")}
    assert set(conftest.SLOWEST) <= there
