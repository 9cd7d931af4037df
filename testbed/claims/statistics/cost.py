"""Statistics on cost and use (section 8)."""

from __future__ import annotations

import math
from typing import Literal

import pandas as pd

from analysis.numerals import counted
from analysis.proportions import share as over
from analysis.queries import categories, cost
from analysis.sources.log import Log
from testbed.claims.measuring.measured import Groups, Measured, Untestable
from testbed.claims.measuring.tables import Pick, bounds, catalogued, sample, share_of_labels, weeks_of
from testbed.claims.measuring.uncertainty import correlated, median, proportion
from testbed.claims.statistics.registry import statistic

Axis = Literal["cost", "use"]


def _category_cost(log: Log) -> pd.DataFrame:
    weeks_of(log, "category")
    frame = cost.category_cost(log, window=bounds("category", log))
    if frame["charged_tokens"].sum() == 0:
        raise Untestable("no labelled request that was charged in the category window")
    return frame.set_index("category")


@statistic
def median_category_cost(log: Log) -> Measured:
    """Median over the categories of charged USD per million tokens (own-key requests left out); interval: the order
    statistics that cover the median at 95% (binomial)."""
    values = _category_cost(log)["cost_usd_per_mtok"].dropna()
    if len(values) < 6:
        raise Untestable(f"only {counted(len(values), 'category', 'categories')} with a cost")
    return median(values, "usd_per_mtok", "categories")


@statistic
def categories_placed(log: Log) -> Measured:
    """How many categories have a cost and a use above zero, so that both logarithms exist (count)."""
    frame = _category_cost(log)
    placed = (frame["cost_usd_per_mtok"] > 0) & (frame["charged_tokens"] > 0)
    return Measured(float(placed.sum()), n=len(frame), unit="count", detail="categories")


@statistic
def in_quadrant(log: Log, of: list[str], quadrant: str) -> Measured:
    """How many of the named categories stand in a quadrant: cost above or below the median cost, use above or below the
    median use (count)."""
    frame = _category_cost(log)
    missing = [name for name in of if name not in frame.index]
    if missing:
        raise Untestable(f"no charged, labelled request of {', '.join(missing)}")
    found, costs = frame.loc[of, "quadrant"], frame.loc[of, "cost_usd_per_mtok"]
    where = ", ".join(f"{name}: {q} (${usd:.2f})" for name, q, usd in zip(of, found, costs, strict=True))
    return Measured(float((found == quadrant).sum()), n=len(of), unit="count", detail=f"categories; {where}")


@statistic
def category_ratio(log: Log, axis: Axis, category: str, to: Literal["median", "largest other", "category"] = "median",
                   other: str = "") -> Measured:  # fmt: skip
    """Cost (USD per million tokens) or use (tokens) of a category over the median category's, the largest other's, or
    another category's."""
    frame = _category_cost(log)
    values = frame["cost_usd_per_mtok" if axis == "cost" else "charged_tokens"].astype(float)
    if category not in values.index:
        raise Untestable(f"no charged, labelled request of {category}")
    others = values.drop(category)
    if to == "median":
        base = float(values.median() if axis == "cost" else frame["median_tokens"].iloc[0])
    elif to == "largest other":
        base = float(others.max())
    elif other in values.index:
        base = float(values[other])
    else:
        raise Untestable(f"no charged, labelled request of {other}")
    return Measured(float(over(values[category], base)), n=int(frame["requests"].sum()), unit="ratio",
                    detail="charged, labelled requests")  # fmt: skip


@statistic
def open_share_by_quadrant(log: Log) -> Groups:
    """Share of open models in the labelled tokens of the categories of each quadrant; interval of the label sample."""
    frame = _category_cost(log)
    cells, _ = sample(log, "category")
    parts = {}
    for quadrant, names in frame.groupby("quadrant").groups.items():
        rows = cells[cells["category"].isin(list(names))]
        parts[str(quadrant)] = share_of_labels(rows[Pick(open=True).of(rows)], rows)
    cheap = frame[frame["cost_usd_per_mtok"] < frame["median_cost"]].index
    for name, mask in (("cheap", cells["category"].isin(cheap)),
                       ("dear", ~cells["category"].isin(cheap) & (cells["category"] != categories.OTHER))):  # fmt: skip
        rows = cells[mask]
        parts[name] = share_of_labels(rows[Pick(open=True).of(rows)], rows)
    return Groups(parts)


def _map(log: Log) -> pd.DataFrame:
    weeks_of(log, "main")
    frame = cost.market_map(log, window=bounds("main", log))
    if len(frame) < 10:
        raise Untestable(f"only {counted(len(frame), 'model')} with a cost in the main window")
    return frame


@statistic
def slope(log: Log) -> Measured:
    """Least-squares slope, across models, of log tokens on log effective cost (main window); HC3 interval."""
    line = cost.line_of(_map(log)).iloc[0]
    value, low, high = (float(line[name]) for name in ("slope", "slope_low", "slope_high"))
    return Measured(value, low, high, int(line["models"]), "ratio", "models")


@statistic
def correlation(log: Log) -> Measured:
    """Pearson's correlation, across models, of log tokens and log effective cost; interval of Fisher's z."""
    frame = _map(log)
    r = float(cost.line_of(frame)["pearson_r"].iloc[0])
    return correlated(r, 1 / (len(frame) - 3), len(frame), "models")


@statistic
def tokens_in_archetype(log: Log, authors: list[str], archetype: str, open: bool | None = None) -> Measured:
    """Share of the charged tokens of some authors that belongs to models of an archetype (main window). Exact, no
    interval."""
    frame = _map(log)
    rows = frame[frame["author"].isin(authors)]
    if open is not None:
        rows = rows[rows["open"].fillna(not open) == open]
    if rows.empty:
        if catalogued(log, Pick(author=tuple(authors), open=open)).empty:
            raise Untestable(f"no charged model of {', '.join(authors)}")
        return Measured(0.0, n=0, unit="share", detail="models; none of them is used")
    inside = rows[rows["archetype"] == archetype]
    top = ", ".join(rows.nlargest(3, "charged_tokens")["model"])
    return Measured(float(over(inside["charged_tokens"].sum(), rows["charged_tokens"].sum())), n=len(rows),
                    unit="share", detail=f"models; largest: {top}")  # fmt: skip


@statistic
def named_in_segment(log: Log) -> Measured:
    """How many of the eight models of table 3 stand in the corner of cost and use that the report puts them in
    (count). One that was on offer and not used stands in none."""
    weeks_of(log, "main")
    frame = cost.named_models(log, window=bounds("main", log))
    unused = frame[frame["cost_usd_per_mtok"].isna()]["model"].tolist()
    missing = sorted(set(unused) - set(catalogued(log, Pick(model=tuple(unused)))["model"]))
    if missing or len(unused) == len(frame):
        raise Untestable(f"no charged request of {', '.join(missing or unused)}")
    agree = frame["segment"] == frame["archetype"]
    frame["archetype"] = frame["archetype"].replace("", "not used")
    elsewhere = frame[~agree].itertuples(index=False)
    where = ", ".join(f"{row.name!s}: {row.archetype!s}" for row in elsewhere)
    return Measured(
        float(agree.sum()), n=len(frame), unit="count", detail=f"models; elsewhere: {where or 'none'}"
    )


def _named(log: Log, model: str) -> pd.Series | None:
    """The model's row of table 3; None if it was on offer and had no charged request. Raises Untestable if it was
    not on offer, or none of the eight models was used."""
    weeks_of(log, "main")
    frame = cost.named_models(log, window=bounds("main", log))
    used = frame[frame["cost_usd_per_mtok"].notna()]
    rows = used[used["model"] == model]
    if len(rows):
        return rows.iloc[0]
    if used.empty or catalogued(log, Pick(model=model)).empty:
        raise Untestable(f"no charged request of {model} in the main window")
    return None


@statistic
def model_cost(log: Log, model: str) -> Measured:
    """Charged USD per million tokens of a model (own-key requests and the free variant left out). A census, no
    interval."""
    row = _named(log, model)
    if row is None:
        raise Untestable(f"no charged request of {model} in the main window")
    return Measured(
        float(row["cost_usd_per_mtok"]),
        n=int(row["requests"]),
        unit="usd_per_mtok",
        detail="charged requests",
    )


@statistic
def model_use(log: Log, model: str) -> Measured:
    """log10 of a model's charged tokens less that of the most used of the eight models of table 3: without a scale.
    Minus infinity for a model that was on offer and had no charged request."""
    row = _named(log, model)
    if row is None:
        return Measured(-math.inf, n=0, unit="log10", detail="charged requests")
    return Measured(
        float(row["log10_below_top"]), n=int(row["requests"]), unit="log10", detail="charged requests"
    )


@statistic
def below_list(log: Log) -> Measured:
    """Share of models whose charged cost lies below what the same requests would cost at list prices (main window);
    Wilson interval over models."""
    weeks_of(log, "main")
    frame = cost.list_price(log, window=bounds("main", log))
    frame = frame[frame["cost_usd"] > 0]
    if len(frame) < 5:
        raise Untestable(f"only {counted(len(frame), 'model')} with a list price and a charge")
    ratio = float(over(frame["cost_usd"].sum(), frame["list_cost_usd"].sum()))
    below = frame["list_over_actual"] > 1.0001
    return proportion(float(below.sum()), len(frame), f"models; all charges are {ratio:.0%} of list")


@statistic
def cheap_and_little_used(log: Log, below_usd: float = 0.1) -> Measured:
    """Of open models that cost less than `below_usd` per million tokens, the share used less than the median model
    (main window); Wilson interval over models."""
    frame = _map(log)
    cheap = frame[(frame["open"].fillna(False)) & (frame["cost_usd_per_mtok"] < below_usd)]
    if len(cheap) < 5:
        raise Untestable(f"only {counted(len(cheap), 'such model')}")
    little = cheap["charged_tokens"] < frame["charged_tokens"].median()
    return proportion(float(little.sum()), len(cheap), "models")


@statistic
def dear_among_top(log: Log, above_usd: float, top: int = 10) -> Measured:
    """How many of the most used models cost more than `above_usd` per million tokens (main window, count)."""
    frame = _map(log).nlargest(top, "charged_tokens")
    dear = frame[frame["cost_usd_per_mtok"] > above_usd]
    return Measured(
        float(len(dear)), n=len(frame), unit="count", detail=f"models: {', '.join(dear['model'])}"
    )
