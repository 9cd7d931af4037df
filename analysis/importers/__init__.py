"""One file a gateway: in which forms it exports, how these are recognised, and how rows become rows of the contract.

`slipper import` finds the importers in this folder: a file with an `IMPORTER` is one.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from analysis.importing.format import Importer

__all__ = ["importers"]


@cache
def importers() -> Mapping[str, Importer]:
    """The importers of this folder by name, in the order of their files."""
    modules = (
        importlib.import_module(f"{__name__}.{file.name}")
        for file in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name)
    )
    return {module.IMPORTER.name: module.IMPORTER for module in modules}
