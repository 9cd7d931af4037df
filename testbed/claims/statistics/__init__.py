"""Statistics that claims are about: named functions from a log to a number with its uncertainty."""

from testbed.claims.measuring.measured import Groups, Measured, Result, Series, Untestable
from testbed.claims.statistics.registry import BadCall, bind, measure, statistic, statistics

__all__ = [
    "BadCall",
    "Groups",
    "Measured",
    "Result",
    "Series",
    "Untestable",
    "bind",
    "measure",
    "statistic",
    "statistics",
]
