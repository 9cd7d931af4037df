"""What the classifier makes of each true category: the chance of every label that a request of it may carry."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.contract import CATEGORIES
from analysis.queries import categories
from analysis.study import LABEL_THRESHOLD
from sim.gateway.classifier import Classifier
from sim.world import World
from testbed.calibration.linear.readings import Seen

Floats = npt.NDArray[np.float64]
REQUESTS = 30_000
"""Requests of each category that are labelled to measure the chances."""
ALIKE = 5.0
"""Standard errors within which chances count as one, since the categories are treated alike."""
NAMES = (*CATEGORIES, categories.OTHER)


@dataclass(frozen=True)
class Sight:
    """labelled: chance that a sampled request of a true category keeps a label at all. carried: chance that it carries
    a category (rows: `NAMES`; columns: true categories). Both are of sampled requests: how many are sampled does not
    matter to shares."""

    labelled: Floats
    carried: Floats

    def weights(self, seen: Seen) -> Floats:
        """How often a request of each true category counts."""
        if seen == "all":
            return np.ones(len(CATEGORIES))
        if seen == "labelled":
            return self.labelled
        if seen == "labels":
            return self.carried.sum(axis=0)
        return self.carried[[NAMES.index(name) for name in seen]].sum(axis=0)


def perfect() -> Sight:
    """A classifier that labels every request with its true category, and with no other."""
    return Sight(np.ones(len(CATEGORIES)), np.eye(len(NAMES))[:, : len(CATEGORIES)])


def of_world(world: World) -> Sight:
    """The chances of a world's classifier. Raises ValueError for a world without one."""
    if world.classifier is None:
        raise ValueError("this world has no classifier; make it with load_world")
    return measured(world.classifier)


def measured(classifier: Classifier, requests: int = REQUESTS) -> Sight:
    """The chances of a classifier, measured on some requests of each category, so that they follow whatever its rules
    are. Where it treats the categories alike, its chances to name the true category, and another one, are taken over
    all categories together."""
    sampling_all = copy.copy(classifier)
    sampling_all.observation = classifier.observation.model_copy(update={"label_share": 1.0})
    seen_as = np.array([NAMES.index(categories.category_of(path)) for path in classifier.paths])
    known = sorted({CATEGORIES.index(category) for category, _, _ in classifier.table})
    labelled = np.zeros(len(CATEGORIES))
    carried = np.zeros((len(NAMES), len(CATEGORIES)))
    for number in known:
        keys = np.arange(requests, dtype=np.uint64) + np.uint64(number * requests)
        labels = sampling_all.label(keys, np.full(requests, number, dtype=np.int8))
        kept = labels.confidence >= LABEL_THRESHOLD
        said = np.zeros((requests, len(NAMES)), dtype=bool)
        said[labels.record[kept], seen_as[labels.path[kept]]] = True
        labelled[number] = said.any(axis=1).mean()
        carried[:, number] = said.mean(axis=0)
    own = carried[known, known]
    others = carried[np.ix_(known, known)][~np.eye(len(known), dtype=bool)]
    if all(_alike(part, requests) for part in (own, others, labelled[known])):
        carried[np.ix_(known, known)] = others.mean() if len(others) else 0.0
        carried[known, known] = own.mean()
        labelled[known] = labelled[known].mean()
    return Sight(labelled, carried)


def _alike(chances: Floats, requests: int) -> bool:
    """Whether chances, each a share of some requests, differ by no more than chance."""
    if not len(chances):
        return True
    p = float(chances.mean())
    return bool(np.abs(chances - p).max() <= ALIKE * np.sqrt(p * (1 - p) / requests))
