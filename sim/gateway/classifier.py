"""What the gateway's content classifier says about a sample of requests.

A keyed random sample of requests is labelled. A label is a path of the Google content taxonomy with a confidence; the
classifier errs, labels can be unsure, and a request may carry two (report, section 2.2).

A second label speaks of another category than the first. So each category's paths have the shares that the file of
paths gives them: a second path of the same category would go to the rarer ones by necessity, and take from the common.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.contract import CATEGORIES
from sim.config.problems import ProblemAt
from sim.randomness import Draws, Purpose
from sim.scenario import Scenario

SECOND_RIGHT = 0.5
"""Share of second labels that name the true category (assumed)."""

_Uniforms = Callable[[int, NDArray[np.int64]], NDArray[np.float64]]
"""Keyed uniforms: of an index, for these rows."""


@dataclass(frozen=True)
class Labels:
    """Labels of a batch of requests: `record` is the request's row, `path` indexes `Classifier.paths`."""

    record: NDArray[np.int64]
    path: NDArray[np.int16]
    confidence: NDArray[np.float32]


class Classifier:
    """The gateway's classifier: which path it gives to work of which category."""

    def __init__(self, scenario: Scenario, folder: Path, draws: Draws) -> None:
        self.observation = scenario.observation
        self._draws = draws
        rows = _read_paths(folder / self.observation.label_paths)
        self.table = tuple(rows)
        self.paths = tuple(path for _, path, _ in rows)
        owner = np.array([CATEGORIES.index(category) for category, _, _ in rows])
        weight = np.array([w for _, _, w in rows])
        self._by_category = [np.flatnonzero(owner == number) for number in range(len(CATEGORIES))]
        self._edges = [
            np.cumsum(weight[rows]) / max(weight[rows].sum(), 1e-300) for rows in self._by_category
        ]
        known = [number for number, rows in enumerate(self._by_category) if len(rows)]
        self._others = [
            np.array([other for other in known if other != number]) for number in range(len(CATEGORIES))
        ]
        for category in scenario.workloads.categories:
            if CATEGORIES.index(category) not in known:
                raise ProblemAt(("observation", "label_paths"), f"the file has no path for '{category}'")

    def label(self, key: NDArray[np.uint64], category: NDArray[np.int8]) -> Labels:
        """Labels of the sampled ones among requests with these record keys and true categories."""

        def u(index: int, rows: NDArray[np.int64]) -> NDArray[np.float64]:
            return self._draws.uniform(Purpose.LABEL, key[rows], index)

        everyone = np.arange(len(key))
        sampled = np.flatnonzero(u(0, everyone) < self.observation.label_share)
        second = sampled[u(1, sampled) < self.observation.second_label_share]
        first, path, confidence = self._say(category, sampled, u, 2, self.observation.classifier_accuracy)
        # A second label is as often a neighbour's. One that names the first's category again adds nothing to it.
        other, path_2, confidence_2 = self._say(category, second, u, 7, SECOND_RIGHT)
        news = other != first[np.searchsorted(sampled, second)]
        record = np.concatenate([sampled, second[news]])
        path = np.concatenate([path, path_2[news]])
        confidence = np.concatenate([confidence, confidence_2[news]])
        order = np.argsort(record, kind="stable")
        return Labels(record[order], path[order].astype(np.int16), confidence[order].astype(np.float32))

    def _say(
        self, category: NDArray[np.int8], rows: NDArray[np.int64], u: _Uniforms, at: int, accuracy: float
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """What is said of these rows: category, path, confidence. The draws begin at index `at`."""
        right = u(at, rows) < accuracy
        said = category[rows].astype(np.int64)
        said[~right] = self._mistake(said[~right], u(at + 1, rows[~right]))
        confidence = np.where(
            right,
            self.observation.confidence.quantile(u(at + 3, rows)),
            self.observation.wrong_confidence.quantile(u(at + 4, rows)),
        )
        return said, self._pick_path(said, u(at + 2, rows)), np.clip(confidence, 0, 1)

    def _mistake(self, true: NDArray[np.int64], u: NDArray[np.float64]) -> NDArray[np.int64]:
        out = true.copy()
        for number in np.unique(true):
            rows, others = true == number, self._others[number]
            if len(others):
                out[rows] = others[np.minimum((u[rows] * len(others)).astype(int), len(others) - 1)]
        return out

    def _pick_path(self, category: NDArray[np.int64], u: NDArray[np.float64]) -> NDArray[np.int64]:
        path = np.zeros(len(category), dtype=np.int64)
        for number in np.unique(category):
            rows = category == number
            at = np.minimum(np.searchsorted(self._edges[number], u[rows]), len(self._edges[number]) - 1)
            path[rows] = self._by_category[number][at]
        return path


def _read_paths(file: Path) -> list[tuple[str, str, float]]:
    """Rows (category, path, weight) of a CSV file; `ProblemAt` the scenario's key if it cannot be used."""
    at = ("observation", "label_paths")
    try:
        with file.open(newline="", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError) as error:
        raise ProblemAt(at, f"cannot read {file}: {error}") from None
    found = []
    for line, row in enumerate(rows, start=2):
        try:
            category, path, weight = row["category"], row["path"], float(row["weight"])
        except (KeyError, TypeError, ValueError):
            raise ProblemAt(
                at, f"{file}:{line}: expected the columns category, path, weight (a number)"
            ) from None
        if category not in CATEGORIES or not weight > 0:
            raise ProblemAt(
                at, f"{file}:{line}: unknown category '{category}', or a weight that is not above zero"
            )
        found.append((category, path, weight))
    return found
