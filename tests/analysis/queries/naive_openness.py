"""The tables of openness and agentic use once more, in plain loops over rows, to compare the engine's results with.

Written from the definitions, not from the queries.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

import pandas as pd

from tests.analysis.queries.naive import facts_of, rows_of, source_type, tag_of


def _counter():
    return defaultdict(lambda: [0, 0])


def open_models(log):
    """{(week, model): [requests, tokens]} of models with open weights."""
    facts, out = facts_of(log), _counter()
    for row in rows_of(log):
        if facts.get(row["model"], {}).get("open_weights"):
            out[row["week"], row["model"]][0] += 1
            out[row["week"], row["model"]][1] += row["tokens"]
    return dict(out)


def concentration(log):
    """{week: (open tokens, models with tokens, models with at least 5%, largest share, HHI)}."""
    weeks = defaultdict(dict)
    for (week, model), (_, tokens) in open_models(log).items():
        weeks[week][model] = tokens
    out = {}
    for week, tokens in weeks.items():
        whole = sum(tokens.values())
        shares = [part / whole for part in tokens.values()]
        used = sum(part > 0 for part in tokens.values())
        out[week] = (whole, used, sum(s >= 0.05 for s in shares), max(shares), sum(s * s for s in shares))
    return out


def size_leaders(log):
    """{(week, class): (tokens, models, leader, leader's tokens)}."""
    facts, classes = facts_of(log), defaultdict(dict)
    for (week, model), (_, tokens) in open_models(log).items():
        if tokens:
            classes[week, facts[model]["size_class"] or "unknown"][model] = tokens
    out = {}
    for key, tokens in classes.items():
        leader = sorted(tokens, key=lambda model: (-tokens[model], model))[0]
        out[key] = (sum(tokens.values()), len(tokens), leader, tokens[leader])
    return out


def available(log):
    """{(week, class): models on offer}, for the weeks that have requests; no zeros."""
    out = defaultdict(int)
    for week in {row["week"] for row in rows_of(log)}:
        monday = week.date()
        for fact in log.models.to_pylist():
            there = fact["released"] <= monday + dt.timedelta(days=6)
            gone = fact["retired"] is not None and fact["retired"] <= monday
            if fact["open_weights"] and there and not gone:
                out[week, fact["size_class"] or "unknown"] += 1
    return dict(out)


def tags_of(log, threshold=0.5):
    """{generation id: set of categories} of the labelled requests."""
    known = {row["generation_id"] for row in rows_of(log)}
    tags = defaultdict(set)
    for label in log.labels.to_pylist():
        if label["confidence"] >= threshold and label["generation_id"] in known:
            tags[label["generation_id"]].add(tag_of(label["path"]))
    return tags


def categories_by_source(log):
    """({(week, type, category): [requests, tokens]}, {(week, type): [requests, tokens]})."""
    facts, tags = facts_of(log), tags_of(log)
    by_tag, by_type = _counter(), _counter()
    for row in rows_of(log):
        carried = tags.get(row["generation_id"])
        if carried:
            kind = source_type(facts.get(row["model"]))
            by_type[row["week"], kind][0] += 1
            by_type[row["week"], kind][1] += row["tokens"]
            for tag in carried:
                by_tag[row["week"], kind, tag][0] += 1
                by_tag[row["week"], kind, tag][1] += row["tokens"]
    return dict(by_tag), dict(by_type)


def is_launch_access(row, fact):
    """Whether a request is free launch access."""
    for window in fact["free_windows"] or ():
        begun = window["from"] <= row["day"]
        over = window["to"] is not None and row["day"] > window["to"]
        if begun and not over and window["kind"] != "free_variant" and row["cost_total"] == 0:
            return True
    return False


def reasoning_models(log):
    """{(week, model): [requests, tokens, launch requests, launch tokens]} of reasoning-optimised models."""
    facts, out = facts_of(log), defaultdict(lambda: [0, 0, 0, 0])
    for row in rows_of(log):
        fact = facts.get(row["model"])
        if fact and fact["reasoning_optimised"]:
            at = 2 if is_launch_access(row, fact) else 0
            out[row["week"], row["model"]][at] += 1
            out[row["week"], row["model"]][at + 1] += row["tokens"]
    return dict(out)


def tool_share(log):
    """{week: [tool calls, requests, requests with a finish reason, tokens of tool calls, tokens]}."""
    out = defaultdict(lambda: [0, 0, 0, 0, 0])
    for row in rows_of(log):
        called = row["finish_reason"] == "tool_calls"
        week = out[row["week"]]
        week[0] += called
        week[1] += 1
        week[2] += row["finish_reason"] is not None
        week[3] += row["tokens"] if called else 0
        week[4] += row["tokens"]
    return dict(out)


def tool_tokens_by_account(log):
    """{week: {account: tokens of its requests that end in a tool call}}; requests without an account left out."""
    out = defaultdict(lambda: defaultdict(int))
    for row in rows_of(log):
        if row["finish_reason"] == "tool_calls" and row["account_id"] is not None:
            out[row["week"]][row["account_id"]] += row["tokens"]
    return out


def tools_offered(log):
    """{week: (requests with a recorded offer, offered, called, called without an offer)}."""
    out = defaultdict(lambda: [0, 0, 0, 0])
    for row in rows_of(log):
        if row["tools_offered"] is not None:
            called = row["finish_reason"] == "tool_calls"
            week = out[row["week"]]
            week[0] += 1
            week[1] += row["tools_offered"]
            week[2] += called
            week[3] += called and not row["tools_offered"]
    return dict(out)


def reasoning_lengths(log):
    """{week: (requests with recorded reasoning tokens, reasoning tokens, the rest of their completions)}."""
    out = defaultdict(lambda: [0, 0, 0])
    for row in rows_of(log):
        if row["tokens_reasoning"] is not None:
            week = out[row["week"]]
            week[0] += 1
            week[1] += row["tokens_reasoning"]
            week[2] += row["tokens_completion"] - row["tokens_reasoning"]
    return dict(out)


def lengths_of_labelled(log):
    """{(week, carries programming): [requests, tokens]}."""
    tags, out = tags_of(log), _counter()
    for row in rows_of(log):
        if carried := tags.get(row["generation_id"]):
            key = row["week"], "programming" in carried
            out[key][0] += 1
            out[key][1] += row["tokens"]
    return dict(out)


def prompts_by_category(log):
    """A frame week, category, weight, prompt: one row a labelled request and category, split evenly."""
    tags, out = tags_of(log), []
    for row in rows_of(log):
        for tag in (carried := tags.get(row["generation_id"], set())):
            part = 1 / len(carried)
            out.append((row["week"], tag, part, row["tokens_prompt"] * part))
    return pd.DataFrame(out, columns=["week", "category", "weight", "prompt"])
