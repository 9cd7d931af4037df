"""Costs: what a generation costs at list price, and what tokens cost in effect, by model and by category.

Effective cost (report definition B.16) = what was charged over prompt + completion tokens together, after cache
discounts. Requests paid with the customer's own key (byok) are left out of both.

Choice for free variants, on which the report is silent. By model they are left out: a free variant is a listing
of its own at a price of nothing, and the report's $0.394 for DeepSeek V3 0324 lies within that model's list
price (0.27 and 1.10), which it could not if its much used free variant counted. By category they count, with
their tokens and at no charge: the report's category cost is all spend over all tokens of the category.
"""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from analysis import vocabulary as v
from analysis.queries import categories
from analysis.queries import weekly as step
from analysis.queries.model_facts import model_names, open_weights
from analysis.queries.query import finished_by, query
from analysis.sources.log import Log
from analysis.study import TABLE3

PER_MTOK = 1e-6  # prices are in USD per million tokens
MTOK = 1e6

# (cost at or above the median, use at or above the median) -> name of the corner
QUADRANTS = {
    (True, True): "premium workloads",
    (False, True): "mass-market volume",
    (True, False): "specialised experts",
    (False, False): "niche utilities",
}
ARCHETYPES = {
    (True, True): "premium leaders",
    (False, True): "efficient giants",
    (True, False): "premium specialists",
    (False, False): "long tail",
}


def charges(log: Log, what: str = "effective cost") -> ir.Table:
    """Charged requests by day, model and whether the variant is free: week, day, model, free, requests,
    tokens_prompt, tokens_completion, tokens_cached (0 where not recorded), tokens, cost_usd. Needs the column
    byok; rows where it is true or null are left out.
    """
    log.need("byok", what=what)

    def build() -> ir.Table:
        rows = log.generations
        rows = rows.filter(~rows.byok)
        cached = rows.tokens_cached if "tokens_cached" in log.columns else ibis.literal(0, "int64")
        rows = rows.select(
            "model", "tokens_prompt", "tokens_completion", "cost_total",
            week=v.week(rows.created_at), day=v.day(rows.created_at), free=v.free_variant(rows), cached=cached,
        )  # fmt: skip
        return rows.group_by("week", "day", "model", "free").aggregate(
            requests=rows.count().cast("int64"),
            tokens_prompt=v.total(rows.tokens_prompt),
            tokens_completion=v.total(rows.tokens_completion),
            tokens_cached=v.total(rows.cached.fill_null(0)),
            tokens=v.total(v.tokens_total(rows)),
            cost_usd=v.amount(rows.cost_total),
        )

    return log.shared("charges", build)


@query
def effective_cost(log: Log, window: step.Window | None = None, free_variants: bool = False) -> ir.Table:
    """Effective cost by model over the weeks whose Monday lies in the window: report definition B.16, claims
    C142 to C155 (figures 27 and 28).

    cost_usd_per_mtok = cost_usd (USD charged) over charged_tokens (prompt + completion), times a million.
    charged_tokens, cost_usd and requests (count) are those of requests not paid with the customer's own key
    (byok false); a request whose byok is null is left out. A model that has requests in the window but none
    of these is listed with 0 of each and without a cost. Free variants are left out, or count at what was
    charged, nothing, if `free_variants`. Needs the column byok.
    """
    t = charges(log).filter(lambda t: v.within(t.week, window))
    t = t if free_variants else t.filter(~t.free)
    charged = t.group_by("model").aggregate(
        requests=v.total(t.requests), charged_tokens=v.total(t.tokens), cost_usd=t.cost_usd.sum()
    )
    used = step.by_model(log, "requests").filter(lambda t: v.within(t.week, window))
    sums = used.select("model").distinct().left_join(charged, "model")
    sums = sums.select(
        "model",
        requests=sums.requests.fill_null(0),
        charged_tokens=sums.charged_tokens.fill_null(0),
        cost_usd=sums.cost_usd.fill_null(0.0),
    )
    cost = v.ratio(sums.cost_usd, sums.charged_tokens) * MTOK
    return sums.mutate(cost_usd_per_mtok=cost).order_by(ibis.desc("charged_tokens"), "model")


@query
def list_price(log: Log, window: step.Window | None = None) -> ir.Table:
    """Effective against list price by model over the weeks whose Monday lies in the window: claim C155.

    list_cost_usd (USD): what the same requests would have cost at the list price of their day, without any
    cache discount: prompt tokens times the prompt price plus completion tokens times the completion price.
    cost_usd (USD): what was charged. list_over_actual = list_cost_usd over cost_usd; missing where nothing was
    charged. list_usd_per_mtok and cost_usd_per_mtok: both over charged_tokens, times a million. cached_share =
    cached prompt tokens over prompt tokens. Of requests not paid with the customer's own key (byok false), free
    variants left out, on days with a known price. Needs the column byok and the models table with `prices`.
    """
    facts = log.need_models("prices", what="list prices")
    path = facts.select("model", price=v.elements(facts.prices))
    path = path.select(
        path_model=path.model,
        since=v.part(path.price, "from", "date"),
        prompt=v.part(path.price, "prompt_usd_per_mtok", "float64"),
        completion=v.part(path.price, "completion_usd_per_mtok", "float64"),
    )
    following = path.since.lead().over(ibis.window(group_by=path.path_model, order_by=path.since))
    path = path.mutate(until=following.fill_null(ibis.date(v.FAR.isoformat())))
    t = charges(log, what="list prices")
    t = t.filter(v.within(t.week, window), ~t.free)
    priced = t.inner_join(path, [t.model == path.path_model, t.day >= path.since, t.day < path.until])
    dollars = priced.tokens_prompt * priced.prompt + priced.tokens_completion * priced.completion
    priced = priced.mutate(list_cost_usd=dollars * PER_MTOK)
    sums = priced.group_by("model").aggregate(
        requests=v.total(priced.requests),
        charged_tokens=v.total(priced.tokens),
        tokens_prompt=v.total(priced.tokens_prompt),
        tokens_cached=v.total(priced.tokens_cached),
        cost_usd=priced.cost_usd.sum(),
        list_cost_usd=priced.list_cost_usd.sum(),
    )
    return sums.select(
        "model",
        "requests",
        "charged_tokens",
        "cost_usd",
        "list_cost_usd",
        cost_usd_per_mtok=v.ratio(sums.cost_usd, sums.charged_tokens) * MTOK,
        list_usd_per_mtok=v.ratio(sums.list_cost_usd, sums.charged_tokens) * MTOK,
        list_over_actual=v.ratio(sums.list_cost_usd, sums.cost_usd),
        cached_share=v.ratio(sums.tokens_cached, sums.tokens_prompt),
    ).order_by(ibis.desc("charged_tokens"), "model")


def corners(frame: pd.DataFrame, cost: str, use: str, names: Mapping[tuple[bool, bool], str]) -> pd.Series:
    """Name of each row's corner: above or at the median cost and use, or below. Empty text without a cost or a
    use.
    """
    high_cost, high_use = frame[cost] >= frame[cost].median(), frame[use] >= frame[use].median()
    found = [names[bool(c), bool(u)] for c, u in zip(high_cost, high_use, strict=True)]
    known = frame[cost].notna() & frame[use].notna()
    return pd.Series(found, index=frame.index, dtype="str").where(known, "")


def _finish_categories(frame: pd.DataFrame, log: Log, window: step.Window | None = None) -> pd.DataFrame:
    shown = frame[frame["category"] != categories.OTHER].reset_index(drop=True)
    shown["median_cost"] = shown["cost_usd_per_mtok"].median()
    shown["median_tokens"] = _log_median(shown["charged_tokens"])
    known = shown.assign(use=_log10(shown["charged_tokens"]))
    shown["quadrant"] = corners(known, "cost_usd_per_mtok", "use", QUADRANTS)
    return shown


@finished_by(_finish_categories)
def category_cost(log: Log, window: step.Window | None = None) -> ir.Table:
    """Effective cost against use by category over the weeks whose Monday lies in the window: claims C132 to
    C140 (figure 26).

    cost_usd_per_mtok = cost_usd (USD charged) over charged_tokens (prompt + completion), times a million, of
    the labelled requests that carry the category and are not paid with the customer's own key (byok false).
    Free variants count, at no charge; paid_tokens are the tokens without theirs, paid_usd_per_mtok = cost_usd
    over paid_tokens, times a million. A request counts once for each distinct category; `other` is left out.
    median_cost: median over the categories, the vertical cut; median_tokens: the median of log tokens as
    tokens, the horizontal cut (assumed: the report gives none). quadrant: premium workloads (dear, much used),
    mass-market volume (cheap, much used), specialised experts (dear, little used), niche utilities (cheap,
    little used). Labels with confidence below 0.5 are dropped. Needs the labels table and the column
    byok.
    """
    log.need("byok", what="effective cost by category")
    rows = categories.labelled(log)
    rows = rows.filter(v.within(rows.week, window), ~rows.byok)
    sums = rows.group_by("category").aggregate(
        requests=rows.count().cast("int64"),
        charged_tokens=v.total(rows.tokens),
        paid_tokens=v.total_where(rows.tokens, ~rows.free),
        cost_usd=v.amount(rows.cost_usd),
    )
    return sums.mutate(
        cost_usd_per_mtok=v.ratio(sums.cost_usd, sums.charged_tokens) * MTOK,
        paid_usd_per_mtok=v.ratio(sums.cost_usd, sums.paid_tokens) * MTOK,
    ).order_by(ibis.desc("charged_tokens"), "category")


def market_map(log: Log, window: step.Window | None = None) -> pd.DataFrame:
    """Models by effective cost and use: claims C142 to C158 (figures 27 and 28).

    The rows of `effective_cost` with a cost and tokens above 0, since both axes are logarithmic. Adds name,
    author, open (open weights; missing for a model without an entry), log10_cost (of USD per million tokens),
    log10_tokens (of charged_tokens) and archetype: premium leaders (dear, much used), efficient giants (cheap,
    much used), premium specialists (dear, little used), long tail (cheap, little used), cut at the medians over
    models (assumed: the report gives no cuts).
    """
    frame = effective_cost(log, window)
    frame = frame[(frame["cost_usd"] > 0) & (frame["charged_tokens"] > 0)].reset_index(drop=True)
    names = model_names(log)
    opened = open_weights(log)
    frame["name"] = pd.Series([names.get(m, m) for m in frame["model"]], index=frame.index, dtype="str")
    frame["author"] = frame["model"].str.split("/").str[0].astype("str")
    frame["open"] = pd.Series([opened.get(m) for m in frame["model"]], index=frame.index, dtype="boolean")
    frame["log10_cost"] = _log10(frame["cost_usd_per_mtok"])
    frame["log10_tokens"] = _log10(frame["charged_tokens"])
    frame["archetype"] = corners(frame, "log10_cost", "log10_tokens", ARCHETYPES)
    return frame


LEAST_MODELS = 5  # assumed: with fewer, a line across models says nothing of them, and it is not shown


def elasticity(log: Log, window: step.Window | None = None) -> pd.DataFrame:
    """Least-squares line of log10 use on log10 effective cost across the models of `market_map`: claims C142, C143.

    One row: models (count), slope with its 95% interval slope_low to slope_high, intercept, pearson_r, r_squared,
    p_value (of slope 0), as in `least_squares`; spearman_rho; change_for_10pct_cheaper = 0.9 ** slope - 1, the
    relative change in tokens that goes with a price lower by 10%, with change_low and change_high. An association
    across models, not an effect of prices: quality and price move together. Missing values with fewer than three
    models, or with one cost or one use only.
    """
    return line_of(market_map(log, window))


def line_of(frame: pd.DataFrame) -> pd.DataFrame:
    """`elasticity` of given models: columns log10_cost, log10_tokens."""
    x, y = frame["log10_cost"].to_numpy(), frame["log10_tokens"].to_numpy()
    row: dict[str, float] = dict.fromkeys(
        (
            "slope",
            "slope_low",
            "slope_high",
            "intercept",
            "pearson_r",
            "r_squared",
            "p_value",
            "spearman_rho",
        ),
        np.nan,
    )
    if len(x) > 2 and np.ptp(x) > 0 and np.ptp(y) > 0:
        # Sums differ in their last digits from run to run: what is equal but for these is a tie.
        rho = stats.spearmanr(np.round(x, 9), np.round(y, 9)).statistic
        row = least_squares(x, y) | {"spearman_rho": float(rho)}
    # Models of nearly one cost leave the slope so open that a bound exceeds every float: it is infinite then.
    with np.errstate(over="ignore"):
        change = np.power(0.9, [row["slope"], row["slope_high"], row["slope_low"]]) - 1
    row["change_for_10pct_cheaper"], row["change_low"], row["change_high"] = change.tolist()
    return pd.DataFrame([{"models": len(frame)} | row])


def least_squares(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> dict[str, float]:
    """Least-squares line of y on x, three points or more: slope, its 95% interval slope_low to slope_high
    (Student's t), intercept, pearson_r, r_squared, p_value (of slope 0).

    Interval and p value allow for unequal variances: the spread of use differs between cheap and dear models (HC3;
    MacKinnon & White 1985, Journal of Econometrics 29:305). Where all points but one have the same x, the line goes
    through that one whatever its y: nothing tells how far off the slope is, and the interval has no ends.
    """
    from statsmodels.regression.linear_model import OLS
    from statsmodels.tools import add_constant

    apart = (x - x.mean()) ** 2
    if apart.max() * len(x) + apart.sum() > (1 - 1e-9) * apart.sum() * len(x):  # its leverage is 1
        fit = OLS(y, add_constant(x)).fit()
        low, high, p = -np.inf, np.inf, 1.0
    else:
        fit = OLS(y, add_constant(x)).fit(cov_type="HC3", use_t=True)
        (low, high), p = fit.conf_int()[1], fit.pvalues[1]
    intercept, slope = fit.params
    r = float(np.corrcoef(x, y)[0, 1])
    return {
        "slope": float(slope), "slope_low": float(low), "slope_high": float(high), "intercept": float(intercept),
        "pearson_r": r, "r_squared": r * r, "p_value": float(p),
    }  # fmt: skip


def named_models(log: Log, window: step.Window | None = None) -> pd.DataFrame:
    """The eight models that the report names by segment: claims C146 to C154 (table 3).

    segment: the report's. cost_usd_per_mtok, charged_tokens, log10_cost, log10_tokens, archetype: as in
    `market_map`; missing for a model that the log has no paid request to. log10_below_top: log10_tokens minus
    that of the most used of the eight: the unit of the report's use is not stated, so that only differences
    compare.
    """
    named = pd.DataFrame(TABLE3)[["segment", "model", "name"]].astype("str")
    found = market_map(log, window)
    columns = [
        "model",
        "requests",
        "charged_tokens",
        "cost_usd_per_mtok",
        "log10_cost",
        "log10_tokens",
        "archetype",
    ]
    out = named.merge(found[columns], on="model", how="left")
    out["archetype"] = out["archetype"].fillna("").astype("str")
    out["log10_below_top"] = out["log10_tokens"] - out["log10_tokens"].max()
    return out.astype({"requests": "float64", "charged_tokens": "float64"})


def _log10(values: pd.Series) -> pd.Series:
    """log10 of positive numbers, missing for others."""
    numbers = values.astype("float64")
    return pd.Series(np.log10(numbers.where(numbers > 0)), index=values.index)


def _log_median(values: pd.Series) -> float:
    """The median of the logarithms, as a number again: the geometric middle."""
    return float(10 ** _log10(values).median())
