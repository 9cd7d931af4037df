"""Results are replaced together or not at all, whatever comes between two renames and whoever else writes."""

from __future__ import annotations

import json
import os
import shutil
import threading
from pathlib import Path

import pytest

from analysis.contract import files
from analysis.staging import Staging

NAMES = ("tables", "figures", "report.html")


def put(folder: Path, text: str) -> None:
    """Results that say `text` everywhere."""
    for name in ("tables", "figures"):
        (folder / name).mkdir(parents=True)
        (folder / name / "a.txt").write_text(text)
    (folder / "report.html").write_text(text)


def said(folder: Path) -> list[str]:
    """What the results in a folder say, and that there is nothing else."""
    assert sorted(path.name for path in folder.iterdir()) == sorted([*NAMES, files.LIST])
    return [(folder / part).read_text() for part in ("tables/a.txt", "figures/a.txt", "report.html")]


def publish(target: Path, text: str) -> None:
    with Staging(target, NAMES) as staged:
        put(staged.path, text)
        staged.publish()


def interrupt(monkeypatch: pytest.MonkeyPatch, at: int, what) -> None:
    """Do `what` instead of the rename number `at`, counted from 0, once."""
    rename, count = Path.rename, iter(range(100))

    def renamed(self, other):
        return what() if next(count) == at else rename(self, other)

    monkeypatch.setattr(Path, "rename", renamed)


def fail():
    raise KeyboardInterrupt


@pytest.mark.parametrize("at", [None, *range(4)])
def test_an_interrupted_first_one_leaves_no_folder(tmp_path, monkeypatch, at):
    if at is not None:
        interrupt(monkeypatch, at, fail)
    with pytest.raises(KeyboardInterrupt), Staging(tmp_path / "new/deep", NAMES) as staged:
        put(staged.path, "first")
        if at is None:
            raise KeyboardInterrupt
        staged.publish()
    assert not list(tmp_path.iterdir())


def test_a_folder_that_was_there_stays_though_it_is_empty(tmp_path):
    with pytest.raises(KeyboardInterrupt), Staging(tmp_path, NAMES):
        raise KeyboardInterrupt
    assert tmp_path.is_dir()


def test_who_comes_while_another_one_gives_up_makes_the_folder_again(tmp_path, monkeypatch):
    locked, target = files.locked, tmp_path / "new"
    monkeypatch.setattr(
        files, "locked", lambda folder: (monkeypatch.undo(), target.rmdir(), locked(folder))[2]
    )
    publish(target, "second")
    assert said(target) == ["second"] * 3


@pytest.mark.parametrize("at", range(8))
def test_a_failure_at_any_rename_leaves_the_old_results(tmp_path, monkeypatch, at):
    publish(tmp_path, "old")
    interrupt(monkeypatch, at, fail)
    with pytest.raises(KeyboardInterrupt):
        publish(tmp_path, "new")
    assert said(tmp_path) == ["old"] * 3


@pytest.mark.parametrize("at", range(4))
def test_a_failure_at_any_rename_of_the_first_results_leaves_none(tmp_path, monkeypatch, at):
    interrupt(monkeypatch, at, fail)
    with pytest.raises(KeyboardInterrupt):
        publish(tmp_path, "new")
    assert list(tmp_path.iterdir()) == []


def half_replaced(folder, monkeypatch, at):
    """Results of a process that was killed at a rename, while it replaced older ones."""
    publish(folder, "old")
    child = os.fork()
    if child == 0:
        interrupt(monkeypatch, at, lambda: os._exit(7))
        publish(folder, "new")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


@pytest.mark.parametrize("at", range(8))
def test_what_a_killed_process_had_half_replaced_is_taken_back(tmp_path, monkeypatch, at):
    half_replaced(tmp_path, monkeypatch, at)
    assert len(list(tmp_path.glob(".analysis-*"))) == 1
    with Staging(tmp_path, NAMES):
        pass
    assert said(tmp_path) == ["old"] * 3


def test_only_what_nobody_writes_any_more_is_swept(tmp_path):
    left, other = tmp_path / ".analysis-0123456789ab", tmp_path / ".analysis-of-mine"
    left.mkdir()
    other.mkdir()
    with Staging(tmp_path, NAMES) as first:
        assert other.exists() and not left.exists()
        other.rmdir()
        put(first.path, "first")
        publish(tmp_path, "second")
        assert first.path.is_dir()
        first.publish()
    assert said(tmp_path) == ["first"] * 3


def test_writers_at_once_never_mix_their_results(tmp_path):
    failures = []

    def write(text):
        try:
            for _ in range(20):
                publish(tmp_path, text)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(text,)) for text in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(set(said(tmp_path))) == 1


# --- only what is ours is replaced


def kept(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Bytes and time of change of each file below a folder."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    return {str(p.relative_to(folder)): (p.read_bytes(), p.stat().st_mtime_ns) for p in found}


@pytest.mark.parametrize("name", ["report.html", "tables/mine.csv", "figures/a/b.txt", "tables"])
def test_what_the_user_has_there_is_named_and_left(tmp_path, name):
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("mine")
    before = kept(tmp_path)
    with (
        pytest.raises(files.Foreign, match=f"{name}: slipper did not write this file.*--out"),
        Staging(tmp_path, NAMES),
    ):
        raise AssertionError("the work must not begin")
    assert kept(tmp_path) == before


@pytest.mark.parametrize(
    ("name", "why"),
    [("tables/a.txt", "changed after"), ("tables/b.txt", "did not write"), ("report.html", "changed")],
)
@pytest.mark.parametrize("early", [True, False])
def test_what_was_changed_or_added_among_our_results_is_kept(tmp_path, name, why, early):
    publish(tmp_path, "old")
    if early:
        (tmp_path / name).write_text("mine")
    with pytest.raises(files.Foreign, match=f"{name}.*{why}"), Staging(tmp_path, NAMES) as staged:
        put(staged.path, "new")
        (tmp_path / name).write_text("mine")
        staged.publish()
    assert (tmp_path / name).read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*NAMES, files.LIST])
    (tmp_path / name).unlink()  # what slipper wrote itself and the user removed is no obstacle
    publish(tmp_path, "new")
    assert said(tmp_path) == ["new"] * 3


def test_a_link_is_not_ours(tmp_path):
    publish(tmp_path, "old")
    (tmp_path / "figures" / "link").symlink_to("nowhere")
    with pytest.raises(files.Foreign, match="figures/link: slipper did not write this link"):
        publish(tmp_path, "new")
    assert (tmp_path / "figures" / "link").is_symlink()


def test_results_of_several_commands_are_on_one_list(tmp_path):
    publish(tmp_path, "old")
    with Staging(tmp_path, ["verdicts.json"]) as staged:
        (staged.path / "verdicts.json").write_text("{}")
        staged.publish()
    publish(tmp_path, "new")
    marks = files.read(tmp_path)
    assert marks is not None and set(marks) == {
        "tables/a.txt",
        "figures/a.txt",
        "report.html",
        "verdicts.json",
    }
    assert marks == files.marks_of(tmp_path, [*NAMES, "verdicts.json"])


@pytest.mark.parametrize("at", range(8))
def test_another_command_takes_back_what_a_killed_one_had_half_replaced(tmp_path, monkeypatch, at):
    half_replaced(tmp_path, monkeypatch, at)
    with Staging(tmp_path, ["verdicts.json"]):
        pass
    assert said(tmp_path) == ["old"] * 3


def test_a_list_that_is_not_ours_is_named(tmp_path):
    (tmp_path / files.LIST).write_text("[1, 2]")
    with pytest.raises(files.Foreign, match="no list of slipper's files"):
        publish(tmp_path, "new")
    assert (tmp_path / files.LIST).read_text() == "[1, 2]"


def test_results_without_a_list_are_named_and_refused_in_a_run_folder_too(tmp_path):
    """Whether someone changed them cannot be known: an old run is analysed again once they are out of the way."""
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "part").write_text("old")
    (tmp_path / "manifest.json").write_text(
        json.dumps(dict.fromkeys(files.MANIFEST_KEYS, "x") | {"versions": {"glass_slipper": "0"}})
    )
    put(tmp_path, "edited")
    (tmp_path / "tables" / "index.csv").write_text("id,files\na,tables/a.txt figures/a.txt\n")
    for name, kept in (
        ("report.html", "report.html"),
        ("tables", "tables/a.txt"),
        ("figures", "figures/a.txt"),
    ):
        with pytest.raises(files.Foreign, match=rf"{kept}: slipper did not .* earlier version have no list"):
            Staging(tmp_path, [name]).__enter__()
        assert (tmp_path / kept).read_text() == "edited"
    for name in ("tables", "figures"):
        shutil.rmtree(tmp_path / name)
    (tmp_path / "report.html").unlink()
    publish(tmp_path, "new")
    publish(tmp_path, "newer")
    assert (tmp_path / "tables" / "a.txt").read_text() == "newer"
    assert (tmp_path / "log" / "part").read_text() == "old"
