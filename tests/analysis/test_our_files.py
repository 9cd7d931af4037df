"""Files that are staged: whole or as they were, and nobody's part is another's."""

from __future__ import annotations

import os

import pytest

from analysis.contract.files import Foreign, replacement, write_page


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


def test_a_new_file_may_be_read_by_whom_the_umask_lets(tmp_path):
    for umask in (0o077, 0o002):
        before = os.umask(umask)
        try:
            with replacement(tmp_path / f"{umask}") as part:
                part.write_text("a")
        finally:
            os.umask(before)
        assert (tmp_path / f"{umask}").stat().st_mode & 0o777 == 0o666 & ~umask


def test_a_page_never_takes_the_place_of_a_link(tmp_path):
    write_page(tmp_path / "real.md", "# One")
    (tmp_path / "link.md").symlink_to("real.md")
    (tmp_path / "nowhere.md").symlink_to("new.md")
    for name in ("link.md", "nowhere.md"):
        for overwrite in (False, True):
            with pytest.raises(Foreign, match=rf"{name}: this is a link"):
                write_page(tmp_path / name, "# Two", overwrite)
        assert (tmp_path / name).is_symlink()
    assert (tmp_path / "real.md").read_text().endswith("# One") and not (tmp_path / "new.md").exists()


def test_two_writers_at_once_do_not_meet(tmp_path):
    target = tmp_path / "runs.csv"
    with replacement(target) as first, replacement(target) as second:
        first.write_text("first")
        second.write_text("second, which is longer")
    assert target.read_text() == "first"  # the last to end
    assert [path.name for path in tmp_path.iterdir()] == ["runs.csv"]
