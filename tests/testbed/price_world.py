"""A tiny market whose answer to a price cut is known: the logit of choices made anew, as an experiment file."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd

from testbed.experiment import reading
from testbed.experiment.findings import table
from testbed.experiment.runs import carry_out
from testbed.studies.price.results import Results
from tests.worlds import PLAIN

WEIGHT, FACTOR = 0.7, 0.6
PRICES = {"small": 0.5, "middling": 2.0, "large": 8.0}
REACH = {"small": 0.2, "middling": 0.3, "large": 0.9}
MADE_CHEAPER = {
    "base": [], "all=on": [], "pair": ["small/model", "large/model"],
    **{f"{name}=on": [f"{name}/model"] for name in PRICES},
}  # fmt: skip
"""Models that are cheaper than others, by arm."""
SETTLED = "2025-02-03"
"""A Monday by which every trial is over."""

# All work looks once, on its first day, at prices that are already changed, and stays with what it chose.
MARKET = f"""
extends: plain.yaml
start: 2025-01-06
end: 2025-03-09
models:
{
    "".join(
        f"  {one}/model: {{name: The {one} one, released: 2020-01-01, price_usd_per_mtok: {PRICES[one]}, "
        f"reach: {REACH[one]}}}{chr(10)}"
        for one in PRICES
    )
}
workloads: {{willingness_to_pay_usd_per_mtok: 1000.0, later_start_days: 0}}
mechanisms: {{price_response: {{alpha: {
    WEIGHT
}}}, fit: {{enabled: off, match_sd: 0.0, chance_when_off: 1.0}}}}
search: {{outside_option: -50, trial_days: 2}}
"""

CUTS = f"""
title: Price cuts in a tiny market
question: What does a model win?
base: market.yaml
users: 1500
replicates: 4
factors:
{
    "".join(
        f"  {name}: {{event: {{event: price_change, date: 2025-01-06, model: {name}/model, factor: {FACTOR}}}}}"
        f"{chr(10)}"
        for name in PRICES
    )
}
  all: {{event: {{event: price_change, date: 2025-01-06, model: all, factor: 0.9}}}}
arms:
  designs: [one_at_a_time]
  listed: {{pair: {{small: on, large: on}}}}
patterns:
{
    "".join(
        f"  {name}: {{is: log-requests, with: {{model: {name}/model, since: {SETTLED}, weeks: 4}}}}{chr(10)}"
        for name in PRICES
    )
}
  market: {{is: log-requests, with: {{since: {SETTLED}, weeks: 4}}}}
"""


def shares() -> dict[str, float]:
    """What each model is chosen by: reach times price to the power of minus the weight, over their sum."""
    known = {name: REACH[name] * PRICES[name] ** -WEIGHT for name in PRICES}
    return {name: one / sum(known.values()) for name, one in known.items()}


def played(folder: Path) -> Results:
    """The runs of the experiment, without slopes across models."""
    plan = reading.load(write(folder))
    records = {cell.task.key: carry_out(cell.task) for cell in plan.cells}
    return Results(plan, table.tidy(plan, records), [])


def made(folder: Path) -> Results:
    """What runs without noise in the choices would say: the closed form, with luck that the arms share and a little
    that they do not; slopes of -0.1, -0.12, -0.14 and -0.16."""
    plan, known = reading.load(write(folder)), shares()
    rows = []
    for cell in plan.cells:
        cheaper = {name for name in PRICES if f"{name}/model" in MADE_CHEAPER[cell.arm.name]}
        weights = {n: share * (FACTOR**-WEIGHT if n in cheaper else 1) for n, share in known.items()}
        luck = 0.1 * cell.replicate
        for number, (name, weight) in enumerate(weights.items()):
            own_luck = 0.002 * (cell.replicate - 1.5) * (1 + number) if cheaper else 0
            value = math.log(1000 * weight / sum(weights.values())) + luck + own_luck
            rows.append({"arm": cell.arm.name, "replicate": cell.replicate, "pattern": name, "value": value})
        whole = {"arm": cell.arm.name, "replicate": cell.replicate, "pattern": "market"}
        rows.append(whole | {"value": math.log(1000) + luck})
    slopes = [{"value": -0.1 - 0.02 * n, "holds": n < 3, "why": "made"} for n in range(plan.replicates)]
    return Results(plan, pd.DataFrame(rows), slopes, ("made",))


def write(folder: Path, text: str = CUTS) -> Path:
    """The experiment file, with its market beside it."""
    (folder / "plain.yaml").write_text(PLAIN, encoding="utf-8")
    (folder / "market.yaml").write_text(MARKET, encoding="utf-8")
    file = folder / "cuts.yaml"
    file.write_text(text, encoding="utf-8")
    return file
