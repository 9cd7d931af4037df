"""Statistics on the data set itself: volume, size of the platform, what is recorded and how it is labelled (section
2)."""

from __future__ import annotations

from typing import Literal

import ibis
import numpy as np

from analysis import vocabulary as v
from analysis.queries import categories, openness
from analysis.queries.query import collect
from analysis.sources.log import Log, NotAvailable
from testbed.claims.measuring.measured import Measured, Series
from testbed.claims.measuring.tables import Window, bounds, series, traffic, weeks_of
from testbed.claims.measuring.uncertainty import proportion
from testbed.claims.statistics.registry import statistic

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
    recent = rows.filter(v.utc(rows.created_at) >= since)
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
def window_weeks(log: Log, window: Window) -> Measured:
    """Complete Monday weeks of the log inside a window (exact count); in the category window those with labels."""
    first, last = bounds(window, log)
    weeks = [week for week in log.complete_weeks() if first <= week <= last]
    if window == "category":
        labelled = {moment.date() for moment in categories.weekly_shares(log)["week"]}
        weeks = [week for week in weeks if week in labelled]
    return Measured(float(len(weeks)), n=len(weeks), unit="count", detail=f"weeks from {first} to {last}")


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
    """How many of the report's fields of a record the log lacks, or has without a single value: time, model, provider,
    token counts, latency, region, streamed, cancelled, tools (count)."""
    rows = log.generations
    columns = [name for group in REQUIRED_FIELDS.values() for name in group if name in log.columns]
    known = collect(rows.aggregate(**{name: rows[name].count() for name in columns})).iloc[0]
    missing = [
        field
        for field, names in REQUIRED_FIELDS.items()
        if not all(name in log.columns and known[name] for name in names)
    ]
    return Measured(float(len(missing)), n=log.rows, unit="count",
                    detail=f"requests; missing: {', '.join(missing)}" if missing else "requests")  # fmt: skip


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
