"""Statistics on open and closed models: shares, concentration, entry, categories by source (section 3)."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from analysis import study
from analysis.numerals import counted
from analysis.proportions import share as over
from analysis.queries import openness
from analysis.sources.log import Log
from testbed.claims.statistics.measured import NAN, Groups, Measured, Series, Untestable
from testbed.claims.statistics.registry import statistic
from testbed.claims.statistics.tables import (
    EVERYTHING,
    Pick,
    Summary,
    Window,
    bounds,
    by_week,
    catalogued,
    facts,
    series,
    summarised,
    tool_traffic,
    traffic,
    weeks_of,
)
from testbed.claims.statistics.uncertainty import RESAMPLES, difference, mean_of_weeks, ratio_of_weeks

Measure = Literal["tokens", "tool_tokens"]
Entity = Literal["model", "author"]
LEAST_OTHER_WEEKS = 8  # weeks apart from releases, below which they do not say what is usual (assumed)


def _rows(log: Log, measure: Measure, window: Window, within: Pick) -> pd.DataFrame:
    frame = traffic(log, window) if measure == "tokens" else tool_traffic(log, window)
    return frame[within.of(frame)]


def _weekly_share(log: Log, of: Pick, within: Pick, window: Window, measure: Measure = "tokens") -> Series:
    weeks = weeks_of(log, window)
    rows = _rows(log, measure, window, within)
    values = over(by_week(rows[of.of(rows)], weeks), by_week(rows, weeks))
    return series(
        values, weeks, n=int(rows["requests"].sum()) if "requests" in rows else 0, detail="weekly shares"
    )


@statistic
def weekly_share(
    log: Log, of: Pick, within: Pick = EVERYTHING, window: Window = "main", measure: Measure = "tokens"
) -> Series:
    """Tokens of some models over the tokens of `within` (all models), by complete week of the window. measure:
    all tokens, or those of requests that end in a tool call."""
    return _weekly_share(log, of, within, window, measure)


@statistic
def share(
    log: Log,
    of: Pick,
    within: Pick = EVERYTHING,
    window: Window = "main",
    summary: Summary = "mean",
    measure: Measure = "tokens",
) -> Measured:
    """One number of `weekly_share`: unweighted mean over weeks, extreme week, first or last four weeks, or their
    difference; Newey-West interval over the weeks (extremes have none)."""
    return summarised(_weekly_share(log, of, within, window, measure), summary, log, window)


@statistic
def halves(log: Log, of: Pick, split: dt.date, within: Pick = EVERYTHING) -> Groups:
    """Mean weekly share before and from a date in the main window, as `before` and `after`; and the changes within
    them (mean of the last four weeks less that of the first four) as `change before` and `change after`."""
    whole = _weekly_share(log, of, within, "main")
    early = np.array([day < split for day in whole.times])
    parts = {}
    for name, mask in (("before", early), ("after", ~early)):
        values = whole.values[mask]
        if len(values) < 8:
            raise Untestable(f"fewer than 8 weeks {name} {split}")
        parts[name] = mean_of_weeks(values)
        parts[f"change {name}"] = difference(mean_of_weeks(values[-4:]), mean_of_weeks(values[:4]))
    return Groups(parts)


@statistic
def weekly_tokens(log: Log, of: Pick = EVERYTHING, window: Window = "main") -> Series:
    """Tokens by complete week of the window (counts)."""
    weeks = weeks_of(log, window)
    rows = traffic(log, window)
    return series(by_week(rows[of.of(rows)], weeks), weeks, "tokens", n=int(rows["requests"].sum()))


def _leading(log: Log, by: Entity, within: Pick, window: Window, measure: Measure) -> pd.DataFrame:
    """Shares of `within` by week (rows) and entity (columns)."""
    weeks = weeks_of(log, window)
    rows = _rows(log, measure, window, within)
    if not rows["tokens"].sum():
        raise Untestable("no tokens of such models in the window")
    table = (
        rows.pivot_table(index="week", columns=by, values="tokens", aggfunc="sum").reindex(weeks).fillna(0.0)
    )
    return table.div(table.sum(axis=1).replace(0, NAN), axis=0)


@statistic
def largest_share(
    log: Log,
    by: Entity,
    within: Pick = EVERYTHING,
    window: Window = "main",
    summary: Summary = "end",
    measure: Measure = "tokens",
) -> Measured:
    """Share of the largest model (or author) in each week, of the tokens of `within`; summarised over the weeks."""
    table = _leading(log, by, within, window, measure)
    values = table.max(axis=1).to_numpy()
    result = summarised(series(values, list(table.index)), summary, log, window)
    late = table.tail(4).mean()
    top = late.idxmax() if late.notna().any() else "none"
    return replace(result, detail=f"{result.detail}; largest at the end: {top}")


@statistic
def concentration_change(
    log: Log, by: Entity, within: Pick = EVERYTHING, window: Window = "main", measure: Measure = "tokens",
    split: dt.date | None = None,
) -> Measured:  # fmt: skip
    """The Herfindahl-Hirschman index: mean of the weeks from `split` on less that of the weeks before; without a split,
    the last eight weeks less the first eight. Interval from both sides' Newey-West intervals."""
    table = _leading(log, by, within, window, measure)
    index = (table**2).sum(axis=1, min_count=1)
    if split is None:
        before, after = index.iloc[:8], index.iloc[-8:]
    else:
        before, after = index[index.index < pd.Timestamp(split)], index[index.index >= pd.Timestamp(split)]
    if min(len(before), len(after)) < 4:
        raise Untestable("fewer than 4 weeks on one side")
    gap = difference(mean_of_weeks(after, "ratio"), mean_of_weeks(before, "ratio"))
    return Measured(gap.value, gap.low, gap.high, len(index), "ratio",
                    f"index {before.mean():.3f} before, {after.mean():.3f} after")  # fmt: skip


@statistic
def meaningful_models(log: Log, share: float = 0.05, within: Pick = Pick(open=True)) -> Measured:  # noqa: B008
    """How many models hold at least `share` of the tokens of `within` in the last four weeks of the main window (count,
    no interval; the detail gives the range over the weeks one by one)."""
    table = _leading(log, "model", within, "main", "tokens").tail(4)
    _must_reach_end(table.index[-1].date(), log)
    one_by_one = (table >= share).sum(axis=1)
    names = table.mean().sort_values(ascending=False).head(8)
    largest = ", ".join(f"{name} {value:.0%}" for name, value in names.items())
    weeks = f"{one_by_one.min()} to {one_by_one.max()} in single weeks"
    return Measured(
        float((table.mean() >= share).sum()), n=4, unit="count", detail=f"weeks; {weeks}; {largest}"
    )


def _must_reach_end(last: dt.date, log: Log) -> None:
    end = study.MAIN_WINDOW[1]
    if (end - last).days > 28:
        raise Untestable(f"the log's complete weeks do not reach {end}")


@statistic
def tokens_by(
    log: Log, by: Entity, within: Pick = EVERYTHING, window: Window = "main", measure: Measure = "tokens"
) -> Groups:
    """Each model's (or author's) share of the tokens of `within` over a window, with a moving-block bootstrap over the
    weeks. Those that were on offer and had no traffic are 0."""
    weeks = weeks_of(log, window)
    rows = _rows(log, measure, window, within)
    if not rows["tokens"].sum():
        raise Untestable("no tokens of such models in the window")
    whole = by_week(rows, weeks)
    sums = rows.groupby(by)["tokens"].sum().sort_values(ascending=False)
    parts = {}
    for name in sums.index:
        value, low, high = ratio_of_weeks(by_week(rows[rows[by] == name], weeks), whole)
        parts[str(name)] = Measured(
            value, low, high, len(weeks), "share", "of the tokens, block bootstrap over weeks"
        )
    for name in sorted(set(catalogued(log, within, window)[by]) - set(parts)):
        parts[name] = Measured(0.0, 0.0, 0.0, len(weeks), "share", "no traffic")
    return Groups(parts)


@statistic
def tokens_of_listed(log: Log, authors: list[str], within: Pick = Pick(open=True)) -> Groups:  # noqa: B008
    """Each listed author's share of the listed authors' tokens in the main window: table 1 without its scale."""
    weeks = weeks_of(log, "main")
    rows = traffic(log, "main")
    rows = rows[within.of(rows) & rows["author"].isin(authors)]
    whole = by_week(rows, weeks)
    parts = {}
    for author in authors:
        value, low, high = ratio_of_weeks(by_week(rows[rows["author"] == author], weeks), whole)
        parts[author] = Measured(value, low, high, len(weeks), "share", "of the listed authors' tokens")
    chinese, low, high = ratio_of_weeks(by_week(rows[rows["origin"] == "CN"], weeks), whole)
    parts["CN"] = Measured(chinese, low, high, len(weeks), "share", "of the listed authors' tokens")
    return Groups(parts)


@statistic
def lead(log: Log, first: str, second: str, within: Pick = Pick(open=True)) -> Measured:  # noqa: B008
    """How many times the second author's tokens the first has in the main window; block bootstrap over weeks. Without
    bound where the second's models were on offer and had no traffic."""
    weeks = weeks_of(log, "main")
    rows = traffic(log, "main")
    rows = rows[within.of(rows)]
    idle = not rows.loc[rows["author"] == second, "tokens"].sum()
    if idle and (rows["author"] == first).any() and second in set(catalogued(log, within)["author"]):
        return Measured(math.inf, n=len(weeks), unit="ratio", detail=f"no traffic of {second}")
    value, low, high = ratio_of_weeks(
        by_week(rows[rows["author"] == first], weeks), by_week(rows[rows["author"] == second], weeks)
    )
    return Measured(value, low, high, len(weeks), "ratio", "block bootstrap over weeks")


@statistic
def release_response(
    log: Log,
    models: list[str],
    first_week: int = 0,
    last_week: int = 3,
    within: Pick = Pick(open=True),  # noqa: B008
) -> Measured:
    """Change of the open share of all tokens around releases beyond what other weeks bring. A week's change: mean over
    the weeks `first_week` to `last_week` after it less the mean over the four weeks before it. Value: mean change at
    the releases' weeks less mean change at all weeks whose stretch no listed release touches, so that a steady trend
    is no response.

    Interval: permutation. The releases are set down 999 times (fixed draws) among those other weeks, runs of releases
    less than four weeks apart together, as their changes are not independent."""
    released = facts(log).set_index("model")["released"]
    whole = _weekly_share(log, within, EVERYTHING, "all")
    changes: dict[pd.Timestamp, float] = {}
    for at in range(4, len(whole.values) - last_week):
        after, before = whole.values[at + first_week : at + last_week + 1], whole.values[at - 4 : at]
        changes[pd.Timestamp(whole.times[at])] = float(after.mean() - before.mean())
    weeks = {
        model: released[model].to_period("W-SUN").start_time
        for model in models
        if model in released.index and pd.notna(released[model])
    }
    moves = {model: changes[week] for model, week in weeks.items() if np.isfinite(changes.get(week, NAN))}
    if len(moves) < 3:
        raise Untestable(f"of the {len(models)} releases only {len(moves)} inside the log")
    touched = [
        (week - pd.Timedelta(weeks=last_week), week + pd.Timedelta(weeks=3)) for week in weeks.values()
    ]
    other = np.array(
        [
            change
            for week, change in changes.items()
            if np.isfinite(change) and not any(first <= week <= last for first, last in touched)
        ]
    )
    if len(other) < LEAST_OTHER_WEEKS:
        raise Untestable(f"only {counted(len(other), 'week')} of the log apart from the releases")
    rng = np.random.default_rng(20251130)
    draws = np.zeros(RESAMPLES)
    for run in _runs(sorted(weeks[model] for model in moves)):
        starts = rng.integers(0, len(other), RESAMPLES)
        for offset in run:
            draws += other[(starts + offset) % len(other)] / len(moves)
    usual = float(other.mean())
    value = float(np.mean(list(moves.values()))) - usual
    low, high = value - np.percentile(draws - usual, [97.5, 2.5])
    detail = ", ".join(f"{name.partition('/')[2]} {100 * move:+.1f}" for name, move in moves.items())
    return Measured(value, float(low), float(high), len(moves), "points",
                    f"releases, points each: {detail}; {100 * usual:+.1f} at {len(other)} other weeks")  # fmt: skip


def _runs(weeks: list[pd.Timestamp]) -> list[list[int]]:
    """Releases less than four weeks after the one before, as one run: weeks from the run's first release."""
    runs: list[list[pd.Timestamp]] = []
    for week in weeks:
        if runs and week - runs[-1][-1] < pd.Timedelta(weeks=4):
            runs[-1].append(week)
        else:
            runs.append([week])
    return [[(week - run[0]).days // 7 for week in run] for run in runs]


@statistic
def weeks_to_scale(
    log: Log,
    models: list[str],
    bound: int,
    share: float = 0.02,
    within: Pick = Pick(open=True),  # noqa: B008
) -> Measured:
    """Median over the models of the weeks from release until a model first holds `share` of the tokens of `within`.

    A model of the models table that never does counts as later than any bound (infinite) if the log follows it for
    more than `bound` weeks, used or not; else the log cannot tell, and it is left out. No interval: these are the
    models that the claim is about."""
    table = _leading(log, "model", within, "all", "tokens")
    released = facts(log).set_index("model")["released"]
    found: dict[str, float] = {}
    left_out = []
    for model in models:
        if pd.isna(released.get(model)):
            continue
        week = released[model].to_period("W-SUN").start_time
        held = table[model] if model in table.columns else pd.Series(0.0, index=table.index)
        reached = table.index[(held >= share) & (table.index >= week)]
        if len(reached):
            found[model] = (reached[0] - week).days / 7
        elif (table.index[-1] - week).days / 7 > bound:
            found[model] = math.inf
        else:
            left_out.append(model)
    if not found:
        raise Untestable(f"the log has none of the models, or follows none for more than {bound} weeks")
    never = sum(math.isinf(weeks) for weeks in found.values())
    each = ", ".join(
        f"{model} {'never' if math.isinf(weeks) else f'{weeks:.0f}'}" for model, weeks in found.items()
    )
    detail = f"models, weeks each: {each}; {never} never, {len(left_out)} too young to tell"
    return Measured(float(np.median(list(found.values()))), n=len(found), unit="weeks", detail=detail)


@statistic
def iteration_advantage(log: Log, split: dt.date = dt.date(2025, 6, 30), share: float = 0.01) -> Groups:
    """Open authors with at least `share` of open tokens in the main window before a date: how their share changed after
    it, in log2 (0 = unchanged, -1 = halved), for those who released a model from that date on (`refreshed`) and those
    who did not (`not refreshed`). Mean over authors, Student's t."""
    table = _leading(log, "author", Pick(open=True), "main", "tokens")
    cut = pd.Timestamp(split)
    before, after = table[table.index < cut].mean(), table[table.index >= cut].mean()
    known = facts(log)
    released = known[(known["open_weights"] == True) & (known["released"] >= cut)]  # noqa: E712
    authors = before.index[before >= share]
    parts = {}
    for name, group in (
        ("refreshed", [a for a in authors if a in set(released["author"])]),
        ("not refreshed", [a for a in authors if a not in set(released["author"])]),
    ):
        values = np.log2(np.maximum(after[group].to_numpy(), 1e-6) / before[group].to_numpy())
        if len(values) < 2:
            raise Untestable(f"fewer than two open authors are {name}")
        half = float(stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5)
        mean = float(values.mean())
        parts[name] = Measured(mean, mean - half, mean + half, len(values), "bits", ", ".join(group))
    return Groups(parts)


@statistic
def leaders(log: Log, size: Literal["small", "medium", "large"]) -> Measured:
    """How many different models of a size class lead it in at least one complete week of the main window (count)."""
    weeks = weeks_of(log, "main")
    frame = openness.size_leaders(log)
    frame = frame[(frame["size_class"] == size) & frame["week"].isin(weeks)].sort_values("week")
    if frame.empty:
        raise Untestable("no tokens of such models in the window")
    first = frame["leader"]
    changes = int((first != first.shift()).sum() - 1)
    return Measured(float(first.nunique()), n=len(first), unit="count",
                    detail=f"weeks; the lead changed {changes} times")  # fmt: skip


@statistic
def sustained_models(
    log: Log, within: Pick, models: list[str] | None = None, share: float = 0.05, weeks: int = 8,
    window: Window = "main",
) -> Measured:  # fmt: skip
    """How many models (of a list) hold at least `share` of the tokens of `within` in at least `weeks` weeks of the
    window (count)."""
    table = _leading(log, "model", within, window, "tokens")
    if models is not None:
        table = table[[model for model in models if model in table.columns]]
    held = (table >= share).sum()
    kept = held[held >= weeks].sort_values(ascending=False)
    first, last = bounds(window, log)
    return Measured(float(len(kept)), n=len(table), unit="count",
                    detail=f"weeks from {first} to {last}: " + ", ".join(kept.index[:8]))  # fmt: skip


def _of_models(log: Log, within: Pick, models: list[str], window: Window) -> pd.DataFrame:
    """Shares of `within` by week of the listed models; 0 for those that were on offer and had no traffic. Raises
    Untestable for those that were not."""
    table = _leading(log, "model", within, window, "tokens")
    absent = [model for model in models if model not in table.columns]
    unknown = sorted(set(absent) - set(catalogued(log, within, window)["model"]))
    if unknown:
        raise Untestable(f"the log has nothing of {', '.join(unknown)}")
    return table.reindex(columns=models).fillna(dict.fromkeys(absent, 0.0))


@statistic
def weeks_together(
    log: Log, within: Pick, models: list[str], share: float, window: Window = "main"
) -> Measured:
    """In how many weeks of the window all listed models hold at least `share` of the tokens of `within` (count)."""
    table = _of_models(log, within, models, window)
    together = int((table >= share).all(axis=1).sum())
    each = ", ".join(f"{model} {int((table[model] >= share).sum())}" for model in models)
    return Measured(float(together), n=len(table), unit="count", detail=f"weeks; each by itself: {each}")


@statistic
def peak_weeks(log: Log, within: Pick, models: list[str], window: Window = "main") -> Groups:
    """Weeks from the start of the window to each listed model's largest share of the tokens of `within`, mean of four
    weeks. Those without traffic have none."""
    table = _of_models(log, within, models, window).rolling(4, min_periods=1).mean()
    parts = {}
    for model in models:
        if table[model].max() > 0:
            weeks = (table[model].idxmax() - table.index[0]).days / 7
            parts[model] = Measured(
                weeks, n=len(table), unit="weeks", detail=f"{table[model].max():.0%} at best"
            )
    return Groups(parts)
