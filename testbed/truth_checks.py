"""What the truth says of the report's account of launch cohorts: four checks that no real log allows.

A log shows who stayed; the truth of a run also shows whose work waited for which model. A model *solves* a workload
if, at its release, its ability in the workload's category reaches the hardness, its tools, context and permissiveness
suffice, and its list price (or a free window that the workload accepts) is affordable. The idiosyncratic match of
workload and model is not in the truth, and later price cuts and ability events are left out; both blur the groups, so
that effects come out smaller than they are. The *first fit* of a workload is the model that solved it first.

A workload joins a model with its first spell. Intervals are at 95% and, where they come from a regression, robust to
several workloads of one user (clustered by user; Liang & Zeger 1986).
"""

from __future__ import annotations

import datetime as dt
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.proportions import wilson
from sim.catalogue import CATEGORIES
from sim.scenario import Scenario
from testbed.failure import BadInput

Verdict = Literal["holds", "fails", "not testable"]
LEAST = 30
"""Fewest members of each group (assumed)."""
LATER_MONTHS = 2
"""Months after the release month from which joiners count as later ones, as in the analysis."""
MONTH_DAYS = 30
MONTHS_AROUND = 3
"""Months of 30 days before and after a rival's release that the event study compares (assumed)."""
MONTHS_OF_WINDOW = 12
TABLES = ("users", "workloads", "spells", "abilities")


@dataclass(frozen=True)
class TruthCheck:
    """One claim, checked on the truth of one run."""

    name: str
    claim: str
    value: float
    low: float
    high: float
    n: int
    """Observations: joiners, workload-months, or returns, as `words` says."""
    null: float
    """The value at which the claim would be empty; the interval must lie beyond it."""
    verdict: Verdict
    words: str


@dataclass(frozen=True)
class _Truth:
    """A run's truth as arrays. Days count from the scenario's start; models are numbered by their release."""

    start: dt.date
    days: int
    names: list[str]
    released: NDArray[np.int64]  # model
    ability: NDArray[np.float64]  # model x category
    successor: NDArray[np.int64]  # model, or -1
    solves: NDArray[np.bool_]  # workload x model
    usable: NDArray[np.bool_]  # workload x model: able and the needs met, whatever the price
    category: NDArray[np.int64]  # workload
    user: NDArray[np.int64]  # workload
    spells: pd.DataFrame  # workload, model, kind, start, end, reason, by workload and start

    @property
    def first_fit(self) -> NDArray[np.int64]:
        """The model that solved each workload first, or -1."""
        return np.where(self.solves.any(axis=1), self.solves.argmax(axis=1), -1)

    def month(self, day: NDArray[np.int64]) -> NDArray[np.int64]:
        """Calendar months, numbered."""
        return (np.datetime64(self.start, "D") + day).astype("datetime64[M]").astype(np.int64)

    def joins(self) -> pd.DataFrame:
        """One row for each workload and model that it used: workload, model, day, lag (months since the release)."""
        first = self.spells.groupby(["workload", "model"], as_index=False).agg(day=("start", "min"))
        # Before the scenario's start nobody can join: such releases have no launch cohort.
        first = first[self.released[first["model"]] > 0]
        model, day = first["model"].to_numpy(), first["day"].to_numpy()
        return first.assign(lag=self.month(day) - self.month(self.released[model]))


def check(run_path: Path | str) -> list[TruthCheck]:
    """The four checks on a run's folder. Raises `BadInput` if it holds no truth."""
    truth = _read(Path(run_path))
    return [_over_represented(truth), _stay_when_rivals_come(truth), _window_closes(truth), _returners(truth)]


# --- the truth as arrays ------------------------------------------------------------------------------------------


def _read(folder: Path) -> _Truth:
    missing = [name for name in TABLES if not (folder / "truth" / f"{name}.parquet").is_file()]
    if missing or not (folder / "manifest.json").is_file():
        raise BadInput(
            f"{folder}: expected a run's folder with a manifest and truth/, not found: "
            f"{', '.join(missing) or 'manifest.json'}. `slipper run` writes one; a real log has no truth"
        )
    users, work, spells, abilities = (
        pd.read_parquet(folder / "truth" / f"{name}.parquet") for name in TABLES
    )
    scenario = Scenario.model_validate(json.loads((folder / "manifest.json").read_text())["resolved"])
    models = pd.read_parquet(folder / "models.parquet").drop_duplicates("model")
    models = models.merge(abilities.drop_duplicates("model"), on="model")
    models = models.sort_values(["released", "model"], ignore_index=True)
    number = pd.Series(models.index, index=models["model"])

    def days(column: pd.Series) -> NDArray[np.int64]:
        epoch = np.datetime64(scenario.start, "D")
        return np.asarray((column.to_numpy().astype("datetime64[D]") - epoch).astype(np.int64))

    category = work["category"].astype(str).map(CATEGORIES.index).to_numpy(dtype=np.int64)
    ability = models[list(CATEGORIES)].to_numpy(dtype=float)
    usable = work["hardness"].to_numpy()[:, None] <= ability[:, category].T
    usable &= models["tools"].to_numpy(dtype=bool) | ~work["needs_tools"].to_numpy()[:, None]
    usable &= models["permissive"].to_numpy(dtype=bool) | ~work["needs_permissive"].to_numpy()[:, None]
    context = models["context_tokens"].astype(float).fillna(np.inf).to_numpy()
    usable &= context >= work["context_tokens"].to_numpy()[:, None]
    price, free = _prices(models, scenario)
    pays = work["willingness_usd_per_mtok"].to_numpy()[:, None] >= price[:, category].T
    pays |= free & work["accepts_free"].to_numpy()[:, None]
    # Large accounts are bound to their model: they search for none, and say nothing of fit.
    own = work["pinned_model"].isna().to_numpy()
    table = pd.DataFrame({
        "workload": spells["workload"].to_numpy(),
        "model": spells["model"].astype(str).map(number).to_numpy(dtype=np.int64),
        "kind": spells["kind"].astype(str).to_numpy(),
        "start": days(spells["start"]),
        "end": days(spells["end"]),
        "reason": spells["end_reason"].astype(str).to_numpy(),
    })  # fmt: skip
    return _Truth(
        start=scenario.start,
        days=scenario.days,
        names=models["model"].tolist(),
        released=days(models["released"]),
        ability=ability,
        successor=models["successor"].map(number).fillna(-1).to_numpy(dtype=np.int64),
        solves=usable & pays & own[:, None],
        usable=usable,
        category=category,
        user=pd.Index(users["user_id"]).get_indexer(work["user_id"]),
        spells=table[own[table["workload"]]].reset_index(drop=True),
    )


def _prices(models: pd.DataFrame, scenario: Scenario) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """At each model's release: USD per million effective tokens by category (infinite: none), and whether it is free.

    The mix of prompts, cached prompts and completions is the scenario's, as the agents see it.
    """
    traffic, kinds = scenario.traffic, scenario.workloads.categories
    reasons = {"none": 0.0, "hybrid": traffic.hybrid_reasoning_share, "always": 1.0}
    factor = scenario.daily(traffic.reasoning_completion_factor)
    price = np.full((len(models), len(CATEGORIES)), np.inf)
    free = np.zeros(len(models), dtype=bool)
    records: list[dict[Any, Any]] = models.to_dict("records")
    for row, model in enumerate(records):
        day = int(np.clip((_date(model["released"]) - scenario.start).days, 0, scenario.days - 1))
        today = scenario.start + dt.timedelta(days=day)
        free[row] = any(
            _date(window["from"]) <= today and (window["to"] is None or today <= _date(window["to"]))
            for window in model["free_windows"]
        )
        points = [p for p in model["prices"] if _date(p["from"]) <= today] or list(model["prices"][:1])
        if not points:
            continue
        point = points[-1]
        into, out = point["prompt_usd_per_mtok"], point["completion_usd_per_mtok"]
        if not into and not out:
            free[row] = True
            continue
        cached = point["cached_usd_per_mtok"]
        cached = into if cached is None or math.isnan(cached) else cached
        for name, kind in kinds.items():
            prompt = scenario.daily(kind.prompt_tokens, True)[day] * math.exp(kind.prompt_sigma**2 / 2)
            visible = scenario.daily(kind.completion_tokens, True)[day] * math.exp(
                kind.completion_sigma**2 / 2
            )
            completion = visible * (1 + factor[day] * reasons[model["reasoning"]])
            input_price = (1 - kind.cached_share) * into + kind.cached_share * cached
            price[row, CATEGORIES.index(name)] = (input_price * prompt + out * completion) / (
                prompt + visible
            )
    return price, free


def _date(value: Any) -> dt.date:
    return pd.Timestamp(value).date()


def _judge(value: float, low: float, high: float, null: float, *, above: bool) -> Verdict:
    """`holds` if the whole interval lies beyond the null value on the claimed side."""
    if not all(math.isfinite(x) for x in (value, low, high)):
        return "not testable"
    return "holds" if (low > null if above else high < null) else "fails"


# --- the checks ---------------------------------------------------------------------------------------------------


def _over_represented(truth: _Truth) -> TruthCheck:
    """Odds of first fit in launch cohorts against later joiners: Mantel-Haenszel over models, Robins-Breslow-Greenland
    interval (for one model nearly Woolf's).
    """
    from statsmodels.stats.contingency_tables import StratifiedTable

    name, claim = (
        "over-represented",
        "users whose work no earlier model solved are over-represented in launch cohorts",
    )
    joins = truth.joins()
    first = truth.first_fit[joins["workload"]] == joins["model"]
    launch, later = joins["lag"] == 0, joins["lag"] >= LATER_MONTHS
    tables, counted = [], 0
    for _, rows in joins.groupby("model").groups.items():
        cells = [[(group & found).loc[rows].sum() for found in (first, ~first)] for group in (launch, later)]
        table = np.array(cells, dtype=float)
        if table.sum(axis=1).min() >= LEAST and table.sum(axis=0).min() > 0:
            tables.append(table)
            counted += int(table.sum())
    if not tables:
        words = (
            f"no model has {LEAST} joiners at launch and {LEAST} from month {LATER_MONTHS} on, and with and without "
            "first fit among them"
        )
        return TruthCheck(name, claim, math.nan, math.nan, math.nan, 0, 1.0, "not testable", words)
    pooled = StratifiedTable(tables)
    value = float(pooled.oddsratio_pooled)
    low, high = (float(x) for x in pooled.oddsratio_pooled_confint())
    cells = np.sum(tables, axis=0)
    shares = cells[:, 0] / cells.sum(axis=1)
    words = (
        f"first fit for {shares[0]:.0%} of launch joiners and {shares[1]:.0%} of later ones, in {len(tables)} models; "
        f"odds ratio {value:.2f} ({low:.2f} to {high:.2f})"
    )
    return TruthCheck(
        name, claim, value, low, high, counted, 1.0, _judge(value, low, high, 1.0, above=True), words
    )


def _stay_when_rivals_come(truth: _Truth) -> TruthCheck:
    """Difference in differences of the monthly hazard of moving to another model: those for whom their home was the
    first fit against the others, after against before the release of the first usable rival that is more able in their
    category.
    """
    import statsmodels.api as sm

    name, claim = (
        "stay",
        "users for whom the model was the first fit stay when a better rival comes, others leave",
    )
    homes = truth.spells[truth.spells["kind"] == "home"]
    tenure = homes.groupby(["workload", "model"], as_index=False).agg(
        begin=("start", "min"), end=("end", "max")
    )
    moved = homes[homes["reason"] == "moved"].groupby(["workload", "model"])["end"].max()
    workload, model = tenure["workload"].to_numpy(), tenure["model"].to_numpy()
    left = moved.reindex(pd.MultiIndex.from_frame(tenure[["workload", "model"]])).to_numpy()
    left = left == tenure["end"].to_numpy()  # did the tenure end with a move?
    rival = _rival_day(truth, workload, model)
    parts = []
    for period in range(-MONTHS_AROUND, MONTHS_AROUND):
        opens = rival + MONTH_DAYS * period
        at_risk = (tenure["begin"].to_numpy() <= opens) & (tenure["end"].to_numpy() > opens)
        at_risk &= opens + MONTH_DAYS <= truth.days
        exits = left & (tenure["end"].to_numpy() <= opens + MONTH_DAYS)
        parts.append(
            pd.DataFrame({
                "exit": exits[at_risk].astype(float),
                "first": (truth.first_fit[workload] == model)[at_risk].astype(float),
                "after": float(period >= 0),
                "user": truth.user[workload][at_risk],
            })
        )  # fmt: skip
    panel = pd.concat(parts, ignore_index=True)
    sizes = panel.groupby(["first", "after"])["exit"].agg(["size", "mean"])
    if len(sizes) < 4 or sizes["size"].min() < LEAST or panel["exit"].sum() < LEAST:
        words = (
            f"fewer than {LEAST} moves to another model within {MONTHS_AROUND} months of a better rival's release, or "
            "fewer workload-months in a group"
        )
        return TruthCheck(name, claim, math.nan, math.nan, math.nan, len(panel), 0.0, "not testable", words)
    design = pd.DataFrame({
        "one": 1.0, "first": panel["first"], "after": panel["after"], "both": panel["first"] * panel["after"],
    })  # fmt: skip
    fitted = sm.OLS(panel["exit"], design).fit(cov_type="cluster", cov_kwds={"groups": panel["user"]})
    value = float(fitted.params["both"])
    low, high = (float(x) for x in fitted.conf_int().loc["both"])
    rate = {key: 100 * sizes["mean"][key] for key in sizes.index}
    words = (
        f"monthly exits to another model before and after: first fit {rate[1.0, 0.0]:.1f}% and {rate[1.0, 1.0]:.1f}%, "
        f"others {rate[0.0, 0.0]:.1f}% and {rate[0.0, 1.0]:.1f}%; difference in differences {100 * value:+.1f} points "
        f"({100 * low:+.1f} to {100 * high:+.1f}), {MONTHS_AROUND} months on each side"
    )
    return TruthCheck(
        name, claim, value, low, high, len(panel), 0.0, _judge(value, low, high, 0.0, above=False), words
    )


def _rival_day(truth: _Truth, workload: NDArray[np.int64], model: NDArray[np.int64]) -> NDArray[np.int64]:
    """The release of the first later model that a workload could use and that is more able than its home; `days` and
    more if none comes. A home's successor is no rival.
    """
    out = np.full(len(model), 10 * truth.days, dtype=np.int64)
    for home in np.unique(model):
        rows = np.flatnonzero(model == home)
        category = truth.category[workload[rows]]
        rivals = np.flatnonzero(truth.released > truth.released[home])
        rivals = rivals[rivals != truth.successor[home]]
        if not len(rivals):
            continue
        better = truth.ability[home, category][:, None] < truth.ability[np.ix_(rivals, category)].T
        better &= truth.usable[np.ix_(workload[rows], rivals)]
        some = better.any(axis=1)
        out[rows[some]] = truth.released[rivals[better[some].argmax(axis=1)]]
    return out


def _window_closes(truth: _Truth) -> TruthCheck:
    """Trend over the months since the release of the share of newcomers whom no other model on the market solves.

    A linear trend with an effect for each model: later joiners of a model against its earlier ones. Without rivals that
    solve the same work the share would stay; how fast it falls says how soon they come.
    """
    import statsmodels.api as sm

    name = "window"
    claim = (
        "the share of newcomers for whom the model is the first fit falls with the months since its release"
    )
    joins = truth.joins()
    first = truth.first_fit[joins["workload"]] == joins["model"]
    # The day on which a second model solves the same work.
    solves = truth.solves.copy()
    solves[np.arange(len(solves)), np.maximum(truth.first_fit, 0)] = False
    second = np.where(solves.any(axis=1), truth.released[solves.argmax(axis=1)], 10 * truth.days)
    joins = joins.assign(only=(first & (joins["day"] < second[joins["workload"]])).astype(float))
    joins = joins[joins["lag"].between(0, MONTHS_OF_WINDOW - 1)]
    by_model = joins.groupby("model")
    joins = joins[(by_model["only"].transform("sum") >= LEAST) & (by_model["lag"].transform("nunique") >= 3)]
    if not len(joins):
        words = f"no model was the first fit of {LEAST} joiners and was joined in three months or more"
        return TruthCheck(name, claim, math.nan, math.nan, math.nan, 0, 0.0, "not testable", words)
    by_model = joins.groupby("model")
    within = joins["only"] - by_model["only"].transform("mean")
    trend = (joins["lag"] - by_model["lag"].transform("mean")).astype(float).to_numpy()[:, None]
    fitted = sm.OLS(within.to_numpy(), trend).fit(
        cov_type="cluster", cov_kwds={"groups": truth.user[joins["workload"]]}
    )
    value = float(fitted.params[0])
    low, high = (float(x) for x in fitted.conf_int()[0])
    share = joins.groupby("lag")["only"].mean()
    words = (
        f"{share.iloc[0]:.0%} of newcomers in month {share.index[0]} and {share.iloc[-1]:.0%} in month "
        f"{share.index[-1]}, {by_model.ngroups} models; {100 * value:+.2f} points a month "
        f"({100 * low:+.2f} to {100 * high:+.2f})"
    )
    return TruthCheck(
        name, claim, value, low, high, len(joins), 0.0, _judge(value, low, high, 0.0, above=False), words
    )


def _returners(truth: _Truth) -> TruthCheck:
    """Share of returns of a workload to a model, after a calendar month or more without it, that used another one then.

    By workload and not by user: a user with two jobs uses other models anyway.
    """
    name, claim = "returners", "most of those who return to a model used other models meanwhile"
    spells = truth.spells
    first, last = truth.month(spells["start"].to_numpy()), truth.month(spells["end"].to_numpy() - 1)
    reach = last - first + 1
    within = np.arange(reach.sum()) - np.repeat(np.cumsum(reach) - reach, reach)
    months = pd.DataFrame({
        "workload": np.repeat(spells["workload"].to_numpy(), reach),
        "model": np.repeat(spells["model"].to_numpy(), reach),
        "month": np.repeat(first - truth.month(np.zeros(1, dtype=np.int64)), reach) + within,
    }).drop_duplicates()  # fmt: skip
    months = months.sort_values(["workload", "model", "month"], ignore_index=True)
    gap = months.groupby(["workload", "model"])["month"].diff()
    back = months[gap > 1]
    if len(back) < LEAST:
        words = f"{len(back)} returns to a model after a month without it; at least {LEAST} are needed"
        return TruthCheck(name, claim, math.nan, math.nan, math.nan, len(back), 0.5, "not testable", words)
    # In the gap the model itself was not used, so any use of the workload then is of another model.
    width = int(months["month"].max()) + 2
    used = np.unique((months["workload"] * width + months["month"]).to_numpy())
    returned = (back["workload"] * width + back["month"]).to_numpy()
    left = returned - gap[gap > 1].to_numpy().astype(np.int64)
    tried = np.searchsorted(used, returned) > np.searchsorted(used, left + 1)
    value = float(tried.mean())
    low, high = (float(bound) for bound in wilson(int(tried.sum()), len(tried)))
    words = (
        f"in {value:.0%} ({low:.0%} to {high:.0%}) of {len(tried):,} returns of a workload after a calendar month or "
        "more without the model"
    )
    return TruthCheck(
        name, claim, value, low, high, len(tried), 0.5, _judge(value, low, high, 0.5, above=True), words
    )
