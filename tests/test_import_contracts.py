"""The arrows between the packages: the import contracts catch a planted import, and allow the one that is meant."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PYPROJECT = ROOT / "pyproject.toml"

HOUSE = {
    "sim/__init__.py": "",
    "sim/world.py": "from analysis import contract\n",
    "analysis/__init__.py": "",
    "analysis/contract.py": "",
    "analysis/sources/__init__.py": "",
    "analysis/sources/log.py": "from analysis import contract\n",
    "testbed/__init__.py": "",
    "testbed/cli.py": "import sim.world\nimport analysis.sources.log\n",
    "lessons/__init__.py": "",
    "lessons/course.py": "import testbed.cli\nimport sim.world\n",
}


def check(folder: Path, planted: dict[str, str]) -> tuple[int, str]:
    """Status and output of lint-imports on a house in which `planted` files stand."""
    for name, text in (HOUSE | planted).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    shutil.copy(PYPROJECT, folder)
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder), "NO_COLOR": "1", "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_house_as_designed_is_kept(tmp_path):
    status, output = check(tmp_path, {})
    assert status == 0, output
    assert "0 broken" in output


@pytest.mark.parametrize(
    ("file", "line", "broken"),
    [
        ("analysis/sources/log.py", "import sim.world", "analysis imports neither sim, testbed nor lessons"),
        (
            "analysis/sources/log.py",
            "from testbed import cli",
            "analysis imports neither sim, testbed nor lessons",
        ),
        ("sim/world.py", "from testbed import cli", "sim imports neither testbed nor lessons"),
        ("sim/world.py", "from analysis.sources import log", "of analysis, sim imports the contract only"),
        ("testbed/cli.py", "from lessons import course", "testbed does not import lessons"),
        ("sim/world.py", "import lessons", "sim imports neither testbed nor lessons"),
        ("sim/__init__.py", "import analysis", "of analysis, sim imports the contract only"),
        (
            "analysis/contract.py",
            "from analysis.sources import log",
            "the contract imports nothing of the project",
        ),
        ("analysis/contract.py", "import sim.world", "the contract imports nothing of the project"),
    ],
)
def test_a_planted_import_is_caught(tmp_path, file, line, broken):
    status, output = check(tmp_path, {file: line + "\n"})
    assert status == 1, output
    assert f"{broken} BROKEN" in output
