"""The tables and sentences of docs/price.md."""

from __future__ import annotations

import math

import numpy as np

from analysis.numerals import NONE, counted
from sim.scenario.shipped import WORLDS
from testbed import markdown
from testbed.studies.price.elasticity import Cut, Elasticity
from testbed.studies.price.known import errors, logit_elasticities, logit_shares
from testbed.studies.price.results import SLOPE, Results

PROGRAM = "python -m testbed.studies.price"
PAGE = WORLDS.parent / "docs" / "price.md"
BEGIN = f"<!-- made by `{PROGRAM}`: {{}} -->"
NEAR = (-1.3, -0.7)
"""Between which an own elasticity is called near what is published (assumed)."""

EXAMPLE, WEIGHT, FACTOR = {"small": 0.5, "middling": 2.0, "large": 8.0}, 0.7, 0.7
"""The models of the example by price, the weight of log price, and the factor of the cut."""
TRUTH, WORK, REPLICATES, DRAWS = -0.9, (30, 300), (5, 10, 20), 1000
"""Of the made outcomes: the true elasticity, pieces of work, replicates and experiments a row."""


def fixed() -> dict[str, list[str]]:
    """What needs no run, by its place on the page."""
    return {"example": example(), "error rates": error_rates()}


def with_tables(page: str, places: dict[str, list[str]]) -> str:
    """A page with places made anew. Raises ValueError where it has no such place."""
    for name, lines in places.items():
        page = markdown.filled(page, BEGIN.format(name), lines)
    return page


def example() -> list[str]:
    """Models that are worth what they cost: equal shares, and each gains by a cut."""
    prices = list(EXAMPLE.values())
    worth = [WEIGHT * math.log(price) for price in prices]
    shares = logit_shares(prices, worth, WEIGHT)
    lines = markdown.heading(
        "model", "price", "worth to buyers", "share", "share if it alone costs 30% less", "own elasticity"
    )
    for number, (name, price) in enumerate(EXAMPLE.items()):
        cut = [p * FACTOR if n == number else p for n, p in enumerate(prices)]
        after = logit_shares(cut, worth, WEIGHT)[number]
        own, _ = logit_elasticities(shares[number], WEIGHT, FACTOR)
        lines.append(markdown.row(
            name, f"${price:g}", _number(worth[number]), f"{shares[number]:.1%}", f"{after:.1%}", _number(own)
        ))  # fmt: skip
    slope = float(np.polyfit(np.log(prices), np.log(shares), 1)[0])
    return [*lines, "", f"Slope of log share on log price across the three: {_number(slope)}."]


def error_rates() -> list[str]:
    """How often the interval is wrong in made outcomes."""
    lines = markdown.heading("pieces of work that use the model", "replicates", "interval misses the truth",
                             "interval excludes 0 where nothing changes", "half-width")  # fmt: skip
    for found in errors(TRUTH, FACTOR, WORK, REPLICATES, DRAWS):
        lines.append(markdown.row(
            f"{found.work}", f"{found.replicates}", f"{found.missed:.1%}", f"{found.false:.1%}", f"{found.half:.2f}"
        ))  # fmt: skip
    return lines


def results(found: Results, command: str) -> list[str]:
    """What the runs say. command: the one that made it."""
    plan = found.plan
    users = f"{plan.users:,} users" if plan.users else "the world's users"
    made = (
        f"Made by `{command}`: {counted(plan.replicates, 'replicate')} of {users} from seed {plan.seed}, version "
        f"{', '.join(found.versions) or NONE}. In brackets 95% intervals over the replicates."
    )
    lines = [made, "", _slope(found), _own(found), _market(found)]
    for title, part in (
        ("One model cheaper", _alone(found)),
        ("From whom", _crossed(found)),
        ("Several cheaper at once", _together(found)),
    ):
        lines += ["", f"### {title}", "", *part]
    return lines


def _slope(found: Results) -> str:
    slope = found.slope()
    if not slope.pairs:
        why = next((str(answer["why"]) for answer in found.slopes), "there is no run")
        return f"- **Across models**: no world can tell: {why}."
    use = 1.1**slope.value - 1
    return (
        f"- **Across models**, 10% dearer goes with {abs(use):.1%} {'more' if use > 0 else 'less'} use (tokens): slope "
        f"{_said(slope)}. That use hardly depends on price ({SLOPE}) holds in {found.slope_holds} of "
        f"{counted(len(found.slopes), 'world')}."
    )


def _own(found: Results) -> str:
    short, long = found.weeks
    pairs = [(cut, cut.models[0]) for cut in found.alone]
    each = {found.own(cut, short).value: found.name(model) for cut, model in pairs}
    first = found.mean(pairs, short)
    near = "near" if NEAR[0] <= first.value <= NEAR[1] else "not near"
    said = (
        f"- **The same model cheaper**: own elasticity {_said(first)} in {short} weeks, mean of "
        f"{counted(len(pairs), 'model')}, {near} what is published; {_range(each)}."
    )
    return said if short == long else f"{said} In {long} weeks {_said(found.mean(pairs, long))}."


def _range(each: dict[float, str]) -> str:
    finite = {value: name for value, name in each.items() if math.isfinite(value)}
    if not finite:
        return "no model alone can be told"
    low, high = min(finite), max(finite)
    return f"from {_number(low)} ({finite[low]}) to {_number(high)} ({finite[high]})"


def _market(found: Results) -> str:
    short, _ = found.weeks
    each = found.mean([(cut, None) for cut in found.alone], short)
    line = f"- **All requests together** in {short} weeks: {_said(each)} where one model is cheaper, mean of the cuts"
    for cut in found.cuts:
        if cut.of_all:
            line += f"; {_said(found.mean([(cut, None)], short))} where all listed models are {_change(cut)}"
    return f"{line}."


def _alone(found: Results) -> list[str]:
    (short, long), windows = found.weeks, sorted(set(found.weeks))
    lines = markdown.heading(
        "model", "list price in, out", f"share of requests, {short} weeks", *(f"own, {n} weeks" for n in windows),
        f"nearest rival, {long} weeks", f"all models, {short} weeks",
    )  # fmt: skip
    for cut in found.alone:
        model, price = cut.models[0], found.price(cut)
        rival = found.rival(model)
        beside = NONE if rival is None else f"{found.name(rival)} {_said(found.mean([(cut, rival)], long))}"
        lines.append(markdown.row(
            found.name(model), f"${price.prompt:g}, ${price.completion:g}", f"{found.share(model, short):.1%}",
            *(_said(found.own(cut, n), found.plan.replicates) for n in windows), beside,
            _said(found.mean([(cut, None)], short)),
        ))  # fmt: skip
    return lines


def _crossed(found: Results) -> list[str]:
    _, long = found.weeks
    models = [cut.models[0] for cut in found.alone]
    cells = {
        (cut.models[0], model): found.mean([(cut, model)], long) for cut in found.alone for model in models
    }
    others = [one for (cheaper, model), one in cells.items() if model != cheaper]
    told = sum(_excludes_0(one) for one in others)
    lines = [
        "By how many per cent the use of a model (column) changes where the price of one (row) is one per cent higher, "
        f"in {long} weeks. Bold: the interval excludes 0, before it is rounded. Of {counted(len(others), 'cell')} that "
        f"are not a model's own it does in {told}; in {0.05 * len(others):.1f} it would by chance alone.",
        "",
        *markdown.heading("cheaper", *map(found.name, models)),
    ]
    for cheaper in models:
        row = (_marked(cells[cheaper, model]) for model in models)
        lines.append(markdown.row(found.name(cheaper), *row))
    return lines


def _together(found: Results) -> list[str]:
    windows = sorted(set(found.weeks))
    asked = ("own", "own, each alone", "all models")
    lines = markdown.heading("models", "change", *(f"{what}, {n} weeks" for what in asked for n in windows))
    for cut in found.cuts:
        if len(cut.models) < 2 and not cut.of_all:
            continue
        alone = [(one, one.models[0]) for one in found.alone if cut.of_all or one.models[0] in cut.models]
        lines.append(markdown.row(
            "all that are listed" if cut.of_all else " and ".join(map(found.name, cut.models)), _change(cut),
            *(_said(found.own(cut, n)) for n in windows), *(_said(found.mean(alone, n)) for n in windows),
            *(_said(found.mean([(cut, None)], n)) for n in windows),
        ))  # fmt: skip
    return lines


def _change(cut: Cut) -> str:
    return f"{abs(1 - cut.factor):.0%} {'cheaper' if cut.factor < 1 else 'dearer'}"


def _excludes_0(one: Elasticity) -> bool:
    return one.low > 0 or one.high < 0


def _marked(one: Elasticity) -> str:
    return f"**{_number(one.value)}**" if _excludes_0(one) else _number(one.value)


def _said(one: Elasticity, of: int | None = None) -> str:
    """An elasticity with its interval; of: replicates, of which fewer than all are said."""
    text = _number(one.value)
    if math.isfinite(one.low):
        text += f" [{_number(one.low)} to {_number(one.high)}]"
    return text if of is None or one.pairs == of else f"{text} ({one.pairs} of {of})"


def _number(value: float) -> str:
    """Two digits behind the point, without a sign of nothing."""
    return NONE if math.isnan(value) else f"{round(value, 2) + 0.0:.2f}".replace("-", "−")
