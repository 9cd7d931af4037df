"""Fixtures that tests of inference share with tests of the analysis."""

from __future__ import annotations

from tests.analysis.conftest import connect

__all__ = ["connect"]
