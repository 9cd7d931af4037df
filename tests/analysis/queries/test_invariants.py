"""What holds for every log, whatever is in it."""

from __future__ import annotations

import datetime as dt

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.queries import agentic, categories, openness, retention, usage
from analysis.sources.opening import open_log
from tests.analysis.in_memory import fill
from tests.analysis.rows import generations, labels, model, models

MODELS = ["cn/open", "row/open", "row/closed", "none/listed"]
FACTS = models(
    model("cn/open", "2025-01-10", open_weights=True, origin="CN", size_class="small"),
    model("row/open", "2024-01-10", open_weights=True, size_class="large", reasoning_optimised=True),
    model("row/closed", "2025-02-28"),
)
PATHS = ["/Adult", "/Health", "/Computers & Electronics/Programming", "/Pets & Animals"]
START, END = dt.date(2025, 1, 1), dt.date(2025, 6, 15)

requests = st.tuples(
    st.sampled_from("abcdef"),
    st.sampled_from(MODELS),
    st.integers(0, (END - START).days * 86_400 + 86_399),
    st.integers(0, 2**31 - 1),  # as large as the column allows: sums must not overflow
    st.integers(0, 5000),
    st.sampled_from(["stop", "tool_calls", None]),
)


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    drawn=st.lists(requests, min_size=1, max_size=60),
    given_labels=st.lists(
        st.tuples(st.integers(0, 59), st.sampled_from(PATHS), st.floats(0, 1, width=32)), max_size=30
    ),
)
def test_conservation_and_bounds(connection, drawn, given_labels):
    first = dt.datetime.combine(START, dt.time())
    rows = [
        (user, name, (first + dt.timedelta(seconds=second)).isoformat(),
         {"tokens_prompt": prompt, "tokens_completion": completion, "tokens_reasoning": None, "finish_reason": reason})
        for user, name, second, prompt, completion, reason in drawn
    ]  # fmt: skip
    tagged = [(f"g{i:05d}", path, confidence) for i, path, confidence in given_labels if i < len(drawn)]
    fill(connection, generations=generations(rows), labels=labels(tagged), models=FACTS)
    tokens = sum(row[3] + row[4] for row in drawn)
    with open_log((connection, "generations"), start=START, end=END) as log:
        weekly = usage.weekly(log)
        assert weekly["tokens"].sum() == tokens
        assert weekly["requests"].sum() == len(drawn)
        for other in (
            usage.by_model(log),
            usage.by_author(log, None),
            usage.weekly_by_model(log),
            openness.weekly_shares(log),
        ):
            assert other["tokens"].sum() == tokens
            assert other["requests"].sum() == len(drawn)

        shares = openness.weekly_shares(log)
        _are_shares(shares["share"])
        busy = shares[shares["week_tokens"] > 0]
        assert np.allclose(busy.groupby("week")["share"].sum(), 1)
        _are_shares(agentic.reasoning_share(log)["share"])
        opened = openness.open_share(log)
        _are_shares(opened["share"])
        assert (openness.weekly_sizes(log)["tokens"].sum()) == opened["tokens"].sum()
        if any(row[5] for row in drawn):
            tools = agentic.tool_share(log)
            _are_shares(tools["share"])
            assert (tools["tool_tokens"] <= tools["tokens"]).all()

        categorised = categories.weekly_shares(log)
        _are_shares(categorised["share"])
        assert (categorised["tokens"] <= categorised["labelled_tokens"]).all()
        if len(categorised):
            sums = categorised.groupby("week").agg(tokens=("tokens", "sum"), whole=("labelled_tokens", "max"))
            assert (sums["tokens"] >= sums["whole"]).all()

        cells = retention.triangles(log)
        seen = cells[cells["observed"]]
        _are_shares(seen["retention"])
        assert (seen.loc[seen["k"] == 0, "retention"] == 1).all()
        assert (seen["wilson_low"] <= seen["retention"] + 1e-12).all()
        assert (seen["retention"] <= seen["wilson_high"] + 1e-12).all()
        users = {(row[0], row[1]) for row in drawn}
        assert (
            seen.loc[seen["k"] == 0, "users"].sum()
            == len(users)
            == retention.first_months(log)["users"].sum()
        )
        months = {(row[0], row[1], (first + dt.timedelta(seconds=row[2])).month) for row in drawn}
        assert seen["active"].sum() == len(months)
        assert cells["mean_exposure_days"].between(1, 31).all()


def _are_shares(values):
    known = values.dropna()
    assert ((known >= 0) & (known <= 1)).all()
