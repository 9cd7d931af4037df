"""The schema of Vega-Lite, which the page's charts are held to. Altair ships it; to make Altair's objects of a chart,
as its own check does, takes seven times as long."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from altair.vegalite.schema import core


@functools.cache
def _validator() -> Any:
    return pytest.importorskip("jsonschema").Draft7Validator(core.load_schema())


def check(spec: dict[str, Any]) -> None:
    """Fails with what is most wrong with a specification."""
    objection = pytest.importorskip("jsonschema").exceptions.best_match(_validator().iter_errors(spec))
    assert objection is None, f"{objection.json_path}: ...{objection.message[-200:]}"
