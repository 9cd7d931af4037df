"""The mapping of content paths to categories, and requests with several labels."""

from __future__ import annotations

import ibis
import pytest

from analysis.contract import CATEGORIES
from analysis.queries import categories
from tests.analysis.rows import generations, labels

DAY = "2025-06-03T12:00:00"


@pytest.mark.parametrize(
    ("path", "tag", "bucket"),
    [
        ("/Computers & Electronics/Programming", "programming", "Programming"),
        ("/Computers & Electronics/Programming/Java (Programming Language)", "programming", "Programming"),
        ("/Computers & Electronics/Programming/Some New Leaf/Deeper", "programming", "Programming"),
        ("/Computers & Electronics/Consumer Electronics/Drones & RC Aircraft", "technology", "Others"),
        ("/Science/Computer Science/Machine Learning & Artificial Intelligence", "science", "Programming"),
        ("/Science/Computer Science/Other", "programming", "Programming"),
        ("/Adult", "roleplay", "Adult"),
        ("/Books & Literature/Writers Resources", "roleplay", "Literature/Creative writing"),
        (
            "/Internet & Telecom/Web Services/Search Engine Optimization & Marketing",
            "marketing/seo",
            "Others",
        ),
        ("/Health/Vision Care", "health", "Others"),
        ("/Sensitive Subjects/Other", "other", "Others"),
        ("/Scientology", "other", "other"),
        ("/Pets & Animals/Pets/Cats", "other", "other"),
    ],
)
def test_categories_of_paths(path, tag, bucket):
    assert categories.category_of(path) == tag
    assert categories.category_of(path, "report") == bucket


def test_the_engine_maps_every_path_as_python_does():
    listed = [row.path for row in categories.taxonomy()]
    paths = listed + [path + "/Leaf" for path in listed] + [path + "x" for path in listed]
    connection = ibis.duckdb.connect()
    table = connection.create_table("paths", ibis.memtable({"path": paths}).to_pyarrow())
    for scheme in ("rankings", "report"):
        frame = table.mutate(category=categories.category(table.path, scheme)).to_pandas()
        assert frame["category"].tolist() == [categories.category_of(path, scheme) for path in frame["path"]]
    connection.disconnect()


def test_the_taxonomy_reaches_every_category_and_lists_no_path_twice():
    rows = categories.taxonomy()
    assert {row.rankings_tag for row in rows} - {""} == set(CATEGORIES)
    assert len({row.path for row in rows}) == len(rows)
    assert all(row.path.startswith("/") and row.evidence for row in rows)


def test_a_request_counts_once_for_each_distinct_category(connect):
    code, other_code, play = "/Computers & Electronics/Programming", "/Science/Computer Science", "/Adult"
    table = labels(
        [
            ("g00000", code, 0.9), ("g00000", other_code, 0.8), ("g00000", play, 0.5),
            ("g00001", play, 0.9),
            ("g00002", code, 0.49),
        ]
    )  # fmt: skip
    rows = [("u", "x/y", DAY, {"tokens_prompt": p, "tokens_completion": 0}) for p in (300, 100, 500)]
    found = categories.weekly_shares(connect(generations(rows), labels=table)).set_index("category")
    assert found["tokens"].to_dict() == {"programming": 300, "roleplay": 400}
    assert found["requests"].to_dict() == {"programming": 1, "roleplay": 2}
    assert set(found["labelled_tokens"]) == {400}  # the third request's label is under the threshold
    assert found["share"].to_dict() == {"programming": 0.75, "roleplay": 1.0}


def test_the_other_scheme(connect):
    table = labels([("g00000", "/Adult", 0.9)])
    found = categories.weekly_shares(connect(generations([("u", "x/y", DAY)]), labels=table), scheme="report")
    assert found["category"].tolist() == ["Adult"]
