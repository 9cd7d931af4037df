"""The engine's tables against naive pandas ones: integers exactly, shares to rounding."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from analysis.queries import agentic, categories, cost, openness, retention, usage
from tests.analysis.queries import naive


def _model(row):
    return row["model"]


def _week(row):
    return row["week"]


def test_weekly_volume_and_means(log, made_log):
    expected = naive.weekly(made_log)
    found = usage.weekly(log).set_index("week")
    assert list(found.index) == sorted(expected)
    for week, sums in expected.items():
        row = found.loc[week]
        for column in ("requests", "tokens_prompt", "tokens_completion"):
            assert row[column] == sums[column]
        assert row["tokens"] == sums["tokens_prompt"] + sums["tokens_completion"]
        assert row["cost_usd"] == pytest.approx(sums["cost_usd"], rel=1e-12)
        assert row["mean_prompt"] == pytest.approx(sums["tokens_prompt"] / sums["requests"])
        assert row["mean_completion"] == pytest.approx(sums["tokens_completion"] / sums["requests"])
        assert row["prompt_to_completion"] == pytest.approx(sums["tokens_prompt"] / sums["tokens_completion"])
        assert row["complete"] == (
            dt.date(2024, 12, 2) <= week.date() and week.date() <= dt.date(2025, 11, 24)
        )


def test_volume_by_week_and_model(log, made_log):
    expected = naive.tokens_by(made_log, _week, _model)
    found = usage.weekly_by_model(log)
    assert {(r.week, r.model): [r.requests, r.tokens] for r in found.itertuples()} == expected


def test_volume_by_model_in_a_window(log, made_log):
    window = (dt.date(2025, 3, 3), dt.date(2025, 8, 31))
    expected = naive.tokens_by(
        made_log, _model, keep=lambda row: window[0] <= row["week"].date() <= window[1]
    )
    found = usage.by_model(log, window)
    assert {(r.model,): [r.requests, r.tokens] for r in found.itertuples()} == expected
    assert found["tokens"].is_monotonic_decreasing
    assert found["share"].sum() == pytest.approx(1)


@pytest.mark.parametrize("opened", [True, False])
def test_tokens_by_author(log, made_log, opened):
    facts = naive.facts_of(made_log)
    expected = naive.tokens_by(
        made_log,
        lambda row: facts[row["model"]]["author"],
        lambda row: facts[row["model"]]["origin"],
        keep=lambda row: facts[row["model"]]["open_weights"] is opened,
    )
    found = usage.by_author(log, open_weights=opened)
    assert {(r.author, r.origin): [r.requests, r.tokens] for r in found.itertuples()} == expected
    assert found["share"].tolist() == pytest.approx((found["tokens"] / found["tokens"].sum()).tolist())


def test_tokens_of_all_authors(log, made_log):
    expected = naive.tokens_by(made_log, lambda row: row["model"].split("/")[0])
    found = usage.by_author(log, open_weights=None)
    assert {(r.author,): [r.requests, r.tokens] for r in found.itertuples()} == expected


def test_weekly_shares_by_source_type(log, made_log):
    facts = naive.facts_of(made_log)
    expected = naive.tokens_by(made_log, _week, lambda row: naive.source_type(facts[row["model"]]))
    weeks = naive.tokens_by(made_log, _week)
    found = openness.weekly_shares(log)
    for row in found.itertuples():
        requests, tokens = expected.get((row.week, row.source_type), [0, 0])
        assert [row.requests, row.tokens] == [requests, tokens]
        assert row.week_tokens == weeks[(row.week,)][1]
        assert row.share == pytest.approx(tokens / weeks[(row.week,)][1], abs=1e-15)
    assert len(found) == len(weeks) * 4  # every week has every type that occurs, with zeros


def test_share_summary_is_the_unweighted_mean_of_complete_weeks(log):
    weekly = openness.weekly_shares(log)
    weekly = weekly[weekly["complete"]]
    summary = openness.share_summary(log).set_index("source_type")
    for kind, part in weekly.groupby("source_type"):
        assert summary.loc[kind, "mean"] == pytest.approx(part["share"].mean())
        assert summary.loc[kind, "low"] == part["share"].min()
        assert summary.loc[kind, "high"] == part["share"].max()
        assert summary.loc[kind, "tokens"] == part["tokens"].sum()
    assert summary["mean"].sum() == pytest.approx(1)
    opened = openness.open_share(log).set_index("week")
    both = weekly[weekly["source_type"].isin(["cn-open", "row-open"])].groupby("week")["share"].sum()
    assert opened.loc[both.index, "share"].tolist() == pytest.approx(both.tolist())


def test_weekly_size_classes(log, made_log):
    facts = naive.facts_of(made_log)
    expected = naive.tokens_by(
        made_log,
        _week,
        lambda row: facts[row["model"]]["size_class"],
        keep=lambda row: facts[row["model"]]["open_weights"],
    )
    found = openness.weekly_sizes(log)
    shown = {(r.week, r.size_class): [r.requests, r.tokens] for r in found.itertuples() if r.requests}
    assert shown == expected


def test_reasoning_share(log, made_log):
    facts = naive.facts_of(made_log)
    flagged = naive.tokens_by(made_log, _week, keep=lambda row: facts[row["model"]]["reasoning_optimised"])
    weeks = naive.tokens_by(made_log, _week)
    found = agentic.reasoning_share(log)
    for row in found.itertuples():
        tokens = flagged.get((row.week,), [0, 0])[1]
        assert (row.reasoning_model_tokens, row.tokens) == (tokens, weeks[(row.week,)][1])
        assert row.share == pytest.approx(tokens / weeks[(row.week,)][1], abs=1e-15)
    assert found["share"].iloc[-1] > found["share"].iloc[0]


def test_reasoning_tokens_inside_outputs(log, made_log):
    rows = naive.rows_of(made_log)
    found = agentic.reasoning_token_share(log).set_index("week")
    week = rows[len(rows) // 2]["week"]
    inside = [row for row in rows if row["week"] == week]
    assert found.loc[week, "tokens_reasoning"] == sum(row["tokens_reasoning"] for row in inside)
    assert found.loc[week, "tokens_completion"] == sum(row["tokens_completion"] for row in inside)


def test_tool_share(log, made_log):
    def called(row):
        return row["finish_reason"] == "tool_calls"

    tools, weeks = naive.tokens_by(made_log, _week, keep=called), naive.tokens_by(made_log, _week)
    for row in agentic.tool_share(log).itertuples():
        requests, tokens = tools.get((row.week,), [0, 0])
        assert (row.tool_requests, row.tool_tokens, row.tokens) == (requests, tokens, weeks[(row.week,)][1])
        assert row.share == pytest.approx(tokens / weeks[(row.week,)][1], abs=1e-15)
    by_model = naive.tokens_by(made_log, _week, _model, keep=called)
    found = agentic.tool_share_by_model(log)
    assert {(r.week, r.model): r.tool_tokens for r in found.itertuples()} == {
        k: v[1] for k, v in by_model.items()
    }


def test_category_shares_and_lengths(log, made_log):
    by_tag, by_week = naive.categories(made_log)
    found = categories.weekly_shares(log)
    assert {(r.week, r.category): [r.requests, r.tokens] for r in found.itertuples() if r.requests} == by_tag
    for row in found.itertuples():
        assert [row.labelled_requests, row.labelled_tokens] == by_week[row.week]
        assert row.share == pytest.approx(row.tokens / by_week[row.week][1], abs=1e-15)
    lengths = categories.mean_lengths(log)
    for row in lengths.itertuples():
        requests, tokens = by_tag[row.week, row.category]
        assert (row.requests, row.tokens) == (requests, tokens)
        assert row.mean_total == pytest.approx(tokens / requests)
    programming = categories.programming_share(log)
    assert set(programming["category"]) == {"programming"}
    assert programming["tokens"].sum() == sum(v[1] for k, v in by_tag.items() if k[1] == "programming")


def test_effective_cost_leaves_own_key_requests_out(log, made_log):
    rows = [row for row in naive.rows_of(made_log) if not row["byok"]]
    found = cost.effective_cost(log).set_index("model")
    for model, row in found.iterrows():
        inside = [r for r in rows if r["model"] == model]
        tokens, paid = sum(r["tokens"] for r in inside), sum(r["cost_total"] for r in inside)
        assert (row["requests"], row["charged_tokens"]) == (len(inside), tokens)
        assert row["cost_usd_per_mtok"] == pytest.approx(1e6 * paid / tokens)


def test_triangles_of_all_models(log, made_log):
    found = retention.triangles(log)
    assert set(found["model"]) == {row["model"] for row in naive.rows_of(made_log)}
    for model, part in found.groupby("model"):
        expected = naive.retention(made_log, model)
        seen = part[part["observed"]]
        assert {(r.cohort, r.k): (r.users, int(r.active)) for r in seen.itertuples() if r.active} == expected
        assert np.allclose(seen["retention"], seen["active"] / seen["users"])
        pd.testing.assert_frame_equal(retention.triangle(log, model), part.reset_index(drop=True))


def test_first_months(log, made_log):
    found = retention.first_months(log)
    for model in ("openai/gpt-4o-mini", "qwen/qwen3-coder"):
        expected = {cohort: n for (cohort, k), (n, _) in naive.retention(made_log, model).items() if k == 0}
        part = found[found["model"] == model]
        assert dict(zip(part["cohort"], part["users"], strict=True)) == expected


def test_mean_exposure_counts_days_from_first_request_to_the_end_of_the_month(log, made_log):
    model = "anthropic/claude-sonnet-4"
    part = retention.triangle(log, model)
    part = part[part["cohort"] == pd.Timestamp("2025-06-01")]
    first = {}
    for row in naive.rows_of(made_log):
        if row["model"] == model:
            first[row["user_id"]] = min(first.get(row["user_id"], row["day"]), row["day"])
    june = [31 - day.day for day in first.values() if (day.year, day.month) == (2025, 6)]
    assert part["mean_exposure_days"].iloc[0] == pytest.approx(np.mean(june))
