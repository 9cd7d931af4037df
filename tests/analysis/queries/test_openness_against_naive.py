"""Figures 1 to 18 and table 1 against naive loops on a log with gaps: integers exactly, shares to rounding."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from analysis.queries import agentic, lengths, openness, usage
from analysis.sources.opening import open_log
from tests.analysis.made_log import write_run
from tests.analysis.queries import naive, naive_openness
from tests.analysis.rough_log import FREE, UNLISTED, rough
from tests.analysis.rows import generations, model, models

OPEN = ("cn-open", "row-open")


@pytest.fixture(scope="module")
def made_rough():
    return rough()


@pytest.fixture(scope="module")
def rough_log(made_rough, tmp_path_factory):
    with open_log(write_run(made_rough, tmp_path_factory.mktemp("rough"))) as log:
        yield log


def test_shares_by_source_with_open_share_and_releases(rough_log, made_rough):
    facts = naive.facts_of(made_rough)
    expected = naive.tokens_by(
        made_rough, lambda row: row["week"], lambda row: naive.source_type(facts.get(row["model"]))
    )
    found = openness.weekly_shares_and_releases(rough_log)
    shown = {(r.week, r.source_type): [r.requests, r.tokens] for r in found.itertuples() if r.requests}
    assert shown == expected
    assert any(kind == "unknown" for _, kind in expected)
    for week, part in found.groupby("week"):
        tokens = sum(sums[1] for (monday, kind), sums in expected.items() if monday == week and kind in OPEN)
        whole = sum(sums[1] for (monday, _), sums in expected.items() if monday == week)
        assert set(part["week_tokens"]) == {whole}
        assert part["open_share"].tolist() == pytest.approx([tokens / whole] * len(part))
    named = found[found["releases"] != ""].drop_duplicates("week").set_index("week")["releases"].to_dict()
    assert named[pd.Timestamp("2025-01-20")] == "DeepSeek R1"
    assert named[pd.Timestamp("2025-08-04")] == "gpt-oss"  # released on Tuesday, 5 August
    assert len(named) == 6


def test_open_authors_are_ranked(rough_log, made_rough):
    """Every column from the raw rows, one after the other."""
    facts = {row["model"]: row for row in made_rough.models.to_pylist()}
    requests, tokens, used, origins = {}, {}, {}, {}
    for row in made_rough.generations.to_pylist():
        fact = facts.get(row["model"])
        if fact is None or not fact["open_weights"]:
            continue
        author = row["model"][: row["model"].index("/")]
        requests[author] = requests.get(author, 0) + 1
        tokens[author] = tokens.get(author, 0) + row["tokens_prompt"] + row["tokens_completion"]
        used.setdefault(author, set()).add(row["model"])
        origins.setdefault(author, set()).add("CN" if fact["origin"] == "CN" else "RoW")
    whole = sum(tokens.values())
    by_size = sorted(tokens, key=lambda author: (-tokens[author], author))
    assert len(by_size) > 3
    found = usage.open_authors(rough_log)
    assert found["author"].tolist() == by_size
    for place, row in enumerate(found.itertuples(), start=1):
        author = row.author
        assert (row.rank, row.requests, row.tokens) == (place, requests[author], tokens[author])
        assert row.models == len(used[author])
        assert row.origin == " + ".join(sorted(origins[author]))
        assert row.share == pytest.approx(tokens[author] / whole)


def test_open_models_and_their_concentration(rough_log, made_rough):
    expected = naive_openness.open_models(made_rough)
    found = openness.weekly_open_models(rough_log)
    assert {(r.week, r.model): [r.requests, r.tokens] for r in found.itertuples()} == expected
    weeks = naive_openness.concentration(made_rough)
    spread = openness.concentration(rough_log)
    assert spread["week"].tolist() == sorted(weeks)
    for row in spread.itertuples():
        whole, models, leading, largest, hhi = weeks[row.week]
        assert (row.week_tokens, row.models, row.leading_models) == (whole, models, leading)
        assert (row.top_share, row.hhi) == pytest.approx((largest, hhi))


@pytest.mark.parametrize("top", [3, 15])
def test_largest_open_models_with_the_rest(rough_log, made_rough, top):
    window = (dt.date(2025, 2, 3), dt.date(2025, 9, 30))
    everything = naive_openness.open_models(made_rough)
    expected = {key: sums for key, sums in everything.items() if window[0] <= key[0].date() <= window[1]}
    totals = {}
    for (_, name), (_, tokens) in expected.items():
        totals[name] = totals.get(name, 0) + tokens
    largest = sorted(totals, key=lambda name: (-totals[name], name))[:top]
    found = openness.top_models(rough_log, window, top)
    ranked = found[found["rank"] > 0].drop_duplicates("model").set_index("rank")["model"].sort_index()
    assert ranked.tolist() == largest
    for row in found.itertuples():
        if row.rank:
            assert [row.requests, row.tokens] == expected.get((row.week, row.model), [0, 0])
        else:
            rest = [
                sums for (week, model), sums in expected.items() if week == row.week and model not in largest
            ]
            assert [row.requests, row.tokens] == [sum(r for r, _ in rest), sum(t for _, t in rest)]
    assert found.groupby("week")["share"].sum().tolist() == pytest.approx([1.0] * found["week"].nunique())
    assert (openness.REST in set(found["model"])) == (len(totals) > top)


def test_leaders_of_the_size_classes(rough_log, made_rough):
    expected = naive_openness.size_leaders(made_rough)
    found = openness.size_leaders(rough_log)
    shown = {(r.week, r.size_class): (r.class_tokens, r.models, r.leader) for r in found.itertuples()}
    assert shown == {key: entry[:3] for key, entry in expected.items()}
    for row in found.itertuples():
        tokens, _, _, leading = expected[row.week, row.size_class]
        assert row.leader_share == pytest.approx(leading / tokens)
        assert row.hhi <= row.leader_share + 1e-12


def test_models_on_offer(rough_log, made_rough):
    expected = naive_openness.available(made_rough)
    found = openness.available_models(rough_log)
    assert {(r.week, r.size_class): r.models for r in found.itertuples() if r.models} == expected
    assert len(found) == found["week"].nunique() * found["size_class"].nunique()


def test_a_model_is_on_offer_from_the_week_of_its_release_to_that_of_its_retirement(connect):
    facts = models(
        model("a/wed", "2025-05-07", open_weights=True, size_class="small", retired=dt.date(2025, 5, 21)),
        model("a/sun", "2025-05-11", open_weights=True, size_class="small", retired=dt.date(2025, 5, 19)),
        model("a/none", "2025-05-12", open_weights=True),
        model("a/closed", "2025-05-01"),
    )
    days = ["2025-05-04", "2025-05-05", "2025-05-12", "2025-05-19", "2025-05-26"]
    log = connect(generations([("u", "a/closed", day) for day in days]), models=facts)
    found = openness.available_models(log).pivot(index="week", columns="size_class", values="models")
    assert found["small"].tolist() == [2, 2, 1, 0]  # the first day's week, which offers none, is not listed
    assert found["unknown"].tolist() == [0, 1, 1, 1]


def test_categories_by_source(rough_log, made_rough):
    by_tag, by_type = naive_openness.categories_by_source(made_rough)
    found = openness.weekly_categories(rough_log)
    assert {(r.week, r.source_type, r.category): [r.requests, r.tokens] for r in found.itertuples()} == by_tag
    for row in found.itertuples():
        assert [row.type_requests, row.type_tokens] == by_type[row.week, row.source_type]
        assert row.share == pytest.approx(row.tokens / by_type[row.week, row.source_type][1])


@pytest.mark.parametrize("kinds", [OPEN, ("cn-open",)])
def test_what_open_models_are_used_for(rough_log, made_rough, kinds):
    by_tag, by_type = naive_openness.categories_by_source(made_rough)
    found = openness.category_mix(rough_log, kinds)
    for row in found.itertuples():
        parts = [by_tag.get((row.week, kind, row.category), [0, 0]) for kind in kinds]
        assert [row.requests, row.tokens] == [sum(p[0] for p in parts), sum(p[1] for p in parts)]
        wholes = [by_type.get((row.week, kind), [0, 0]) for kind in kinds]
        assert row.labelled_requests == sum(w[0] for w in wholes)
        assert row.labelled_tokens == sum(w[1] for w in wholes)
        assert row.share == pytest.approx(row.tokens / row.labelled_tokens)
    assert found["tokens"].sum() == sum(sums[1] for (_, kind, _), sums in by_tag.items() if kind in kinds)


@pytest.mark.parametrize("category", ["programming", "roleplay"])
def test_whose_models_serve_a_category(rough_log, made_rough, category):
    by_tag, _ = naive_openness.categories_by_source(made_rough)
    found = openness.category_sources(rough_log, category)
    for row in found.itertuples():
        same = {k: sums for (week, k, tag), sums in by_tag.items() if week == row.week and tag == category}
        assert [row.requests, row.tokens] == same.get(row.source_type, [0, 0])
        opened = sum(same.get(kind, [0, 0])[1] for kind in OPEN)
        assert (row.category_tokens, row.open_tokens) == (sum(s[1] for s in same.values()), opened)
        assert row.share == pytest.approx(row.tokens / row.category_tokens)
        if row.source_type in OPEN and opened:
            assert row.share_of_open == pytest.approx(row.tokens / opened)
        else:
            assert pd.isna(row.share_of_open)


def test_reasoning_models_without_free_launch_access(rough_log, made_rough):
    expected = naive_openness.reasoning_models(made_rough)
    found = agentic.weekly_reasoning_models(rough_log)
    counts = ["requests", "tokens", "launch_requests", "launch_tokens"]
    assert {(r.week, r.model): [getattr(r, c) for c in counts] for r in found.itertuples()} == expected
    left_out = found.groupby("model")["launch_tokens"].sum()
    assert set(left_out[left_out > 0].index) == {"x-ai/grok-code-fast-1", "openai/gpt-oss-120b"}
    assert left_out["deepseek/deepseek-r1"] == 0  # a lasting free variant is no launch access
    assert FREE["deepseek/deepseek-r1"]


def test_ranking_of_reasoning_models_in_two_periods(rough_log, made_rough):
    expected = naive_openness.reasoning_models(made_rough)
    found = agentic.reasoning_ranking(rough_log, weeks=4, earlier_by=8, top=2)
    periods = {"latest": ("2025-11-03", "2025-11-24"), "earlier": ("2025-09-08", "2025-09-29")}
    listed = set()
    for period, (first, last) in periods.items():
        sums = {}
        for (week, name), (_, tokens, _, _) in expected.items():
            if pd.Timestamp(first) <= week <= pd.Timestamp(last):
                sums[name] = sums.get(name, 0) + tokens
        ranked = sorted(sums, key=lambda name: (-sums[name], name))
        listed |= set(ranked[:2])
        part = found[found["period"] == period]
        assert (part["first_week"] == pd.Timestamp(first)).all()
        assert (part["last_week"] == pd.Timestamp(last)).all()
        for row in part.itertuples():
            assert (row.rank, row.tokens) == (ranked.index(row.model) + 1, sums[row.model])
            assert row.share == pytest.approx(row.tokens / sum(sums.values()))
    assert set(found["model"]) == listed


def test_largest_account_in_tool_calls(rough_log, made_rough):
    expected = naive_openness.tool_tokens_by_account(made_rough)
    found = agentic.tool_accounts(rough_log)
    assert set(found["week"]) == set(expected)
    for row in found.itertuples():
        accounts = expected[row.week]
        assert (row.tool_tokens, row.accounts) == (sum(accounts.values()), len(accounts))
        assert row.largest_account_tokens == max(accounts.values())
        assert row.largest_account_share == pytest.approx(row.largest_account_tokens / row.tool_tokens)
    weeks = naive_openness.tool_share(made_rough)
    tools = agentic.tool_share(rough_log)
    columns = ["tool_requests", "requests", "known_requests", "tool_tokens", "tokens"]
    assert {r.week: [getattr(r, c) for c in columns] for r in tools.itertuples()} == weeks
    assert (tools["known_requests"] < tools["requests"]).any()
    for row in tools.itertuples():
        assert row.share == pytest.approx(row.tool_tokens / row.tokens)
    joined = agentic.tool_share_and_largest_account(rough_log)
    assert joined["week"].tolist() == agentic.tool_share(rough_log)["week"].tolist()
    for row in joined.itertuples():
        assert row.largest_account_tokens == max(expected.get(row.week, {"": 0}).values())
        assert row.largest_account_part == pytest.approx(row.largest_account_tokens / row.tokens)


def test_tools_offered_against_tools_called(rough_log, made_rough):
    expected = naive_openness.tools_offered(made_rough)
    found = agentic.tools_offered(rough_log)
    columns = ["requests", "offered", "called", "unoffered_calls"]
    assert {r.week: [getattr(r, c) for c in columns] for r in found.itertuples()} == expected
    assert found["week"].min() == pd.Timestamp("2025-09-01")
    assert (found["offered"] >= found["called"]).all()
    assert (found["unoffered_calls"] == 0).all()


def test_models_of_tool_calls_with_the_rest(rough_log, made_rough):
    expected = naive.tokens_by(
        made_rough, lambda row: row["week"], lambda row: row["model"],
        keep=lambda row: row["finish_reason"] == "tool_calls",
    )  # fmt: skip
    found = agentic.top_tool_models(rough_log, top=4)
    totals = {}
    for (_, name), (_, tokens) in expected.items():
        totals[name] = totals.get(name, 0) + tokens
    largest = sorted(totals, key=lambda name: (-totals[name], name))[:4]
    assert set(found["model"]) == {*largest, agentic.REST}
    for week, part in found.groupby("week"):
        inside = {model: sums[1] for (monday, model), sums in expected.items() if monday == week}
        whole = sum(inside.values())
        assert set(part["week_tool_tokens"]) == {whole}
        assert part["tool_tokens"].sum() == whole
        assert part["hhi"].tolist() == pytest.approx(
            [sum((t / whole) ** 2 for t in inside.values())] * len(part)
        )
        for row in part[part["rank"] > 0].itertuples():
            assert row.tool_tokens == inside.get(row.model, 0)


def test_completions_with_and_without_reasoning(rough_log, made_rough):
    expected = naive_openness.reasoning_lengths(made_rough)
    weekly = naive.weekly(made_rough)
    found = lengths.completion_lengths(rough_log)
    assert found["week"].tolist() == sorted(weekly)
    for row in found.itertuples():
        requests, reasoning, visible = expected[row.week]
        assert (row.reasoning_requests, row.tokens_reasoning) == (requests, reasoning)
        assert row.mean_reasoning == pytest.approx(reasoning / requests)
        assert row.mean_visible == pytest.approx(visible / requests)
        whole = weekly[row.week]
        assert row.mean_completion == pytest.approx(whole["tokens_completion"] / whole["requests"])


def test_length_of_programming_requests(rough_log, made_rough):
    expected = naive_openness.lengths_of_labelled(made_rough)
    weekly = naive.weekly(made_rough)
    found = lengths.programming_length(rough_log).set_index("week")
    assert set(found.index) == {week for week, _ in expected}
    for week, row in found.iterrows():
        ours, others = expected.get((week, True), [0, 0]), expected.get((week, False), [0, 0])
        assert (row["programming_requests"], row["other_requests"]) == (ours[0], others[0])
        everyone = weekly[week]
        mean = (everyone["tokens_prompt"] + everyone["tokens_completion"]) / everyone["requests"]
        assert row["mean_all"] == pytest.approx(mean)
        if ours[0]:
            assert row["mean_programming"] == pytest.approx(ours[1] / ours[0])
            assert row["ratio"] == pytest.approx(ours[1] / ours[0] / mean)
        if ours[0] and others[0]:
            assert row["ratio_other"] == pytest.approx(ours[1] / ours[0] / (others[1] / others[0]))


def test_growth_of_prompts_splits_into_growth_within_and_mix(rough_log, made_rough):
    rows = naive_openness.prompts_by_category(made_rough)
    sums = rows.groupby(["week", "category"])[["weight", "prompt"]].sum()
    found = lengths.category_prompts(rough_log).set_index(["week", "category"])
    assert set(found.index) == set(sums.index)
    assert found["weight"].tolist() == pytest.approx(sums.loc[found.index, "weight"].tolist())
    assert found["tokens_prompt"].tolist() == pytest.approx(sums.loc[found.index, "prompt"].tolist())

    complete = rows[rows["week"] >= pd.Timestamp("2024-12-02")]
    weeks = sorted(complete["week"].unique())
    first, last = (complete[complete["week"].isin(w)] for w in (weeks[:4], weeks[-4:]))
    growth = lengths.prompt_growth(rough_log).set_index("category")
    parts, whole = growth.drop(index="all"), growth.loc["all"]
    for side, end in ((first, "first"), (last, "last")):
        assert whole[f"mean_{end}"] == pytest.approx(side["prompt"].sum() / side["weight"].sum())
        for category, group in side.groupby("category"):
            share = group["weight"].sum() / side["weight"].sum()
            mean = group["prompt"].sum() / group["weight"].sum()
            assert parts.loc[category, f"share_{end}"] == pytest.approx(share)
            assert parts.loc[category, f"mean_{end}"] == pytest.approx(mean)
    change = whole["mean_last"] - whole["mean_first"]
    assert parts["total"].sum() == pytest.approx(change)
    assert whole["within"] + whole["mix"] == pytest.approx(change)
    assert parts["part"].sum() == pytest.approx(1)
    row = parts.loc["programming"]
    within = (row["share_first"] + row["share_last"]) / 2 * (row["mean_last"] - row["mean_first"])
    assert row["within"] == pytest.approx(within)


def test_a_model_that_the_catalogue_lacks_stays_in_the_whole(rough_log, made_rough):
    unlisted = [row for row in naive.rows_of(made_rough) if row["model"] == UNLISTED]
    found = agentic.reasoning_share(rough_log)
    assert found["unknown_tokens"].sum() == sum(row["tokens"] for row in unlisted) > 0
