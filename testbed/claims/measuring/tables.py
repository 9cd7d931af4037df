"""What statistics start from: the analysis' weekly tables with the models' facts, cut to a window of complete weeks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Literal

import ibis.expr.types as ir
import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from analysis import study
from analysis import vocabulary as v
from analysis.numerals import counted
from analysis.queries import agentic, categories, openness, usage
from analysis.queries.query import collect
from analysis.sources.log import Log, NotAvailable
from testbed.claims.measuring.changes import EDGE_WEEKS
from testbed.claims.measuring.measured import Floats, Measured, Series, Unit, Untestable
from testbed.claims.measuring.uncertainty import difference, label_share, mean_of_weeks

LEAST_LABELS = 30  # labelled requests below which a share says nothing (assumed)
MOST_MISSING = 0.5  # a window of which more than this share lies outside the log is not testable

Window = Literal["main", "category", "all"] | tuple[dt.date, dt.date]
Summary = Literal["mean", "low", "high", "start", "end", "change", "total"]


class Pick(BaseModel):
    """Which models: all that meet every condition given. Each is one value or a list of values."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str | tuple[str, ...] | None = None  # closed, cn-closed, cn-open, row-open
    open: bool | None = None
    author: str | tuple[str, ...] | None = None
    not_author: str | tuple[str, ...] | None = None
    model: str | tuple[str, ...] | None = None
    size: str | tuple[str, ...] | None = None
    reasoning: bool | None = None

    def of(self, frame: pd.DataFrame) -> pd.Series:
        """Which rows are meant. frame: with the models' facts. Raises NotAvailable where a fact is not recorded, and
        Untestable where most tokens are of models without an entry in the models table."""
        mask = pd.Series(True, index=frame.index)
        for column, wanted in (
            ("source", self.source),
            ("open_weights", self.open),
            ("author", self.author),
            ("model", self.model),
            ("size_class", self.size),
            ("reasoning_optimised", self.reasoning),
        ):
            if wanted is None:
                continue
            if column in FACTS:
                _need_fact(frame, column)
            mask &= frame[column].isin(list(wanted) if isinstance(wanted, tuple) else [wanted])
        if self.not_author is not None:
            without = [self.not_author] if isinstance(self.not_author, str) else list(self.not_author)
            mask &= ~frame["author"].isin(without)
        return mask


FACTS = ("source", "open_weights", "size_class", "reasoning_optimised")


def _need_fact(frame: pd.DataFrame, column: str) -> None:
    if column not in frame:
        table = "models" if "released" not in frame else f"models.{column}"
        raise NotAvailable(
            table, "there is no such fact about the models, without which kinds of models are not known"
        )
    unknown, whole = frame.loc[frame["source"] == "unknown", "tokens"].sum(), frame["tokens"].sum()
    if whole and unknown > MOST_MISSING * whole:
        raise Untestable(
            "more than half of the tokens are of models without an entry in the models table, "
            "or without open_weights and origin there"
        )
    if whole and frame[column].isna().all():
        raise NotAvailable(f"models.{column}", "the models table has no value in it")


EVERYTHING = Pick()


def bounds(window: Window, log: Log) -> tuple[dt.date, dt.date]:
    """First and last day of a window; of a log that is cut to some days those of the log, in the place of the
    report's."""
    if log.scope.cut and not log.in_study_window and window in ("main", "category"):
        return log.first_day, log.last_day
    if window == "main":
        return study.MAIN_WINDOW
    if window == "category":
        return study.CATEGORY_WINDOW
    if window == "all":
        return log.first_day, log.last_day
    assert not isinstance(window, str)
    return window


def weeks_of(log: Log, window: Window) -> list[pd.Timestamp]:
    """Mondays of the complete weeks of the log whose Monday lies in the window. Raises Untestable if the log covers too
    little of it."""
    first, last = bounds(window, log)
    weeks = [week for week in log.complete_weeks() if first <= week <= last]
    wanted = ((last - first).days + 1) // 7
    if not weeks or len(weeks) < (1 - MOST_MISSING) * wanted:
        raise Untestable(
            f"the log has {len(weeks)} of the {wanted} complete weeks from {first} to {last} (it covers "
            f"{log.first_day} to {log.last_day})"
        )
    return [pd.Timestamp(week) for week in weeks]


def must_reach(day: dt.date, week: dt.date) -> None:
    """Raises Untestable if a week (its Monday) lies too far from the day up to which, or from which on, a claim is."""
    if abs((week - day).days) > 7 * EDGE_WEEKS:
        raise Untestable(f"the log's complete weeks do not reach {day}")


def ends_of(
    frame: pd.DataFrame, first: dt.date, last: dt.date, weeks: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of `weeks` weeks from a day on, and of as many up to a later one. frame: complete weeks, `week` its
    index. Raises Untestable where there are fewer, or where they do not reach the days."""
    start = frame[frame.index >= pd.Timestamp(first)].head(weeks)
    end = frame[frame.index <= pd.Timestamp(last)].tail(weeks)
    if min(len(start), len(end)) < weeks:
        raise Untestable(f"the log does not cover {weeks} complete weeks at both {first} and {last}")
    must_reach(first, start.index[0].date())
    must_reach(last, end.index[-1].date())
    return start, end


def facts(log: Log) -> pd.DataFrame:
    """The models table with the source type of each model, and whatever of size_class, reasoning_optimised and retired
    it has; raises NotAvailable without the table or its required columns."""

    def make() -> pd.DataFrame:
        models = log.need_models(
            "author", "released", "open_weights", "origin", what="every claim on kinds of models"
        )
        frame = models.mutate(source=openness.source_type(models)).to_pandas()
        frame["released"] = pd.to_datetime(frame["released"])
        wanted = [
            "model",
            "author",
            "source",
            "open_weights",
            "origin",
            "released",
            "size_class",
            "reasoning_optimised",
        ]
        return frame[[column for column in wanted if column in frame]]

    return log.remembered("claims.facts", make)


def catalogued(log: Log, of: Pick, window: Window = "main") -> pd.DataFrame:
    """Facts of the models that are meant and were on offer in the window: released by its end. A world that has them
    and never uses them answers a claim about their use with 0; one that does not have them cannot tell. Empty without a
    models table or without the facts that the choice needs."""
    try:
        frame = facts(log).assign(tokens=0)
        last = bounds(window, log)[1]
        return frame[of.of(frame) & (frame["released"] <= pd.Timestamp(last))]
    except NotAvailable:
        return pd.DataFrame(columns=["model", "author"])


def with_facts(frame: pd.DataFrame, log: Log) -> pd.DataFrame:
    """Rows by model with the models' facts, if the log has a models table; models without an entry keep the author of
    their id and are of source `unknown`."""
    author = frame["model"].str.split("/").str[0]
    if log.models is None:
        return frame.assign(author=author)
    joined = frame.merge(facts(log), on="model", how="left")
    joined["source"] = joined["source"].fillna("unknown")
    joined["author"] = joined["author"].fillna(author)
    return joined


def traffic(log: Log, window: Window = "main") -> pd.DataFrame:
    """Tokens, requests and USD by complete week of the window and model, with the models' facts."""
    frame = log.remembered("claims.traffic", lambda: with_facts(usage.weekly_by_model(log), log))
    return frame[frame["week"].isin(weeks_of(log, window))]


def tool_traffic(log: Log, window: Window = "main") -> pd.DataFrame:
    """Tokens of requests that end in a tool call, as `tokens`, by complete week of the window and model."""
    frame = agentic.tool_share_by_model(log).rename(columns={"tool_tokens": "tokens"})
    frame = with_facts(frame, log)
    return frame[frame["week"].isin(weeks_of(log, window))]


def by_week(frame: pd.DataFrame, weeks: Sequence[pd.Timestamp], column: str = "tokens") -> Floats:
    """Sums of a column by week; 0 in a week without rows."""
    sums = frame.groupby("week")[column].sum()
    return sums.reindex(list(weeks)).fillna(0.0).to_numpy(dtype=np.float64)


def series(
    values: Floats,
    weeks: Sequence[pd.Timestamp],
    unit: Unit = "share",
    n: int = 0,
    detail: str = "",
    draws: Floats | None = None,
) -> Series:
    """A weekly series."""
    return Series(
        tuple(dt.date(w.year, w.month, w.day) for w in weeks),
        values,
        n or len(weeks),
        unit,
        detail,
        draws=draws,
    )


def summarised(whole: Series, summary: Summary, log: Log, window: Window) -> Measured:
    """One number of a weekly series. start, end: means of the first and the last four weeks of the window, which
    the log must cover; low, high: the extreme week; change: end minus start."""
    if summary in ("start", "end", "change"):
        first, last = bounds(window, log)
        values = {"start": _edge(whole, first, True), "end": _edge(whole, last, False)}
        if summary != "change":
            return values[summary]
        return difference(values["end"], values["start"])
    known = whole.values[np.isfinite(whole.values)]
    if not len(known):
        raise Untestable("no week has a value")
    if summary == "mean":
        return mean_of_weeks(known, whole.unit, whole.detail)
    if summary == "total":
        return Measured(float(known.sum()), n=len(known), unit=whole.unit, detail="sum over the weeks")
    extreme = float(known.min() if summary == "low" else known.max())
    when = whole.times[int(np.nanargmin(whole.values) if summary == "low" else np.nanargmax(whole.values))]
    return Measured(
        extreme, n=len(known), unit=whole.unit, detail=f"the week of {when}, of {counted(len(known), 'week')}"
    )


def _edge(whole: Series, day: dt.date, first: bool) -> Measured:
    values = whole.values[:EDGE_WEEKS] if first else whole.values[-EDGE_WEEKS:]
    at = whole.times[0] if first else whole.times[-1]
    must_reach(day, at)
    edge = "first" if first else "last"
    return mean_of_weeks(values, whole.unit, f"the {edge} {EDGE_WEEKS} weeks")


def labelled(log: Log) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The labelled sample by week and model: cells with a category each, and all distinct requests.

    Columns week, model, (category,) requests, tokens, squares (sum of squared tokens), prompt, spend_usd, spend_squares
    (sum of squared spend), and the models' facts.
    """
    rows = categories.labelled(log)

    def cells() -> pd.DataFrame:
        return with_facts(collect(_sums(rows, ["week", "model", "category"])), log)

    def whole() -> pd.DataFrame:
        return with_facts(collect(_sums(rows.drop("category").distinct(), ["week", "model"])), log)

    return log.remembered("claims.cells", cells), log.remembered("claims.labelled", whole)


def _sums(t: ir.Table, by: list[str]) -> ir.Table:
    size, cost = t.tokens.cast("float64"), t.cost_usd.cast("float64")
    return t.group_by(*by).aggregate(
        requests=t.count().cast("int64"),
        tokens=v.total(t.tokens),
        squares=(size * size).sum(),
        prompt=v.total(t.tokens_prompt),
        spend_usd=v.amount(t.cost_usd),
        spend_squares=(cost * cost).sum(),
    )


def enough_labels(requests: float, of: str = "") -> int:
    """The number of labelled requests. Raises Untestable where they are too few to say anything (of what, in words)."""
    if requests < LEAST_LABELS:
        raise Untestable(f"only {counted(int(requests), 'labelled request')}" + (f" of {of}" if of else ""))
    return int(requests)


def share_of_labels(own: pd.DataFrame, whole: pd.DataFrame) -> Measured:
    """Tokens of some rows of the labelled sample over those of the whole, with the interval of the label sample."""
    return label_share(
        float(own["tokens"].sum()),
        float(whole["tokens"].sum()),
        float(whole["squares"].sum()),
        int(whole["requests"].sum()),
    )


def sample(log: Log, window: Window = "category") -> tuple[pd.DataFrame, pd.DataFrame]:
    """`labelled`, cut to the complete weeks of a window. Raises Untestable if no week of it has labels."""
    cells, whole = labelled(log)
    weeks = weeks_of(log, window)
    cells, whole = cells[cells["week"].isin(weeks)], whole[whole["week"].isin(weeks)]
    if whole.empty:
        raise Untestable("no labelled request in the window")
    return cells, whole
