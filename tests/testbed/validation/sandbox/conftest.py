"""One warm sandbox for all tests: its limits and fences are read anew for each run."""

from __future__ import annotations

import pytest

from testbed.validation.sandbox import Limits, Sandbox
from testbed.validation.sandbox.jail.fences import ALL
from testbed.validation.submission import read_submission
from testbed.validation.worlds.by_hand import two_weeks


@pytest.fixture(scope="session")
def warm():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def world():
    return two_weeks()


@pytest.fixture
def ran(warm, world, tmp_path, monkeypatch):
    """Runs code as a file of this name; fences and limits may be others for it."""
    monkeypatch.chdir(tmp_path)

    def run(name, text, *, fences=ALL, zone="UTC", function=None, tables=world, columns=None, **limits):
        (tmp_path / name).write_text(text, encoding="utf-8")
        warm.fences, warm.limits = tuple(fences), Limits(**limits)
        return warm.open(read_submission(name, function=function, columns=columns)).run(tables, zone)

    return run
