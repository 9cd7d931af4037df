"""The truth of a run as arrays: who could use what, what each workload used, and which model solved it first.

A model *solves* a workload if, at its release, its ability in the workload's category reaches the hardness, its tools,
context and permissiveness suffice, and its list price (or a free window that the workload accepts) is affordable. The
idiosyncratic match of workload and model is not in the truth, and later price cuts and ability events are left out;
both blur the groups, so that effects come out smaller than they are. The *first fit* of a workload is the model that
solved it first. Where a scenario switches fit off, the word keeps this meaning, though ability decides nothing there.

A workload joins a model with its first spell.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.contract import CATEGORIES
from analysis.contract.files import MANIFEST, manifest_of
from sim.pricing import CACHED, COMPLETION, PROMPT, Usage
from sim.scenario import Scenario
from testbed.failure import BadInput

TABLES = ("users", "workloads", "spells", "abilities")


@dataclass(frozen=True)
class Truth:
    """A run's truth as arrays. Days count from the scenario's start; models are numbered by their release."""

    start: dt.date
    days: int
    names: list[str]
    released: NDArray[np.int64]  # model
    ability: NDArray[np.float64]  # model x category
    successor: NDArray[np.int64]  # model, or -1
    line: NDArray[np.int64]  # number of the product line, or -1
    solves: NDArray[np.bool_]  # workload x model
    usable: NDArray[np.bool_]  # workload x model: able and the needs met, whatever the price
    affordable: NDArray[np.bool_]  # workload x model: price and needs met, whatever the ability
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

    @property
    def last_month(self) -> int:
        """The last calendar month that the world saw to its end, numbered as by `month`."""
        return int(self.month(np.array([self.days]))[0]) - 1

    @cached_property
    def used(self) -> pd.DataFrame:
        """One row for each workload, model and calendar month in which it was used, in this order."""
        spells = self.spells
        first, last = self.month(spells["start"].to_numpy()), self.month(spells["end"].to_numpy() - 1)
        reach = last - first + 1
        within = np.arange(reach.sum()) - np.repeat(np.cumsum(reach) - reach, reach)
        months = pd.DataFrame({
            "workload": np.repeat(spells["workload"].to_numpy(), reach),
            "model": np.repeat(spells["model"].to_numpy(), reach),
            "month": np.repeat(first, reach) + within,
        }).drop_duplicates()  # fmt: skip
        return months.sort_values(["workload", "model", "month"], ignore_index=True)

    @cached_property
    def tenures(self) -> pd.DataFrame:
        """Homes from their beginning to their end, silence included: workload, model, begin, end, moved_to.

        moved_to: the model for which the home was left, after a comparison or by an upgrade; -1 if it was not left.
        A home that was lost, or left and found again, has several tenures.
        """
        homes = self.spells[self.spells["kind"] == "home"]
        workload, model, start, end = (
            homes[name].to_numpy() for name in ("workload", "model", "start", "end")
        )
        silent = homes["reason"].isin(["silent", "upgrading"]).to_numpy()
        goes_on = (workload[1:] == workload[:-1]) & (model[1:] == model[:-1]) & silent[:-1]
        first = np.flatnonzero(np.append(True, ~goes_on)[: len(homes)])
        last = np.append(first[1:], len(homes)) - 1
        tenures = pd.DataFrame({"workload": workload[first], "model": model[first], "begin": start[first]})
        # A trial beside the home that was won: the next home begins with it.
        won = self.spells[
            self.spells["kind"].isin(["rival", "upgrade"]) & (self.spells["reason"] == "embedded")
        ]
        later = tenures.shift(-1, fill_value=-1)
        won_by = pd.MultiIndex.from_frame(won[["workload", "model", "end"]])
        moves = pd.MultiIndex.from_frame(later).isin(won_by)
        moves &= (later["workload"] == tenures["workload"]).to_numpy()
        return tenures.assign(
            end=np.where(moves, later["begin"], end[last[: len(first)]]),
            moved_to=np.where(moves, later["model"], -1),
        )

    def uses(self, workload: pd.Series, model: pd.Series, month: pd.Series) -> NDArray[np.bool_]:
        """Whether each workload used the model in the month."""
        return self._are_used(self.used["workload"].to_numpy(), workload, model, month)

    def user_uses(self, user: pd.Series, model: pd.Series, month: pd.Series) -> NDArray[np.bool_]:
        """Whether each user used the model in the month, with any workload."""
        return self._are_used(self.user[self.used["workload"]], user, model, month)

    def _are_used(
        self, owner: NDArray[np.int64], who: pd.Series, model: pd.Series, month: pd.Series
    ) -> NDArray[np.bool_]:
        """Whether (who, model, month) are in `used`, with `owner` in place of its workloads."""
        width = int(max(self.used["month"].max(), month.max())) + 1

        def key(*row: NDArray[np.int64]) -> NDArray[np.int64]:
            return (row[0] * len(self.names) + row[1]) * width + row[2]

        known = key(owner, self.used["model"].to_numpy(), self.used["month"].to_numpy())
        return np.isin(key(who.to_numpy(), model.to_numpy(), month.to_numpy()), known)


def read(folder: Path) -> Truth:
    """The truth in a run's folder. Raises `BadInput` if it holds none."""
    missing = [name for name in TABLES if not (folder / "truth" / f"{name}.parquet").is_file()]
    if missing or not (folder / MANIFEST).is_file():
        raise BadInput(
            f"{folder}: expected a run's folder with a manifest and truth/, not found: "
            f"{', '.join(missing) or MANIFEST}. `slipper run` writes one; a real log has no truth"
        )
    users, work, spells, abilities = (
        pd.read_parquet(folder / "truth" / f"{name}.parquet") for name in TABLES
    )
    scenario = Scenario.model_validate(manifest_of(folder)["resolved"])
    models = pd.read_parquet(folder / "models.parquet").drop_duplicates("model")
    models = models.merge(abilities.drop_duplicates("model"), on="model")
    models = models.sort_values(["released", "model"], ignore_index=True)
    number = pd.Series(models.index, index=models["model"])

    def days(column: pd.Series) -> NDArray[np.int64]:
        epoch = np.datetime64(scenario.start, "D")
        return np.asarray((column.to_numpy().astype("datetime64[D]") - epoch).astype(np.int64))

    category = work["category"].astype(str).map(CATEGORIES.index).to_numpy(dtype=np.int64)
    ability = models[list(CATEGORIES)].to_numpy(dtype=float)
    able = work["hardness"].to_numpy()[:, None] <= ability[:, category].T
    met = models["tools"].to_numpy(dtype=bool) | ~work["needs_tools"].to_numpy()[:, None]
    met &= models["permissive"].to_numpy(dtype=bool) | ~work["needs_permissive"].to_numpy()[:, None]
    context = models["context_tokens"].astype(float).fillna(np.inf).to_numpy()
    met &= context >= work["context_tokens"].to_numpy()[:, None]
    price, free = _prices(models, scenario)
    pays = work["willingness_usd_per_mtok"].to_numpy()[:, None] >= price[:, category].T
    pays |= free & work["accepts_free"].to_numpy()[:, None]
    # Large accounts are bound to their model: they search for none, and say nothing of fit.
    own = work["pinned_model"].isna().to_numpy()
    table = pd.DataFrame({
        "workload": spells["workload"].to_numpy(dtype=np.int64),  # products with it must not overflow
        "model": spells["model"].astype(str).map(number).to_numpy(dtype=np.int64),
        "kind": spells["kind"].astype(str).to_numpy(),
        "start": days(spells["start"]),
        "end": days(spells["end"]),
        "reason": spells["end_reason"].astype(str).to_numpy(),
    })  # fmt: skip
    return Truth(
        start=scenario.start,
        days=scenario.days,
        names=models["model"].tolist(),
        released=days(models["released"]),
        ability=ability,
        successor=models["successor"].map(number).fillna(-1).to_numpy(dtype=np.int64),
        line=_lines(models),
        solves=able & met & pays & own[:, None],
        usable=able & met,
        affordable=met & pays & own[:, None],
        category=category,
        user=pd.Index(users["user_id"]).get_indexer(work["user_id"]),
        spells=table[own[table["workload"]]].reset_index(drop=True),
    )


def _lines(models: pd.DataFrame) -> NDArray[np.int64]:
    """A number for each model's product line; -1 for none, as for all models of runs that do not tell lines yet."""
    if "line" not in models:
        return np.full(len(models), -1)
    return pd.factorize(models["line"].where(models["line"] != ""))[0].astype(np.int64)


def _prices(models: pd.DataFrame, scenario: Scenario) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """At each model's release: its effective price by category, as agents see it (infinite: none), and whether it is
    free."""
    usage = Usage(scenario, models["reasoning"].tolist(), models["open_weights"].tolist())
    listed = np.full((len(models), 3), np.nan)
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
        listed[row, [PROMPT, COMPLETION, CACHED]] = into, out, cached
        price[row, usage.used] = usage.price_of(row, listed, day)
    return price, free


def _date(value: Any) -> dt.date:
    return pd.Timestamp(value).date()
