"""What was withheld of a log, and by which rule: in words for pages, and for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.disclosure.cells import P_PERCENT
from analysis.disclosure.grids import COHORTS, WEEKS
from analysis.disclosure.rows import MOST_LEFT_OUT, Unit
from analysis.numerals import counted, percent


@dataclass(frozen=True)
class Account:
    """What was withheld, and why.

    least: units (unit: what is counted) that a cell stands on. A cell also goes by the p% rule: where all but its two
    largest accounts together have less than `P_PERCENT` of what the largest has (of tokens or cost), the second largest
    could work out the largest to within p%. cells: how many cells of each grid that is shown were left out of all sums;
    label_cells: out of those of the labelled sample. grids: those that cannot be shown, since their small cells are
    more than `MOST_LEFT_OUT`. share_left_out: of all requests those in cells that were left out; None where that would
    tell of few. cohort_cells: cells of retention.
    """

    least: int
    unit: Unit
    cells: Mapping[str, int]
    label_cells: Mapping[str, int]
    grids: tuple[str, ...]
    share_left_out: float | None
    cohort_cells: int

    def gap(self, cells: tuple[str, ...] | None) -> str:
        """Why an exhibit over these grids is withheld as a whole; empty where it is shown."""
        if cells is None:
            return f"withheld: what its numbers stand on is not counted, so that some may be of fewer than {self.few}"
        if not {WEEKS, *cells}.isdisjoint(self.grids):
            return (
                f"withheld: its cells of fewer than {self.few} or of one large account are more than "
                f"{percent(MOST_LEFT_OUT)} of the requests or tokens"
            )
        return ""

    @property
    def few(self) -> str:
        """The least, with its unit."""
        return counted(self.least, self.unit)

    def sentences(self) -> dict[str, tuple[str, ...]]:
        """What a page says of it, by section of the report; under an empty key what stands above all."""
        unit = {
            "user": "",
            "account": " The log does not tell users apart: accounts are counted in their place.",
            "request": " The log tells neither users nor accounts apart: requests are counted in their place.",
        }[self.unit]
        out = sum(self.cells.values())
        part = (
            "how much of the requests is not told, since it would say something of few"
            if self.share_left_out is None
            else f"{percent(self.share_left_out)} of the requests"
        )
        rule = (
            f"Small cells are withheld (k-anonymity, k = {self.least}): no number here stands on fewer than "
            f"{self.few}, or on one or two accounts alone (p% rule, p = {P_PERCENT:.0%}).{unit}"
        )
        sums = (
            f"Of small cells, {out:,} are in no sum, totals included: {part}{_by_grid(self.cells)}. A 0 is not "
            "shown: nobody and a few look alike."
            if out
            else "No cell of the sums had to be left out. A 0 is not shown: nobody and a few would look alike."
        )
        cohorts = (
            f"Of retention, {self.cohort_cells:,} small cells are withheld: cohorts of fewer than {self.few}, "
            "and months in which fewer than that are active, or are not. Of verdicts on launch cohorts only the "
            "kind is shown."
        )
        labels = (
            f"Of the labelled sample, {sum(self.label_cells.values()):,} small cells are in none of its sums"
            f"{_by_grid(self.label_cells)}."
            if any(self.label_cells.values())
            else ""
        )
        whole = f"Not shown as a whole: exhibits over {', '.join(self.grids)}." if self.grids else ""
        return {"": tuple(filter(None, (rule, sums, labels, whole))), "retention": (cohorts,)}

    def table(self) -> pd.DataFrame:
        """A row a grid: how many of its cells are withheld (None: all), under which k."""
        rows = [
            *(
                {"cells": name, "withheld": count}
                for name, count in (*self.cells.items(), *self.label_cells.items())
            ),
            *({"cells": name, "withheld": None} for name in self.grids),
            {"cells": COHORTS, "withheld": self.cohort_cells},
        ]
        return (
            pd.DataFrame(rows)
            .astype({"cells": "str", "withheld": "Int64"})
            .assign(k=self.least, unit=self.unit)
        )

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "k": self.least, "unit": self.unit, "p_percent": P_PERCENT, "cells_left_out": dict(self.cells),
            "cells_left_out_of_the_labelled": dict(self.label_cells),
            "grids_withheld": list(self.grids), "share_of_requests_left_out": self.share_left_out,
            "cells_withheld": {COHORTS: self.cohort_cells},
        }  # fmt: skip


def _by_grid(cells: Mapping[str, int]) -> str:
    told = ", ".join(f"{name} {count}" for name, count in cells.items() if count)
    return f" ({told})" if told else ""
