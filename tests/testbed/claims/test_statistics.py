"""Statistics against the analysis tables beside which they stand, so that a figure and its claim tell one number."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.meta_analysis import combine_effects

from analysis import study
from analysis.queries import cost, lengths, openness
from testbed.claims.statistics import Untestable, measure
from tests.analysis.in_memory import opened
from tests.analysis.made_log import made
from tests.testbed.claims.market_log import Line, cohort, fact, log_of

CLOSED = "acme/closed"


@pytest.fixture(scope="module")
def log():
    tables = made(rows=6000, users=200, seed=3)
    with opened(tables.generations, tables.labels, tables.models) as log:
        yield log


@pytest.mark.parametrize("kinds", [["cn-open", "row-open"], ["cn-open"]], ids=["figure 6", "figure 7"])
def test_shares_of_categories_are_of_the_distinct_requests_of_figures_6_and_7(log, kinds):
    window = (log.complete_weeks()[0], log.complete_weeks()[-1])
    frame = openness.category_mix(log, kinds)
    frame = frame[frame["complete"]]
    whole = frame.drop_duplicates("week")["labelled_tokens"].sum()
    sums = frame.groupby("category")["tokens"].sum()
    assert sums.sum() > 1.01 * whole  # requests with several labels are there
    pick = {"source": kinds}
    shares = measure(log, "categories.mix", {"of": pick, "window": window}).parts
    for category in ("programming", "roleplay"):
        share = measure(log, "categories.share", {"category": category, "of": pick, "window": window})
        grouped = measure(
            log, "categories.share_in", {"category": category, "groups": {"x": pick}, "window": window}
        )
        expected = pytest.approx(sums[category] / whole, rel=1e-12)
        assert share.value == shares[category].value == grouped.parts["x"].value == expected


def test_an_authors_mix_adds_up_to_one(log):
    window = (log.complete_weeks()[0], log.complete_weeks()[-1])
    parts = measure(log, "categories.mix", {"of": {"author": "openai"}, "window": window}).parts
    other = measure(
        log, "categories.share", {"category": "other", "of": {"author": "openai"}, "window": window}
    )
    assert sum(part.value for part in parts.values()) + other.value == pytest.approx(1)


def test_a_model_is_on_offer_in_the_week_of_its_release():
    with log_of(
        [Line(CLOSED, 1e5)], [fact("a/new", "row-open", released="2025-03-05"), fact(CLOSED)]
    ) as small:
        found = measure(small, "platform.available_open_models", {"size": "large"})
    assert (
        next(day.isoformat() for day, n in zip(found.times, found.values, strict=True) if n) == "2025-03-03"
    )


def test_programming_is_compared_with_all_requests_labelled_or_not():
    lines = [Line(CLOSED, 6e5, "programming", 6), Line(CLOSED, 2e5, "legal", 6), Line(CLOSED, 1e5, n=12)]
    with log_of(lines, [fact(CLOSED)]) as small:
        found = measure(small, "agentic.programming_to_overall", {})
        drawn = lengths.programming_length(small)["ratio"]
    assert found.value == pytest.approx(1e5 / (9e5 / 24)) == pytest.approx(drawn.mean())


def test_series_of_labelled_requests_have_draws_of_other_samples():
    lines = [
        Line("acme/m", 3e5, "programming", 30),
        Line("other/m", 7e5, "programming", 70),
        Line(CLOSED, 1e6, n=10),
    ]
    with log_of(lines, [fact(line.model) for line in lines]) as small:
        spend = measure(small, "spend.weekly_share", {"author": "acme"})
        tokens = measure(
            small, "categories.weekly_tokens_of", {"category": "programming", "of": {"author": "acme"}}
        )
        lengths_of = measure(small, "agentic.weekly_programming_to_overall", {})
    share = (0.3 * 0.7 / 100) ** 0.5  # a hundred requests of one size
    assert spend.values[0] == pytest.approx(0.3) and spend.draws.std(axis=0) == pytest.approx(share, rel=0.2)
    assert tokens.values[0] == pytest.approx(0.3 * 2e6)
    assert tokens.draws.std(axis=0) == pytest.approx(share * 2e6, rel=0.2)
    assert lengths_of.draws.std() < 1e-9  # all as long
    uneven = [
        Line(CLOSED, 6e5, "programming", 2),
        Line(CLOSED, 1e5, "programming", 1),
        Line(CLOSED, 1e6, n=10),
    ]
    with log_of(uneven, [fact(CLOSED)]) as small:
        found = measure(small, "agentic.weekly_programming_to_overall", {})
    error = np.std([3e5, 3e5, 1e5], ddof=1) / 3**0.5 / (1.7e6 / 13)
    assert found.draws.std(axis=0) == pytest.approx(error, rel=0.2)


@pytest.mark.parametrize("name", ["length_growth", "reasoning_part_of_growth"])
def test_growth_is_between_days_that_the_log_reaches(name):
    line = Line(CLOSED, lambda week: 1e5 * (1 + week), prompt=0.5, more={"tokens_reasoning": 100})
    of = {"of": "mean_total"} if name == "length_growth" else {}
    with log_of([line], [fact(CLOSED)]) as small:
        whole = {**of, "first": "2024-11-04", "last": "2025-11-30"}
        assert np.isfinite(measure(small, f"agentic.{name}", whole).value)
        for day, beyond in (("first", "2024-10-01"), ("last", "2026-01-01")):
            with pytest.raises(Untestable, match=f"do not reach {beyond}"):
                measure(small, f"agentic.{name}", {**whole, day: beyond})


def test_the_slope_and_its_interval_are_the_figures():
    costs = [0.05 * 1.26**i for i in range(30)]
    lines = [Line(f"a/m{i}", 1e6 * (1 + i * 7 % 13), usd_per_mtok=usd) for i, usd in enumerate(costs)]
    with log_of(lines, [fact(line.model) for line in lines]) as small:
        found = measure(small, "cost.slope", {})
        line = cost.elasticity(small, study.MAIN_WINDOW).iloc[0]
    assert (found.value, found.low, found.high) == (line["slope"], line["slope_low"], line["slope_high"])


def test_cohorts_that_the_page_greys_out_do_not_count():
    model = "meta-llama/llama-4-maverick"
    for users, counts in ((study.SMALL_COHORT - 1, False), (study.SMALL_COHORT, True)):
        visits = cohort(model, "2025-04", users, [50])
        with log_of(visits=visits, facts=[fact(model, "row-open")]) as small:
            call = {"model": model, "cohort": "2025-04-01", "k": 1}
            if counts:
                assert measure(small, "retention.cell", call).n == users
            else:
                with pytest.raises(Untestable):
                    measure(small, "retention.cell", call)


def test_cohorts_are_shrunk_towards_the_random_effects_mean():
    """Cohorts of unequal size: their mean under fixed effects is another one."""
    model = "meta-llama/llama-4-maverick"
    users, active = np.array([2000, 600, 300, 200]), np.array([700, 90, 40, 20])
    each = zip(users, active, strict=True)
    visits = [visit for i, (n, k) in enumerate(each) for visit in cohort(model, f"2025-{4 + i:02d}", n, [k])]
    with log_of(visits=visits, facts=[fact(model, "row-open", released="2025-04-01")]) as small:
        found = measure(small, "retention.spread", {"model": model, "k": 1})
    share, p = active / users, (active + 0.5) / (users + 1)
    variance = p * (1 - p) / users
    fit = combine_effects(share, variance, method_re="dl")
    shrunk = fit.mean_effect_re + fit.tau2 / (fit.tau2 + variance) * (share - fit.mean_effect_re)
    assert found.value == pytest.approx(np.ptp(shrunk), rel=1e-9)
    fixed = fit.mean_effect_fe + fit.tau2 / (fit.tau2 + variance) * (share - fit.mean_effect_fe)
    assert abs(found.value - np.ptp(fixed)) > 1e-4
