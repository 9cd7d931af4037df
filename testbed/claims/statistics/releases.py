"""Statistics on what releases bring: how the market answers, how soon a model has scale, who must release again."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd

from analysis.numerals import counted
from analysis.sources.log import Log
from testbed.claims.measuring.measured import NAN, Groups, Measured, Series, Untestable
from testbed.claims.measuring.shares import share_by_week, shares_of_each
from testbed.claims.measuring.tables import EVERYTHING, Pick, facts
from testbed.claims.measuring.uncertainty import RESAMPLES, fixed_draws, mean_interval
from testbed.claims.statistics.registry import statistic

LEAST_OTHER_WEEKS = 8  # weeks apart from releases, below which they do not say what is usual (assumed)


@statistic
def response(
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
    weeks = {
        model: released[model].to_period("W-SUN").start_time
        for model in models
        if model in released.index and pd.notna(released[model])
    }
    whole = share_by_week(log, within, EVERYTHING, "all")
    return response_at(whole, weeks, len(models), first_week, last_week)


def response_at(
    whole: Series, weeks: dict[str, pd.Timestamp], asked: int, first_week: int, last_week: int
) -> Measured:
    """`response` of a weekly share to releases in the weeks of these Mondays, by model; asked: of how many in all."""
    changes: dict[pd.Timestamp, float] = {}
    for at in range(4, len(whole.values) - last_week):
        after, before = whole.values[at + first_week : at + last_week + 1], whole.values[at - 4 : at]
        changes[pd.Timestamp(whole.times[at])] = float(after.mean() - before.mean())
    moves = {model: changes[week] for model, week in weeks.items() if np.isfinite(changes.get(week, NAN))}
    if len(moves) < 3:
        raise Untestable(f"of the {asked} releases only {len(moves)} inside the log")
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
    rng = fixed_draws()
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
    table = shares_of_each(log, "model", within, "all", "tokens")
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
    who did not (`not refreshed`). Mean over authors, Student's t; of one author without an interval."""
    table = shares_of_each(log, "author", Pick(open=True), "main", "tokens")
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
        if not len(values):
            raise Untestable(f"no open author is {name}")
        parts[name] = Measured(*mean_interval(values), len(values), "bits", ", ".join(group))
    return Groups(parts)
