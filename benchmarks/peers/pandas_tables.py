"""The heavy steps behind the report's tables in vectorised pandas: what an analyst would write without an engine.

Two ways: plain `read_parquet`, and with strings of few values as categories, pandas' quickest way to group by them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from analysis.queries.categories import category_of
from analysis.study import LABEL_THRESHOLD

FEW = ("model", "variant", "finish_reason", "country", "continent", "language")


def steps(folder: Path, categories: bool) -> int:
    """All steps, each from the frame in memory; returns the number of records."""
    log = read(folder, categories)
    weekly(log)
    triangles(log)
    places(log)
    charges(log)
    labelled(log, folder)
    launch_access(log, folder)
    tool_accounts(log)
    return len(log)


def read(folder: Path, categories: bool) -> pd.DataFrame:
    """The records, with week, month and tokens."""
    if categories:
        log = pq.read_table(folder / "log.parquet", read_dictionary=list(FEW)).to_pandas()
    else:
        log = pd.read_parquet(folder / "log.parquet")
    moment = log["created_at"].dt.tz_localize(None)
    log["day"] = moment.dt.normalize()
    log["week"] = log["day"] - pd.to_timedelta(moment.dt.day_of_week, unit="D")
    log["month"] = (moment.dt.year * 12 + moment.dt.month).astype("int32")
    log["tokens"] = log["tokens_prompt"].astype("int64") + log["tokens_completion"]
    return log


def weekly(log: pd.DataFrame) -> pd.DataFrame:
    """Sums by week and model."""
    called = log["finish_reason"] == "tool_calls"
    offered, known = log["tools_offered"] == True, log["tools_offered"].notna()  # noqa: E712  (three-valued)
    reasoned = log["tokens_reasoning"].notna()
    columns = pd.DataFrame({
        "week": log["week"], "model": log["model"], "requests": np.int64(1), "tokens_prompt": log["tokens_prompt"],
        "tokens_completion": log["tokens_completion"], "tokens": log["tokens"],
        "tokens_reasoning": log["tokens_reasoning"], "reasoning_known_requests": reasoned,
        "reasoning_known_completion": log["tokens_completion"].where(reasoned, 0),
        "tokens_cached": log["tokens_cached"], "cost_usd": log["cost_total"],
        "finish_known_requests": log["finish_reason"].notna(), "tool_tokens": log["tokens"].where(called, 0),
        "tool_requests": called, "offer_known_requests": known, "offered_requests": offered,
        "offer_known_calls": known & called, "offered_calls": offered & called,
    })  # fmt: skip
    return columns.groupby(["week", "model"], observed=True).sum()


def triangles(log: pd.DataFrame) -> pd.DataFrame:
    """Active users by model, cohort and month."""
    rows = log[["user_id", "model", "month"]].drop_duplicates()
    rows = rows.assign(cohort=rows.groupby(["user_id", "model"], observed=True)["month"].transform("min"))
    return rows.groupby(["model", "cohort", "month"], observed=True).size().to_frame("active")


def places(log: pd.DataFrame) -> pd.DataFrame:
    """Sums by week, continent, country and language."""
    keys = ["week", "continent", "country", "language"]
    return log.groupby(keys, observed=True, dropna=False).agg(
        requests=("tokens", "size"), tokens=("tokens", "sum"), spend_usd=("cost_total", "sum")
    )


def charges(log: pd.DataFrame) -> pd.DataFrame:
    """Sums by day, model and free variant, of requests not paid with the customer's own key."""
    rows = log[~log["byok"].astype(bool)]
    rows = rows.assign(free=rows["variant"] == "free")
    sums = ["tokens_prompt", "tokens_completion", "tokens_cached", "tokens", "cost_total"]
    return rows.groupby(["day", "model", "free"], observed=True)[sums].sum()


def labelled(log: pd.DataFrame, folder: Path) -> list[pd.DataFrame]:
    """Labelled requests by category, and what the tables sum of them: by week, author, model and path."""
    labels = pq.read_table(folder / "labels.parquet", read_dictionary=["path"]).to_pandas()
    labels = labels.loc[labels["confidence"] >= LABEL_THRESHOLD, ["generation_id", "path"]].drop_duplicates()
    labels["category"] = labels["path"].map(category_of)
    columns = [
        "generation_id",
        "week",
        "model",
        "tokens_prompt",
        "tokens_completion",
        "tokens",
        "cost_total",
        "byok",
    ]
    rows = labels.merge(log[columns], on="generation_id")
    one = rows.drop(columns="path").drop_duplicates(["generation_id", "category"])
    one["author"] = one["model"].astype("str").str.split("/").str[0].astype("category")
    tokens = ["tokens_prompt", "tokens_completion", "tokens", "cost_total"]
    keys = (["week", "category"], ["week", "author", "category"], ["week", "model", "category"])
    found = [one.groupby(key, observed=True)[tokens].sum() for key in keys]
    requests = one.drop_duplicates("generation_id")
    return [
        *found,
        requests.groupby("week", observed=True)["tokens"].sum().to_frame(),
        one[~one["byok"].astype(bool)].groupby("category", observed=True)[tokens].sum(),
        rows.groupby(["category", "path"], observed=True)["tokens"].sum().to_frame(),
    ]


def launch_access(log: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Free requests of models with a free window, by week and model."""
    models = pd.read_parquet(folder / "models.parquet", columns=["model", "free_windows"])
    windowed = models.loc[models["free_windows"].map(lambda windows: len(windows) > 0), "model"]
    rows = log[(log["cost_total"] == 0) & log["model"].isin(windowed)]
    return rows.groupby(["week", "model"], observed=True)["tokens"].agg(["size", "sum"])


def tool_accounts(log: pd.DataFrame) -> pd.DataFrame:
    """The largest account's tokens in requests that end in a tool call, by week."""
    rows = log[log["finish_reason"] == "tool_calls"]
    by_account = rows.groupby(["week", "account_id"], observed=True)["tokens"].sum()
    return by_account.groupby("week").agg(["sum", "size", "max"])
