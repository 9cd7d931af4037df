"""Files written aside: whole or as they were, and nobody's part is another's."""

from __future__ import annotations

import pytest

from analysis.contract.files import replacement


def test_a_file_is_replaced_whole_and_nothing_is_left(tmp_path):
    target = tmp_path / "new" / "runs.csv"
    with replacement(target) as part:
        part.write_text("a")
        assert not target.exists()
    assert target.read_text() == "a" and target.stat().st_mode & 0o777 == 0o644
    with pytest.raises(RuntimeError), replacement(target) as part:
        part.write_text("half")
        raise RuntimeError
    assert target.read_text() == "a"
    assert [path.name for path in target.parent.iterdir()] == ["runs.csv"]


def test_two_writers_at_once_do_not_meet(tmp_path):
    target = tmp_path / "runs.csv"
    with replacement(target) as first, replacement(target) as second:
        first.write_text("first")
        second.write_text("second, which is longer")
    assert target.read_text() == "first"  # the last to end
    assert [path.name for path in tmp_path.iterdir()] == ["runs.csv"]
