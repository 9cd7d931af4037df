"""Which files are the log: every spelling, every link, nothing hidden, and a word about what was left out."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.sources import files
from analysis.sources.log import LogError
from analysis.sources.opening import open_log
from tests.analysis.sources.files_of_a_log import ROWS, found, write


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return found(write(tmp_path_factory.mktemp("whole") / "log.parquet"))


def halves() -> tuple:
    return ROWS.slice(0, 30), ROWS.slice(30)


@pytest.mark.parametrize(
    "name", ["b.PARQUET", "b.pq", "b.Parq", "b.snappy.parquet", "b.parquet/part-0.parquet"]
)
def test_every_spelling_of_parquet_is_read(tmp_path, whole, name):
    first, second = halves()
    write(tmp_path / "a.parquet", first)
    write(tmp_path / name, second)
    assert found(tmp_path) == whole


@pytest.mark.parametrize(
    "place", [".trash", "_temporary/0", ".ipynb_checkpoints", "week=2025-01-06/_tmp", "_delta_log"]
)
def test_what_is_hidden_or_scratch_is_left_out_with_a_word(tmp_path, whole, place):
    write(tmp_path / "a.parquet")
    write(tmp_path / place / "old.parquet")
    write(tmp_path / "._a.parquet")
    assert found(tmp_path) == whole
    with open_log(tmp_path) as log:
        (sentence,) = log.warnings
        assert log.left_out == (sentence,)
    hidden = next(part for part in place.split("/") if part[0] in "._")
    assert hidden in sentence and "._a.parquet" in sentence and "hidden or scratch" in sentence


def test_a_hidden_folder_without_data_is_not_mentioned(tmp_path):
    write(tmp_path / "a.parquet")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("x")
    (tmp_path / "_SUCCESS").write_text("")
    with open_log(tmp_path) as log:
        assert log.warnings == ()


def test_partitions_whose_key_begins_with_an_underscore_are_read(tmp_path, whole):
    first, second = halves()
    write(tmp_path / "_part=1" / "a.parquet", first)
    write(tmp_path / "_part=2" / "a.parquet", second)
    assert found(tmp_path) == whole


def test_a_log_in_a_hidden_place_is_read(tmp_path, whole):
    write(tmp_path / ".data" / "_log" / "a.parquet")
    assert found(tmp_path / ".data" / "_log") == whole


def test_linked_folders_and_files_are_read_once(tmp_path, whole):
    first, second = halves()
    write(tmp_path / "log" / "january.parquet", first)
    write(tmp_path / "elsewhere" / "february.parquet", second)
    (tmp_path / "log" / "archive").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "log" / "latest.parquet").symlink_to(tmp_path / "log" / "january.parquet")
    (tmp_path / "log" / "again").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "log" / "round").symlink_to(tmp_path / "log")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "log")
    assert found(tmp_path / "log") == whole
    with open_log(tmp_path / "log") as log:
        assert "latest.parquet" in str(log.left_out) and "round" in str(log.left_out)


def test_a_link_to_nothing_is_named(tmp_path):
    write(tmp_path / "a.parquet")
    (tmp_path / "gone.parquet").symlink_to(tmp_path / "nowhere.parquet")
    with pytest.raises(LogError, match=r"gone\.parquet: a link to nothing"):
        open_log(tmp_path)


def test_other_data_beside_the_log_is_said(tmp_path):
    write(tmp_path / "a.parquet")
    write(tmp_path / "000000_0")
    (tmp_path / "may.csv").write_text("generation_id\ng1\n")
    (tmp_path / "readme.md").write_text("about")
    with open_log(tmp_path) as log:
        said = " ".join(log.warnings)
    assert "may.csv: data, but not Parquet" in said and "000000_0: Parquet, but not named" in said
    assert "readme" not in said
    os.remove(tmp_path / "a.parquet")
    with pytest.raises(LogError, match=r"no Parquet files there .*000000_0"):
        open_log(tmp_path)


def test_a_glob_takes_what_it_names(tmp_path, whole):
    first, second = halves()
    write(tmp_path / "a" / "000000_0", first)
    write(tmp_path / "b" / "part.parquet", second)
    write(tmp_path / "b" / ".old" / "part.parquet", second)
    assert found(f"{tmp_path}/*/*0*") != whole
    assert found(f"{tmp_path}/[ab]/*") == whole
    assert files.find(f"{tmp_path}/?").paths == (str(tmp_path / "b" / "part.parquet"),)
    write(tmp_path / "_old" / "x.parquet")
    assert str(tmp_path / "_old" / "x.parquet") not in files.find(f"{tmp_path}/**/*.parquet").paths
    assert found(f"{tmp_path}/_o*/*.parquet") == whole


@pytest.mark.parametrize(
    ("mark", "name"),
    [
        ("_delta_log/00000000000000000000.json", "Delta"),
        ("_delta_log/00000000000000000010.checkpoint.parquet", "Delta"),
        ("metadata/v1.metadata.json", "Iceberg"),
        (".hoodie/hoodie.properties", "Hudi"),
    ],
)
@pytest.mark.parametrize(
    "where", ["", "week=2025-01-06", "week=2025-01-06/a.parquet", "*/*.parquet", "**/*.parquet"]
)
def test_a_folder_that_keeps_deleted_rows_is_refused(tmp_path, mark, name, where):
    table = tmp_path / "table"
    write(table / "week=2025-01-06" / "a.parquet")
    write(table / mark)
    with pytest.raises(LogError, match=rf"an? {name} table.*deleted"):
        open_log(f"{table}/{where}" if where else table)
    with pytest.raises(LogError, match=rf"an? {name} table"):
        open_log(tmp_path)


NAMES = st.sampled_from(
    ["{}.parquet", "{}.PARQUET", "{}.pq", "d{}/x.Parq", "day={}/p.parquet", "deep/er/{}.parq"]
)


@settings(max_examples=8)
@given(data=st.data())
def test_any_split_into_files_in_any_order_is_the_same_log(whole, data):
    order = data.draw(st.permutations(range(ROWS.num_rows)))
    cuts = sorted(data.draw(st.sets(st.integers(1, ROWS.num_rows - 1), max_size=5)))
    rows = ROWS.take(list(order))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for i, (start, stop) in enumerate(zip([0, *cuts], [*cuts, len(order)], strict=True)):
            path = write(root / "log" / data.draw(NAMES).format(i), rows.slice(start, stop - start))
            kind = data.draw(st.sampled_from(["plain", "linked", "linked folder"]))
            if kind == "linked":
                path.rename(root / f"away{i}.parquet")
                path.symlink_to(root / f"away{i}.parquet")
            elif kind == "linked folder" and path.parent != root / "log":
                away = root / f"away{i}"
                if not path.parent.is_symlink():
                    path.parent.rename(away)
                    path.parent.symlink_to(away)
            if data.draw(st.booleans()):
                write(root / "log" / "_scratch" / f"{i}.parquet")
        assert found(root / "log") == whole


@pytest.mark.parametrize(
    "name", ["log[1].parquet", "a?.parquet", "a*.parquet", "[!x].parquet", "**/a.parquet", "{a}?.pq"]
)
def test_a_name_with_letters_of_globs_is_that_file_alone(tmp_path, name):
    """The engine would take `a?.parquet` for `ab.parquet`, too."""
    for folder in (tmp_path / "one", tmp_path / "week[1]"):
        for file in (name, "ab.parquet", "log1.parquet"):
            write(folder / file)
        with open_log(folder, check=False) as log:
            assert log.rows == 3 * ROWS.num_rows
        with open_log(folder / name) as log:
            assert log.rows == ROWS.num_rows


def test_a_name_that_cannot_be_told_to_the_engine_is_refused(tmp_path):
    with pytest.raises(LogError, match=r"its name cannot be told to the engine.*Rename it"):
        open_log(write(tmp_path / "a\\b[1].parquet"))
