"""Figures 26 to 28 and table 3: cost against use, of categories and of models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.queries import cost
from analysis.queries.weekly import window_of
from analysis.report import figures
from analysis.report.charts import charts
from analysis.report.charts.scatter import scatter
from analysis.report.exhibit import Exhibit
from analysis.report.exhibits.gap import held
from analysis.report.figures import samples
from analysis.report.figures.palette import (
    ARCHETYPE_COLOURS,
    BLUE,
    CATEGORY_COLOURS,
    GREY,
    MOST_NAMES,
    VERMILLION,
)
from analysis.sources.log import Log, NotAvailable
from analysis.study import CATEGORY_WINDOW, MAIN_WINDOW, TABLE3

_FREE = (
    "Own-key (BYOK) requests are left out. Free variants are left out, as listings of their own: the report's $0.394 "
    "for DeepSeek V3 0324 lies within that model's list price, which it could not if its free variant counted."
)
_USE = "Use is the charged tokens, the same requests as the cost."
_NO_CHARGE = "no request outside free variants was charged by the gateway"
_COST_TITLE = "effective cost, USD per million tokens"
_MODEL: dict[str, Any] = {
    "name": "text", "author": "text", "requests": "count", "charged_tokens": "tokens", "cost_usd": "usd",
    "cost_usd_per_mtok": "usd", "log10_tokens": "number", "archetype": "text",
}  # fmt: skip


def category_cost(log: Log) -> pd.DataFrame:
    """Effective cost and tokens of the categories in the labelled sample: cost.category_cost over the category window
    (all weeks of a log that does not reach into it)."""
    frame = cost.category_cost(log, window_of(log, CATEGORY_WINDOW))
    return held(frame, "charges", "no labelled request with a category was charged by the gateway")


def model_cost(log: Log) -> pd.DataFrame:
    """Effective cost and tokens by model over the report's main window: cost.effective_cost, models with a cost above 0
    (the axes are logarithmic), with their archetype.

    archetype: premium leaders (dear, much used), efficient giants (cheap, much used), premium specialists (dear, little
    used), long tail (cheap, little used), cut at the medians over models. log10_cost, log10_tokens: decimal
    logarithms of cost_usd_per_mtok and charged_tokens. open: open weights, by the models table.
    """
    return held(cost.market_map(log, window_of(log, MAIN_WINDOW)), "charges", _NO_CHARGE)


def slope(log: Log) -> pd.DataFrame:
    """Least-squares line of log10 tokens on log10 effective cost across models, from cost.effective_cost over the
    report's main window.

    slope with its 95% interval (Student's t), pearson_r, p_value (of slope 0), spearman_rho; change_for_10pct_cheaper =
    0.9 ** slope - 1: the change in tokens that goes with a price lower by 10%. Across models quality and price move
    together: this is an association, not an effect of prices.
    """
    frame = held(cost.market_map(log, window_of(log, MAIN_WINDOW)), "charges", _NO_CHARGE)
    if len(frame) < cost.LEAST_MODELS:
        raise NotAvailable("models", f"{len(frame)} with a cost; a line needs {cost.LEAST_MODELS}")
    return cost.elasticity(log, window_of(log, MAIN_WINDOW))


def named_models(log: Log) -> pd.DataFrame:
    """The eight models that the report names, from cost.effective_cost over the report's main window; missing values
    for a model without a charged request.

    log10_below_top: log10_tokens less that of the most used of the eight. The report does not state the unit of its
    use, so that only differences compare. segment: the report's; archetype: by the medians of this log.
    """
    frame = cost.named_models(log, window_of(log, MAIN_WINDOW))
    held(
        frame[frame["charged_tokens"].notna()], "charges", "no request to any of the eight models was charged"
    )
    return frame


def list_price(log: Log) -> pd.DataFrame:
    """What requests cost in effect and at list price, by model: cost.list_price over the report's main window."""
    frame = cost.list_price(log, window_of(log, MAIN_WINDOW))
    return held(frame, "charges", "no request was charged by the gateway on a day with a known list price")


def _category_chart(frame: pd.DataFrame) -> dict[str, Any]:
    more = {"paid_usd_per_mtok": ("without free variants", "$,.2f"), "requests": ("requests", charts.COUNT)}
    series = charts.Series("category", list(CATEGORY_COLOURS), {}, CATEGORY_COLOURS)
    cuts = float(frame["median_cost"].iloc[0]), float(frame["median_tokens"].iloc[0])
    return scatter(frame, "cost_usd_per_mtok", "charged_tokens", label="category", more=more, series=series,
                   titles=(_COST_TITLE, "charged tokens of the labelled sample"), styles=("$,.2f", ".3~s"),
                   cuts=None if np.isnan(cuts).any() else cuts,
                   description="Categories by effective cost and tokens, with the medians.")  # fmt: skip


def _model_chart(frame: pd.DataFrame) -> dict[str, Any]:
    known = frame["open"].map({True: "open weights", False: "closed"}).fillna("not in the catalogue")
    series = charts.Series("kind", ["closed", "open weights", "not in the catalogue"], {},
                           {"closed": VERMILLION, "open weights": BLUE, "not in the catalogue": GREY})  # fmt: skip
    fit = cost.line_of(frame).iloc[0]
    ends = [float(frame["log10_cost"].min()), float(frame["log10_cost"].max())]
    line = (
        []
        if len(frame) < cost.LEAST_MODELS or np.isnan(fit["slope"])
        else [(10**x, 10 ** (fit["intercept"] + fit["slope"] * x)) for x in ends]
    )
    return scatter(frame.assign(kind=known), "cost_usd_per_mtok", "charged_tokens", label="name", series=series,
                   titles=(_COST_TITLE, "charged tokens"), named=frame["name"].head(6).tolist(), line=line,
                   more={"requests": ("requests", charts.COUNT)},
                   description="Models by effective cost and tokens, with the line of least squares.")  # fmt: skip


def _archetype_chart(frame: pd.DataFrame) -> dict[str, Any]:
    series = charts.Series("archetype", list(ARCHETYPE_COLOURS), {}, ARCHETYPE_COLOURS)
    named = frame.loc[frame["model"].isin([entry.model for entry in TABLE3]), "name"].tolist()
    named = named or frame["name"].head(MOST_NAMES).tolist()
    cuts = float(10 ** frame["log10_cost"].median()), float(10 ** frame["log10_tokens"].median())
    return scatter(frame, "cost_usd_per_mtok", "charged_tokens", label="name", series=series, named=named, cuts=cuts,
                   titles=(_COST_TITLE, "charged tokens"), more={"requests": ("requests", charts.COUNT)},
                   description="Models by archetype, cut at the medians; the models of table 3 are named.")  # fmt: skip


def _list_chart(frame: pd.DataFrame) -> dict[str, Any]:
    shown = frame.dropna(subset=["list_over_actual"]).head(20)
    more = {
        "list_usd_per_mtok": ("list price, USD per million tokens", "$,.3~f"),
        "cost_usd_per_mtok": ("effective cost, USD per million tokens", "$,.3~f"),
        "cached_share": ("cached share of prompt tokens", charts.SHARE),
    }
    return charts.bars(shown, "list_over_actual", "list price over effective cost", label="model", style=".2f",
                       more=more, description="List price over effective cost of the 20 most used models.")  # fmt: skip


EXHIBITS: tuple[Exhibit, ...] = (
    Exhibit(
        id="fig26",
        title="Cost and use of categories",
        section="cost",
        unit="USD per million tokens; tokens",
        table=category_cost,
        queries=(cost.category_cost,),
        draw=lambda log: figures.category_cost(log),
        sample=samples.category_cost,
        chart=_category_chart,
        claims=("C132", "C133", "C134", "C135", "C136", "C137", "C138", "C139", "C140", "C141"),
        choice="Own-key (BYOK) requests are left out. Free variants count with their tokens and at no charge, since "
        "the report divides all spend by all tokens of a category; paid_usd_per_mtok leaves them out. The horizontal "
        "cut, not given in the report, is the median of log tokens. The report has science in two quadrants, and "
        "programming at or below the mean cost, though models at about $2 take most of its spend.",
        compared="cost_usd_per_mtok",
        key=("category",),
        formats={
            "category": "text", "requests": "count", "charged_tokens": "tokens", "cost_usd": "usd",
            "cost_usd_per_mtok": "usd", "paid_usd_per_mtok": "usd", "quadrant": "text",
        },
    ),
    Exhibit(
        id="fig27",
        title="Cost and use of models",
        section="cost",
        unit="USD per million tokens; tokens",
        table=model_cost,
        queries=(cost.effective_cost,),
        draw=lambda log: figures.model_cost(log),
        sample=samples.model_cost,
        chart=_model_chart,
        claims=("C142", "C143", "C144", "C145"),
        choice=f"{_FREE} {_USE}",
        compared="cost_usd_per_mtok",
        key=("model",),
        formats=_MODEL,
    ),
    Exhibit(
        id="fig27b",
        title="Slope of use on cost across models",
        section="cost",
        unit="log10 tokens per log10 USD per million tokens",
        table=slope,
        queries=(cost.effective_cost,),
        claims=("C142", "C143"),
        choice="The report says both that a price lower by 10% goes with 0.5 to 0.7% more use, and that demand is "
        "inelastic, while it disclaims causes: this is the line across models and no more.",
        compared="slope",
        formats={
            "models": "count", "slope": "number", "slope_low": "number", "slope_high": "number", "pearson_r": "number",
            "p_value": "number", "spearman_rho": "number", "change_for_10pct_cheaper": "share", "change_low": "share",
            "change_high": "share",
        },
    ),
    Exhibit(
        id="fig28",
        title="Archetypes of models",
        section="cost",
        unit="USD per million tokens; tokens",
        table=model_cost,
        queries=(cost.effective_cost,),
        draw=lambda log: figures.archetypes(log),
        sample=samples.archetypes,
        chart=_archetype_chart,
        claims=("C146", "C156", "C157", "C158"),
        choice=f"{_FREE} {_USE} The report gives no cuts: these are the medians over models.",
        compared="charged_tokens",
        key=("model",),
        formats=_MODEL,
    ),
    Exhibit(
        id="table3",
        title="Models that the report names by segment",
        section="cost",
        unit="USD per million tokens; log10 tokens",
        table=named_models,
        queries=(cost.effective_cost,),
        claims=("C147", "C148", "C149", "C150", "C151", "C152", "C153", "C154"),
        choice=f"{_FREE} {_USE} The report's table is of a later data set than its figures.",
        compared="cost_usd_per_mtok",
        key=("model",),
        formats={
            "segment": "text", "name": "text", "cost_usd_per_mtok": "usd", "charged_tokens": "tokens",
            "log10_tokens": "number", "log10_below_top": "number", "archetype": "text",
        },
    ),
    Exhibit(
        id="table3b",
        title="Effective against list price",
        section="cost",
        unit="USD per million tokens",
        table=list_price,
        queries=(cost.list_price,),
        chart=_list_chart,
        claims=("C155",),
        choice="List price is that of the day in the models table, without any cache discount. Own-key requests and "
        "free variants are left out. The report states this without numbers.",
        compared="list_over_actual",
        key=("model",),
        formats={
            "model": "text", "requests": "count", "charged_tokens": "tokens", "cost_usd_per_mtok": "usd",
            "list_usd_per_mtok": "usd", "list_over_actual": "number", "cached_share": "share",
        },
    ),
)  # fmt: skip
