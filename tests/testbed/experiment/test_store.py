"""Finished runs on disk: whole or not there, and failed ones tried again."""

from __future__ import annotations

import json

import pytest

from testbed.experiment.store import Store


def record(key: str, status: str = "done") -> dict:
    answer = {"status": "ok", "holds": True, "value": 0.5, "why": "made"}
    return {"key": key, "seed": 1, "status": status, "seconds": 0.1, "patterns": {"p": answer}}


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


@pytest.mark.parametrize("place", ["seed", "status", "seconds", "patterns", "p"])
def test_what_lacks_a_part_is_not_there(tmp_path, place):
    store = Store(tmp_path)
    for odd in (None, "gone", []):
        data = record("a")
        (data["patterns"] if place == "p" else data)[place] = odd
        if (place, odd) != ("status", "gone"):
            store.write(data)
            assert store.read("a") is None and store.finished(["a"]) == {}
    data = record("a")
    del (data["patterns"]["p"] if place == "p" else data)["why" if place == "p" else place]
    store.write(data)
    assert store.read("a") is None


def test_what_does_not_answer_all_that_is_asked_is_not_there(tmp_path):
    store = Store(tmp_path)
    store.write(record("a"))
    assert store.finished(["a"], ["p"]) and store.finished(["a"], ["p", "q"]) == {}


def test_a_failed_run_is_remembered_and_tried_again(tmp_path):
    store = Store(tmp_path)
    store.write(record("a", "failed"))
    assert store.read("a") is not None and store.finished(["a"]) == {}


def test_a_run_of_which_a_pattern_failed_is_tried_again(tmp_path):
    store = Store(tmp_path)
    partly = record("a")
    partly["patterns"]["q"] = {"status": "failed", "holds": None, "value": None, "why": "a fault"}
    store.write(partly)
    assert store.read("a") == partly and store.finished(["a"]) == {}
    partly["patterns"]["q"]["status"] = "not_testable"  # says that the run holds too little, and will again
    store.write(partly)
    assert store.finished(["a"]) == {"a": partly}


def test_writing_leaves_the_old_record_if_it_fails(tmp_path):
    store = Store(tmp_path)
    store.write(record("a"))
    with pytest.raises(ValueError):
        store.write(record("a") | {"seconds": float("nan")})
    assert store.read("a") == record("a") and [path.name for path in tmp_path.iterdir()] == ["a.json"]
