"""Measured numbers as people read them: with their unit, their interval, in as many digits as a reader wants."""

from __future__ import annotations

import math
from collections.abc import Sequence

from analysis.numerals import NONE
from testbed.claims.measuring.measured import Measured, Unit


def amount(value: float, unit: Unit, signed: bool = False, bare: bool = False) -> str:
    """A number with its unit, in as many digits as a reader wants; bare: without the unit's word. Infinite: `never` for
    weeks, `none` for the logarithm of nothing."""
    if math.isnan(value):
        return NONE
    if math.isinf(value):
        return "never" if unit == "weeks" and value > 0 else "none" if value < 0 else "without bound"
    sign = "+" if signed else ""
    word = "" if bare else f" {unit}"
    match unit:
        case "share":
            return f"{100 * value:{sign}.{1 if abs(value) >= 0.01 or value == 0 else 2}f}%"
        case "points":
            return f"{100 * value:{sign}.1f}{word}"
        case "usd_per_mtok":
            return f"${value:{sign},.{2 if abs(value) >= 1 else 3}f}"
        case "tokens" if abs(value) >= 1e5:
            return f"{value / 1e6:{sign},.{1 if abs(value) >= 1e7 else 2}f} M"
        case "tokens" | "count":
            return f"{value:{sign},.0f}"
        case "weeks":
            return f"{value:{sign}.1f}{word}"
        case _:
            return f"{value:{sign}.2f}"


def say(measured: Measured, signed: bool = False) -> str:
    """A number with its interval in brackets."""
    text = amount(measured.value, measured.unit, signed)
    if measured.has_interval:
        low, high = (amount(edge, measured.unit, signed, bare=True) for edge in (measured.low, measured.high))
        text += f" [{low} to {high}]"
    return text


def spread(values: Sequence[float], unit: Unit, signed: bool = False, bare: bool = False) -> str:
    """The mean of several runs, in brackets the smallest and the largest; bare: without the unit's word throughout."""
    low, high = (amount(edge, unit, signed, bare=True) for edge in (min(values), max(values)))
    return f"{amount(sum(values) / len(values), unit, signed, bare)} ({low} to {high})"
