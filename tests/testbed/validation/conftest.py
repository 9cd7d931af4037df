"""Simulated worlds are remembered for this session, by all of its workers, and not in the user's cache."""

from __future__ import annotations

import pytest

from testbed.validation.worlds import simulated
from tests import once


@pytest.fixture(scope="session", autouse=True)
def worlds_are_remembered_for_the_session(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(simulated.CACHE, str(once.shared(tmp_path_factory) / once.VALIDATION_WORLDS))
        yield
