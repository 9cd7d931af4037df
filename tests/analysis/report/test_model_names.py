"""Names of models for people: never without a word of whose model it is, never the same for two."""

from __future__ import annotations

from analysis.queries import model_facts
from tests.analysis.rows import generations, model, models


def test_a_name_that_does_not_say_whose_model_it_is_gives_way_to_the_id(connect):
    named = {"new/frontier": "frontier", "lab/good-1": "Good 1", "a/twin": "Twin", "b/twin": "Twin"}
    rows = [model(slug, "2025-01-01", name=name) for slug, name in named.items()]
    log = connect(generations([("u", "lab/good-1", "2025-05-03")]), models=models(*rows))
    assert model_facts.model_names(log) == {
        "new/frontier": "new/frontier", "lab/good-1": "Good 1", "a/twin": "a/twin", "b/twin": "b/twin",
    }  # fmt: skip
