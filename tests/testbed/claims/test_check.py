"""`slipper check`: on a run, on a log, and over replicates, with what is left on disk."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from analysis.contract import files
from sim.scenario.shipped import WORLDS
from testbed import cli
from testbed.claims import scoreboard as claims_scoreboard
from testbed.claims.frequency import frequency
from testbed.claims.registry import registry
from testbed.experiment import engine, reading, runner
from testbed.experiment.runs import Task
from testbed.failure import BadInput, Failure
from testbed.studies import scoreboard
from testbed.terminal.scoreboard_view import over_replicates
from tests.analysis.made_log import made, write_run
from tests.command_line import slipper
from tests.testbed.experiment import carriers

WORLD = WORLDS / "one-frontier-model.yaml"
SETTINGS = ("start=2025-01-01", "end=2025-03-31")
JUDGED: dict[tuple[str, bool, str], claims_scoreboard.Judged] = {}
TINY = ["one-frontier-model", "--users", "60", "--set", "start=2025-01-01", "--set", "end=2025-03-31"]


@pytest.fixture
def serial(monkeypatch):
    """Replicates are carried out one after the other in this process: that engines agree is another test."""
    monkeypatch.setattr(engine, "choose", lambda *_: carriers.Serial())


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_run(made(rows=3000, users=200, seed=3), tmp_path_factory.mktemp("run"))


@pytest.fixture(autouse=True)
def judged_once(request, monkeypatch):
    """A claim is judged once of the run that most tests here are about, and of its log: nobody changes them."""
    if "run" not in request.fixturenames:
        return
    judge = claims_scoreboard.judge

    def once(log, entry, account):
        assert account is None
        key = (log.name, log.simulated, entry.id)
        if key not in JUDGED:
            JUDGED[key] = judge(log, entry)
        return JUDGED[key]

    monkeypatch.setattr(claims_scoreboard, "judge", once)


def test_check_prints_by_section_and_writes_the_verdicts(capsys, run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")
    status, out, _ = slipper(capsys, "check", run)
    assert status == 0
    assert out.index("Section 3") < out.index("Section 7") < out.index("Sections 9 and 11")
    assert all(claim in out for claim in registry().ids())
    assert "proves little" in out and "emergent" in out
    data = json.loads((run / "verdicts.json").read_text())
    assert data["registry_digest"] == registry().digest
    (run / "verdicts.json").unlink()


def test_a_run_that_cannot_be_written_to_is_judged_and_shown(capsys, run, monkeypatch):
    def refuse(folder):
        raise BadInput(f"{folder}: cannot write there: no permission")

    monkeypatch.setattr("testbed.commands.check.check_writable", refuse)
    monkeypatch.setenv("COLUMNS", "140")
    status, out, err = slipper(capsys, "check", run)
    assert status == 0
    assert "C12 " in out and "verdicts.json" not in out
    assert "the verdicts are not kept" in err and "no permission" in err
    assert not (run / "verdicts.json").exists()


def test_a_part_is_shown_and_not_written(capsys, run):
    status, out, _ = slipper(capsys, "check", run, "--only", "c12,C117")
    assert status == 0 and "C12 " in out and "C117" in out and "C13" not in out.replace("C13.", "")
    assert "because" in out
    status, out, _ = slipper(capsys, "check", run, "--section", "geography", "--json")
    data = json.loads(out)
    assert [record["id"] for record in data["claims"]] == [f"C{n}" for n in range(109, 115)]
    assert not (run / "verdicts.json").exists()


def test_failed_shows_what_fails(capsys, run):
    _, out, _ = slipper(capsys, "check", run, "--section", "openness", "--failed", "--json")
    assert {record["status"] for record in json.loads(out)["claims"]} == {"fails"}


def test_markdown(capsys, run, tmp_path):
    slipper(
        capsys, "check", run, "--section", "cost", "--markdown", tmp_path / "docs" / "claims.md", "--quiet"
    )
    page = (tmp_path / "docs" / "claims.md").read_text()
    assert "## Section 8: cost and use" in page and "| C132 |" in page
    rows = [line for line in page.splitlines() if line.startswith("| C1")]
    assert all(line.count("|") - line.count("\\|") == 7 for line in rows)


def test_a_log_that_is_no_run_leaves_nothing(capsys, run, tmp_path):
    log = tmp_path / "log"
    log.symlink_to(run / "log")
    status, out, _ = slipper(capsys, "check", log, "--only", "C10,C12", "--json")
    records = {record["id"]: record for record in json.loads(out)["claims"]}
    assert status == 0 and records["C10"]["status"] == "holds" and records["C12"]["status"] == "not_testable"
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


def test_which_test_a_direction_had_is_said_and_hangs_on_the_log(capsys, run, tmp_path):
    log = tmp_path / "log"
    log.symlink_to(run / "log")
    found = {}
    for target, sentence, by in ((run, "a simulated world whole", "world"), (log, "one history", "weeks")):
        only = (target, "--only", "C23")
        data = json.loads(slipper(capsys, "check", *only, "--json")[1])
        assert sentence in data["directions"]
        found[by] = data["claims"][0]["parts"][0]
        assert found[by]["test"]["by"] == by and found[by]["test"]["up"] is True
        _, out, _ = slipper(capsys, "check", *only, "--markdown", tmp_path / f"{by}.md")
        page = (tmp_path / f"{by}.md").read_text()
        assert sentence in " ".join(out.split()) and sentence in page
    assert "by the weekly trend test" in found["weeks"]["reason"] and found["weeks"]["test"]["p"] is not None
    assert "decides" in found["world"]["reason"] and found["world"]["test"]["p"] is None
    assert "as one history: change over" in found["world"]["reason"]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--only", "C999"], "no claim 'C999'"),
        (["--only", ","], "names no claim"),
        (["--section", "openess"], "did you mean 'openness'?"),
        (["--section", "cost", "--only", "C12"], "none of C12"),
        (["--keep"], "--seeds"),
        (["--set", "a=1"], "--seeds"),
        (["--workers", "2"], "--seeds"),
        (["--seeds", "2", "--no-labels"], "are about a log"),
        (["--seeds", "2", "--to", "2025-06-30"], "are about a log"),
        (["--seeds", "2", "--anyway"], "are about a log"),
    ],
)
def test_bad_options_are_said(capsys, run, argv, message):
    status, _, err = slipper(capsys, "check", run, *argv)
    assert status == 2 and message in err


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("report", "this is a scenario"),
        ("scenarios/report.yaml", "this is a scenario"),
        ("nowhere", "no such file"),
    ],
)
def test_bad_targets_are_said(capsys, target, message):
    status, _, err = slipper(capsys, "check", target)
    assert status == 2 and message in err


def test_bad_scenarios_are_said_with_their_place(capsys, tmp_path):
    status, _, err = slipper(
        capsys, "check", "report", "--seeds", 2, "--set", "usrs=3", "--out", tmp_path / "out"
    )
    assert status == 2 and "--set:1:1" in err
    status, _, err = slipper(capsys, "check", "reprot", "--seeds", 2, "--out", tmp_path / "out")
    assert status == 2 and "did you mean 'report'?" in err
    assert not (tmp_path / "out").exists()


@dataclass(frozen=True)
class Study:
    """A study of two replicates that Ctrl-C ended after the first, and that was started again."""

    out: Path
    status: int
    """What the process ended with."""
    err: str
    left: dict[Path, int]
    """What lay in the memory then, each file with the time of its last change."""
    there: list[str]
    """Names in `out` then."""
    again: int
    """What the command answered when it was started again."""
    told: str


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The one study that is carried out here: who changes its memory takes a copy."""
    out = tmp_path_factory.mktemp("study")
    argv = ["check", *TINY, "--seeds", "2", "--workers", "1", "--out", str(out)]
    running = subprocess.Popen(
        [sys.executable, "-m", "testbed.cli", *argv],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        # A job in the background inherits an ignored SIGINT, which a study started by a person does not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    memory = out / "checks" / "one-frontier-model"
    until = time.monotonic() + 120
    while not list(memory.glob("*.json")) and time.monotonic() < until and running.poll() is None:
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGINT)  # as Ctrl-C does: the whole group
    _, err = running.communicate(timeout=60)
    left = {file: file.stat().st_mtime_ns for file in memory.iterdir()}
    there = sorted(path.name for path in out.iterdir())
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.StringIO()) as told:
        patch.setattr(engine, "choose", lambda *_: carriers.Serial())
        again = cli.main([*argv, "--json", "--quiet", "--markdown", str(out / "page.md")])
    return Study(out, running.returncode, err, left, there, again, told.getvalue())


def test_an_interrupted_study_leaves_no_half_and_goes_on(study):
    assert study.status == 130, study.err
    assert "interrupted" in study.err and "Traceback" not in study.err
    assert len(study.left) == 1 and all(file.suffix == ".json" for file in study.left), study.left
    assert study.there == ["checks"]
    assert study.again == 0
    assert len(list((study.out / "checks" / "one-frontier-model").glob("*.json"))) == 2
    assert all(file.stat().st_mtime_ns == stamp for file, stamp in study.left.items())


def test_replicates_are_counted_remembered_and_their_logs_deleted(capsys, study, tmp_path, monkeypatch):
    shutil.copytree(study.out, tmp_path, dirs_exist_ok=True)
    data = json.loads(study.told)
    assert len(set(data["seeds"])) == 2 and len(data["claims"]) == len(registry().ids())
    by_id = {record["id"]: record for record in data["claims"]}
    assert by_id["C10"]["holds"] == by_id["C10"]["testable"] == 2
    assert by_id["C10"]["low"] == pytest.approx(0.342, abs=1e-3) and by_id["C10"]["high"] == 1
    assert (
        by_id["C117"]["testable"] == 0
        and by_id["C117"]["share"] is None
        and by_id["C117"]["why_not_testable"]
    )
    assert "proves little" in data["caveat"]
    for record in data["claims"]:
        assert len(record["reasons"]) == 2 and all(record["reasons"]), record["id"]
    parts = by_id["C38"]["parts"]
    assert [part["name"] for part in parts] == ["available open models"] * 3
    assert all(part["holds"] <= part["testable"] <= 2 for part in parts) and by_id["C10"]["parts"] == []
    status, shown, _ = slipper(
        capsys, "check", *TINY, "--seeds", 2, "--out", tmp_path, "--only", "C02", "--why"
    )
    assert status == 0 and "replicate 0: (1) breadth: " in " ".join(shown.split())
    assert "2/2 (34-100%)" in (tmp_path / "page.md").read_text()
    memory = tmp_path / "checks" / "one-frontier-model"
    assert len(list(memory.glob("*.json"))) == 2 and len(list(memory.iterdir())) == 2
    assert not (tmp_path / "one-frontier-model").exists()

    monkeypatch.setattr(engine, "choose", lambda *_: pytest.fail("what is remembered was run again"))
    again = json.loads(
        slipper(capsys, "check", *TINY, "--seeds", 2, "--out", tmp_path, "--json", "--quiet")[1]
    )
    assert again == data
    torn = sorted(memory.glob("*.json"))[0]
    torn.write_text("{")
    ran = []

    class Idle:
        def run(self, tasks, tell):
            ran.extend(tasks)
            yield from ()

    monkeypatch.setattr(engine, "choose", lambda *_: Idle())
    status, _, err = slipper(capsys, "check", *TINY, "--seeds", 2, "--out", tmp_path, "--json", "--quiet")
    assert [task.key for task in ran] == [torn.stem] and status == 1 and "cannot be read back" in err


def test_a_claim_that_breaks_fails_its_replicate_by_name(capsys, tmp_path, monkeypatch):
    def carry(task):
        record = carriers.answer(task)
        for answer in record["patterns"].values():
            answer["line"] = {"status": "holds"}
        record["patterns"]["C12"] = {"status": "failed", "holds": None, "value": None, "why": "a fault",
                                     "trace": "Traceback: here"}  # fmt: skip
        return record

    monkeypatch.setattr(engine, "choose", lambda *_: carriers.Serial(carry))
    status, out, err = slipper(capsys, "check", *TINY, "--seeds", 2, "--out", tmp_path, "--quiet")
    assert status == 1 and not out
    assert re.search(r"replicate 0 \(seed \d+\): C12: a fault", err) and "here" not in err
    monkeypatch.setenv("SLIPPER_DEBUG", "1")
    with pytest.raises(Failure, match="C12: a fault\nTraceback: here"):
        scoreboard.study(WORLD, 2, registry(), users=60, settings=SETTINGS, out=tmp_path, quiet=True)


def test_each_condition_of_a_claim_is_shown_with_how_often_it_holds():
    entry = registry()["C02"]

    def board(models, providers):
        parts = [{"name": name, "status": "holds" if value >= least else "fails", "value": value, "unit": "count",
                  "simulated": str(value)}
                 for name, value, least in (("models", models, 300), ("providers", providers, 60))]  # fmt: skip
        status = "holds" if all(part["status"] == "holds" for part in parts) else "fails"
        return {"status": status, "value": models, "unit": "count", "simulated": "?", "reason": "because",
                "parts": parts}  # fmt: skip

    found = frequency(entry, [board(310, 20), board(330, 80)])
    assert found.holds == 1 and [part.holds for part in found.parts] == [2, 1]
    assert (
        over_replicates(found)
        == "(1) models 320 (310 to 330): holds 2/2; (2) providers 50 (20 to 80): holds 1/2"
    )


def test_replicate_seeds_follow_from_the_master_seed_alone():
    def seeds(**options):
        return [cell.task.seed for cell in scoreboard.plan(WORLD, 3, registry(), **options).cells]

    assert seeds(master=5) == seeds(master=5, users=70) != seeds(master=6)
    assert len(set(seeds(master=5))) == 3


def test_the_scoreboard_and_the_launch_contrast_come_from_the_same_worlds():
    board = scoreboard.plan(WORLDS / "report.yaml", 5, registry())
    contrast = reading.load(reading.find("launch-contrast"))
    base = [cell.task for cell in contrast.cells if cell.arm.name == "base"]
    assert [(task.digest, task.seed) for task in base] == [
        (cell.task.digest, cell.task.seed) for cell in board.cells
    ]


def test_kept_replicates_hold_their_verdicts(capsys, serial, tmp_path):
    status, _, _ = slipper(capsys, "check", *TINY, "--seeds", 1, "--keep", "--out", tmp_path, "--quiet")
    runs = list((tmp_path / "one-frontier-model").iterdir())
    assert status == 0 and len(runs) == 1
    assert json.loads((runs[0] / "verdicts.json").read_text())["registry_digest"] == registry().digest


def test_what_a_killed_study_left_is_swept(tmp_path):
    task = replace(scoreboard.plan(WORLD, 1, registry()).cells[0].task)
    left, at_work = (tmp_path / f".running-{digit * 12}" for digit in "ab")
    mine = tmp_path / ".running-mine"
    for folder in (left, at_work, mine):
        folder.mkdir()
    handle = files.lock(at_work)
    with runner._scratch(tmp_path, [task]) as (placed,):
        assert not left.exists() and at_work.exists() and mine.exists()
        assert isinstance(placed, Task)
        assert Path(placed.scratch).parent == tmp_path and Path(placed.scratch).is_dir()
    os.close(handle)
    assert sorted(path.name for path in tmp_path.iterdir()) == [at_work.name, mine.name]
