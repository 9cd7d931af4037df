"""The tables of categories, geography and cost once more, in deliberately naive pandas; see `naive`.

Written from the definitions: one frame of all requests, one of all kept labels, boolean masks and sums.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from tests.analysis.queries.naive import tag_of


def requests(log):
    """All requests with week, day, author, tokens and whether they are free."""
    frame = log.generations.to_pandas()
    moment = frame["created_at"].dt.tz_localize(None)
    frame["day"] = moment.dt.normalize()
    frame["week"] = frame["day"] - pd.to_timedelta(frame["day"].dt.day_of_week, unit="D")
    frame["author"] = [model.split("/")[0] for model in frame["model"]]
    frame["tokens"] = frame["tokens_prompt"].astype(int) + frame["tokens_completion"].astype(int)
    frame["free"] = [variant == "free" for variant in frame["variant"]]
    frame["charged"] = [own is False for own in frame["byok"].tolist()]
    return frame


def labels(log, threshold=0.5):
    """Kept labels, one a request and path, with their category and the request's columns."""
    frame = log.labels.to_pandas()
    frame = frame[frame["confidence"] >= threshold].drop_duplicates(["generation_id", "path"])
    frame["category"] = [tag_of(path) for path in frame["path"]]
    return frame[["generation_id", "path", "category"]].merge(requests(log), on="generation_id")


def by_category(log, threshold=0.5):
    """One row a labelled request and category."""
    return labels(log, threshold).drop_duplicates(["generation_id", "category"])


def author_spend(log, category="programming", leave_out=("x-ai",)):
    """{(week, author): (requests, spend, share of spend, share of requests)}."""
    frame = by_category(log)
    frame = frame[(frame["category"] == category) & ~frame["author"].isin(leave_out)]
    out = {}
    for week in frame["week"].unique():
        inside = frame[frame["week"] == week]
        for author in inside["author"].unique():
            own = inside[inside["author"] == author]
            spend = math.fsum(own["cost_total"])
            whole = math.fsum(inside["cost_total"])
            out[week, author] = (
                len(own),
                spend,
                spend / whole if whole else math.nan,
                len(own) / len(inside),
            )
    return out


def author_mix(log, author):
    """{(week, category): (requests, tokens, share, concentration)}."""
    frame = by_category(log)
    frame = frame[frame["author"] == author]
    out = {}
    for week in frame["week"].unique():
        inside = frame[frame["week"] == week]
        whole = inside["tokens"].sum()
        sums = {c: inside.loc[inside["category"] == c, "tokens"].sum() for c in inside["category"].unique()}
        concentration = sum((tokens / whole) ** 2 for tokens in sums.values())
        for category, tokens in sums.items():
            n = (inside["category"] == category).sum()
            out[week, category] = (n, tokens, tokens / whole, concentration)
    return out


def subtags(log, window=None):
    """{path: (category, requests, tokens, share, requests of the category, entropy)}."""
    frame = labels(log)
    if window:
        frame = frame[(frame["week"] >= pd.Timestamp(window[0])) & (frame["week"] <= pd.Timestamp(window[1]))]
    out = {}
    for category in frame["category"].unique():
        inside = frame[frame["category"] == category]
        whole = inside["tokens"].sum()
        shares = [
            inside.loc[inside["path"] == path, "tokens"].sum() / whole for path in inside["path"].unique()
        ]
        entropy = -sum(p * math.log2(p) for p in shares if p > 0)
        for path in inside["path"].unique():
            own = inside[inside["path"] == path]
            tokens = own["tokens"].sum()
            out[path] = (
                category,
                len(own),
                tokens,
                tokens / whole,
                inside["generation_id"].nunique(),
                entropy,
            )
    return out


def spend_by(log, place):
    """{(week, place): (requests, spend, share)}; what is missing is `unknown`."""
    frame = requests(log)
    frame[place] = frame[place].fillna("unknown")
    out = {}
    for week in frame["week"].unique():
        inside = frame[frame["week"] == week]
        for name in inside[place].unique():
            own = inside[inside[place] == name]
            spend = math.fsum(own["cost_total"])
            out[week, name] = (len(own), spend, spend / math.fsum(inside["cost_total"]))
    return out


def tokens_by(log, place, window=None):
    """{place: (requests, tokens, share)}."""
    frame = requests(log)
    frame[place] = frame[place].fillna("unknown")
    if window:
        frame = frame[(frame["week"] >= pd.Timestamp(window[0])) & (frame["week"] <= pd.Timestamp(window[1]))]
    sums = frame.groupby(place)["tokens"].agg(["size", "sum"])
    return {
        name: (row["size"], row["sum"], row["sum"] / frame["tokens"].sum()) for name, row in sums.iterrows()
    }


def category_cost(log):
    """{category: (requests, tokens, tokens without free variants, USD)} of charged requests."""
    frame = by_category(log)
    frame = frame[frame["charged"] & (frame["category"] != "other")]
    return {
        category: (
            len(own),
            own["tokens"].sum(),
            own.loc[~own["free"], "tokens"].sum(),
            math.fsum(own["cost_total"]),
        )
        for category, own in ((c, frame[frame["category"] == c]) for c in frame["category"].unique())
    }


def model_cost(log, free=False):
    """{model: (requests, tokens, USD)} of charged requests, without free variants unless `free`."""
    frame = requests(log)
    frame = frame[frame["charged"] & (free | ~frame["free"])]
    return {
        model: (len(own), own["tokens"].sum(), math.fsum(own["cost_total"]))
        for model, own in ((m, frame[frame["model"] == m]) for m in frame["model"].unique())
    }


def list_cost(log):
    """{model: (requests, tokens, USD charged, USD at list price, cached tokens, prompt tokens)}."""
    frame = requests(log)
    frame = frame[frame["charged"] & ~frame["free"]]
    paths = {row["model"]: row["prices"] for row in log.models.to_pylist()}
    out = {}
    for row in frame.to_dict("records"):
        started = [entry for entry in paths[row["model"]] if pd.Timestamp(entry["from"]) <= row["day"]]
        if not started:
            continue
        price = sorted(started, key=lambda entry: entry["from"])[-1]
        listed = row["tokens_prompt"] * price["prompt_usd_per_mtok"]
        listed += row["tokens_completion"] * price["completion_usd_per_mtok"]
        entry = out.setdefault(row["model"], [0, 0, 0.0, 0.0, 0, 0])
        cached = row["tokens_cached"]
        for i, value in enumerate((1, row["tokens"], row["cost_total"], listed / 1e6,
                                   0 if pd.isna(cached) else int(cached), row["tokens_prompt"])):  # fmt: skip
            entry[i] += value
    return {model: tuple(entry) for model, entry in out.items()}


def least_squares(x, y):
    """(slope, intercept, correlation, standard error of the slope), by the textbook's sums; the error is HC3's: each
    residual over 1 less its point's leverage."""
    x, y = np.asarray(x), np.asarray(y)
    dx, dy = x - x.mean(), y - y.mean()
    slope = (dx * dy).sum() / (dx**2).sum()
    left = dy - slope * dx
    leverage = 1 / len(x) + dx**2 / (dx**2).sum()
    error = math.sqrt((dx**2 * (left / (1 - leverage)) ** 2).sum()) / (dx**2).sum()
    return (
        slope,
        y.mean() - slope * x.mean(),
        (dx * dy).sum() / math.sqrt((dx**2).sum() * (dy**2).sum()),
        error,
    )
