"""What a world would bring at other parameters, by the logit alone: how its tensor answers to reach and demand.

Awareness is a factor on the chance that a model is looked at. So within a category and period a model's tokens are
taken to grow in proportion to its factors on reach, before all are scaled to the category's tokens, which grow with its
factor on demand. What this leaves out (users who stay with what they have, popularity that follows use) is met by
steps: after each the world itself says what it brings, and the next answer starts from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from testbed.calibration.fit.parameters import Parameters, Space
from testbed.calibration.tensor.frame import Frame, Tensor

Floats = npt.NDArray[np.float64]
TINY = 1e-300


@dataclass(frozen=True)
class Answer:
    """The world at some parameters. shares: periods x models x categories, each period adding up to 1; moved: the part
    of them that answers; within: of that, each model's part of its category."""

    parameters: Parameters
    tensor: Tensor
    shares: Floats
    moved: Floats
    within: Floats


@dataclass(frozen=True)
class Response:
    """How a world answers. present: its parameters; tokens: what it brings, periods x models x categories, models as in
    `space`; fixed: what large accounts bring of that, who keep to their model whatever is heard of others; totals: by
    week."""

    space: Space
    frame: Frame
    present: Parameters
    tokens: Floats
    fixed: Floats
    totals: Floats

    @cached_property
    def group_of(self) -> npt.NDArray[np.int64]:
        """The group of each model of the space."""
        number = {model: at for at, model in enumerate(self.frame.groups.models)}
        return self.frame.groups.of[[number[model] for model in self.space.listed]]

    @cached_property
    def demand(self) -> Floats:
        """The two parts of the volume of each category by period: 2 x periods x categories."""
        return np.stack([self.frame.by_period(part) for part in self.space.demand])

    def at(self, parameters: Parameters) -> Answer:
        """The tensor at some parameters."""
        author, model, own = (
            getattr(parameters, name) - getattr(self.present, name) for name in ("author", "model", "own")
        )
        moving = np.maximum(self.tokens - self.fixed, 0.0)
        tilted = moving * np.exp(author[self.space.author_of] + model[:, None] + own)
        within = tilted / np.maximum(tilted.sum(axis=1, keepdims=True), TINY)
        now, then = (self._volume(each.demand).sum(axis=0) for each in (self.present, parameters))
        size = moving.sum(axis=1) * np.divide(then, now, out=np.ones_like(now), where=now > 0)
        answered = within * size[:, None, :]
        whole = (answered + self.fixed).sum(axis=(1, 2), keepdims=True)
        moved, shares = answered / whole, (answered + self.fixed) / whole
        return Answer(
            parameters, Tensor(self.frame, self._by_group(shares), self.totals), shares, moved, within
        )

    def gradient(self, answer: Answer, of_shares: Floats) -> Parameters:
        """The gradient by parameter of what has the gradient `of_shares` by the tensor's shares (periods x groups x
        categories)."""
        by_model = of_shares[:, self.group_of]
        mean = (answer.shares * by_model).sum(axis=(1, 2), keepdims=True)
        pull = answer.moved * (by_model - mean)
        of_category = pull.sum(axis=1)
        own = (pull - answer.within * of_category[:, None, :]).sum(axis=0)
        author = np.zeros((len(self.space.authors), own.shape[1]))
        np.add.at(author, self.space.author_of, own)
        first, last = self._volume(answer.parameters.demand)
        whole = first + last
        tilt = np.divide(last - first, whole, out=np.zeros_like(whole), where=whole > 0)
        demand = np.stack([of_category.sum(axis=0), (tilt * of_category).sum(axis=0)], axis=1)
        return Parameters(author, own.sum(axis=1), own, demand)

    def _volume(self, demand: Floats) -> Floats:
        """The two parts of each category's volume: 2 x periods x categories. demand: as in `Parameters`."""
        ends = np.stack([demand[:, 0] - demand[:, 1], demand[:, 0] + demand[:, 1]])
        return np.asarray(self.demand * np.exp(ends)[:, None, :])

    def _by_group(self, shares: Floats) -> Floats:
        found = np.zeros(self.frame.shape)
        np.add.at(np.moveaxis(found, 1, 0), self.group_of, np.moveaxis(shares, 1, 0))
        return found
