"""Whether cached and reasoning tokens lie inside the whole or beside it: by the rows themselves, else by a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from analysis.importing.format import Where
from analysis.importing.guessing.guess import Sure
from analysis.importing.guessing.magnitudes import Numbers, Price, listed_cost
from analysis.importing.model_ids import Listed
from analysis.numerals import counted


@dataclass(frozen=True)
class Counts:
    """Counts of the rows of a sample, None where a row has none. cached_name: what the cached ones are called."""

    prompt: Numbers
    completion: Numbers
    cached: Numbers
    reasoning: Numbers
    written: Numbers
    total: Numbers
    cached_name: str = ""


@dataclass(frozen=True)
class Convention:
    """Where a part lies. seen: in the rows, not guessed by a name."""

    where: Where
    seen: bool
    why: str

    @property
    def sure(self) -> Sure:
        """How sure it is."""
        return "sure" if self.seen else "a guess"


def with_beside(wholes: Numbers, parts: Numbers) -> Numbers:
    """Counts with their parts, where these are more than the count, so that they lie beside it for certain."""
    pairs = zip(wholes, parts, strict=True)
    return tuple(w + p if w is not None and p is not None and p > w else w for w, p in pairs)


def of_cached(counts: Counts) -> Convention:
    """Where cached tokens lie."""
    found = _of_rows(counts, counts.cached, counts.prompt, "tokens_prompt", beside_too=counts.written)
    if found:
        return found
    if "cacheread" in counts.cached_name:
        return Convention("outside", False, "by its name, which is Anthropic's; no row of the sample tells")
    return Convention("inside", False, "as OpenAI counts; no row of the sample tells")


def of_reasoning(counts: Counts) -> Convention:
    """Where reasoning tokens lie."""
    found = _of_rows(counts, counts.reasoning, counts.completion, "tokens_completion")
    return found or Convention("inside", False, "as OpenAI and Anthropic count; no row of the sample tells")


def _of_rows(
    counts: Counts, parts: Numbers, wholes: Numbers, name: str, beside_too: Numbers | None = None
) -> Convention | None:
    """What the rows say: a part above its whole lies beside it, and totals add up in one way only."""
    above = sum(
        bool(part and whole is not None and part > whole) for part, whole in zip(parts, wholes, strict=True)
    )
    if above:
        return Convention("outside", True, f"in {counted(above, 'row')} of the sample it is more than {name}")
    others = counts.reasoning if beside_too else counts.cached
    inside = outside = 0
    extras = beside_too or (None,) * len(parts)
    rows = zip(counts.prompt, counts.completion, counts.total, parts, others, extras, strict=True)
    for ins, outs, total, part, other, extra in rows:
        if not part or ins is None or outs is None or total is None:
            continue
        left = total - ins - outs
        inside += left in (0, other or 0)
        outside += left in {part + more + beside for more in (0, extra or 0) for beside in (0, other or 0)}
    if inside == outside:
        return None
    where: Where = "inside" if inside > outside else "outside"
    most = f"{max(inside, outside):,} of {inside + outside:,} rows" if inside and outside else "rows"
    return Convention(where, True, f"the totals of {most} of the sample add up so")


def prices_of(models: pa.Table, names: Sequence[str]) -> list[Price | None]:
    """The latest listed price of each row's model; None where it has none, or is not listed."""
    latest: dict[str, Price] = {}
    for row in models.to_pylist():
        if path := row.get("prices"):
            last = path[-1]
            fresh, shown, kept = (last[f"{kind}_usd_per_mtok"] for kind in ("prompt", "completion", "cached"))
            latest[row["model"]] = (fresh, shown, fresh if kept is None else kept)
    listed = Listed(models)
    means = {name: latest.get(listed.resolve(name).model) for name in set(names) if name}
    return [means.get(name) for name in names]


def ratios_to_list(
    costs: Numbers, prices: Sequence[Price | None], prompts: Numbers, completions: Numbers, cached: Numbers
) -> list[float]:
    """Charged costs over those of the list, of rows whose model has a price."""
    rows = zip(costs, prices, prompts, completions, cached, strict=True)
    return [
        cost / total
        for cost, price, ins, outs, kept in rows
        if cost and price and ins is not None and outs is not None
        if (total := listed_cost(price, ins, outs, min(kept or 0, ins))) > 0
    ]
