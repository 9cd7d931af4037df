"""Statistics on what models are used for, from the labelled sample (section 5 and the categories of section 3)."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from analysis.contract import CATEGORIES
from analysis.proportions import share as over
from analysis.queries import categories
from analysis.sources.log import Log
from testbed.claims.measuring.changes import EDGE_WEEKS
from testbed.claims.measuring.measured import Groups, Measured, Series, Untestable
from testbed.claims.measuring.tables import (
    EVERYTHING,
    LEAST_LABELS,
    Pick,
    Window,
    bounds,
    by_week,
    enough_labels,
    must_reach,
    sample,
    series,
    share_of_labels,
    traffic,
    weeks_of,
)
from testbed.claims.measuring.uncertainty import (
    difference,
    fixed_draws,
    label_draws,
    label_noise,
    label_share,
    mean_of_weeks,
    proportion,
    share_error,
)
from testbed.claims.statistics.registry import statistic

Part = Literal["total", "start", "end"]


def _cut(frame: pd.DataFrame, part: Part, log: Log, window: Window) -> pd.DataFrame:
    """The rows of the whole window, or of its first or last four weeks."""
    if part == "total":
        return frame
    weeks = weeks_of(log, window)
    kept = weeks[:EDGE_WEEKS] if part == "start" else weeks[-EDGE_WEEKS:]
    first, last = bounds(window, log)
    edge, day = (kept[0], first) if part == "start" else (kept[-1], last)
    must_reach(day, edge.date())
    return frame[frame["week"].isin(kept)]


def _sides(
    log: Log, category: str | list[str], of: Pick, window: Window
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of the categories and rows of the whole, both of the models meant, with the whole of `_whole`."""
    cells, whole = sample(log, window)
    names = [category] if isinstance(category, str) else category
    cells = cells[of.of(cells)]
    return cells[cells["category"].isin(names)], _whole(cells, whole, of)


def _whole(cells: pd.DataFrame, distinct: pd.DataFrame, of: Pick) -> pd.DataFrame:
    """What a share of the models meant is a share of. For an author's models the sum over categories, so that the mix
    adds up to 1 (as figures 22 and 23); for all models and for kinds of them the distinct labelled requests, so that
    the shares of categories can add up to more (as figures 6, 7 and 19)."""
    if of.author is not None or of.not_author is not None:
        return cells
    return distinct[of.of(distinct)]


@statistic
def share(
    log: Log,
    category: str | list[str],
    of: Pick = EVERYTHING,
    window: Window = "category",
    part: Part = "total",
) -> Measured:
    """Tokens of a category (or several) over labelled tokens, of some or all models, over the window or its first or
    last four weeks; interval of the label sample."""
    own, whole = (_cut(frame, part, log, window) for frame in _sides(log, category, of, window))
    enough_labels(whole["requests"].sum())
    return share_of_labels(own, whole)


@statistic
def weekly_share(
    log: Log, category: str | list[str], of: Pick = EVERYTHING, window: Window = "category"
) -> Series:
    """`share` by complete week of the window."""
    own, whole = _sides(log, category, of, window)
    return _ratio(log, own, whole, window)


def _ratio(log: Log, own: pd.DataFrame, whole: pd.DataFrame, window: Window) -> Series:
    weeks = weeks_of(log, window)
    requests = enough_labels(whole["requests"].sum())
    tokens = by_week(whole, weeks)
    values = over(by_week(own, weeks), tokens)
    error = share_error(values, tokens, by_week(whole, weeks, "squares"))
    draws = label_draws(values, error)
    return series(values, weeks, n=requests, detail="labelled requests", draws=draws)


@statistic
def mix(log: Log, of: Pick = EVERYTHING, window: Window = "category", part: Part = "total") -> Groups:
    """The share of every category in the labelled tokens of some models (the whole as in `share`); interval of the
    label sample. `other` is left out of the parts, not of the whole; a category without labels is 0."""
    cells, distinct = sample(log, window)
    cells = cells[of.of(cells)]
    whole = _cut(_whole(cells, distinct, of), part, log, window)
    cells = _cut(cells, part, log, window)
    requests = enough_labels(whole["requests"].sum())
    tokens, squares = float(whole["tokens"].sum()), float(whole["squares"].sum())
    sums = cells.groupby("category")["tokens"].sum()
    sums = sums.reindex(sums.index.union(list(CATEGORIES)), fill_value=0.0)
    return Groups({str(name): label_share(float(sums[name]), tokens, squares, requests)
                   for name in sums.index if name != categories.OTHER})  # fmt: skip


@statistic
def source_share(
    log: Log,
    category: str,
    of: Pick,
    within: Pick = EVERYTHING,
    window: Window = "category",
    part: Part = "total",
) -> Measured:
    """Share of some models in the tokens of a category (of the models `within`), over the window, or its first or last
    four weeks; interval of the label sample."""
    cells, _ = sample(log, window)
    cells = _cut(cells[(cells["category"] == category) & within.of(cells)], part, log, window)
    enough_labels(cells["requests"].sum(), category)
    return share_of_labels(cells[of.of(cells)], cells)


@statistic
def weekly_source_share(
    log: Log, category: str, of: Pick, within: Pick = EVERYTHING, window: Window = "category"
) -> Series:
    """`source_share` by complete week of the window."""
    cells, _ = sample(log, window)
    cells = cells[(cells["category"] == category) & within.of(cells)]
    return _ratio(log, cells[of.of(cells)], cells, window)


@statistic
def weekly_place(log: Log, category: str, of: Pick = EVERYTHING, window: Window = "category") -> Series:
    """Place of a category among all (without `other`) by labelled tokens of some models, by week: 1 = the largest;
    equal ones take the better place. Weeks without labels of these models have none."""
    cells, _ = sample(log, window)
    cells = cells[of.of(cells) & (cells["category"] != categories.OTHER)]
    requests = enough_labels(cells["requests"].sum())
    weeks = weeks_of(log, window)
    table = cells.pivot_table(index="week", columns="category", values="tokens", aggfunc="sum").reindex(weeks)
    known = table.notna().any(axis=1).to_numpy()
    table = table.fillna(0.0)
    own = table[category] if category in table.columns else pd.Series(0.0, index=table.index)
    places = 1.0 + table.gt(own, axis=0).sum(axis=1).to_numpy(dtype=np.float64)
    squares = cells.pivot_table(index="week", columns="category", values="squares", aggfunc="sum").reindex(
        weeks
    )
    noise = np.sqrt(squares.fillna(0.0).to_numpy()) * label_noise(*table.shape)
    drawn = table.to_numpy() + noise
    names = list(table.columns)
    absent = np.zeros((len(drawn), len(weeks), 1))
    mine = drawn[:, :, [names.index(category)]] if category in names else absent
    draws = np.where(known, 1.0 + (drawn > mine).sum(axis=2), np.nan)
    return series(np.where(known, places, np.nan), weeks, "count", requests, "labelled requests", draws)


@statistic
def share_in(
    log: Log, category: str | list[str], groups: dict[str, Pick], window: Window = "category"
) -> Groups:
    """The share of a category (or several) in the labelled tokens of several groups of models, to be compared; each
    as in `mix`; interval of the label sample."""
    parts = {}
    for name, pick in groups.items():
        own, whole = _sides(log, category, pick, window)
        enough_labels(whole["requests"].sum(), name)
        parts[name] = share_of_labels(own, whole)
    return Groups(parts)


@statistic
def share_by_window(
    log: Log, category: str | list[str], windows: dict[str, tuple[dt.date, dt.date]], of: Pick = EVERYTHING
) -> Groups:
    """The share of a category in the labelled tokens of some models in several stretches of time, to be compared."""
    return Groups({name: share(log, category, of, window) for name, window in windows.items()})


@statistic
def source_mix(log: Log, category: str, window: Window = "category", part: Part = "total") -> Groups:
    """Who serves a category: shares of closed (both origins), row-open and cn-open models in its labelled tokens."""
    sources = {"closed": ("closed", "cn-closed"), "row-open": ("row-open",), "cn-open": ("cn-open",)}
    return Groups(
        {
            name: source_share(log, category, Pick(source=kinds), window=window, part=part)
            for name, kinds in sources.items()
        }
    )


@statistic
def change_of_slope(
    log: Log, category: str, of: Pick, weeks: int = 5, window: Window = "category"
) -> Measured:
    """By how much faster the share of some models in a category moves in the last `weeks` weeks than before: mean
    weekly step there less the mean weekly step before, in points a week; Newey-West intervals of both."""
    cells, _ = sample(log, window)
    cells = cells[cells["category"] == category]
    steps = np.diff(_ratio(log, cells[of.of(cells)], cells, window).values)
    if len(steps) < 2 * weeks:
        raise Untestable(f"fewer than {2 * weeks} weeks")
    gap = difference(mean_of_weeks(steps[-weeks:]), mean_of_weeks(steps[:-weeks]))
    before, late = 100 * steps[:-weeks].mean(), 100 * steps[-weeks:].mean()
    text = f"points a week: {before:+.2f} before, {late:+.2f} in the last {weeks} weeks"
    return Measured(gap.value, gap.low, gap.high, len(steps), "points", text)


@statistic
def weekly_tokens_of(log: Log, category: str, of: Pick, window: Window = "category") -> Series:
    """Labelled tokens of a category served by some models, by complete week, scaled to all tokens of the week (labels
    are a sample of changing size)."""
    cells, whole = sample(log, window)
    cells = cells[(cells["category"] == category) & of.of(cells)]
    part = _ratio(log, cells, whole, window)
    assert part.draws is not None
    everything = by_week(traffic(log, window), weeks_of(log, window))
    requests = int(cells["requests"].sum())
    return replace(
        part, values=part.values * everything, draws=part.draws * everything, unit="tokens", n=requests
    )


@statistic
def growth_of_shares(log: Log, window: Window = "category") -> Groups:
    """By category, the change of its share of labelled tokens: last eight weeks less first eight (means of weekly
    shares)."""
    cells, whole = sample(log, window)
    weeks = weeks_of(log, window)
    if len(weeks) < 16:
        raise Untestable("fewer than 16 weeks")
    everything = by_week(whole, weeks)
    parts = {}
    for name, rows in cells.groupby("category"):
        values = over(by_week(rows, weeks), everything)
        if name != categories.OTHER:
            gap = difference(mean_of_weeks(values[-8:]), mean_of_weeks(values[:8]))
            parts[str(name)] = Measured(gap.value, gap.low, gap.high, len(weeks), "points")
    return Groups(parts)


# --- inside a category, and mixes of authors


@statistic
def subtags(log: Log, category: str) -> Groups:
    """Share of each content path in the labelled tokens of a category over the category window. Wilson interval on the
    labelled requests of the category, which takes them as of equal size and so is somewhat too narrow. Paths of the
    taxonomy that no label names are 0."""
    weeks_of(log, "category")
    frame = categories.subtags(log, window=bounds("category", log))
    frame = frame[frame["category"] == category]
    requests = int(frame["category_requests"].max()) if len(frame) else 0
    enough_labels(requests, category)
    shares = {row.path: 0.0 for row in categories.taxonomy() if categories.category_of(row.path) == category}
    shares |= dict(zip(frame["path"], frame["share"], strict=True))
    return Groups({
        str(path): proportion(share * requests, requests, "labelled requests") for path, share in shares.items()
    })  # fmt: skip


@statistic
def subtag_sum(log: Log, category: str, paths: list[str]) -> Measured:
    """Share of several content paths together in a category's labelled tokens."""
    parts = subtags(log, category).parts
    n = next(iter(parts.values())).n
    return proportion(sum(parts[path].value for path in paths if path in parts) * n, n, "labelled requests")


@statistic
def largest_subtag(log: Log, category: str, rank: int = 1) -> Measured:
    """Share of the largest content path of a category (or the second, with rank 2)."""
    parts = sorted(subtags(log, category).parts.items(), key=lambda item: -item[1].value)
    if len(parts) < rank:
        raise Untestable(f"{category} has fewer than {rank} sub-tags")
    name, measured = parts[rank - 1]
    return Measured(
        measured.value, measured.low, measured.high, measured.n, "share", f"{name}; {measured.detail}"
    )


@statistic
def entropies(log: Log, of: list[str]) -> Groups:
    """Shannon entropy, in bits, of the sub-tags of each category (of labelled tokens, category window)."""
    weeks_of(log, "category")
    frame = categories.subtags(log, window=bounds("category", log))
    found = frame.groupby("category")["entropy_bits"].max()
    requests = frame.groupby("category")["category_requests"].max()
    return Groups(
        {
            name: Measured(float(found[name]), n=int(requests[name]), unit="bits")
            for name in of
            if name in found.index
        }
    )


@statistic
def mix_concentration(log: Log, authors: list[str]) -> Groups:
    """How concentrated each author's use is: sum of squared shares of the categories in its tokens, mean of weeks."""
    frame = categories.weekly_author_mix(log, authors=tuple(authors))
    frame = frame[frame["week"].isin(weeks_of(log, "category"))]
    weekly = frame.groupby(["author", "week"])["concentration"].max()
    return Groups({author: mean_of_weeks(weekly[author].to_numpy(), "ratio")
                   for author in authors if author in weekly.index.get_level_values(0)})  # fmt: skip


@statistic
def unrest(log: Log, authors: list[str], of: list[str]) -> Groups:
    """Week-to-week unrest of the shares of some categories in each author's mix: root mean square of the weekly
    steps, less what the sampling of labels explains; interval by resampling weeks (999 times, fixed draws)."""
    cells, _ = sample(log, "category")
    weeks = weeks_of(log, "category")
    parts = {}
    for author in authors:
        own = cells[cells["author"] == author]
        whole, squares = by_week(own, weeks), by_week(own, weeks, "squares")
        if own["requests"].sum() < LEAST_LABELS or (whole == 0).any():
            raise Untestable(f"too few labelled requests of {author}")
        excess = []
        for category in of:
            p = over(by_week(own[own["category"] == category], weeks), whole)
            noise = p * (1 - p) * squares / whole**2
            excess.append(np.diff(p) ** 2 - noise[1:] - noise[:-1])
        each = np.mean(excess, axis=0)
        rng = fixed_draws()
        draws = each[rng.integers(0, len(each), size=(999, len(each)))].mean(axis=1)
        low, value, high = (float(np.sqrt(max(x, 0.0)))
                            for x in (np.percentile(draws, 2.5), each.mean(), np.percentile(draws, 97.5)))  # fmt: skip
        parts[author] = Measured(value, low, high, int(own["requests"].sum()), "points", "labelled requests")
    return Groups(parts)
