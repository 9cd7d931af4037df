"""Checks of costs and counts of tokens."""

from __future__ import annotations

import math

from analysis.inspection.check import Found, check
from analysis.inspection.facts import Facts
from analysis.numerals import counted
from analysis.sources.soundness import PARTS

UNITS = {
    100.0: "cents",
    1e3: "thousandths of a dollar",
    1e6: "millionths of a dollar",
    1e9: "billionths of a dollar",
}
MOST_OVER, LEAST_OVER = 3.0, 1 / 30  # charged over list price: discounts and surcharges lie between (assumed)
MOST_USD, LEAST_USD = 1000.0, 1e-4  # a million tokens, where no list price is known (assumed)
LEAST_REQUESTS = 30  # of a model whose price is judged alone (assumed)
LEAST_ROWS = 200  # with a part of a count, from which on its largest share tells (assumed)
NEAR_HALF = 0.02  # of them just below a half, where a part was added twice (assumed)


@check("no cost", "warning", "cost", "categories", "geography")
def no_cost(facts: Facts) -> Found | None:
    """All costs are 0."""
    if facts.whole["zero_cost"] != facts.rows:
        return None
    return Found("cost_total is 0 in all rows: nothing can be said of spend", facts.rows, facts.rows)


@check("unit of costs", "error", "cost", "categories", "geography")
def unit_of_costs(facts: Facts) -> Found | None:
    """All together, what was charged is many times the list price, or a small part of it."""
    if not facts.whole["cost"] or not facts.whole["tokens"]:
        return None
    if facts.charged is not None:
        charged, listed = facts.charged["cost_usd"].sum(), facts.charged["list_cost_usd"].sum()
        over = charged / listed
        if LEAST_OVER <= over <= MOST_OVER or not over:
            return None
        said = f"what was charged is {over:,.3g} times the list price"
    else:
        over = 1e6 * facts.whole["cost"] / facts.whole["tokens"]
        if LEAST_USD <= over <= MOST_USD:
            return None
        said = f"a million tokens cost {over:,.3g} USD"
        over /= 0.5
    unit = min(UNITS, key=lambda times: abs(math.log10(over / times)))
    guess = f": cost_total may be in {UNITS[unit]}" if over > 1 and abs(math.log10(over / unit)) < 0.7 else ""
    return Found(f"{said}{guess}; the contract's unit is USD", facts.rows, facts.rows)


@check("charged over list", "warning", "cost")
def charged_over_list(facts: Facts) -> Found | None:
    """Of single models, what was charged is many times the list price."""
    if facts.charged is None:
        return None
    frame = facts.charged[facts.charged["requests"] >= LEAST_REQUESTS]
    over = frame["cost_usd"] / frame["list_cost_usd"]
    far = frame[over > MOST_OVER]
    if far.empty or len(far) == len(frame):
        return None  # of all alike, it is the unit
    rows = int(far["requests"].sum())
    words = f"{counted(len(far), 'model')} were charged more than {MOST_OVER:g} times their list price"
    return Found(words, rows, facts.rows, ", ".join(far["model"].head(3)))


@check("prompts beyond the context", "warning", "openness", "agentic", "categories", "cost")
def huge_counts(facts: Facts) -> Found | None:
    """More tokens than the model can take: characters or bytes, taken for tokens."""
    rows, models = facts.above_context
    if not rows:
        return None
    words = (
        "tokens_prompt is more than the model can take: characters or bytes may have been taken for tokens"
    )
    return Found(words, rows, facts.rows, models)


@check("cached tokens added twice", "warning", "openness", "agentic", "cost")
def cached_twice(facts: Facts) -> Found | None:
    """Cached tokens added to a prompt that holds them already are never more than half of it."""
    return _twice(facts, "tokens_cached")


@check("reasoning tokens added twice", "warning", "openness", "agentic", "cost")
def reasoning_twice(facts: Facts) -> Found | None:
    """The same of reasoning tokens and completions."""
    return _twice(facts, "tokens_reasoning")


def _twice(facts: Facts, part: str) -> Found | None:
    some, near = int(facts.whole.get(f"some {part}") or 0), int(facts.whole.get(f"near half {part}") or 0)
    if some < LEAST_ROWS or facts.whole[f"above half {part}"] or near < NEAR_HALF * some:
        return None
    words = (
        f"{part} is never more than half of {dict(PARTS)[part]}, and often next to it: it may have been added to a "
        "count that held it already"
    )
    return Found(words, some, facts.rows)
