"""The worked examples of docs/add-a-*.md, carried out step by step in a copy of the tree."""

from __future__ import annotations

import compileall
import os
import re
import shlex
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from tests import once

ROOT = Path(__file__).resolve().parent.parent
COPIED = (
    "analysis",
    "sim",
    "testbed",
    "lessons",
    "scenarios",
    "tests",
    "docs",
    "pyproject.toml",
    "README.md",
)
PAGES = {
    "add-a-null-world.md": 1, "add-a-mechanism.md": 3, "add-an-exhibit.md": 3, "add-a-claim.md": 3,
    "add-an-importer.md": 2, "add-a-question.md": 1,
}  # fmt: skip
"""How many files each addition may touch, those that a command writes not counted."""


class Step(NamedTuple):
    """A block of a page: a file to write, a change of a file, or commands (sh)."""

    file: str
    kind: str
    body: str


def steps(page: Path) -> list[Step]:
    """The steps of a page, in order. A block below the name of a file is that file, or a change of it (diff)."""
    text, file, found = page.read_text(encoding="utf-8"), "", []
    for name, kind, body in re.findall(
        r"(?:^`([^`\n]+)`:\n\n)?^```(\w+)\n(.*?)^```", text, flags=re.S | re.M
    ):
        file = name or file
        if name or kind in ("sh", "diff"):
            found.append(Step("" if kind == "sh" else file, kind, body))
    return found


def changed(text: str, diff: str) -> str:
    """A text after a change, whose unchanged and removed lines must be found in it once."""
    lines = diff.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if line[0] != "+")
    after = "".join(line[1:] for line in lines if line[0] != "-")
    assert text.count(before) == 1, f"not found once:\n{before}"
    return text.replace(before, after)


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A copy of the tree with its modules compiled, which a copy of it need not do again: Python knows a file by its
    time and size, which a copy keeps."""
    tree = tmp_path_factory.mktemp("original") / "tree"
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            # What pytest compiled names the files that it was made of.
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("*-pytest-*.pyc"))
        else:
            tree.mkdir(exist_ok=True)
            shutil.copy2(source, tree / name)
    tests = re.compile(r"/tests/(.*/)?(test_|conftest)")  # pytest compiles them, in its own way
    assert compileall.compile_dir(tree, quiet=1, rx=tests)
    return tree


@pytest.mark.parametrize("page", PAGES)
def test_the_steps_of_a_page_work(original, preloaded, page, tmp_path, tmp_path_factory):
    written = {step.file for step in steps(ROOT / "docs" / page) if step.file}
    assert 0 < len(written) <= PAGES[page]
    worlds = once.shared(tmp_path_factory) / once.VALIDATION_WORLDS  # for other tests and pages, too
    # What numba compiled is good where no simulation code changes: it knows a file as Python does, but not those that
    # it calls.
    left_out = ("*.nbi", "*.nbc") if any(file.startswith("sim/") for file in written) else ()
    tree = shutil.copytree(original, tmp_path / "tree", ignore=shutil.ignore_patterns(*left_out))
    # Its tests are a session of their own, not a worker of this one, whose shared folder would outlive both.
    alone = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
    environment = alone | {
        "PYTHONPATH": str(tree), "SLIPPER_CACHE": str(worlds),
    }  # fmt: skip
    for file, kind, body in steps(ROOT / "docs" / page):
        if file:
            path = tree / file
            path.write_text(
                changed(path.read_text(encoding="utf-8"), body) if kind == "diff" else body, "utf-8"
            )
            continue
        for command in body.splitlines():
            words = shlex.split(command, comments=True)
            assert words[0] == "python", command
            flags = ["-p", "no:cacheprovider"] if "pytest" in words else []
            done = preloaded.run([*words[1:], *flags], tree, environment)
            assert done.returncode == 0, f"{command}\n{done.stdout}"


def test_a_command_that_fails_is_seen(preloaded, tmp_path):
    ends = [
        "pass",
        "raise SystemExit(3)",
        "raise SystemExit('no')",
        "1 / 0",
        "import os; os.kill(os.getpid(), 9)",
    ]
    done = [preloaded.run(["-c", code], tmp_path) for code in ends]
    assert [each.returncode for each in done] == [0, 3, 1, 1, -9]
    assert done[2].stdout == "no\n" and "ZeroDivisionError" in done[3].stdout
    assert preloaded.run(["-m", "no_such_module"], tmp_path).returncode == 1
    clean = "import os, sys; print(os.getcwd(), 'analysis' in sys.modules)"
    assert preloaded.run(["-c", clean], tmp_path).stdout == f"{tmp_path} False\n"
