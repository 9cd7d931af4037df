"""No attempt to get out succeeds; and where the fences are taken away, those do that can: so they are attempts."""

from __future__ import annotations

import ctypes
import os
import re
import socket
import sys
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from testbed.validation.sandbox.jail import landlock, seccomp
from testbed.validation.sandbox.reach import OURS, ROOT, readable
from tests.testbed.validation.sandbox.escapes import PYTHON, SQL

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or landlock.missing() != "" or seccomp.missing() != "",
    reason="this kernel has no fences to test",
)
KERNEL = ("limits", "landlock", "seccomp")


@pytest.fixture
def placed(tmp_path, monkeypatch):
    """Fills the names of a place into code; afterwards nothing there has changed."""
    monkeypatch.setenv("SLIPPER_SECRET", "truth")
    secret = tmp_path / "there" / "truth.csv"
    secret.parent.mkdir()
    secret.write_text("the truth")
    secret.chmod(0o640)
    held = ctypes.create_string_buffer(b"oracle")
    with socket.create_server(("127.0.0.1", 0)) as server:
        names = {"SECRET": secret, "TARGET": secret.parent / "new", "FOLDER": secret.parent, "PARENT": os.getpid(),
                 "PORT": server.getsockname()[1], "TREE": ROOT, "ADDRESS": ctypes.addressof(held)}  # fmt: skip

        def fill(code):
            return re.sub("@([A-Z]+)@", lambda found: str(names[found[1]]), code)

        def unchanged():
            kept = secret.read_text() == "the truth" and secret.stat().st_mode & 0o777 == 0o640
            return kept and [one.name for one in secret.parent.iterdir()] == [secret.name]

        yield SimpleNamespace(fill=fill, unchanged=unchanged)


@pytest.mark.parametrize("attempt", PYTHON, ids=lambda attempt: attempt.name)
@pytest.mark.parametrize("fences", [None, KERNEL], ids=["all fences", "the kernel's alone"])
def test_python_stays_inside(ran, placed, attempt, fences):
    outcome = ran("attempt.py", placed.fill(attempt.function), **({"fences": fences} if fences else {}))
    assert outcome.table is None and outcome.failure in ("error", "crash", "exit"), outcome
    assert not re.search("SyntaxError|NameError|TypeError|AttributeError", outcome.reason), "it is no attempt"
    assert placed.unchanged()


@pytest.mark.parametrize("attempt", [one for one in PYTHON if one.succeeds], ids=lambda attempt: attempt.name)
def test_without_fences_python_gets_out(ran, placed, attempt):
    outcome = ran("attempt.py", placed.fill(attempt.function), fences=())
    assert outcome.table is not None, outcome


@pytest.mark.parametrize("attempt", SQL, ids=lambda attempt: attempt.name)
def test_queries_stay_inside(ran, placed, attempt):
    outcome = ran("attempt.sql", f"-- dialect: duckdb\n{placed.fill(attempt.code)}", fences=("limits",))
    assert outcome.table is None and outcome.failure in ("error", "crash"), outcome
    assert placed.unchanged()


@pytest.mark.parametrize("attempt", [one for one in SQL if one.succeeds], ids=lambda attempt: attempt.name)
def test_an_open_session_lets_queries_out(placed, attempt):
    with duckdb.connect() as connection:
        assert connection.execute(placed.fill(attempt.code)).fetchall()


@pytest.mark.parametrize("name", ["find an oracle in memory", "read the environment"])
def test_where_questions_are_loaded_they_are_found(placed, name):
    import testbed.validation.questions.retention  # noqa: F401

    held: dict = {}
    exec(placed.fill(next(one for one in PYTHON if one.name == name).function), held)
    assert held["attempt"](None)


def test_nothing_of_the_project_is_readable_even_where_it_is_installed_beside_libraries(
    tmp_path, monkeypatch
):
    for name in ("testbed/validation", "sim", "numpy"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setattr("testbed.validation.sandbox.reach.libraries", lambda: [str(tmp_path)])
    found = [Path(one) for one in readable()]
    assert [one.name for one in found if one.is_relative_to(tmp_path)] == ["numpy"]
    ours = [ROOT / name for name in OURS]  # a virtual environment may lie beside them
    assert not [one for one in found for our in ours if one.is_relative_to(our) or our.is_relative_to(one)]


def test_other_machines_have_a_filter_too():
    for machine in ("x86_64", "aarch64"):
        code = seccomp.program(machine, 7)
        assert len(code) < 4096 and all(0 <= jump <= 255 for one in code for jump in one[1:3])
