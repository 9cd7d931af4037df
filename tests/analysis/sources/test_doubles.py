"""Copies of rows, and ids that different requests share."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.queries import categories, usage
from analysis.sources import doubles
from analysis.sources.conformance import check_conformance
from analysis.sources.log import LogError
from analysis.sources.opening import open_log
from tests.analysis.in_memory import opened
from tests.analysis.rows import labels
from tests.analysis.sources.files_of_a_log import ROWS, cast, put, write


def finding(where, check):
    frame = check_conformance(where)
    return frame[(frame["check"] == check) & (frame["column"] == "generation_id")].iloc[0]


def test_few_copies_are_counted_and_said(tmp_path):
    path = write(tmp_path / "log.parquet", pa.concat_tables([ROWS, ROWS.slice(5, 3)]))
    with open_log(path) as log:
        (said,) = log.warnings
        assert said.startswith("63 rows, with 3 copies of other rows")
        assert usage.by_model(log)["requests"].sum() == 63
    assert finding(path, "unique")[["violations", "severity"]].tolist() == [3, "error"]
    assert finding(path, "one request an id")["violations"] == 0


def test_a_retried_write_with_other_counts_is_a_copy(tmp_path):
    again = put(ROWS.slice(5, 2), "cost_total", pa.array([0.5, 0.5]))
    with open_log(write(tmp_path / "log.parquet", pa.concat_tables([ROWS, again]))) as log:
        assert "with 2 copies of other rows" in log.warnings[0]


def test_many_copies_are_refused(tmp_path):
    with pytest.raises(LogError, match=r"64 rows, with 4 copies of other rows.*Keep one of each"):
        open_log(write(tmp_path / "log.parquet", pa.concat_tables([ROWS, ROWS.slice(0, 4)])))


def reused(count: int) -> pa.Table:
    return put(ROWS, "generation_id", pa.array([f"chatcmpl-{i % count}" for i in range(60)]))


def test_ids_that_are_used_again_are_no_copies(tmp_path):
    path = write(tmp_path / "log.parquet", reused(12))
    with open_log(path) as log:
        (said,) = log.warnings
        assert said.startswith("60 of 60 requests share their generation_id with a different request (12 ids")
        assert "Keep one" not in said
        assert usage.by_model(log)["requests"].sum() == 60
    row = finding(path, "one request an id")
    assert row[["violations", "severity"]].tolist() == [60, "warning"] and "chatcmpl-1" in row["examples"]


def test_labels_of_reused_ids_are_left_out(connect):
    ids = ["again", "again", *[f"g{i}" for i in range(58)]]
    given = labels([("again", "/Games", 0.9), ("g1", "/Finance", 0.9), ("g2", "/Finance", 0.9)])
    log = connect(put(ROWS, "generation_id", pa.array(ids)), labels=given)
    assert "labels of these ids are left out" in log.warnings[0]
    assert log.labels.count().to_pyarrow().as_py() == 2
    assert set(categories.weekly_shares(log)["requests"]) == {1}
    assert "slipper_" not in categories.weekly_shares.sql(log)


def test_rows_without_an_id_are_said_and_are_no_copies(connect):
    ids = [None, None, "", "", *[f"g{i}" for i in range(56)]]
    log = connect(put(ROWS, "generation_id", pa.array(ids)))
    assert log.warnings == ("4 of 60 rows without a generation_id: no label can be theirs.",)


@settings(max_examples=20)
@given(data=st.data())
def test_the_counts_are_those_of_a_dictionary(data):

    draw = st.tuples(
        st.sampled_from("abcdef"), st.sampled_from("uv"), st.integers(0, 1), st.sampled_from("mn")
    )
    picked = data.draw(st.lists(draw, min_size=1, max_size=25))
    rows = ROWS.slice(0, len(picked))
    rows = put(rows, "generation_id", pa.array([row[0] for row in picked]))
    rows = put(rows, "user_id", pa.array([row[1] for row in picked]))
    moments = pa.array([row[2] * 1_000_000 for row in picked], pa.timestamp("us", tz="UTC"))
    rows = put(put(rows, "created_at", moments), "model", pa.array([row[3] for row in picked]))
    requests: dict[str, set] = {}
    for row in picked:
        requests.setdefault(row[0], set()).add(row)
    with opened(rows, check=False) as log:
        found = doubles.look(log)
    several = [kinds for kinds in requests.values() if len(kinds) > 1]
    assert found.copies == len(picked) - sum(len(kinds) for kinds in requests.values())
    assert (found.reused, found.reused_ids) == (sum(map(len, several)), len(several))


def test_of_a_large_log_a_sample_of_ids_is_looked_at(tmp_path, monkeypatch):
    rows = pa.concat_tables([ROWS] * 40)
    rows = put(rows, "generation_id", pa.array([f"g{i % 2370}" for i in range(2400)]))
    monkeypatch.setattr(doubles, "MOST_ROWS_COUNTED", 800)
    rows = put(rows, "user_id", pa.array([f"u{i % 2370}" for i in range(2400)]))
    moments = pa.array([1_740_000_000 + i % 2370 for i in range(2400)], pa.timestamp("s", tz="UTC"))
    rows = cast(put(rows, "created_at", moments), "created_at", pa.timestamp("ms", tz="UTC"))
    rows = put(rows, "model", pa.array([f"x/m{i % 2370}" for i in range(2400)]))
    with open_log(write(tmp_path / "log.parquet", rows)) as log:
        found = doubles.look(log)
        assert found.sampled == 3 and 3 <= found.copies <= 75 and found.copies % 3 == 0
        assert "with about" in log.warnings[0]
