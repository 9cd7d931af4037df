"""Finished runs on disk: whole or not there, and failed ones tried again."""

from __future__ import annotations

import json

from testbed.experiment.store import Store


def record(key: str, status: str = "done") -> dict:
    return {"key": key, "seed": 1, "status": status, "patterns": {"p": {"status": "ok", "holds": True}}}


def test_what_was_written_is_read(tmp_path):
    store = Store(tmp_path / "runs")
    assert store.read("a") is None and store.finished(["a"]) == {}
    store.write(record("a"))
    assert store.finished(["a", "b"]) == {"a": record("a")}
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["a.json"]  # nothing aside is left


def test_what_is_cut_off_or_of_another_run_is_not_there(tmp_path):
    store = Store(tmp_path)
    store.write(record("a"))
    text = store.path("a").read_text()
    for length in range(len(text) - 2):
        store.path("a").write_text(text[:length])
        assert store.read("a") is None
    store.path("b").write_text(text)
    assert store.read("b") is None
    for odd in ([], {"key": "c"}, {"key": "c", "patterns": 3}):
        store.path("c").write_text(json.dumps(odd))
        assert store.read("c") is None


def test_a_failed_run_is_remembered_and_tried_again(tmp_path):
    store = Store(tmp_path)
    store.write(record("a", "failed"))
    assert store.read("a") is not None and store.finished(["a"]) == {}


def test_a_run_of_which_a_pattern_failed_is_tried_again(tmp_path):
    store = Store(tmp_path)
    partly = record("a")
    partly["patterns"]["q"] = {"status": "failed", "holds": None}
    store.write(partly)
    assert store.read("a") == partly and store.finished(["a"]) == {}
    partly["patterns"]["q"]["status"] = "not_testable"  # says that the run holds too little, and will again
    store.write(partly)
    assert store.finished(["a"]) == {"a": partly}
