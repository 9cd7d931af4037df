"""The worked examples of docs/add-a-*.md, carried out step by step in a copy of the tree."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("analysis", "sim", "testbed", "scenarios", "tests", "docs", "pyproject.toml", "README.md")
PAGES = {"add-a-null-world.md": 1}
"""How many files each addition may touch, those that a command writes not counted."""


def steps(page: Path) -> list[tuple[str, str]]:
    """(file, text) for each file that the page writes whole, and ("", command) for each command, in order."""
    text = page.read_text(encoding="utf-8")
    found = re.findall(r"(?:^`([^`\n]+)`:\n\n)?^```(\w+)\n(.*?)^```", text, flags=re.S | re.M)
    return [(name, body) for name, kind, body in found if name or kind == "sh"]


@pytest.mark.parametrize("page", PAGES)
def test_the_steps_of_a_page_work(page, tmp_path):
    tree = tmp_path / "tree"
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            tree.mkdir(exist_ok=True)
            shutil.copy(source, tree / name)
    written = {name for name, _ in steps(ROOT / "docs" / page) if name}
    assert 0 < len(written) <= PAGES[page]
    environment = os.environ | {"PYTHONPATH": str(tree)}
    for name, body in steps(ROOT / "docs" / page):
        if name:
            (tree / name).write_text(body, encoding="utf-8")
            continue
        for command in body.splitlines():
            words = shlex.split(command, comments=True)
            assert words[0] == "python", command
            done = subprocess.run(
                [sys.executable, *words[1:], *(["-p", "no:cacheprovider"] if "pytest" in words else [])],
                cwd=tree, env=environment, capture_output=True, text=True, timeout=600, check=False,
            )  # fmt: skip
            assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
