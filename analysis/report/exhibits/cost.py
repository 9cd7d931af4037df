"""Figures 26 to 28 and table 3: cost against use, of categories and of models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from analysis.queries import cost
from analysis.queries.weekly import Window
from analysis.report.charts import samples
from analysis.report.charts.chart import Bars, Points, Series, Value
from analysis.report.charts.palette import (
    ARCHETYPE_COLOURS,
    BLUE,
    CATEGORY_COLOURS,
    GREY,
    MOST_NAMES,
    VERMILLION,
)
from analysis.report.exhibit import Exhibit
from analysis.report.exhibits.gap import held
from analysis.report.window import over_window
from analysis.sources.log import Log, NotAvailable
from analysis.study import CATEGORY_WINDOW, MAIN_WINDOW, TABLE3

_FREE = (
    "Own-key (BYOK) requests are left out. Free variants are left out, as listings of their own: the report's $0.394 "
    "for DeepSeek V3 0324 lies within that model's list price, which it could not if its free variant counted."
)
_USE = "Use is the charged tokens, the same requests as the cost."
_MOST_CHANGE = 10.0
"""Changes beyond this are not told apart: the slope is all but open (assumed)."""
_NO_CHARGE = "no request outside free variants was charged by the gateway"
_COST = Value("cost_usd_per_mtok", "effective cost, USD per million tokens", "usd")
_TOKENS = Value("charged_tokens", "charged tokens", "tokens")
_REQUESTS = Value("requests", "requests", "count")
_MODEL: dict[str, Any] = {
    "name": "text", "author": "text", "requests": "count", "charged_tokens": "tokens", "cost_usd": "usd",
    "cost_usd_per_mtok": "usd", "log10_tokens": "number", "archetype": "text",
}  # fmt: skip


def category_cost(log: Log, window: Window | None = None) -> pd.DataFrame:
    """Effective cost and tokens of the categories in the labelled sample: cost.category_cost."""
    frame = cost.category_cost(log, window)
    return held(frame, "charges", "no labelled request with a category was charged by the gateway")


def model_cost(log: Log, window: Window | None = None) -> pd.DataFrame:
    """Effective cost and tokens by model: cost.effective_cost, models with a cost above 0 (the axes are logarithmic),
    with their archetype.

    archetype: premium leaders (dear, much used), efficient giants (cheap, much used), premium specialists (dear, little
    used), long tail (cheap, little used), cut at the medians over models. log10_cost, log10_tokens: decimal
    logarithms of cost_usd_per_mtok and charged_tokens. open: open weights, by the models table.
    """
    return held(cost.market_map(log, window), "charges", _NO_CHARGE)


def slope(log: Log, window: Window | None = None) -> pd.DataFrame:
    """Least-squares line of log10 tokens on log10 effective cost across models, from cost.effective_cost.

    slope with its 95% interval (Student's t), pearson_r, p_value (of slope 0), spearman_rho; change_for_10pct_cheaper =
    0.9 ** slope - 1: the change in tokens that goes with a price lower by 10%. Across models quality and price move
    together: this is an association, not an effect of prices.
    """
    frame = held(cost.market_map(log, window), "charges", _NO_CHARGE)
    if len(frame) < cost.LEAST_MODELS:
        raise NotAvailable("models", f"{len(frame)} with a cost; a line needs {cost.LEAST_MODELS}")
    return cost.elasticity(log, window)


def named_models(log: Log, window: Window | None = None) -> pd.DataFrame:
    """The eight models that the report names, from cost.effective_cost; missing values for a model without a charged
    request.

    log10_below_top: log10_tokens less that of the most used of the eight. The report does not state the unit of its
    use, so that only differences compare. segment: the report's; archetype: by the medians of this log.
    """
    frame = cost.named_models(log, window)
    held(
        frame[frame["charged_tokens"].notna()], "charges", "no request to any of the eight models was charged"
    )
    return frame


def list_price(log: Log, window: Window | None = None) -> pd.DataFrame:
    """What requests cost in effect and at list price, by model: cost.list_price."""
    frame = cost.list_price(log, window)
    return held(frame, "charges", "no request was charged by the gateway on a day with a known list price")


def _categories(frame: pd.DataFrame) -> Points:
    cuts = float(frame["median_cost"].iloc[0]), float(frame["median_tokens"].iloc[0])
    known = not np.isnan(cuts).any()
    return Points(
        frame, _COST, Value("charged_tokens", "charged tokens of the labelled sample", "tokens"), "category",
        Series("category", list(CATEGORY_COLOURS), {}, CATEGORY_COLOURS),
        cuts=cuts if known else None, corners=cost.QUADRANTS,
        more=(Value("paid_usd_per_mtok", "without free variants", "usd"), _REQUESTS),
        caption=f"cut at the medians: {cuts[0]:,.2f} USD per million tokens" if known else "",
    )  # fmt: skip


def _models(frame: pd.DataFrame) -> Points:
    known = frame["open"].map({True: "open weights", False: "closed"}).fillna("not in the catalogue")
    colours = {"closed": VERMILLION, "open weights": BLUE, "not in the catalogue": GREY}
    fit = cost.line_of(frame).iloc[0]
    fitted = len(frame) >= cost.LEAST_MODELS and not np.isnan(fit["slope"])
    return Points(
        frame.assign(kind=known), _COST, _TOKENS, "name", Series("kind", list(colours), {}, colours),
        named=frame["name"].head(MOST_NAMES).tolist(), more=(_REQUESTS,), line=_line(frame, fit) if fitted else None,
        caption=_fit_in_words(fit) if fitted else "",
    )  # fmt: skip


def _line(frame: pd.DataFrame, fit: pd.Series) -> pd.DataFrame:
    """The line of least squares, with the 95% band of its mean, on the scales of the points: x, y, low, high."""
    x = frame["log10_cost"].to_numpy()
    at = np.linspace(x.min(), x.max(), 40)
    line = fit["slope"] * at + fit["intercept"]
    left = frame["log10_tokens"].to_numpy() - (fit["slope"] * x + fit["intercept"])
    spread = np.sum((x - x.mean()) ** 2)
    error = np.sqrt(np.sum(left**2) / (len(x) - 2) * (1 / len(x) + (at - x.mean()) ** 2 / spread))
    half = float(stdtrit(len(x) - 2, 0.975)) * error
    return pd.DataFrame({"x": 10**at, "y": 10**line, "low": 10 ** (line - half), "high": 10 ** (line + half)})


def _fit_in_words(fit: pd.Series) -> str:
    slope, r = f"slope {fit['slope']:.2f}", f"r = {fit['pearson_r']:.2f}"
    change = f"10% cheaper goes with {_change(fit['change_for_10pct_cheaper'])} tokens"
    if np.isinf(fit["slope_low"]):
        return f"{slope} (one model alone decides it: no interval), {r}; {change}"
    ends = f"{fit['slope_low']:.2f} to {fit['slope_high']:.2f}"
    return f"{slope} (95%: {ends}), {r}; {change} ({_change(fit['change_low'])} to {_change(fit['change_high'])})"


def _change(value: float) -> str:
    return f"{value:+.1%}" if value < _MOST_CHANGE else f"more than {_MOST_CHANGE:+,.0%}"


def _archetypes(frame: pd.DataFrame) -> Points:
    """Cut at the medians; the models of table 3 are named, or without one of them the largest."""
    told = frame.loc[frame["model"].isin([entry.model for entry in TABLE3]), "name"].tolist()
    cuts = float(10 ** frame["log10_cost"].median()), float(10 ** frame["log10_tokens"].median())
    return Points(
        frame, _COST, _TOKENS, "name", Series("archetype", list(ARCHETYPE_COLOURS), {}, ARCHETYPE_COLOURS),
        named=told or frame["name"].head(MOST_NAMES).tolist(), cuts=cuts, more=(_REQUESTS,), ringed=bool(told),
        caption="cut at the medians",
    )  # fmt: skip


def _list(frame: pd.DataFrame) -> Bars:
    more = (
        Value("list_usd_per_mtok", "list price, USD per million tokens", "usd"),
        Value("cost_usd_per_mtok", "effective cost, USD per million tokens", "usd"),
        Value("cached_share", "cached share of prompt tokens"),
    )
    shown = frame.dropna(subset=["list_over_actual"])
    ratio = Value("list_over_actual", "list price over effective cost", "number")
    return Bars(shown, ratio, "model", most=20, more=more)


EXHIBITS: tuple[Exhibit, ...] = (
    Exhibit(
        id="fig26",
        title="Cost and use of categories",
        section="cost",
        cells=("category charges",),
        unit="USD per million tokens; tokens",
        table=over_window(category_cost, CATEGORY_WINDOW),
        queries=(cost.category_cost,),
        sample=samples.category_cost,
        chart=_categories,
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
        cells=("charges",),
        unit="USD per million tokens; tokens",
        table=over_window(model_cost, MAIN_WINDOW),
        queries=(cost.effective_cost,),
        sample=samples.model_cost,
        chart=_models,
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
        cells=("charges",),
        unit="log10 tokens per log10 USD per million tokens",
        table=over_window(slope, MAIN_WINDOW),
        queries=(cost.effective_cost,),
        claims=("C142", "C143"),
        choice="The report says both that a price lower by 10% goes with 0.5 to 0.7% more use, and that demand is "
        "inelastic, while it disclaims causes: this is the line across models and no more. An interval from −∞ to ∞ "
        "says that one model alone decides the slope, since all others have one cost.",
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
        cells=("charges",),
        unit="USD per million tokens; tokens",
        table=over_window(model_cost, MAIN_WINDOW),
        queries=(cost.effective_cost,),
        sample=samples.archetypes,
        chart=_archetypes,
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
        cells=("charges",),
        unit="USD per million tokens; log10 tokens",
        table=over_window(named_models, MAIN_WINDOW),
        queries=(cost.effective_cost,),
        of_study=True,
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
        table=over_window(list_price, MAIN_WINDOW),
        queries=(cost.list_price,),
        sample=samples.within(MAIN_WINDOW),
        chart=_list,
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
