"""Simulated worlds are remembered for this session, by all of its workers, and not in the user's cache; files of tests
can have one sandbox, and counterexamples be looked for however busy the machine is."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial

import pytest

from testbed.validation.counterexample import counterexample
from testbed.validation.integrations import validating
from testbed.validation.sandbox import Sandbox
from testbed.validation.worlds import simulated
from tests import once


@pytest.fixture(scope="session", autouse=True)
def worlds_are_remembered_for_the_session(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(simulated.CACHE, str(once.shared(tmp_path_factory) / once.VALIDATION_WORLDS))
        yield


@pytest.fixture(scope="module")
def one_sandbox():
    """Submissions of a file run in one warm sandbox, each in a fork of its own, as ever. To start one takes a second;
    tests/testbed/validation/sandbox starts others."""
    with Sandbox() as sandbox, pytest.MonkeyPatch.context() as patch:
        patch.setattr(validating, "Sandbox", lambda: nullcontext(sandbox))
        yield


@pytest.fixture(scope="module")
def patient():
    """A smallest log is looked for until there is none smaller, not for so many seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "testbed.validation.battery.reducing.counterexample", partial(counterexample, seconds=120.0)
        )
        yield
