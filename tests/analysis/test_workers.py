"""Work handed to other processes: the same answers and errors as here, whatever becomes of a worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import analysis
from analysis.report.exhibits import EXHIBITS
from analysis.workers import UNGUARDED, Workers
from tests.analysis.rows import generations, model, models


def square(x: int) -> int:
    return x * x


def refuse(x: int) -> int:
    raise ValueError(f"{x} is refused")


def die_elsewhere(home: int) -> str:
    if os.getpid() != home:
        os.kill(os.getpid(), signal.SIGKILL)
    return "done at home"


def say_and_tell(x: int) -> int:
    os.write(1, b"NOISE")
    os.write(2, b"NOISE")
    return os.getpid()


@pytest.fixture(scope="module")
def two():
    with Workers(2) as workers:
        yield workers


def test_tasks_are_done_elsewhere_and_their_errors_come_back(two):
    assert [two.start(square, i) for i in range(5)][3].result() == 9
    assert two.start(say_and_tell, 0).result() != os.getpid()
    with pytest.raises(ValueError, match="7 is refused"):
        two.start(refuse, 7).result()
    assert two.start(square, 6).result() == 36  # the worker goes on after an error


def test_workers_print_nothing(two, capfd):
    two.start(say_and_tell, 1).result()
    assert "NOISE" not in "".join(capfd.readouterr())


def test_one_worker_is_this_process():
    assert Workers(1).start(say_and_tell, 0).result() == os.getpid()
    with pytest.raises(ValueError, match="7 is refused"):
        Workers().start(refuse, 7).result()


def test_the_task_of_a_worker_that_dies_is_done_here():
    with Workers(2) as workers:
        assert workers.start(die_elsewhere, os.getpid()).result() == "done at home"
        assert [workers.start(square, i).result() for i in range(4)] == [0, 1, 4, 9]


def test_where_no_process_can_be_started_tasks_are_done_here(monkeypatch):
    def fail(process):
        raise EOFError

    monkeypatch.setattr("multiprocessing.process.BaseProcess.start", fail)
    with Workers(2) as workers:
        assert [workers.start(square, n).result() for n in range(3)] == [0, 1, 4]


def test_workers_end_with_their_parent_however_it_ends():
    script = (
        "import os, signal\n"
        "from analysis.workers import Workers\n"
        "from tests.analysis.test_workers import say_and_tell\n"
        "if __name__ == '__main__':\n"
        "    workers = Workers(2)\n"
        "    print(workers.start(say_and_tell, 0).result(), flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=root, timeout=120
    )
    worker = int(done.stdout)
    for _ in range(100):
        if not Path(f"/proc/{worker}").exists():
            return
        time.sleep(0.1)
    raise AssertionError(f"worker {worker} is still there")


def test_results_do_not_depend_on_the_number_of_workers(two, connect, tmp_path, monkeypatch):
    """Tables, figures and the page, byte by byte, by every third exhibit; the answer comes before figures and page."""
    monkeypatch.setattr("analysis.report.exhibits.EXHIBITS", EXHIBITS[::3])
    rows = [
        (f"u{i}", f"2025-{month:02}-{1 + i % 25:02} 10:00", "x/new")
        for i in range(90)
        for month in range(1 + i // 15, 8)
        if month == 1 + i // 15 or (i * month) % 3 == 0
    ]
    table = generations([(user, name, at) for user, at, name in rows])
    files = {}
    for name, workers in (("here", None), ("elsewhere", two)):
        out = tmp_path / name
        told = []
        with connect(table, models=models(model("x/new", "2025-01-01"))) as log:
            analysis.write_analysis(
                log,
                out,
                workers=workers,
                stills=True,
                answer=lambda found, out=out, told=told: told.append((found, [*out.glob("*.html")])),
            )
        assert len(told) == 1
        found, pages = told[0]
        assert pages == []
        assert set(found) >= {"panels", "triangles", "launch_contrast", "verdicts", "shares", "gaps"}
        kept = [f for f in out.rglob("*") if f.is_file() and not f.name.startswith(".")]
        files[name] = {f.relative_to(out): f.read_bytes() for f in kept}
    assert len(files["here"]) > 20
    assert files["here"] == files["elsewhere"]


def test_a_script_that_starts_workers_unguarded_is_told_so_and_gets_its_answer(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import math\nfrom analysis.workers import Workers\n"
        "with Workers(2, draws=False) as workers:\n    print(workers.start(math.sqrt, 4).result())\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120,
                          env=os.environ | {"PYTHONPATH": str(Path(analysis.__file__).parent.parent)})  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "2.0\n")
    assert done.stderr == f"warning: {UNGUARDED}\n"  # once, and no traceback
