"""Statistics on the data set itself: volume, size of the platform, what is recorded and how it is labelled (section
2)."""

from __future__ import annotations

from typing import Literal

import ibis
import numpy as np

from analysis import categories, openness, study, usage
from analysis import vocabulary as v
from analysis.contract import GENERATIONS
from analysis.query import collect
from analysis.source import Log, NotAvailable
from testbed.statistics.measured import Measured, Series
from testbed.statistics.registry import statistic
from testbed.statistics.tables import Window, bounds, series, traffic, weeks_of
from testbed.statistics.uncertainty import proportion

REQUIRED_FIELDS = {
    "time": ("created_at",),
    "model": ("model",),
    "provider": ("provider_name",),
    "token counts": ("tokens_prompt", "tokens_completion"),
    "latency": ("time_to_first_token_ms", "generation_time_ms"),
    "region": ("country",),
    "streamed": ("streamed",),
    "cancelled": ("cancelled",),
    "tools": ("tool_called",),
}


@statistic
def breadth(log: Log, of: Literal["models", "providers"]) -> Measured:
    """Distinct models, or providers, with a request in the last 90 days of the log (exact count)."""
    rows = log.generations
    column = "model" if of == "models" else "provider_name"
    log.need(column, what=f"the number of {of}")
    since = ibis.timestamp(f"{log.last_day.isoformat()} 00:00:00") - ibis.interval(days=89)
    recent = rows.filter(rows.created_at.cast("timestamp") >= since)
    found = collect(recent.aggregate(found=recent[column].nunique(), requests=recent.count()))
    return Measured(float(found["found"].iloc[0]), n=int(found["requests"].iloc[0]), unit="count",
                    detail="requests of the last 90 days")  # fmt: skip


@statistic
def labelled_share(log: Log) -> Measured:
    """Requests with a label at or above the threshold over all requests, weeks of the category window; Wilson."""
    first, last = bounds("category", log)
    frame = categories.weekly_shares(log)
    frame = frame[frame["week"].isin(weeks_of(log, "category"))]
    labels = frame.groupby("week")["labelled_requests"].max().sum()
    requests = traffic(log, (first, last))["requests"].sum()
    return proportion(float(labels), float(requests), "requests")


@statistic
def labels_below_threshold(log: Log) -> Measured:
    """Labels below the confidence of 0.5 that the category tables count: 0 where the threshold is applied.

    Counts the labelled requests of the table that a table made only of labels at or above 0.5 lacks.
    """
    labels = log.need_labels("the threshold of confidence")
    kept = collect(
        labels.filter(labels.confidence >= study.LABEL_THRESHOLD).aggregate(n=labels.generation_id.nunique())
    )
    used = categories.labelled(log, study.LABEL_THRESHOLD, "rankings")
    counted = collect(used.aggregate(n=used.generation_id.nunique()))
    return Measured(float(counted["n"].iloc[0] - kept["n"].iloc[0]), n=int(kept["n"].iloc[0]), unit="count",
                    detail="labelled requests")  # fmt: skip


@statistic
def window_weeks(log: Log, window: Window) -> Measured:
    """Complete Monday weeks of the log inside a window (exact count); in the category window those with labels."""
    first, last = bounds(window, log)
    weeks = [week for week in log.complete_weeks() if first <= week <= last]
    if window == "category":
        labelled = {moment.date() for moment in categories.weekly_shares(log)["week"]}
        weeks = [week for week in weeks if week in labelled]
    return Measured(float(len(weeks)), n=len(weeks), unit="count", detail=f"weeks from {first} to {last}")


@statistic
def tokens_unaccounted(log: Log) -> Measured:
    """Tokens of the weekly table less the prompt and completion tokens of the log: 0 where weeks hold every request
    once and tokens are prompt plus completion."""
    rows = log.generations
    sums = collect(rows.aggregate(tokens=v.total(v.tokens_total(rows)), requests=rows.count().cast("int64")))
    weekly = usage.weekly(log)
    mondays = int((weekly["week"].dt.day_of_week != 0).sum())
    gap = abs(float(weekly["tokens"].sum() - sums["tokens"].iloc[0])) + mondays
    return Measured(gap, n=int(sums["requests"].iloc[0]), unit="tokens", detail="requests")


@statistic
def reasoning_outside_completion(log: Log) -> Measured:
    """Requests with more reasoning than completion tokens: 0 where reasoning is counted inside (exact count)."""
    log.need("tokens_reasoning", what="the place of reasoning tokens")
    rows = log.generations
    found = collect(
        rows.aggregate(
            wrong=v.count_where(rows.tokens_reasoning > rows.tokens_completion),
            known=v.count_where(rows.tokens_reasoning.notnull()),
        )
    )
    if not found["known"].iloc[0]:
        raise NotAvailable("tokens_reasoning", "the log has the column but no value in it")
    return Measured(
        float(found["wrong"].iloc[0]), n=int(found["known"].iloc[0]), unit="count", detail="requests"
    )


@statistic
def missing_fields(log: Log) -> Measured:
    """How many of the report's fields of a record the log lacks: time, model, provider, token counts, latency, region,
    streamed, cancelled, tools (count)."""
    missing = [name for name, columns in REQUIRED_FIELDS.items() if not log.columns.issuperset(columns)]
    return Measured(float(len(missing)), n=len(GENERATIONS), unit="count",
                    detail=f"missing: {', '.join(missing)}" if missing else "all fields are there")  # fmt: skip


@statistic
def available_open_models(log: Log, size: Literal["small", "medium", "large"]) -> Series:
    """Open models of a size class on offer, by complete week of the main window: released by its Sunday, not retired by
    its Monday (figure 5)."""
    weeks = weeks_of(log, "main")
    frame = openness.available_models(log)
    if set(frame["size_class"]) <= {"unknown"}:
        raise NotAvailable("models.size_class", "the models table has no value in it")
    counts = frame[frame["size_class"] == size].set_index("week")["models"].reindex(weeks)
    return series(counts.fillna(0).to_numpy(dtype=np.float64), weeks, "count", n=len(weeks), detail="weeks")
