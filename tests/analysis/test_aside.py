"""Results are replaced together or not at all, whatever comes between two renames and whoever else writes."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from analysis.aside import Aside

NAMES = ("tables", "figures", "report.html")


def put(folder: Path, text: str) -> None:
    """Results that say `text` everywhere."""
    for name in ("tables", "figures"):
        (folder / name).mkdir(parents=True)
        (folder / name / "a.txt").write_text(text)
    (folder / "report.html").write_text(text)


def said(folder: Path) -> list[str]:
    """What the results in a folder say, and that there is nothing else."""
    assert sorted(path.name for path in folder.iterdir()) == sorted(NAMES)
    return [(folder / part).read_text() for part in ("tables/a.txt", "figures/a.txt", "report.html")]


def publish(target: Path, text: str) -> None:
    with Aside(target, NAMES) as aside:
        put(aside.path, text)
        aside.publish()


def interrupt(monkeypatch: pytest.MonkeyPatch, at: int, what) -> None:
    """Do `what` instead of the rename number `at`, counted from 0, once."""
    rename, count = Path.rename, iter(range(100))

    def renamed(self, other):
        return what() if next(count) == at else rename(self, other)

    monkeypatch.setattr(Path, "rename", renamed)


def fail():
    raise KeyboardInterrupt


@pytest.mark.parametrize("at", range(6))
def test_a_failure_at_any_rename_leaves_the_old_results(tmp_path, monkeypatch, at):
    publish(tmp_path, "old")
    interrupt(monkeypatch, at, fail)
    with pytest.raises(KeyboardInterrupt):
        publish(tmp_path, "new")
    assert said(tmp_path) == ["old"] * 3


@pytest.mark.parametrize("at", range(3))
def test_a_failure_at_any_rename_of_the_first_results_leaves_none(tmp_path, monkeypatch, at):
    interrupt(monkeypatch, at, fail)
    with pytest.raises(KeyboardInterrupt):
        publish(tmp_path, "new")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("at", range(6))
def test_what_a_killed_process_had_half_replaced_is_taken_back(tmp_path, monkeypatch, at):
    publish(tmp_path, "old")
    child = os.fork()
    if child == 0:
        interrupt(monkeypatch, at, lambda: os._exit(7))
        publish(tmp_path, "new")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert len(list(tmp_path.glob(".analysis-*"))) == 1
    with Aside(tmp_path, NAMES):
        pass
    assert said(tmp_path) == ["old"] * 3


def test_only_what_nobody_writes_any_more_is_swept(tmp_path):
    (tmp_path / ".analysis-left").mkdir()
    with Aside(tmp_path, NAMES) as first:
        assert not (tmp_path / ".analysis-left").exists()
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
