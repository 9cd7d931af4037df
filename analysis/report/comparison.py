"""Two analysed logs beside each other, from the tables that their analyses left: what differs, and by how much.

A is the first, B the second; differences are B minus A.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.proportions import newcombe, share
from analysis.report.exhibit import Exhibit
from analysis.report.result_files import CONTRAST, INDEX, TRIANGLES, VERDICTS, WITHHELD, has_table
from analysis.sources import runs

LAST_WEEKS = 4  # weeks at the end of a series whose unweighted mean is compared
MOST_ROWS = 12  # rows of one exhibit that are compared, the largest first
ALL = "all"  # the one series of an exhibit whose rows have no names
PROSE = (
    "title",
    "question",
    "extends",
    "look_at",
)  # scenario keys that say what a scenario is for, not what it is


class NotAnalysed(ValueError):
    """A folder that holds no results of an analysis."""


@dataclass(frozen=True)
class Analysed:
    """The results of one analysed log: the folder with tables/, and the manifest of its run if it has one."""

    folder: Path
    manifest: Mapping[str, Any] | None

    @classmethod
    def at(cls, folder: Path) -> Analysed:
        """The results in a folder. Raises NotAnalysed, LogError for a broken manifest."""
        if not is_analysed(folder):
            raise NotAnalysed(f"{folder}: holds no results of an analysis")
        found = runs.read_manifest(folder)
        return cls(folder, found[0] if found else None)

    @property
    def title(self) -> str:
        """The run's title, else the folder's name."""
        return str((self.manifest or {}).get("title") or self.folder.name)

    def table(self, stem: str) -> pd.DataFrame | None:
        """A table by its file's stem; None if the log could not say it."""
        path = self.folder / "tables" / f"{stem}.parquet"
        return pd.read_parquet(path) if path.is_file() else None

    @property
    def least(self) -> int:
        """Users that each number stands on: cells of fewer were withheld. 0 where all were shown."""
        table = self.table(WITHHELD)
        return 0 if table is None else int(table["k"].min())

    @property
    def withheld(self) -> str:
        """How many cells were withheld, in words; empty where all were shown."""
        table = self.table(WITHHELD)
        if table is None:
            return ""
        parts = [
            f"{cells} all" if pd.isna(count) else f"{cells} {count}"
            for cells, count in zip(table["cells"], table["withheld"], strict=True)
            if pd.isna(count) or count
        ]
        return f"withheld, k = {self.least}: {', '.join(parts) or 'none'}"

    def figure(self, stem: str) -> str:
        """A figure as an <svg> element; empty if there is none."""
        path = self.folder / "figures" / f"{stem}.svg"
        if not path.is_file():
            return ""
        text = path.read_text(encoding="utf-8")
        return text[text.index("<svg") :]


def is_analysed(folder: Path) -> bool:
    """Whether a folder holds the results of an analysis that can be compared."""
    return has_table(folder, INDEX) and (folder / "tables" / f"{TRIANGLES}.parquet").is_file()


def scenario_differences(a: Analysed, b: Analysed) -> pd.DataFrame | None:
    """Keys of the resolved scenarios that differ: columns key, a, b (JSON text; empty where there is no such key).

    None if one of the logs has no manifest.
    """
    if a.manifest is None or b.manifest is None:
        return None
    left, right = (dict(_leaves(one.manifest.get("resolved") or {})) for one in (a, b) if one.manifest)
    rows = [
        {"key": key, "a": left.get(key, ""), "b": right.get(key, "")}
        for key in dict.fromkeys([*left, *right])
        if left.get(key) != right.get(key) and key.partition(".")[0] not in PROSE
    ]
    return pd.DataFrame(rows, columns=["key", "a", "b"], dtype="str")


def _leaves(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, Mapping) and node:
        for key, value in node.items():
            yield from _leaves(value, f"{path}.{key}" if path else str(key))
    else:
        yield path, json.dumps(node, ensure_ascii=False)


def panel_models(a: Analysed, b: Analysed) -> dict[str, tuple[Any, Any]]:
    """Models whose retention both analyses showed, in order, with their launch cohorts (NaT where there is none)."""
    launches = []
    for one in (a, b):
        contrast = one.table(CONTRAST)
        known = (
            contrast
            if contrast is not None and len(contrast)
            else pd.DataFrame({"model": [], "launch_cohort": []})
        )
        launches.append(dict(zip(known["model"], known["launch_cohort"], strict=True)))
    left, right = launches
    return {model: (left[model], right[model]) for model in left if model in right}


def verdict_differences(a: Analysed, b: Analysed) -> pd.DataFrame:
    """The verdicts on the launch cohorts that both analyses judged: a row a model, those whose kinds differ first, then
    in the order of A's panels.

    Columns model; headline_a, month_a, difference_a (launch cohort minus those compared with it, NaN where there is
    none) and the same of b; differs: the kinds are not the same. Empty for analyses that left no verdicts.
    """
    frames = []
    for one in (a, b):
        table = one.table(VERDICTS)
        if table is None or not {"model", "kind", "headline", "month", "difference"} <= set(table):
            table = pd.DataFrame(columns=["model", "kind", "headline", "month", "difference"])
        frames.append(table[["model", "kind", "headline", "month", "difference"]])
    both = frames[0].merge(frames[1], on="model", suffixes=("_a", "_b"))
    both["differs"] = both.pop("kind_a") != both.pop("kind_b")
    return both.sort_values("differs", ascending=False, kind="stable", ignore_index=True)


def retention_differences(a: Analysed, b: Analysed, models: list[str]) -> pd.DataFrame:
    """Retention of the same cohorts at the same age in both logs: a row a model, cohort and month k >= 1.

    users_a, active_a, retention_a and the same of b; difference = retention_b - retention_a with its 95% Newcombe
    interval (low, high), which takes the logs as independent samples; differs: the interval excludes 0. small: one of
    the cohorts has too few users to be judged by eye. Only months that both logs cover to their end.
    """
    frames = []
    for one in (a, b):
        cells = one.table(TRIANGLES)
        assert cells is not None
        cells = cells[cells["complete"] & (cells["k"] > 0) & cells["model"].isin(models)]
        frames.append(cells[["model", "cohort", "k", "users", "active", "retention", "small"]])
    both = frames[0].merge(frames[1], on=["model", "cohort", "k"], suffixes=("_a", "_b"))
    both["difference"] = both["retention_b"] - both["retention_a"]
    both["low"], both["high"] = newcombe(both["active_a"], both["users_a"], both["active_b"], both["users_b"])
    both["differs"] = (both["low"] > 0) | (both["high"] < 0)
    both["small"] = both.pop("small_a") | both.pop("small_b")
    place = {model: at for at, model in enumerate(models)}
    both = both.sort_values(["model", "cohort", "k"], key=lambda c: c.map(place) if c.name == "model" else c)
    return both.reset_index(drop=True)


def exhibit_differences(exhibit: Exhibit, a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """One exhibit in both logs: a row a series (or row of the table), the largest first, at most `MOST_ROWS`.

    Columns exhibit, value (the exhibit's `compared` column), form, series, a, b, difference, ratio = b / a, differs.
    Of weekly tables a and b are unweighted means over the last four complete weeks, and `differs` says that the ranges
    of those weeks do not overlap; of others a and b are the values, and `differs` is missing: one value has no range.
    """
    value, names = exhibit.compared, list(exhibit.key)
    columns = ["exhibit", "value", "form", "series", "a", "b", "difference", "ratio", "differs"]
    if any(not {value, *names} <= set(frame) for frame in (a, b)):
        return pd.DataFrame(columns=columns)
    parts = [_levels(frame, value, names) for frame in (a, b)]
    both = parts[0].merge(parts[1], how="outer", left_index=True, right_index=True, suffixes=("_a", "_b"))
    both = both.loc[
        both[["level_a", "level_b"]].max(axis=1).sort_values(ascending=False, kind="stable").index
    ]
    both = both.head(MOST_ROWS)
    apart = (both["high_a"] < both["low_b"]) | (both["high_b"] < both["low_a"])
    judged = apart.astype("boolean") if "week" in a else pd.Series(pd.NA, index=both.index, dtype="boolean")
    return pd.DataFrame(
        {
            "exhibit": exhibit.id,
            "value": value,
            "form": exhibit.formats[value],
            "series": both.index.astype(str),
            "a": both["level_a"].to_numpy(),
            "b": both["level_b"].to_numpy(),
            "difference": (both["level_b"] - both["level_a"]).to_numpy(),
            "ratio": share(both["level_b"], both["level_a"]),
            "differs": judged.reset_index(drop=True),
        },
        columns=columns,
    )


def _levels(frame: pd.DataFrame, value: str, names: list[str]) -> pd.DataFrame:
    """level, low and high of `value` by series: over the last complete weeks, or the value itself."""
    if "complete" in frame and frame["complete"].any():
        frame = frame[frame["complete"]]
    if "week" in frame:
        weeks = frame["week"].drop_duplicates().nlargest(LAST_WEEKS)
        frame = frame[frame["week"].isin(weeks)]
    frame = frame.assign(**{value: frame[value].astype("float64")})
    rows = frame[names].astype(str).itertuples(index=False, name=None)
    key = pd.Series([", ".join(row) or ALL for row in rows], index=frame.index, dtype="str")
    groups = frame.groupby(key, sort=False)[value]
    levels = pd.DataFrame({"level": groups.mean(), "low": groups.min(), "high": groups.max()})
    return levels.replace([np.inf, -np.inf], np.nan)
