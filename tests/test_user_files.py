"""Whatever a command is told to write, and wherever: the files of the user stay as they are, bytes and times."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from analysis.contract import files
from testbed import cli
from testbed.studies import error_rates, gallery, trend_tests
from tests.analysis.importers.exports import request, table
from tests.analysis.made_log import made

WORLD = ("one-frontier-model", "--users", "40", "--set", "end=2024-12-31")
EXPERIMENT = """\
title: Mine
question: Are files safe?
base: one-frontier-model
users: 40
replicates: 1
set: {end: 2024-12-31}
factors: {fit: {switch: mechanisms.fit}}
arms: {designs: [one_at_a_time]}
patterns: {launch: {is: launch-cohort-stands-out, with: {model: new/frontier, k: 3}}}
"""

# What each command that writes is asked for, in the folder of the user's files; and whether it can do its work
# without replacing any of them.
CASES: dict[str, list[tuple[tuple[str, ...], bool]]] = {
    "run": [((*WORLD, "--out", "."), True)],
    "simulate": [((*WORLD, "--out", "."), True), ((*WORLD, "--out", ".", "--fresh"), True)],
    "analyze": [(("log.parquet", "--out", "."), False), (("log.parquet", "--out=."), False)],
    "check": [
        (("log.parquet", "--only", "C01", "--markdown", "page.md"), False),
        (("one-frontier-model", "--seeds", "1", "--out", ".", "--markdown", "page.md"), False),
    ],
    "inspect": [(("log.parquet", "--html", "page.md"), False)],
    "verdict": [(("log.parquet", "--simulations", "0"), True)],
    "compare": [(("log.parquet", "log.parquet", "--out", "."), False)],
    "import": [(("export.csv", "--out", "."), False), (("export.csv", "--out", "log"), True)],
    "export": [(("openrouter", "log.parquet", "--out", "new.csv"), True)],
    "calibrate": [(("report-base", "--out", ".", "--markdown", "page.md"), False)],
    "validate": [(("mine.sql", "--markdown", "page.md"), False)],
    "lessons": [(("0", "--handout", "."), True)],
    "experiment": [
        (("mine.yaml", "--out", "."), False),
        (("mine.yaml", "--out", "other", "--markdown", "page.md"), False),
    ],
}
USERS = (
    "report.html", "verdicts.json", "manifest.json", "page.md", "compare.html", "retention_differences.csv",
    "exhibit_differences.csv", "tables/index.csv", "tables/mine.csv", "figures/mine.svg", "log/mine.txt",
    "experiments/mine/experiment.html", "experiments/mine/matrix.csv", "experiments/mine/runs.csv",
    "experiments/mine/runs.parquet", "one-frontier-model/notes.txt", "one-frontier-model/.partial-mine/a.txt",
    "checks/one-frontier-model/.running-mine/a.txt", ".analysis-mine/a.txt", ".report.html-new", ".page.md.part",
    "docs/error-rates.md", "docs/trend-tests.md", "outputs/gallery/foundational-cohort.svg",
)  # fmt: skip


def commands() -> dict[str, argparse.ArgumentParser]:
    actions = cli.build_parser()._actions
    return next(action.choices for action in actions if isinstance(action, argparse._SubParsersAction))


def kept(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Bytes and time of change of each file of the user."""
    return {name: ((folder / name).read_bytes(), (folder / name).stat().st_mtime_ns) for name in USERS}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder of the user's, where commands are given: among its files a log and an experiment."""
    pq.write_table(made(rows=3000, users=200).generations, tmp_path / "log.parquet")
    (tmp_path / "mine.yaml").write_text(EXPERIMENT)
    (tmp_path / "mine.sql").write_text("-- question: active_users\nSELECT 1\n")
    (tmp_path / "export.csv").write_text(table([request(i) for i in range(9)]))
    for name in USERS:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"the user's {name}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_command_that_takes_a_place_to_write_has_a_case():
    places = {
        name for name, parser in commands().items()
        if any(action.metavar in ("DIR", "FILE", "PATH") for action in parser._actions)
    }  # fmt: skip
    assert places <= CASES.keys() <= commands().keys()


@pytest.mark.parametrize(("command", "case"), [(name, i) for name in CASES for i in range(len(CASES[name]))])
def test_the_files_of_the_user_are_untouched(home, capsys, command, case):
    words, works = CASES[command][case]
    before = kept(home)
    status = cli.main([command, *words, *(["--quiet"] if command not in ("schema", "lessons") else [])])
    err = capsys.readouterr().err
    assert kept(home) == before
    assert "internal error" not in err
    assert status == (0 if works else 2), err
    if not works:
        named = [name for name in USERS if f"{name}: slipper did not write this file" in err]
        assert len(named) == 1, err
        assert "--out" in err or "--overwrite" in err
    assert not [path for path in home.rglob(".*-*") if files.STAGED.fullmatch(path.name)]


def test_the_studies_leave_what_they_did_not_write(home, capsys, monkeypatch):
    monkeypatch.setattr("sim.run", None)  # they refuse before any work
    before = kept(home)
    for study, argv, name in (
        (error_rates.main, [[]], "docs/error-rates.md"),
        (trend_tests.main, [[]], "docs/trend-tests.md"),
        (gallery.main, [], "outputs/gallery/foundational-cohort.svg"),
    ):
        assert study(*argv) == 2
        assert f"{name}: slipper did not write this file" in capsys.readouterr().err
    assert kept(home) == before


def test_a_run_folder_with_foreign_files_is_refused_and_named(home, capsys):
    assert cli.main(["simulate", *WORLD, "--out", "runs", "--quiet"]) == 0
    run = Path(capsys.readouterr().out.strip())
    for name in ("notes.txt", "log/notes.txt", "tables/mine.csv"):
        (run / name).parent.mkdir(exist_ok=True)
        (run / name).write_text("mine")
        assert cli.main(["simulate", *WORLD, "--out", "runs", "--quiet", "--fresh"]) == 2
        assert f"{run / name}: slipper did not write this file" in capsys.readouterr().err
        assert (run / name).read_text() == "mine"
        (run / name).unlink()
    manifest = (run / "manifest.json").read_text()
    (run / "notes.txt").write_text("mine")
    (run / "manifest.json").unlink()
    assert cli.main(["simulate", *WORLD, "--out", "runs", "--quiet"]) == 2
    assert (run / "notes.txt").read_text() == "mine"
    (run / "notes.txt").unlink()
    for text in ("", manifest[:100], "[]", json.dumps({"entries": []})):
        (run / "manifest.json").write_text(text)
        for fresh in ([], ["--fresh"]):
            assert cli.main(["simulate", *WORLD, "--out", "runs", "--quiet", *fresh]) == 2
            assert "manifest.json: this is not the manifest of a run" in capsys.readouterr().err
    (run / "manifest.json").unlink()
    assert cli.main(["simulate", *WORLD, "--out", "runs", "--quiet"]) == 0
    assert (run / "manifest.json").is_file()


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_lies_where_a_run_folder_should_be_is_refused_and_named(tmp_path, capsys, kind):
    assert cli.main(["simulate", *WORLD, "--out", str(tmp_path), "--quiet"]) == 0
    run = Path(capsys.readouterr().out.strip())
    if kind == "file":
        shutil.rmtree(run)
        run.write_text("mine")
    else:
        run.rename(tmp_path / "moved")
        run.symlink_to(tmp_path / "moved")
    before = sorted(run.parent.iterdir())
    assert cli.main(["simulate", *WORLD, "--out", str(tmp_path), "--quiet", "--fresh"]) == 2
    err = capsys.readouterr().err
    assert f"{run}: slipper did not write this, and it would be replaced. Move it elsewhere" in err
    assert "Errno" not in err and sorted(run.parent.iterdir()) == before
    assert run.read_text() == "mine" if kind == "file" else run.is_symlink()


def test_a_page_is_written_again_while_nobody_changed_it(tmp_path):
    page = tmp_path / "new" / "page.md"
    files.write_page(page, "# One\n\n")
    assert page.read_text().splitlines()[1] == "# One"
    files.write_page(page, "# Two\n")
    page.write_text(page.read_text() + "A word of mine.\n")
    with pytest.raises(files.Foreign, match=r"changed after slipper wrote it.*--overwrite"):
        files.write_page(page, "# Three\n")
    assert page.read_text().endswith("A word of mine.\n")
    files.write_page(page, "# Three\n", overwrite=True)
    assert page.read_text().splitlines()[1:] == ["# Three"]


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        ('{\n "key": "a", "x"', True), ("", True), ("{", True), ('{"key": 1}', True),
        ("notes", False), ("[1]", False), ('{"a": 1}', False), ('{\n "title": "mine"', False), ('{\n "keys', False),
    ],
)  # fmt: skip
def test_a_record_is_known_by_what_it_holds(tmp_path, text, ours):
    (tmp_path / "a.json").write_text(text)
    if ours:
        files.check_record(tmp_path / "a.json", ["key"])
    else:
        with pytest.raises(files.Foreign, match=r"a\.json"):
            files.check_record(tmp_path / "a.json", ["key"])
