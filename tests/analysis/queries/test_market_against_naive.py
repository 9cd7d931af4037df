"""Categories by author and sub-tag, geography and cost against naive pandas: integers exactly, shares to rounding."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.queries import categories, cost, geography
from tests.analysis.in_memory import opened
from tests.analysis.queries import naive_market as naive
from tests.analysis.rich_log import rich

WINDOW = (dt.date(2025, 3, 3), dt.date(2025, 8, 31))
close = pytest.approx


@pytest.fixture(scope="module")
def tables():
    return rich()


@pytest.fixture(scope="module")
def log(tables):
    with opened(tables.generations, tables.labels, tables.models) as log:
        yield log


def test_author_shares_of_spend_on_programming(log, tables):
    expected = naive.author_spend(tables)
    found = categories.weekly_author_spend(log)
    assert "x-ai" not in set(found["author"])
    shown = found[found["requests"] > 0]
    assert len(shown) == len(expected)
    for row in shown.itertuples():
        n, spend, share, request_share = expected[row.week, row.author]
        assert row.requests == n
        assert (row.spend_usd, row.share, row.request_share) == close(
            (spend, share, request_share), nan_ok=True
        )
    assert len(found) == found["week"].nunique() * found["author"].nunique()
    kept = categories.weekly_author_spend(log, leave_out=())
    assert "x-ai" in set(kept["author"])
    assert {(r.week, r.author): r.requests for r in kept.itertuples() if r.requests} == {
        key: value[0] for key, value in naive.author_spend(tables, leave_out=()).items()
    }


@pytest.mark.parametrize("author", ["anthropic", "google", "openai", "deepseek", "qwen", "x-ai"])
def test_category_mix_of_an_author(log, tables, author):
    expected = naive.author_mix(tables, author)
    found = categories.weekly_author_mix(log)
    found = found[found["author"] == author]
    shown = {(r.week, r.category): (r.requests, r.tokens) for r in found.itertuples() if r.requests}
    assert shown == {key: (n, tokens) for key, (n, tokens, *_) in expected.items()}
    for row in found[found["requests"] > 0].itertuples():
        _, _, share, concentration = expected[row.week, row.category]
        assert (row.share, row.concentration) == close((share, concentration))
    assert (found.loc[found["requests"] == 0, "share"] == 0).all()


@pytest.mark.parametrize("window", [None, WINDOW])
def test_subtags_within_categories(log, tables, window):
    expected = naive.subtags(tables, window)
    found = categories.subtags(log, window).set_index("path")
    assert set(found.index) == set(expected)
    for path, (category, n, tokens, share, sample, entropy) in expected.items():
        row = found.loc[path]
        assert (row["category"], row["requests"], row["tokens"], row["category_requests"]) == (
            category,
            n,
            tokens,
            sample,
        )
        assert (row["share"], row["entropy_bits"]) == close((share, entropy))
    assert found.loc["/Computers & Electronics/Programming/Other", "subtag"] == "Programming/Other"
    assert found.loc["/Adult", "subtag"] == "Adult"


def test_continents_of_spend(log, tables):
    expected = naive.spend_by(tables, "continent")
    found = geography.weekly_spend(log)
    shown = found[found["requests"] > 0]
    assert {(r.week, r.continent): r.requests for r in shown.itertuples()} == {
        k: v[0] for k, v in expected.items()
    }
    for row in shown.itertuples():
        assert (row.spend_usd, row.share) == close(expected[row.week, row.continent][1:])
    assert found["continent"].iloc[6] == "unknown"  # not recorded: kept, and last


@pytest.mark.parametrize(
    ("place", "query"),
    [
        ("language", geography.language_shares),
        ("continent", geography.continent_shares),
        ("country", geography.country_shares),
    ],
)
@pytest.mark.parametrize("window", [None, WINDOW])
def test_token_shares_of_places(log, tables, place, query, window):
    expected = naive.tokens_by(tables, place, window)
    found = query(log, window)
    assert {r[place]: (r["requests"], r["tokens"]) for r in found.to_dict("records")} == {
        name: (n, tokens) for name, (n, tokens, _) in expected.items()
    }
    assert found["share"].tolist() == close([expected[name][2] for name in found[place]])
    assert found["tokens"].is_monotonic_decreasing


def test_a_query_that_stands_alone_sums_by_its_own_place_only(log):
    sql = geography.language_shares.sql(log)
    assert "continent" not in sql
    alone = log.connection.raw_sql(sql).fetchdf()
    pd.testing.assert_frame_equal(
        alone[["language", "tokens"]],
        geography.language_shares(log)[["language", "tokens"]],
        check_dtype=False,
    )


def test_cost_of_categories(log, tables):
    expected = naive.category_cost(tables)
    found = cost.category_cost(log).set_index("category")
    assert set(found.index) == set(expected)
    for category, (n, tokens, paid, usd) in expected.items():
        row = found.loc[category]
        assert (row["requests"], row["charged_tokens"], row["paid_tokens"]) == (n, tokens, paid)
        assert (row["cost_usd_per_mtok"], row["paid_usd_per_mtok"]) == close(
            (1e6 * usd / tokens, 1e6 * usd / paid)
        )
    dear = np.median([1e6 * usd / tokens for _, tokens, _, usd in expected.values()])
    used = 10 ** np.median([math.log10(tokens) for _, tokens, _, _ in expected.values()])
    assert found["median_cost"].tolist() == close([dear] * len(found))
    assert found["median_tokens"].tolist() == close([used] * len(found))
    names = {(1, 1): "premium workloads", (0, 1): "mass-market volume", (1, 0): "specialised experts",
             (0, 0): "niche utilities"}  # fmt: skip
    for row in found.itertuples():
        assert row.quadrant == names[int(row.cost_usd_per_mtok >= dear), int(row.charged_tokens >= used)]


@pytest.mark.parametrize("free", [False, True])
def test_cost_of_models(log, tables, free):
    expected = naive.model_cost(tables, free)
    found = cost.effective_cost(log, free_variants=free).set_index("model")
    assert {m: (r["requests"], r["charged_tokens"]) for m, r in found.iterrows()} == {
        model: (n, tokens) for model, (n, tokens, _) in expected.items()
    }
    for model, (_, tokens, usd) in expected.items():
        assert found.loc[model, "cost_usd_per_mtok"] == close(1e6 * usd / tokens)


def test_list_prices_follow_their_dates(log, tables):
    expected = naive.list_cost(tables)
    found = cost.list_price(log).set_index("model")
    assert set(found.index) == set(expected)
    for model, (n, tokens, usd, listed, cached, prompt) in expected.items():
        row = found.loc[model]
        assert (row["requests"], row["charged_tokens"]) == (n, tokens)
        assert (row["cost_usd"], row["list_cost_usd"]) == close((usd, listed))
        assert (row["list_over_actual"], row["cached_share"]) == close((listed / usd, cached / prompt))
        assert (row["cost_usd_per_mtok"], row["list_usd_per_mtok"]) == close(
            (1e6 * usd / tokens, 1e6 * listed / tokens)
        )
    late = "anthropic/claude-3.5-sonnet"  # without a list price before March
    assert expected[late][0] < naive.model_cost(tables)[late][0]


def test_slope_of_use_on_cost(log, tables):
    points = [(1e6 * usd / tokens, tokens) for _, tokens, usd in naive.model_cost(tables).values() if usd > 0]
    x, y = np.log10([p[0] for p in points]), np.log10([p[1] for p in points])
    slope, intercept, r, error = naive.least_squares(x, y)
    found = cost.elasticity(log).iloc[0]
    assert found["models"] == len(points)
    assert (found["slope"], found["intercept"], found["pearson_r"]) == close((slope, intercept, r))
    half = stats.t.ppf(0.975, len(points) - 2) * error
    assert (found["slope_low"], found["slope_high"]) == close((slope - half, slope + half))
    assert found["change_for_10pct_cheaper"] == close(0.9**slope - 1)
    assert found["change_low"] <= found["change_for_10pct_cheaper"] <= found["change_high"]


def test_the_slopes_interval_covers_as_stated_where_the_spread_differs():
    rng = np.random.default_rng(13)
    hits = 0
    for _ in range(400):  # a spread that grows with the distance from the centre: plain errors cover 76% here
        x = rng.normal(size=60)
        line = cost.least_squares(x, -0.5 * x + rng.normal(0, 0.2 + np.abs(x), 60))
        hits += line["slope_low"] < -0.5 < line["slope_high"]
    assert 0.90 < hits / 400 < 0.985  # 95% less four standard errors and a little for the small sample


def test_a_slope_that_one_model_decides_is_left_open():
    # three models at 1000 USD and one at 237.5: the line goes through the latter wherever it lies
    x, y = np.log10([1000, 1000, 1000, 237.5]), np.log10([1000, 500, 500, 800])
    line = cost.least_squares(x, y)
    assert line["slope"] == close((y[:3].mean() - y[3]) / (x[0] - x[3]))
    assert (line["slope_low"], line["slope_high"], line["p_value"]) == (-np.inf, np.inf, 1.0)
    row = cost.line_of(pd.DataFrame({"log10_cost": x, "log10_tokens": y})).iloc[0]
    assert (row["change_low"], row["change_high"]) == (-1.0, np.inf)
    x[1] *= 1.01  # another price among them: there is something to tell it by
    assert np.isfinite(list(cost.least_squares(x, y).values())).all()


def test_a_planted_slope_is_found():
    rng = np.random.default_rng(1)
    x = rng.normal(0, 1, 4000)
    line = cost.line_of(
        pd.DataFrame({"log10_cost": x, "log10_tokens": 5 - 0.06 * x + rng.normal(0, 1, 4000)})
    ).iloc[0]
    assert line["slope_low"] < -0.06 < line["slope_high"]
    assert line["slope_high"] - line["slope_low"] < 0.07
    assert (
        cost.line_of(pd.DataFrame({"log10_cost": [1.0, 1, 1], "log10_tokens": [1.0, 2, 3]}))["slope"]
        .isna()
        .all()
    )


def test_a_slope_that_nearly_one_cost_leaves_open_has_bounds_without_end():
    nearly = pd.DataFrame({"log10_cost": [0.0, 1e-6, 2e-6], "log10_tokens": [1.0, 3.0, 2.0]})
    line = cost.line_of(nearly).iloc[0]
    assert line["slope_low"] < -1e4 and line["slope_high"] > 1e4
    assert (line["change_low"], line["change_high"]) == (-1.0, np.inf)


CORNERS = {
    (True, True): "premium leaders", (False, True): "efficient giants",
    (True, False): "premium specialists", (False, False): "long tail",
}  # fmt: skip
NAMED = {
    "google/gemini-2.0-flash-001": "efficient giants", "deepseek/deepseek-chat-v3-0324": "efficient giants",
    "anthropic/claude-3.7-sonnet": "premium leaders", "anthropic/claude-sonnet-4": "premium leaders",
    "qwen/qwen-2-7b-instruct": "long tail", "ibm-granite/granite-4.0-h-micro": "long tail",
    "openai/gpt-4": "premium specialists", "openai/gpt-5-pro": "premium specialists",
}  # fmt: skip


def charged_by_model(tables):
    """{model: (requests, tokens, USD per million tokens)} of models with a charge, one raw row after the other."""
    counts, tokens, usd = {}, {}, {}
    for row in tables.generations.to_pylist():
        name = row["model"]
        if row["byok"] is False and row["variant"] != "free":
            counts[name] = counts.get(name, 0) + 1
            tokens[name] = tokens.get(name, 0) + row["tokens_prompt"] + row["tokens_completion"]
            usd.setdefault(name, []).append(row["cost_total"])
    spent = {name: math.fsum(costs) for name, costs in usd.items()}
    return {
        name: (counts[name], tokens[name], 1e6 * spent[name] / tokens[name])
        for name in counts
        if tokens[name] > 0 and spent[name] > 0
    }


def middle(values):
    """The median: the middle one of an odd number, halfway between the two middle ones of an even number."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def test_archetypes_are_cut_at_the_medians_of_the_raw_rows(log, tables):
    expected = charged_by_model(tables)
    cost_cut = middle([math.log10(price) for _, _, price in expected.values()])
    use_cut = middle([math.log10(tokens) for _, tokens, _ in expected.values()])
    corner = {
        name: CORNERS[math.log10(price) >= cost_cut, math.log10(tokens) >= use_cut]
        for name, (_, tokens, price) in expected.items()
    }
    market = cost.market_map(log)
    assert dict(zip(market["model"], market["archetype"], strict=True)) == corner
    assert set(corner.values()) == set(CORNERS.values())


def test_named_models_have_the_numbers_of_the_raw_rows(log, tables):
    expected = charged_by_model(tables)
    named = cost.named_models(log).set_index("model")
    assert named["segment"].to_dict() == NAMED
    seen = [name for name in NAMED if name in expected]
    assert 2 <= len(seen) < len(NAMED)  # some of them are in this log, not all
    most = max(expected[name][1] for name in seen)
    for name, row in named.iterrows():
        if name not in expected:
            assert row[["requests", "charged_tokens", "cost_usd_per_mtok", "log10_tokens"]].isna().all()
            assert row["archetype"] == ""
            continue
        requests, tokens, price = expected[name]
        assert (row["requests"], row["charged_tokens"]) == (requests, tokens)
        assert row["cost_usd_per_mtok"] == close(price)
        assert (row["log10_cost"], row["log10_tokens"]) == close((math.log10(price), math.log10(tokens)))
        assert row["log10_below_top"] == close(math.log10(tokens / most))


def test_ties_stay_ties_whatever_the_last_digits_of_sums():
    x = np.array([1.0, 1.0, 2.0, 3.0, 3.0, 4.0])
    y = np.array([5.0, 4.0, 4.0, 2.0, 3.0, 2.0])
    expected = stats.spearmanr(x, y).statistic
    for seed in range(5):
        noise = np.random.default_rng(seed).normal(0, 1e-14, (2, len(x)))
        frame = pd.DataFrame({"log10_cost": x + noise[0], "log10_tokens": y + noise[1]})
        assert cost.line_of(frame)["spearman_rho"][0] == pytest.approx(expected, abs=1e-12)
