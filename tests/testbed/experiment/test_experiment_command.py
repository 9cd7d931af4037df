"""`slipper experiment`: what it prints and leaves, how it goes on, shards, and errors."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pandas as pd
import pytest

from testbed.commands.experiment import EPILOG
from testbed.experiment import engine
from testbed.experiment.findings import curves
from testbed.experiment.reading import load
from tests.command_line import slipper
from tests.testbed.experiment import carriers, made


def experiment(capsys, *argv: object) -> tuple[int, str, str]:
    return slipper(capsys, "experiment", *argv)


@pytest.fixture
def quick(monkeypatch, request):
    """Runs are answered without a simulation; the keys of those that were carried out are kept. Only the tests of the
    page draw its curves."""
    carried: list[str] = []
    if "page" not in request.node.name:
        monkeypatch.setattr(curves, "curves", lambda plan, table: [])

    def carry(task):
        carried.append(task.key)
        return carriers.answer(task)

    monkeypatch.setattr(engine, "choose", lambda name, workers, address: carriers.Serial(carry))
    return carried


@pytest.fixture
def file(tmp_path) -> Path:
    return made.write(tmp_path)


def table(out: Path, name: str = "tiny") -> pd.DataFrame:
    return pd.read_parquet(out / "experiments" / name / "runs.parquet")


def test_what_is_printed_and_left(capsys, quick, file, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    status, out, _ = experiment(capsys, file, "--out", tmp_path / "out")
    assert status == 0
    assert "A tiny experiment" in out and "lock_in=3" in out
    assert re.search(r"12 runs \(12 new, 0 remembered, 0 failed\) in [\d.]+ s, [\d.]+ runs/s\n$", out)
    home = tmp_path / "out" / "experiments" / "tiny"
    assert sorted(path.name for path in home.iterdir()) == [
        ".slipper-files.json", "experiment.html", "made-from.txt", "matrix.csv", "numbers.csv", "runs",
        "runs.csv", "runs.parquet",
    ]  # fmt: skip
    few = "can call nothing irrelevant or absent"  # replicates: said where the findings are, with what to do
    assert few in out and "--replicates N goes on from here" in out
    assert few in (home / "experiment.html").read_text().split("How to read this")[0]
    frame = table(tmp_path / "out")
    assert len(frame) == 12 * 2 and not frame.duplicated(["arm", "replicate", "pattern"]).any()
    assert list(frame["factor.lock_in"].unique()) == ["1.5", "0", "3"]
    assert frame["holds"].dtype == "boolean" and set(frame["status"]) == {"ok"}
    pd.testing.assert_frame_equal(
        pd.read_csv(home / "runs.csv", dtype={"factor.lock_in": str})[["key", "value"]], frame[["key", "value"]],
        check_dtype=False,
    )  # fmt: skip
    matrix = pd.read_csv(home / "matrix.csv")
    assert len(matrix) == 4 * 2


def test_the_second_start_runs_nothing_and_says_the_same(capsys, quick, file, tmp_path):
    experiment(capsys, file, "--out", tmp_path, "--quiet")
    first = table(tmp_path)
    status, out, _ = experiment(capsys, file, "--out", tmp_path)
    assert status == 0 and "12 runs (12" not in out and "(0 new, 12 remembered, 0 failed)" in out
    assert len(quick) == 12
    pd.testing.assert_frame_equal(table(tmp_path), first)
    experiment(capsys, file, "--out", tmp_path, "--replicates", 4, "--quiet")
    assert len(quick) == 12 + 4  # more replicates only add what is missing
    experiment(capsys, file, "--out", tmp_path, "--fresh", "--quiet")
    assert len(quick) == 16 + 12


def test_a_run_file_that_is_cut_off_is_done_again(capsys, quick, file, tmp_path):
    experiment(capsys, file, "--out", tmp_path, "--quiet")
    victim = sorted((tmp_path / "experiments" / "tiny" / "runs").iterdir())[5]
    victim.write_text(victim.read_text()[:50])
    experiment(capsys, file, "--out", tmp_path, "--quiet")
    assert quick[12:] == [victim.stem]
    assert len(table(tmp_path)) == 24


def test_only_runs_the_arms_that_match(capsys, quick, file, tmp_path):
    experiment(capsys, file, "--out", tmp_path, "--only", "base", "--only", "*/lock_in=*", "--quiet")
    assert set(table(tmp_path)["arm"]) == {"base", "lock_in=0", "lock_in=3"} and len(quick) == 9
    experiment(capsys, file, "--out", tmp_path, "--quiet")
    assert len(quick) == 12


def test_shards_are_disjoint_complete_and_merge(capsys, quick, file, tmp_path):
    parts = []
    for part in range(3):
        before = len(quick)
        status, out, _ = experiment(capsys, file, "--out", tmp_path / "shards", "--shard", f"{part}/3")
        assert status == 0 and f"shard {part} of 3: 4 runs" in out and "without --shard merges" in out
        parts.append(set(quick[before:]))
    assert sum(len(part) for part in parts) == len(set.union(*parts)) == 12
    assert not (tmp_path / "shards" / "experiments" / "tiny" / "runs.csv").exists()
    experiment(capsys, file, "--out", tmp_path / "shards", "--quiet")
    assert len(quick) == 12
    experiment(capsys, file, "--out", tmp_path / "whole", "--quiet")
    pd.testing.assert_frame_equal(table(tmp_path / "shards"), table(tmp_path / "whole"))


def test_a_shard_does_not_depend_on_what_is_remembered(capsys, quick, file, tmp_path):
    experiment(capsys, file, "--out", tmp_path / "a", "--shard", "1/2", "--quiet")
    first = set(quick)
    quick.clear()
    experiment(capsys, file, "--out", tmp_path / "b", "--only", "base", "--quiet")
    quick.clear()
    experiment(capsys, file, "--out", tmp_path / "b", "--shard", "1/2", "--quiet")
    assert set(quick) <= first


def test_failed_runs_are_rows_and_tried_again(capsys, file, tmp_path, monkeypatch):
    broken = {"on": True}

    def carry(task):
        from testbed.experiment.runs import failed

        return (
            failed(task, "no luck", "Traceback: no luck")
            if broken["on"] and "mechanisms.fit=off" in task.settings
            else carriers.answer(task)
        )

    monkeypatch.setattr(engine, "choose", lambda name, workers, address: carriers.Serial(carry))
    status, out, _ = experiment(capsys, file, "--out", tmp_path)
    assert status == 1 and "(12 new, 0 remembered, 3 failed)" in out and "same command tries" in out
    rows = table(tmp_path)
    failures = rows[rows["status"] == "failed"]
    assert len(failures) == 6 and set(failures["arm"]) == {"fit=off"} and failures["holds"].isna().all()
    assert set(failures["trace"]) == {"Traceback: no luck"} and set(rows["trace"]) == {
        "",
        "Traceback: no luck",
    }
    assert "no luck" in (tmp_path / "experiments" / "tiny" / "experiment.html").read_text()
    broken["on"] = False
    status, out, _ = experiment(capsys, file, "--out", tmp_path)
    assert status == 0 and "(3 new, 9 remembered, 0 failed)" in out


def test_a_failed_pattern_fails_its_run_which_is_tried_again(capsys, file, tmp_path, monkeypatch):
    broken = {"on": True}

    def carry(task):
        record = carriers.answer(task)
        if broken["on"] and "mechanisms.fit=off" in task.settings:
            record["patterns"]["kept"] = {"status": "failed", "holds": None, "value": None, "why": "a fault",
                                          "trace": "Traceback: a fault"}  # fmt: skip
        return record

    monkeypatch.setattr(engine, "choose", lambda name, workers, address: carriers.Serial(carry))
    status, out, _ = experiment(capsys, file, "--out", tmp_path)
    assert status == 1 and "(12 new, 0 remembered, 3 failed)" in out
    rows = table(tmp_path)
    failures = rows[rows["status"] == "failed"]
    assert failures["pattern"].tolist() == ["kept"] * 3
    assert set(failures["trace"]) == {"Traceback: a fault"}
    broken["on"] = False
    status, out, _ = experiment(capsys, file, "--out", tmp_path)
    assert status == 0 and "(3 new, 9 remembered, 0 failed)" in out
    assert set(table(tmp_path)["status"]) == {"ok"}


def test_why_no_run_can_tell_is_printed(capsys, file, tmp_path, monkeypatch):
    def carry(task):
        record = carriers.answer(task)
        record["patterns"]["kept"] |= {"status": "not_testable", "holds": None, "why": "3 users, 50 needed"}
        return record

    monkeypatch.setattr(engine, "choose", lambda name, workers, address: carriers.Serial(carry))
    _, out, _ = experiment(capsys, file, "--out", tmp_path)
    assert out.count("  no run can tell: 3 users, 50 needed\n") == 1


def test_numbers_behind_the_answers_are_a_table_and_a_part_of_the_document(
    capsys, file, tmp_path, monkeypatch
):
    def carry(task):
        record = carriers.answer(task)
        record["patterns"]["kept"]["numbers"] = {"half": {"value": 0.5, "unit": "share"}}
        return record

    monkeypatch.setattr(engine, "choose", lambda name, workers, address: carriers.Serial(carry))
    kept = tmp_path / "kept.md"
    experiment(capsys, file, "--out", tmp_path, "--markdown", kept, "--quiet")
    frame = pd.read_csv(tmp_path / "experiments" / "tiny" / "numbers.csv")
    assert len(frame) == 12 and set(frame["value"]) == {0.5} and set(frame["pattern"]) == {"kept"}
    assert kept.read_text().count("| kept | 50.0% (50.0% to 50.0%) |") == 4


def test_json(capsys, quick, file, tmp_path):
    _, out, _ = experiment(capsys, file, "--out", tmp_path, "--json")
    data = json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    assert data["runs"] == 12 and data["failed"] == 0 and Path(data["page"]).is_file()
    assert {cell["arm"] for cell in data["cells"]} == {"base", "fit=off", "lock_in=0", "lock_in=3"}


def test_a_trial_does_not_overwrite_the_experiments_tables(capsys, quick, file, tmp_path):
    _, out, _ = experiment(capsys, file, "--out", tmp_path, "--users", 900, "--set", "margin=0.1", "--quiet")
    assert re.search(r"tiny-users900-set\w{6}/experiment.html", out)
    experiment(capsys, file, "--out", tmp_path, "--quiet")
    home = tmp_path / "experiments" / "tiny"
    whole = {path.name: path.read_bytes() for path in home.iterdir() if path.is_file()}
    carried = len(quick)
    _, out, _ = experiment(capsys, file, "--out", tmp_path, "--replicates", 1, "--quiet")
    assert out.strip().endswith("tiny-replicates1/experiment.html")
    assert len(quick) == carried and len(table(tmp_path, "tiny-replicates1")) == 4 * 2
    assert {path.name: path.read_bytes() for path in home.iterdir() if path.is_file()} == whole


def test_the_matrix_can_be_kept_as_a_document(capsys, quick, file, tmp_path):
    kept = tmp_path / "docs" / "tiny.md"
    status, _, _ = experiment(capsys, file, "--out", tmp_path / "out", "--markdown", kept, "--quiet")
    text = kept.read_text()
    assert status == 0 and text.splitlines()[1] == "# A tiny experiment"
    head, _, *rows = [line for line in text.splitlines() if line.startswith("|")]
    matrix = pd.read_csv(tmp_path / "out" / "experiments" / "tiny" / "matrix.csv")
    assert len(rows) == 4 and all(row.count("|") == head.count("|") == 4 for row in rows)  # arms by patterns
    first = matrix.iloc[0]
    assert f"{first.rate:.0%} [{100 * first.low:.0f}–{100 * first.high:.0f}]" in rows[0]
    assert "contradicts what was declared" in text
    assert f"slipper experiment {file} --markdown {kept}" in text


def test_the_patterns_are_listed(capsys):
    status, out, _ = experiment(capsys, "--patterns", "--json")
    known = json.loads(out)
    assert (
        status == 0
        and known["deepseek-r1-boomerang"]["needs"] == "activity"
        and known["C12"]["needs"] == "log"
    )


def test_the_page_needs_no_network_and_words_as_well_as_colours(capsys, quick, file, tmp_path):
    experiment(capsys, file, "--out", tmp_path, "--quiet")
    page = (tmp_path / "experiments" / "tiny" / "experiment.html").read_text()
    linked = re.findall(r"""(?:src|href|url\()\s*=?\s*["'(]?((?:https?:)?//[^"')\s]+)""", page)
    assert not linked, linked
    assert set(re.findall(r"https?://[^\"'\s<)]+", page)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert "Content-Security-Policy" in page and 'name="viewport"' in page
    assert "Causes and patterns" in page and page.count("<svg") == 4  # two pictures a pattern, over lock-in
    assert re.search(r'class="cell (irrelevant|undecided)[^"]*">\S (irrelevant|undecided)\n', page)
    for pattern in ("launch", "kept"):
        assert f"{pattern}, arm by arm" in page


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        ([], "name an experiment file"),
        (["ablaton"], "no such experiment, did you mean 'ablation'?"),
        (["one-frontier-model"], "one-frontier-model: a scenario, no experiment."),
        (["scenarios/one-frontier-model"], "one-frontier-model: a scenario, no experiment."),
        (["."], "this is a folder"),
        (["FILE", "--shard", "3/3"], "count from 0 to 2"),
        (["FILE", "--shard", "3"], "expected I/N"),
        (["FILE", "--only", "fit=of"], "no arm matches 'fit=of', did you mean 'fit=off'?"),
        (["FILE", "--only", "wrold/base"], "no arm matches 'wrold/base'"),
        (["FILE", "--users", "30_000_000"], "--users:1:7: users: the world refuses users=30000000"),
        (["FILE", "--replicates", "200_000"], "--replicates:1:12: replicates: must be between 1 and 100000"),
        (["FILE", "--address", "tcp://x:1"], "give --engine dask"),
        (["FILE", "--engine", "spark"], "processes, dask"),
        (["FILE", "--set", "margins=1"], "--set:1:1: margins"),
        (["FILE", "--replicates", "0"], "1 or more"),
        (["FILE", "--out", "FILE"], "is a file, not a folder"),
        (["FILE", "--markdown", "."], "--markdown: .: expected a file to write, this is a folder"),
        (["FILE", "--markdown", "/dev/null/kept.md"], "--markdown: /dev/null: cannot write there"),
        (["FILE", "--markdown", "kept.md", "--shard", "0/2"], "--markdown needs all shards"),
    ],
)
def test_bad_command_lines(capsys, file, tmp_path, argv, text):
    status, out, err = experiment(capsys, *[str(file) if word == "FILE" else word for word in argv])
    assert status == 2 and text in err and not out
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.yaml"]


def test_a_file_of_a_scenario_is_told_from_an_experiment(capsys, tmp_path):
    (tmp_path / "mine.yaml").write_text("extends: one-frontier-model.yaml\npopulation: {}\n")
    status, _, err = experiment(capsys, str(tmp_path / "mine.yaml"))
    assert status == 2 and "mine.yaml: a scenario, no experiment." in err


def test_the_file_that_the_help_shows_is_an_experiment(tmp_path):
    shown = re.search(r"a file of your own.*?\n(.*?)\n\n", EPILOG, flags=re.S)
    (tmp_path / "my.yaml").write_text(textwrap.dedent(shown[1]))
    assert [arm.name for arm in load(tmp_path / "my.yaml").arms] == ["base", "fit=off", "lock_in=off"]


@pytest.mark.parametrize(
    ("place", "in_the_way"), [("tiny", "file"), ("tiny/runs", "file"), ("tiny/experiment.html", "folder")]
)
def test_what_is_in_the_way_of_the_results_is_told_before_the_runs(
    capsys, quick, file, tmp_path, place, in_the_way
):
    there = tmp_path / "experiments" / place
    there.parent.mkdir(parents=True)
    there.touch() if in_the_way == "file" else there.mkdir()
    status, _, err = experiment(capsys, file, "--out", tmp_path)
    assert status == 2 and "--out: " in err and str(there) in err and not quick


def test_users_as_a_factor_cannot_be_set(capsys, tmp_path):
    text = made.TINY.replace("users: 3000\n", "").replace(
        "fit: {switch: mechanisms.fit}", "fit: {key: users, levels: [300, 600]}"
    )
    file = made.write(tmp_path, text)
    status, _, err = experiment(capsys, file, "--users", 100, "--out", tmp_path)
    assert status == 2 and "`users` is a factor here" in err


def start(*argv: object, cwd: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "testbed.cli", "experiment", *(str(word) for word in argv)]
    environment = os.environ | {"PYTHONPATH": os.getcwd()}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, cwd=cwd, env=environment, stdout=pipe, stderr=pipe, text=True,
        # A test run in the background may ignore Ctrl-C, and what it starts would, too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


def wait_for(runs: Path, number: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if runs.is_dir() and len(list(runs.glob("*.json"))) >= number:
            return
        time.sleep(0.02)
    raise AssertionError(f"no {number} runs in {runs}")


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks at processes in /proc")
def test_after_kill_9_it_goes_on(capsys, file, tmp_path, monkeypatch):
    running = start(file, "--out", tmp_path, "--workers", 1, "--replicates", 2, cwd=tmp_path)
    runs = tmp_path / "experiments" / "tiny" / "runs"
    wait_for(runs, 2)
    workers = children(running.pid)
    assert workers
    running.send_signal(signal.SIGKILL)
    running.communicate()
    kept = {path.stem for path in runs.glob("*.json")}
    assert 2 <= len(kept) < 8 and not (tmp_path / "experiments" / "tiny" / "runs.csv").exists()
    until = time.monotonic() + 20
    while not all(gone(pid) for pid in workers):
        assert time.monotonic() < until, "a worker outlived the command"
        time.sleep(0.05)
    carried = []

    def carry(task):
        carried.append(task.key)
        return carriers.answer(task)

    monkeypatch.setattr(engine, "choose", lambda name, workers, address: carriers.Serial(carry))
    status, out, _ = experiment(capsys, file, "--out", tmp_path, "--replicates", 2)
    assert status == 0 and f"{len(kept)} remembered" in out
    assert len(carried) == 8 - len(kept) and not set(carried) & kept
    assert len(table(tmp_path, "tiny-replicates2")) == 16


def test_ctrl_c_leaves_what_is_finished(file, tmp_path):
    running = start(file, "--out", tmp_path, "--workers", 1, cwd=tmp_path)
    wait_for(tmp_path / "experiments" / "tiny" / "runs", 1)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=30)
    assert running.returncode == 130 and "Traceback" not in err
    found = re.search(r"(\d+) of 12 runs are finished and remembered; the same command goes on", err)
    assert found is not None
    assert len(list((tmp_path / "experiments" / "tiny" / "runs").glob("*.json"))) == int(found[1])


def test_files_of_one_name_have_results_apart(capsys, quick, tmp_path):
    files = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        files.append(
            made.write(tmp_path / name, made.TINY.replace("A tiny experiment", f"Experiment {name}"))
        )
    base_alone = (
        "--only", "base", "--replicates", 1, "--users", 300, "--out", tmp_path / "out", "--quiet",
    )  # fmt: skip
    pages = []
    for file in (*files, files[0]):
        status, out, err = experiment(capsys, file, *base_alone)
        assert status == 0, err
        pages.append(Path(out.strip()))
    assert pages[0] == pages[2] != pages[1]
    assert [page.read_text().count("Experiment b") > 0 for page in pages] == [False, True, False]
    files[0].rename(tmp_path / "moved.yaml")  # its results are nobody's now; the other's stay where they are
    _, out, _ = experiment(capsys, files[1], *base_alone)
    assert Path(out.strip()) == pages[1]


def test_a_foreign_file_in_the_place_of_the_mark_is_left_alone(capsys, file, tmp_path):
    theirs = tmp_path / "out" / "experiments" / "tiny-users300" / "made-from.txt"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("flour and water\n")
    status, _, err = experiment(capsys, file, "--users", 300, "--out", tmp_path / "out", "--quiet")
    assert status == 2 and "made-from.txt: slipper did not write this file" in err
    assert theirs.read_text() == "flour and water\n"
