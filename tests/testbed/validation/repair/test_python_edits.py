"""Edits of Python files: each is Python still, and one that is planted is taken back."""

from __future__ import annotations

import ast
import random

import pytest

from testbed.validation.columns import InputColumns
from testbed.validation.questions import questions
from testbed.validation.recognition import Case, KnownAnswers, Wrong
from testbed.validation.repair.form import mend
from testbed.validation.repair.python.edits import python_edits
from testbed.validation.repair.search import repair
from testbed.validation.repair.vocabulary import Subject
from testbed.validation.repair.wording import told
from testbed.validation.sandbox import Sandbox
from testbed.validation.submission import read_submission
from tests.testbed.validation.asked import SMALL

WORLDS = SMALL[:4]
IN_A_TEXT = '''"""question: active_users"""


def active_users(con):
    return con.sql("""
        SELECT date_trunc('month', created_at AT TIME ZONE 'UTC')::DATE AS week,
               count(DISTINCT coalesce(nullif(user_id, ''), account_id)) AS users
        FROM generations
        GROUP BY 1
    """)
'''


@pytest.mark.parametrize("name", sorted(questions()))
def test_edits_of_an_example_are_python(name):
    question = questions()[name]
    text = question.example("python")
    found = python_edits(text, Subject(question), InputColumns())
    assert len(found) > 50
    for one in random.Random(name).sample(found, 25):
        assert one.applied(text) != text
        ast.parse(one.applied(text))


PAUSE = questions()["sessions_by_pause"].example("python").replace("pause >", "pause <")


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [("sessions_by_pause", PAUSE, "wrong comparison"), ("active_users", IN_A_TEXT, "wrong unit of time")],
    ids=["pandas", "a query in a text"],
)
def test_a_mistake_in_python_is_mended(tmp_path, name, text, kind):
    question = questions()[name]
    path = tmp_path / "metric.py"
    path.write_text(text, encoding="utf-8")
    cases = [Case(world.name, world.tables, "UTC", world.arguments(question)) for world in WORLDS]
    with Sandbox() as sandbox:
        box = sandbox.open(read_submission(path, question=name))
        found = repair(box, Wrong(KnownAnswers(question), cases, []), 60)
    assert found.mends[0].kind == kind
    (place,) = found.mends[0].places
    assert text.splitlines()[place.line - 1][place.column - 1 :].startswith(place.was.splitlines()[0])


def test_a_line_is_moved_out_of_a_branch():
    text = "def f(generations):\n    for t in generations:\n        if t:\n            a = 1\n            b = t\n"
    found = python_edits(text, Subject(questions()["sessions_by_pause"]), InputColumns())
    (moved,) = [one for one in found if one.kind == "line in the wrong block"]
    assert moved.applied(text).splitlines()[-2:] == ["            a = 1", "        b = t"]
    assert told(mend(text, moved).places[0]).startswith("line 5: move this line out of the block")
