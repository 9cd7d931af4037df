"""How often a rule or a verdict is wrong, in words: so many of so many runs, with its interval."""

from __future__ import annotations

from typing import NamedTuple

from analysis.numerals import percent
from analysis.proportions import wilson


class ErrorRate(NamedTuple):
    """wrong of `of` independent runs came out wrong."""

    wrong: int
    of: int

    @property
    def value(self) -> float:
        """The share of wrong ones."""
        return self.wrong / self.of

    def __str__(self) -> str:
        low, high = (percent(float(end)) for end in wilson(self.wrong, self.of))
        return f"{self.wrong} of {self.of} ({percent(self.value)}; 95% interval {low} to {high})"
