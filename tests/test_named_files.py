"""Pages and comments name files of the house: a file that moved must not be named where it was."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house import ROOT

NAMED = re.compile(r"(?<![\w./<-])((?:[a-z_0-9]+/)*[a-z_0-9]+\.py)\b")
PAGES = [
    *(ROOT / name for name in ("README.md", "sim/ODD.md", "docs/architecture.md")),
    *sorted((ROOT / "docs").glob("add-*.md")),
    *sorted((ROOT / "scenarios").rglob("*.md")),
]
SOURCES = [
    path
    for folder in ("analysis", "sim", "testbed", "lessons", "benchmarks", "scenarios")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in (".py", ".yaml")
]
ROOMS = ("analysis", "sim", "testbed", "lessons", "tests", "benchmarks")


def stands(name: str, near: Path) -> bool:
    """Whether a file is where a page says: from the root, from a package, or from the page's own folder; a bare name
    is that of any file of the house."""
    if "/" not in name:
        return any(any((ROOT / room).rglob(name)) for room in ROOMS)
    return any((folder / name).is_file() for folder in (ROOT, *(ROOT / room for room in ROOMS), near.parent))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_files_that_a_page_names_are_there(page):
    text = page.read_text(encoding="utf-8")
    written = set(re.findall(r"^`(.+)`:$", text, re.M))  # what a reader of the page writes
    assert [name for name in NAMED.findall(text) if name not in written and not stands(name, page)] == []


def test_files_that_code_names_by_their_path_are_there():
    gone = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in SOURCES
        for name in NAMED.findall(path.read_text(encoding="utf-8"))
        if name.split("/")[0] in ROOMS and "/" in name and not stands(name, path)
    }
    assert gone == set()


def test_a_file_that_is_not_there_is_seen():
    text = "(`sim/mechanisms/fit.py`, `sim/no_such.py`, `randomness.py`)"
    assert [name for name in NAMED.findall(text) if not stands(name, ROOT / "sim" / "ODD.md")] == [
        "sim/no_such.py"
    ]
