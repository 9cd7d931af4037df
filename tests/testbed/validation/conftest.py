"""Simulated worlds are remembered for this session, by all of its workers, and not in the user's cache."""

from __future__ import annotations

import os

import pytest

from testbed.validation.worlds import simulated


@pytest.fixture(scope="session", autouse=True)
def worlds_are_remembered_for_the_session(tmp_path_factory):
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(simulated.CACHE, str(shared / "validation-worlds"))
        yield
