"""What the gateway's classifier says: how often, how rightly, how surely, and the same of the same request.

Rates of error: see `tests.laws`.
"""

from __future__ import annotations

import csv
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.contract import CATEGORIES
from analysis.queries.categories import category_of
from sim.config.problems import ScenarioError
from sim.gateway.classifier import Classifier
from sim.scenario.shipped import WORLDS
from sim.world import load_world
from tests.laws import assert_law, assert_mean, assert_share, assert_shares
from tests.sim.traffic_world import scenario_file, shipped

PATHS = list(csv.DictReader((WORLDS / "label_paths.csv").read_text(encoding="utf-8").splitlines()))
OWNER = {row["path"]: row["category"] for row in PATHS}
REQUESTS = 60_000


def classifier(folder: Path, seed: int = 1, **observation: object) -> Classifier:
    made = load_world(scenario_file(folder, seed=seed, observation=observation)).classifier
    assert made is not None
    return made


def labelled(made: Classifier, true: str | None = None, n: int = REQUESTS) -> pd.DataFrame:
    """Labels of n requests: record, path, confidence, said (the path's category), true, and the label's number."""
    key = np.random.default_rng(7).integers(0, 2**64, n, dtype=np.uint64)
    category = np.arange(n) % len(CATEGORIES) if true is None else np.full(n, CATEGORIES.index(true))
    labels = made.label(key, category.astype(np.int8))
    path = np.array(made.paths)[labels.path]
    frame = pd.DataFrame({"record": labels.record, "path": path, "confidence": labels.confidence})
    frame["said"] = frame["path"].map(OWNER)
    frame["true"] = np.array(CATEGORIES)[category[frame["record"]]]
    return frame.assign(number=frame.groupby("record").cumcount())


def test_the_share_of_labelled_requests_and_of_second_labels(tmp_path):
    frame = labelled(classifier(tmp_path, label_share=0.12, second_label_share=0.3))
    assert_share(np.isin(np.arange(REQUESTS), frame["record"]), 0.12)
    sizes = frame.groupby("record").size()
    # A second label names another category: half are right where the first was not, half wrong, one in eleven of these
    # as wrong as the first.
    again = 0.92 * 0.5 + 0.08 * 0.5 / 11
    assert_share(sizes == 2, 0.3 * (1 - again))
    assert sizes.max() == 2
    assert (frame.groupby("record")["said"].nunique() == sizes).all()
    assert frame["record"].is_monotonic_increasing


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (1.0, 2000)])
def test_none_and_all(tmp_path, share, expected):
    frame = labelled(classifier(tmp_path, label_share=share, second_label_share=0), n=2000)
    assert frame["record"].tolist() == list(range(expected))


def test_first_labels_are_right_with_the_classifiers_accuracy(tmp_path):
    frame = labelled(classifier(tmp_path, label_share=0.5, classifier_accuracy=0.85, second_label_share=0.4))
    right = frame["said"] == frame["true"]
    first = frame["number"] == 0
    for true in CATEGORIES:
        assert_share(right[first & (frame["true"] == true)], 0.85)
    # A second label is as often a neighbour's, of which one in eleven was said before.
    both = frame.assign(right=right).pivot(index="record", columns="number", values="right").dropna()
    one, two = both[0].astype(bool), both[1].astype(bool)
    assert not two[one].any()
    assert_share(two[~one], 0.5 / (0.5 + 0.5 * 10 / 11))
    again = frame.pivot(index="record", columns="number", values="confidence").dropna()
    assert (again[0] == again[1]).mean() < 0.05


def test_mistakes_fall_on_the_other_categories_alike(tmp_path):
    frame = labelled(
        classifier(tmp_path, label_share=0.5, classifier_accuracy=0.2, second_label_share=0), "legal"
    )
    wrong = frame.loc[frame["said"] != "legal", "said"].value_counts()
    assert set(wrong.index) == set(CATEGORIES) - {"legal"}
    assert_shares(wrong, np.ones(11))


@pytest.mark.parametrize("share", [0, 1])
def test_paths_of_a_category_have_their_weights_among_its_labels(tmp_path, share):
    """Whatever part of them are second labels, or wrong: no path gains from another's being said already."""
    frame = labelled(classifier(tmp_path, label_share=1, second_label_share=share))
    for said in CATEGORIES:
        weights = {row["path"]: float(row["weight"]) for row in PATHS if row["category"] == said}
        counts = frame.loc[frame["said"] == said, "path"].value_counts().reindex(list(weights), fill_value=0)
        assert counts.sum() > REQUESTS / 15
        if len(weights) > 1:
            assert_shares(counts, list(weights.values()))


def test_confidences_of_right_and_wrong_labels(tmp_path):
    right = {"normal": {"mean": 0.7, "sd": 0.2, "min": 0.1, "max": 1.0}}
    wrong = {"uniform": {"low": 0.2, "high": 0.6}}
    frame = labelled(classifier(tmp_path, label_share=1, classifier_accuracy=0.6, confidence=right,
                                wrong_confidence=wrong))  # fmt: skip
    is_right = frame["said"] == frame["true"]
    law = stats.truncnorm(-3, 1.5, loc=0.7, scale=0.2)
    assert_law(frame.loc[is_right, "confidence"], law.cdf)
    assert_law(frame.loc[~is_right, "confidence"], partial(stats.uniform.cdf, loc=0.2, scale=0.4))
    assert frame["confidence"].dtype == np.float32
    assert frame["confidence"].between(0, 1).all()


def test_default_confidences_are_kept_by_the_reports_threshold_mostly_where_right(tmp_path):
    """The report drops labels under 0.5; what is kept is right more often than what is dropped."""
    frame = labelled(classifier(tmp_path, label_share=1))
    right, kept = frame["said"] == frame["true"], frame["confidence"] >= 0.5
    assert right[kept].mean() > right[~kept].mean() + 0.2


def test_a_request_keeps_its_labels_when_more_are_sampled(tmp_path):
    """Samples are nested, and a request's labels depend neither on the sample nor on other requests."""
    few = labelled(classifier(tmp_path, label_share=0.05))
    many = labelled(classifier(tmp_path, label_share=0.4))
    assert len(few) > 2000
    again = many[many["record"].isin(few["record"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(few, again)

    made = classifier(tmp_path, label_share=0.4)
    key = np.random.default_rng(3).integers(0, 2**64, 500, dtype=np.uint64)
    category = np.zeros(500, dtype=np.int8)
    together = made.label(key, category)
    alone = [made.label(key[i : i + 1], category[i : i + 1]) for i in range(500)]
    assert np.concatenate([one.path for one in alone]).tolist() == together.path.tolist()
    assert np.concatenate([one.confidence for one in alone]).tolist() == together.confidence.tolist()


def test_other_worlds_have_other_samples(tmp_path):
    one = labelled(classifier(tmp_path, seed=1, label_share=0.3))
    two = labelled(classifier(tmp_path, seed=2, label_share=0.3))
    both = np.intersect1d(one["record"], two["record"])
    assert_share(np.isin(np.arange(REQUESTS), both), 0.3 * 0.3)


def test_the_sample_does_not_depend_on_what_was_asked(tmp_path):
    frame = labelled(classifier(tmp_path, label_share=0.3, second_label_share=0))
    assert_shares(frame["true"].value_counts().reindex(list(CATEGORIES)), np.ones(12))
    assert_mean(frame["record"] / (REQUESTS - 1), 0.5)


# --- the file of paths ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", PATHS, ids=lambda row: row["path"])
def test_every_path_counts_as_its_category_in_the_analysis(row):
    assert category_of(row["path"]) == row["category"]


def test_every_category_has_paths_with_weights_and_a_source():
    assert {row["category"] for row in PATHS} == set(CATEGORIES)
    assert len(OWNER) == len(PATHS), "a path stands twice"
    assert all(float(row["weight"]) > 0 and row["source"] for row in PATHS)


def test_all_labels_of_a_world_are_known_paths(tmp_path):
    made = load_world(shipped("report-small"), users=10).classifier
    assert made is not None
    assert set(made.paths) == set(OWNER)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("category,path\nprogramming,/A\n", "expected the columns category, path, weight"),
        ("category,path,weight\nprogramming,/A,many\n", "expected the columns category, path, weight"),
        ("category,path,weight\nprogramming,/A,0\n", "above zero"),
        ("category,path,weight\ngardening,/A,1\n", "unknown category 'gardening'"),
        ("category,path,weight\nroleplay,/A,1\n", "no path for 'programming'"),
        (None, "cannot read"),
    ],
)
def test_a_file_of_paths_that_cannot_be_used_is_refused_at_the_scenarios_key(tmp_path, text, message):
    file = scenario_file(tmp_path, observation={"label_paths": "mine.csv"})
    if text is not None:
        (tmp_path / "mine.csv").write_text(text)
    with pytest.raises(ScenarioError) as caught:
        load_world(file)
    (problem,) = caught.value.problems
    assert message in problem.message
    assert str(caught.value).startswith(f"{file}:")
    assert "label_paths" in str(caught.value)


def test_a_file_of_paths_beside_the_scenario_is_used(tmp_path):
    (tmp_path / "mine.csv").write_text("category,path,weight\nprogramming,/Mine,1\n")
    made = load_world(
        scenario_file(tmp_path, observation={"label_paths": "mine.csv", "label_share": 1})
    ).classifier
    assert made is not None
    assert made.paths == ("/Mine",)
    labels = made.label(np.arange(50, dtype=np.uint64), np.zeros(50, dtype=np.int8))
    assert set(labels.path) == {0}
