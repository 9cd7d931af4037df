"""Groups of models that a tensor does not tell apart: those that no claim tells apart either.

Models that meet the same of all conditions that the claims name are one group. So a model that a claim names stands
alone, an author whom one names is split by openness, size and reasoning, and all others are pooled by these facts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from testbed.claims.measuring.tables import Pick


@dataclass(frozen=True)
class Groups:
    """Models in groups; every model is in one. of: the group's number by model, in the order of `models`."""

    models: tuple[str, ...]
    of: npt.NDArray[np.int64]
    names: tuple[str, ...]
    authors: tuple[str, ...]
    """By group: its author, `others` where several are pooled."""

    def __len__(self) -> int:
        return len(self.names)

    def members(self, group: int) -> tuple[str, ...]:
        """The models of a group."""
        return tuple(model for model, mine in zip(self.models, self.of, strict=True) if mine == group)


def grouped(facts: pd.DataFrame, picks: Iterable[Pick]) -> Groups:
    """The coarsest groups in which every condition of `picks` holds of all models of a group or of none. facts: of all
    models, as `measuring.tables.facts` has them."""
    frame = facts.sort_values("model", ignore_index=True).assign(tokens=0)
    told = np.array([pick.of(frame).to_numpy(dtype=bool) for pick in dict.fromkeys(picks)]).reshape(
        -1, len(frame)
    )
    _, first, of = np.unique(told, axis=1, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first))  # numbered in the order of their first models
    of = order[of.ravel()]
    names, authors = [], []
    for number in range(len(first)):
        name, author = _name(frame[of == number])
        names.append(name)
        authors.append(author)
    return Groups(tuple(frame["model"]), of, tuple(_distinct(names)), tuple(authors))


def _name(rows: pd.DataFrame) -> tuple[str, str]:
    """What people call a group, and its author."""
    authors = set(rows["author"])
    author = authors.pop() if len(authors) == 1 else "others"
    if len(rows) == 1:
        return str(rows["model"].iloc[0]), author
    words = [author]
    for column in ("source", "size_class"):
        values = set(rows[column].dropna())
        if len(values) == 1 and (column == "source" or rows["open_weights"].all()):
            words.append(str(values.pop()))
    reasoning = set(rows["reasoning_optimised"].dropna())
    if len(reasoning) == 1 and reasoning.pop():
        words.append("reasoning")
    return " ".join(words), author


def _distinct(names: list[str]) -> list[str]:
    """The names, with a number behind those that occur twice."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found
