"""The page on the tests of directions: what it states is what was measured, and the tests are as good as it says."""

from __future__ import annotations

import numpy as np
import pytest

from testbed.studies import directions, trend_tests
from testbed.studies.directions import COLUMNS, LABELS, OTHERS, TRENDS, measure

SETS = 40


def rates(families, start, sets=SETS):
    """Rates of the first family whose name starts so."""
    family = next(one for one in families if one.name.startswith(start))
    return measure(family, np.random.default_rng([11, len(start)]), sets)


def at_most(rate, sets=SETS):
    """A nominal rate with three standard errors of so many sets."""
    return rate + 3 * (rate * (1 - rate) / sets) ** 0.5


def test_a_step_is_found_by_replicates_and_not_by_the_weeks():
    for name in (f"{directions.STEP}, autocorrelation 0", f"{directions.STEP}, autocorrelation 0.8"):
        found = rates(TRENDS, name)
        assert found["one history"] < 0.3
        assert found["one simulated log"] == found["world of 5"] == found["goal of 20"] == 1


@pytest.mark.parametrize(
    "start", ["no trend, autocorrelation 0.8", "no trend, 9 weeks", "no trend, each", "up 15", "down 2"]
)
def test_replicates_find_nothing_where_the_world_has_no_trend(start):
    found = rates(TRENDS, start)
    for column in ("world of 5", "world of 20", "goal of 5", "goal of 20"):
        assert found[column] <= at_most(0.025), column
    assert found["goal of 20"] <= found["world of 20"]


def test_one_draw_that_wanders_fools_the_weeks():
    found = rates(TRENDS, "no trend, each")
    assert found["one history"] > 0.1 and 0.2 < found["one simulated log"] < 0.8
    assert found["not weak"] <= found["one history"]


def test_few_labels_decide_little_alone_and_much_together():
    few, many = (rates(LABELS, f"{directions.STEP}, {n} labels") for n in (30, 1000))
    assert few["one simulated log"] < 0.9 < few["world of 20"] and many["goal of 20"] == 1
    none = rates(LABELS, "no trend, 30")
    assert max(none["one simulated log"], none["world of 20"]) <= at_most(0.025)


def test_releases_and_authors_are_judged_over_replicates():
    for start in ("C21: no response, 0.8", "C22: a steady", "C33: 2 and 2 authors, alike"):
        assert rates(OTHERS, start)["world of 20"] <= at_most(0.025), start
    for start in ("C21: 1 point", "C22: 1 point", "C33: 2 and 2 authors, 1 bit"):
        assert rates(OTHERS, start, 20)["goal of 20"] == 1, start
    assert rates(OTHERS, "C33: 2 and 2 authors, 1 bit", 20)["one history"] < 0.2
    assert (
        rates(OTHERS, "C33: 5 and 5 authors, apart as")["world of 20"] > 0.2
    )  # the world's, though no effect


def test_the_page_states_the_rates_of_each_family(tmp_path, capsys, monkeypatch):
    few = tuple((title, about, families[:2]) for title, about, families in trend_tests.SECTIONS)
    few = ((few[0][0], few[0][1], [*TRENDS[:1], *(f for f in TRENDS if directions.STEP in f.name)]), *few[1:])
    monkeypatch.setattr(trend_tests, "SECTIONS", few)
    out = tmp_path / "pages" / "trends.md"
    assert trend_tests.main(["--sets", "3", "--out", str(out)]) == 0
    page = out.read_text()
    assert capsys.readouterr().out.strip() == str(out) and "--sets 3`: 3 sets" in page
    for place, (title, _, families) in enumerate(few):
        assert f"## {title}" in page
        for family, found in trend_tests.study(families, 3, trend_tests.SEED, place):
            name = f"{family.name} (null)" if family.null else family.name
            assert f"| {name} | {' | '.join(f'{100 * found[c]:.1f}' for c in COLUMNS)} |" in page
    assert trend_tests.main(["--sets", "3", "--out", str(out)]) == 0 and out.read_text() == page
    out.write_text("mine")
    assert trend_tests.main(["--sets", "3", "--out", str(out)]) == 2
    assert "slipper did not write" in capsys.readouterr().err


def test_the_worst_rate_is_that_of_a_null():
    made = [(family, dict.fromkeys(COLUMNS, 0.9 - 0.85 * family.null)) for family in TRENDS]
    assert trend_tests.worst(made, "world of 20").startswith("5.0% (")
