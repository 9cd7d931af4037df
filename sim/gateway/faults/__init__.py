"""Faults of data: what can be wrong with a log, each with a rate, off by default, and keyed draws of its own.

A fault is a class with its parameters, its rule and its source, and one pure function over rows. All that lists faults
follows from `FAULTS`: the section `observation.faults` of a scenario with its JSON Schema, and the table of the ODD
(`python -m sim.mechanisms` writes both). They befall a log block by block as it is written, in the order of `FAULTS`;
on tables at hand, `plant` does the same.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import create_model

from sim.gateway.faults.clocks import ClockSkew, MixedZones
from sim.gateway.faults.fault import Fault, Ground, Plant, Planted
from sim.gateway.faults.identities import IdReset, SharedKeys
from sim.gateway.faults.losses import LateRows, MissingDays, Sampling, Truncation
from sim.gateway.faults.repeats import Duplicates, Retries
from sim.gateway.faults.rows import Rows
from sim.gateway.faults.spellings import Aliases, FinishReasons
from sim.gateway.faults.values import HugeCounts, NegativeCounts, Nulls, SchemaDrift
from sim.settings.values import Settings

__all__ = ["FAULTS", "Fault", "FaultSettings", "Ground", "Plant", "Planted", "Rows", "plant"]

_IN_ORDER: tuple[type[Fault], ...] = (
    # what callers do and who they are said to be
    Retries, IdReset, SharedKeys, Aliases,
    # what is written of a request
    ClockSkew, MixedZones, HugeCounts, NegativeCounts, FinishReasons, SchemaDrift, Nulls,
    # which rows reach the log, and when
    Sampling, MissingDays, Truncation, Duplicates, LateRows,
)  # fmt: skip
FAULTS: Mapping[str, type[Fault]] = {kind.key: kind for kind in _IN_ORDER}
"""All faults by key, in the order in which they befall a log."""


class FaultSet(Settings):
    """What is wrong with the log, each off by default."""

    @property
    def planted(self) -> Iterator[Fault]:
        """Those that are asked for, in their order."""
        return (fault for key in FAULTS if (fault := getattr(self, key)).on)


if TYPE_CHECKING:

    class FaultSettings(FaultSet):
        """The section `observation.faults` of a scenario: a fault by its key."""

        def __getattr__(self, key: str) -> Any: ...
else:
    FaultSettings = create_model(
        "FaultSettings", __base__=FaultSet, __doc__=FaultSet.__doc__, __module__=__name__,
        **{key: (kind, kind()) for key, kind in FAULTS.items()},
    )  # fmt: skip


def plant(faults: FaultSet, rows: Rows, ground: Ground) -> tuple[Rows, dict[str, Planted]]:
    """Rows with all faults that are asked for, and what each fell on, by its key."""
    planted: dict[str, Planted] = {}
    for fault in faults.planted:
        rows, planted[fault.key] = fault.plant(rows, ground)
    return rows, planted
