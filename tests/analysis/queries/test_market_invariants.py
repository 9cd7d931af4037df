"""What holds for every log of the tables of categories, geography, cost and retention."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.queries import categories, cost, geography, retention, usage
from analysis.sources.log import NotAvailable
from analysis.sources.opening import open_log
from tests.analysis.in_memory import fill
from tests.analysis.rows import generations, labels, model, models

MODELS = ["anthropic/one", "anthropic/two", "x-ai/three", "qwen/four", "none/listed"]
FACTS = models(
    *(
        model(name, "2025-01-01", open_weights=name.startswith("qwen"), prices=[
            {"from": dt.date(2025, 1, 1), "prompt_usd_per_mtok": 2.0, "completion_usd_per_mtok": 8.0},
            {"from": dt.date(2025, 3, 12), "prompt_usd_per_mtok": 1.0, "completion_usd_per_mtok": 4.0},
        ])
        for name in MODELS[:4]
    )
)  # fmt: skip
PATHS = ["/Adult", "/Health", "/Health/Nutrition", "/Computers & Electronics/Programming", "/Pets & Animals"]
START, END = dt.date(2025, 1, 1), dt.date(2025, 6, 15)

requests = st.tuples(
    st.sampled_from("abcdef"),
    st.sampled_from(MODELS),
    st.integers(0, (END - START).days * 86_400 + 86_399),
    st.integers(0, 2**31 - 1),  # as large as the column allows: sums must not overflow
    st.integers(0, 5000),
    st.sampled_from([0.0, 0.001, 2.5, 1e4]),
    st.sampled_from([True, False, None]),
    st.sampled_from(["free", "standard", None]),
    st.sampled_from(["Europe", "Asia", None]),
    st.sampled_from(["en", "ru", None]),
)


def add_up_to_one(frame, share, *keys):
    """Shares lie in [0, 1] and add up to 1 in each group that has any."""
    known = frame.dropna(subset=[share])
    assert ((known[share] >= 0) & (known[share] <= 1 + 1e-12)).all()
    if len(known):
        assert np.allclose(known.groupby(list(keys))[share].sum() if keys else known[share].sum(), 1)


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    drawn=st.lists(requests, min_size=1, max_size=50),
    given_labels=st.lists(
        st.tuples(st.integers(0, 49), st.sampled_from(PATHS), st.floats(0, 1, width=32)), max_size=50
    ),
)
def test_conservation_and_bounds(connection, drawn, given_labels):
    first = dt.datetime.combine(START, dt.time())
    rows = [
        (user, name, (first + dt.timedelta(seconds=second)).isoformat(),
         {"tokens_prompt": prompt, "tokens_completion": completion, "cost_total": usd, "byok": own, "variant": variant,
          "continent": continent, "country": continent and continent[:2].upper(), "language": language})
        for user, name, second, prompt, completion, usd, own, variant, continent, language in drawn
    ]  # fmt: skip
    tagged = [(f"g{i:05d}", path, confidence) for i, path, confidence in given_labels if i < len(drawn)]
    fill(connection, generations=generations(rows), labels=labels(tagged), models=FACTS)
    tokens = sum(row[3] + row[4] for row in drawn)
    kept = {(i, path) for i, path, confidence in given_labels if i < len(drawn) and confidence >= 0.5}
    with open_log((connection, "generations"), start=START, end=END) as log:
        # places: all tokens and all spend, whatever they are grouped by
        for place, query in (
            ("continent", geography.continent_shares),
            ("country", geography.country_shares),
            ("language", geography.language_shares),
        ):
            try:
                found = query(log)
            except NotAvailable:
                assert not any(row[9 if place == "language" else 8] for row in drawn)
                continue
            assert (found["tokens"].sum(), found["requests"].sum()) == (tokens, len(drawn))
            if tokens:
                add_up_to_one(found, "share")
        if any(row[8] for row in drawn):
            spend = geography.weekly_spend(log)
            assert spend["spend_usd"].sum() == pytest.approx(sum(row[5] for row in drawn))
            add_up_to_one(spend, "share", "week")
            assert spend["share"].isna().sum() == (spend["week_spend_usd"] == 0).sum()

        # sub-tags: as many labelled requests as labels, and a category's requests between
        tags = categories.subtags(log)
        assert tags["requests"].sum() == len(kept)
        assert (tags["requests"] <= tags["category_requests"]).all()
        assert (tags["entropy_bits"].dropna() >= 0).all()
        assert (tags["entropy_bits"].dropna() <= np.log2(len(PATHS)) + 1e-9).all()
        add_up_to_one(tags, "share", "category")

        # authors: a mix adds up to 1 and is as concentrated as one category at most
        mix = categories.weekly_author_mix(log, ("anthropic", "x-ai", "qwen", "none"))
        weekly = categories.weekly_shares(log)
        assert mix["tokens"].sum() == weekly["tokens"].sum()
        assert mix["requests"].sum() == weekly["requests"].sum()
        add_up_to_one(mix, "share", "author", "week")
        known = mix["concentration"].dropna()
        assert ((known > 0) & (known <= 1 + 1e-12)).all()
        spent = categories.weekly_author_spend(log)
        assert "x-ai" not in set(spent["author"])
        add_up_to_one(spent, "share", "week")
        add_up_to_one(spent, "request_share", "week")
        everyone = categories.weekly_author_spend(log, leave_out=())
        inside = weekly[weekly["category"] == "programming"]
        assert everyone["requests"].sum() == inside["requests"].sum()

        # costs: the charged requests, split by free or not, and never more than all
        paid, both = cost.effective_cost(log), cost.effective_cost(log, free_variants=True)
        charged = [row for row in drawn if row[6] is False]
        assert both["charged_tokens"].sum() == sum(row[3] + row[4] for row in charged)
        assert paid["charged_tokens"].sum() == sum(row[3] + row[4] for row in charged if row[7] != "free")
        assert both["cost_usd"].sum() == pytest.approx(sum(row[5] for row in charged))
        assert both["charged_tokens"].sum() <= usage.by_model(log)["tokens"].sum() == tokens
        listed = cost.list_price(log)
        assert set(listed["model"]) <= set(MODELS[:4])
        priced = listed.merge(paid, on="model", suffixes=("", "_paid"))
        assert len(priced) == len(listed)
        assert (priced["charged_tokens"] <= priced["charged_tokens_paid"]).all()
        assert (
            listed["list_usd_per_mtok"].dropna().between(1, 8)
        ).all()  # between the cheapest and the dearest price
        by_category = cost.category_cost(log)
        assert (by_category["paid_tokens"] <= by_category["charged_tokens"]).all()
        assert set(by_category["quadrant"]) <= {*cost.QUADRANTS.values(), ""}
        market = cost.market_map(log)
        assert set(market["archetype"]) <= set(cost.ARCHETYPES.values())
        line = cost.elasticity(log).iloc[0]
        assert line["models"] == len(market)
        if not np.isnan(line["slope"]):
            assert line["slope_low"] <= line["slope"] <= line["slope_high"]
            assert -1 - 1e-12 <= line["pearson_r"] <= 1 + 1e-12

        # retention: R(0) = 1, within [0, 1], never more active than members
        cells = retention.triangles(log)
        seen = cells[cells["observed"]]
        assert (seen.loc[seen["k"] == 0, "retention"] == 1).all()
        assert seen["retention"].between(0, 1).all()
        assert (seen["active"] <= seen["users"]).all()
