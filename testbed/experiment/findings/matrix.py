"""The matrix of an experiment: for each world, arm and pattern the pass rate, the difference to the arm that it is
compared with, and what the change does to the pattern."""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from analysis.inference.launch.multiplicity import adjusted
from analysis.proportions import wilson
from testbed.claims.measuring.uncertainty import mean_interval
from testbed.claims.replicates import Shown, of_world, shown
from testbed.experiment.arms import Arm
from testbed.experiment.finding import Agreement, Declared, Finding, Pairs, agreement, find
from testbed.experiment.plan import Plan, PlannedPattern, PlannedWorld

Rate = Literal["too many", "within the level", "not settled", ""]
NAN = math.nan
NO_PAIRS = Pairs(0, 0, 0, 0)


@dataclass(frozen=True)
class MatrixCell:
    """One world, arm and pattern.

    runs: replicates that are finished; testable: of them those that can tell; low, high: Wilson's 95% interval of the
    rate; value: mean over the testable replicates. pairs: replicates in which both this arm and its reference can tell;
    difference: rate less the reference's rate over the pairs, with Newcombe's paired interval; p: McNemar's exact test;
    p_adjusted: for all comparisons of the matrix (Benjamini & Hochberg), by which findings are named;
    value_difference: mean paired difference of the values, with the paired t interval. errors: for a world in which the
    effect is absent, the false-positive rate beside the plan's level. directions: of a claim with directions, whether
    the replicates of this arm together show them (`testbed.claims.replicates`); where they do not, it holds by luck,
    and counts as never held in the words and among the false positives. why: of a pattern that no run can tell, the
    reason of the first.
    """

    world: str
    effect: str
    arm: str
    pattern: str
    factor: str
    reference: str
    runs: int
    failed: int
    testable: int
    holds: int
    rate: float
    low: float
    high: float
    value: float
    pairs: int
    difference: float
    difference_low: float
    difference_high: float
    p: float
    p_adjusted: float
    value_difference: float
    value_low: float
    value_high: float
    finding: Finding
    declared: str
    agreement: Agreement
    errors: Rate
    directions: Shown
    why: str

    @property
    def said(self) -> str:
        """The finding in words; of the base none."""
        if self.finding == "same world":
            return f"same world as {self.reference}"
        return "" if self.finding == "base" else self.finding


def matrix(plan: Plan, table: pd.DataFrame) -> list[MatrixCell]:
    """All cells that have a finished run, by pattern, world and arm in the plan's order."""
    answers = {
        key: frame.set_index("replicate").sort_index()
        for key, frame in table.groupby(["world", "arm", "pattern"], sort=False)
    }
    places = [
        (pattern, world, arm)
        for pattern in plan.patterns
        for world in plan.worlds
        for arm in plan.arms
        if (world.name, arm.name, pattern.name) in answers
    ]
    compared = [_beside_reference(plan, world, arm, pattern, answers) for pattern, world, arm in places]
    p_adjusted = adjusted([c.p for c in compared], "fdr_bh")
    return [
        _cell(plan, world, arm, pattern, answers[world.name, arm.name, pattern.name], comparison, p)
        for (pattern, world, arm), comparison, p in zip(places, compared, p_adjusted, strict=True)
    ]


def as_frame(cells: list[MatrixCell]) -> pd.DataFrame:
    """The matrix as a table, one row a cell."""
    names = [field.name for field in dataclasses.fields(MatrixCell)]
    return pd.DataFrame([dataclasses.asdict(cell) for cell in cells], columns=names)


@dataclass(frozen=True)
class _Comparison:
    """An arm beside its reference: pairs of replicates, and the mean paired difference of the values, with interval."""

    pairs: Pairs = NO_PAIRS
    values: tuple[float, float, float] = (NAN, NAN, NAN)
    by_luck: tuple[bool, bool] = (False, False)  # of the reference and the arm: holds without being shown

    @property
    def p(self) -> float:
        return self.pairs.p() if self.pairs.n else NAN


def _beside_reference(
    plan: Plan, world: PlannedWorld, arm: Arm, pattern: PlannedPattern, answers: dict[Any, pd.DataFrame]
) -> _Comparison:
    apart = arm.reference and not plan.same_world(world, arm)
    other = answers.get((world.name, arm.reference, pattern.name)) if apart else None
    return _Comparison() if other is None else _compare(other, answers[world.name, arm.name, pattern.name])


def _cell(
    plan: Plan, world: PlannedWorld, arm: Arm, pattern: PlannedPattern, own: pd.DataFrame,
    compared: _Comparison, p_adjusted: float,
) -> MatrixCell:  # fmt: skip
    told = own[own["holds"].notna()]
    holds, n = int(told["holds"].sum()), len(told)
    (low,), (high,) = wilson([holds], [n])
    values = told["value"].to_numpy(dtype=np.float64)
    declared: Declared | None = pattern.expect.get(arm.factor) if arm.factor else None
    finding: Finding = "base"
    if plan.same_world(world, arm):
        finding = "same world"
    elif arm.reference:
        finding = find(
            compared.pairs, p_adjusted, plan.file.level, plan.file.margin, arm.weakens_cause, compared.by_luck
        )
    directions = _directions(own)
    before, after = compared.pairs.rates
    least, most = compared.pairs.interval()
    return MatrixCell(
        world=world.name,
        effect=world.effect or "",
        arm=arm.name,
        pattern=pattern.name,
        factor=arm.factor or "",
        reference=arm.reference,
        runs=len(own),
        failed=int((own["status"] == "failed").sum()),
        testable=n,
        holds=holds,
        rate=holds / n if n else NAN,
        low=float(low),
        high=float(high),
        value=float(np.nanmean(values)) if np.isfinite(values).any() else NAN,
        pairs=compared.pairs.n,
        difference=after - before,
        difference_low=least,
        difference_high=most,
        p=compared.p,
        p_adjusted=p_adjusted,
        value_difference=compared.values[0],
        value_low=compared.values[1],
        value_high=compared.values[2],
        finding=finding,
        declared=declared or "",
        agreement=_agreement(declared, finding, arm),
        errors=_errors(0 if directions == "not shown" else holds, n, plan.file.level)
        if world.effect == "absent" and pattern.counts_as_false_positive
        else "",
        directions=directions,
        why="" if n else str(own["why"].iloc[0]),
    )


def _agreement(declared: Declared | None, finding: Finding, arm: Arm) -> Agreement:
    """What is declared of a factor is judged where it speaks. `sufficient`: where the cause stands alone; `necessary`:
    where it is taken away as far as the experiment goes; what else says that it matters: at its furthest levels, since
    a small change may change nothing; `irrelevant`: at every level."""
    if declared is None or (declared == "sufficient") != arm.alone:
        return ""
    if declared in ("necessary", "helps", "hinders", "prevents") and not (
        arm.at_extreme and arm.weakens_cause is not None
    ):
        return ""
    if declared == "necessary" and not arm.weakens_cause:
        return ""
    return agreement(declared, finding)


def _errors(holds: int, n: int, level: float) -> Rate:
    """A false-positive rate beside the level: by its whole 95% interval, so that few runs settle nothing."""
    if not n:
        return ""
    (low,), (high,) = wilson([holds], [n])
    if low > level:
        return "too many"
    return "within the level" if high <= level else "not settled"


def _compare(first: pd.DataFrame, second: pd.DataFrame) -> _Comparison:
    """The replicates that two arms share: how they agree, and the paired difference of the values with its interval."""
    both = first.add_suffix("_first").join(second.add_suffix("_second"), how="inner")
    told = both[both["holds_first"].notna() & both["holds_second"].notna()]
    a, b = told["holds_first"].astype(bool), told["holds_second"].astype(bool)
    pairs = Pairs(int((a & b).sum()), int((a & ~b).sum()), int((~a & b).sum()), int((~a & ~b).sum()))
    gaps = (both["value_second"] - both["value_first"]).to_numpy(dtype=np.float64)
    by_luck = (_directions(first) == "not shown", _directions(second) == "not shown")
    return _Comparison(pairs, mean_interval(gaps[np.isfinite(gaps)]), by_luck)


def _directions(own: pd.DataFrame) -> Shown:
    """Whether the runs of an arm together show the directions of a claim."""
    tests = [json.loads(text) for text in own["directions"] if text]
    return shown([of_world(column) for column in zip(*tests, strict=True)])
