"""How often each claim holds over the replicates of a scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from analysis.numerals import NONE
from analysis.proportions import wilson
from testbed.claims.registry import Entry
from testbed.claims.replicates import OfWorld, Shown, of_world, shown
from testbed.claims.scoreboard import INPUT_CAVEAT, ROLES

GOAL = 0.8  # of the replicates: what is asked of a claim over seeds
DIRECTIONS = (
    "A trend up or down, and what else is tested over replicates, holds in a replicate by its own number. Whether that "
    "is more than luck, the mean over the replicates with its t interval says (docs/trend-tests.md): where it does not "
    "show the direction, the totals count the claim as never held. One replicate alone has no spread."
)
"""How directions are judged over replicates."""


@dataclass(frozen=True)
class PartFrequency:
    """How often one condition of a claim holds. testable, values, example, world: as in `Frequency`."""

    name: str
    holds: int
    testable: int
    values: tuple[float, ...]
    unit: str | None
    example: str
    world: OfWorld | None = None


@dataclass(frozen=True)
class Frequency:
    """How often a claim holds. testable: replicates that can tell; low, high: Wilson's 95% interval of the share.
    parts: the conditions of a claim that has several. world: of a direction, what the replicates say together."""

    entry: Entry
    holds: int
    testable: int
    replicates: int
    low: float | None
    high: float | None
    values: tuple[float, ...]
    unit: str | None
    example: str  # the simulated value of the first replicate
    why_not: str  # why it is not testable, where it never is
    reasons: tuple[str, ...] = ()  # of the verdict in each replicate, with the numbers
    parts: tuple[PartFrequency, ...] = ()
    world: OfWorld | None = None

    @property
    def share(self) -> float | None:
        """Share of the testable replicates in which it holds."""
        return self.holds / self.testable if self.testable else None

    @property
    def shown(self) -> Shown:
        """Whether the replicates together show all its directions; empty where it has none."""
        return shown([self.world, *(part.world for part in self.parts)])

    @property
    def counted(self) -> float | None:
        """The share as the totals count it: nothing for a direction that is not shown, which holds by luck."""
        return 0.0 if self.shown == "not shown" and self.testable else self.share


@dataclass(frozen=True)
class Study:
    """A judged set of replicates."""

    scenario: str
    master_seed: int
    seeds: tuple[int, ...]
    run_ids: tuple[str, ...]
    digest: str
    frequencies: tuple[Frequency, ...]
    titles: dict[str, str]

    def totals(self) -> dict[str, dict[str, float]]:
        """By role: claims, those testable at all, those that hold in all testable replicates, in at least 80% of them,
        in most, in few, in none, and the mean number that hold in a replicate. A direction that the replicates together
        do not show counts as one that holds in none."""
        totals: dict[str, dict[str, float]] = {}
        for role in ROLES:
            mine = [f for f in self.frequencies if f.entry.claim.role == role]
            shares = [f.counted for f in mine if f.counted is not None]
            totals[role] = {
                "claims": len(mine),
                "testable": len(shares),
                "always": sum(s == 1 for s in shares),
                "goal": sum(s >= GOAL for s in shares),
                "mostly": sum(0.5 < s < 1 for s in shares),
                "rarely": sum(0 < s <= 0.5 for s in shares),
                "never": sum(s == 0 for s in shares),
                "mean_held": round(
                    sum(f.holds for f in mine if f.shown != "not shown") / max(len(self.seeds), 1), 2
                ),
            }
        return totals

    def as_json(self) -> dict[str, Any]:
        """The study as data."""
        return {
            "scenario": self.scenario,
            "master_seed": self.master_seed,
            "seeds": list(self.seeds),
            "run_ids": list(self.run_ids),
            "registry_digest": self.digest,
            "caveat": INPUT_CAVEAT,
            "directions": DIRECTIONS,
            "totals": self.totals(),
            "claims": [
                {
                    "id": f.entry.id,
                    "section": f.entry.section,
                    "statement": f.entry.claim.text,
                    "reported": f.entry.claim.reported,
                    "role": f.entry.claim.role,
                    "holds": f.holds,
                    "testable": f.testable,
                    "replicates": f.replicates,
                    "share": f.share,
                    "low": f.low,
                    "high": f.high,
                    "values": list(f.values),
                    "unit": f.unit,
                    "simulated": f.example,
                    "why_not_testable": f.why_not,
                    "reasons": list(f.reasons),
                    "parts": [asdict(part) | {"values": list(part.values)} for part in f.parts],
                    "world": None if f.world is None else asdict(f.world),
                    "shown": f.shown,
                }
                for f in self.frequencies
            ],
        }


def frequency(entry: Entry, records: Sequence[Mapping[str, Any]]) -> Frequency:
    """How often a claim holds. records: its line of the scoreboard (`scoreboard.line`) in each replicate."""
    told = [record for record in records if record["status"] != "not_testable"]
    holds = sum(record["status"] == "holds" for record in told)
    low, high = wilson(holds, len(told)) if told else (None, None)
    return Frequency(
        entry=entry,
        holds=holds,
        testable=len(told),
        replicates=len(records),
        low=None if low is None else float(low),
        high=None if high is None else float(high),
        values=tuple(record["value"] for record in records if record["value"] is not None),
        unit=next((record["unit"] for record in records if record["unit"]), None),
        example=records[0]["simulated"] if records else NONE,
        why_not="" if told or not records else records[0]["reason"],
        reasons=tuple(record["reason"] for record in records),
        parts=tuple(_part_frequency(parts) for parts in zip(*(r["parts"] for r in records), strict=True)),
        world=of_world([record.get("test") for record in records]),
    )


def _part_frequency(records: Sequence[Mapping[str, Any]]) -> PartFrequency:
    told = [record for record in records if record["status"] != "not_testable"]
    return PartFrequency(
        name=records[0]["name"],
        holds=sum(record["status"] == "holds" for record in told),
        testable=len(told),
        values=tuple(record["value"] for record in records if record["value"] is not None),
        unit=next((record["unit"] for record in records if record["unit"]), None),
        example=records[0]["simulated"],
        world=of_world([record.get("test") for record in records]),
    )
