"""The causes, one file each: what a mechanism's parameters are, where it comes from, its switch, and its pure rule.

Those of a choice and those of demand have folders of their own. All that lists mechanisms follows from these folders:
the section of a scenario with its JSON Schema, the table of the ODD (`python -m sim.mechanisms` writes both), and the
factors of an experiment (`switch: mechanisms.*`). When a rule acts is said in `sim.agents.search`, `sim.agents.choice`
and `sim.traffic.counts`.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sim.settings.mechanism import Mechanism, MechanismSet, section_of

__all__ = ["MECHANISMS", "Mechanism", "Mechanisms"]


def _found() -> Mapping[str, type[Mechanism]]:
    """The mechanisms of this folder and of those in it by key, in the order of their files' names."""
    found: dict[str, type[Mechanism]] = {}
    files = [file.name for file in pkgutil.walk_packages(__path__, f"{__name__}.") if not file.ispkg]
    for file in sorted(files, key=lambda name: name.rpartition(".")[2]):
        if file.endswith(".__main__"):
            continue
        module = importlib.import_module(file)
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
    Mechanisms = section_of(MECHANISMS, __name__)
