"""The causes, one file each: what a mechanism's parameters are, where it comes from, its switch, and its pure rule.

All that lists mechanisms follows from this folder: the section of a scenario with its JSON Schema, the table of the ODD
(`python -m sim.mechanisms` writes both), and the factors of an experiment (`switch: mechanisms.*`). When a rule acts is
said in `sim.agents.search`, `sim.agents.choice` and `sim.traffic.counts`.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sim.scenario.mechanism import Mechanism, MechanismSet, section_of

__all__ = ["MECHANISMS", "Mechanism", "Mechanisms"]


def _found() -> Mapping[str, type[Mechanism]]:
    """The mechanisms of this folder by key, in the order of their files."""
    found: dict[str, type[Mechanism]] = {}
    for file in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        if file.name == "__main__":
            continue
        module = importlib.import_module(f"{__name__}.{file.name}")
        for kind in vars(module).values():
            if isinstance(kind, type) and issubclass(kind, Mechanism) and kind.__module__ == module.__name__:
                found[kind.key] = kind
    return found


MECHANISMS = _found()

if TYPE_CHECKING:

    class Mechanisms(MechanismSet):
        """The section `mechanisms` of a scenario: a mechanism by its class (`mechanisms[Fit]`) or by its key."""

        def __getattr__(self, key: str) -> Any: ...
else:
    Mechanisms = section_of(MECHANISMS)
