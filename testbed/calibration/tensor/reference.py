"""The world that a tensor is about: what a token of each cell brings of every quantity.

What the tensor does not tell apart is taken from the world: the models within a group, and what a token of a group,
category and period costs, how many requests it makes, how much of it is tool calls. A cell that the world never uses
takes this from the group's other periods, then from its other categories, then from the market.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from testbed.calibration.linear.readings import Amount, Quantity
from testbed.calibration.tensor.amounts import Amounts
from testbed.calibration.tensor.frame import Frame, Tensor
from testbed.calibration.tensor.sight import Sight

Floats = npt.NDArray[np.float64]
MONEY: dict[Quantity, Quantity] = {"spend_usd": "tokens", "charged_usd": "charged_tokens"}
"""Quantities in USD, and the tokens that they are paid for."""


class Unknown(Exception):
    """The world does not know a quantity that a condition needs."""


class Reference:
    """A world's tensor with what is needed to read statistics off any tensor of its frame.

    facts: of all models of the frame's groups, as `measuring.tables.facts` has them, with `prices` where money that the
    world never spent must be known. amounts: of the frame's weeks and models.
    """

    def __init__(self, frame: Frame, amounts: Amounts, facts: pd.DataFrame, sight: Sight) -> None:
        self.frame = frame
        self.facts = facts.set_index("model").loc[list(frame.groups.models)].reset_index()
        self.sight = sight
        cut = amounts.cut(frame.weeks, frame.groups.models)
        self.tensor = Tensor.of(frame, cut)
        self._sums = {name: frame.by_period(values) for name, values in cut.of.items()}
        self._tokens = frame.by_group(self._sums["tokens"])
        self._per_token: dict[Amount, Floats] = {}
        self._weights: dict[tuple[int, ...], Floats] = {}

    @property
    def totals(self) -> Floats:
        """Tokens by week."""
        return self.tensor.totals

    def on_offer(self) -> npt.NDArray[np.bool_]:
        """Cells that a period's tokens can be in: of groups with a model that was released by its last day and not
        retired by its first. Periods x groups x categories."""
        released = pd.to_datetime(self.facts["released"]).to_numpy(dtype="datetime64[D]")
        retired = pd.to_datetime(
            self.facts.get("retired", pd.Series(index=self.facts.index, dtype="datetime64[us]"))
        )
        gone = retired.fillna(pd.Timestamp("2262-01-01")).to_numpy(dtype="datetime64[D]")
        first = np.array(self.frame.weeks[:: self.frame.step], dtype="datetime64[D]")
        last = first + np.timedelta64(7 * self.frame.step - 1, "D")
        there = (released[None, :] <= last[:, None]) & (gone[None, :] > first[:, None])
        groups = self.frame.by_group(there.astype(np.float64)) > 0
        return np.broadcast_to(groups[:, :, None], self.frame.shape).copy()

    # --- amounts

    def per_token(self, amount: Amount) -> Floats:
        """How much of an amount a token brings, by cell: periods x groups x categories. Raises Unknown."""
        if amount not in self._per_token:
            base = Amount(amount.quantity, amount.picks)
            if base not in self._per_token:
                self._per_token[base] = self._of_models(amount)
            self._per_token[amount] = self._per_token[base] * self.sight.weights(amount.seen)
        return self._per_token[amount]

    def _of_models(self, amount: Amount) -> Floats:
        if amount.quantity not in self._sums:
            raise Unknown(f"the world says nothing of {amount.quantity.replace('_', ' ')}")
        meant = self._meant(amount)
        models = np.flatnonzero(meant)
        part = self.frame.by_group(self._sums[amount.quantity][:, models], models)
        whole = self._tokens
        found = _over(part, whole)
        for axes in ((0,), (0, 2)):
            pooled = _over(part.sum(axis=axes, keepdims=True), whole.sum(axis=axes, keepdims=True))
            found = np.where(np.isnan(found), pooled, found)
        if np.isnan(found).any():
            found = np.where(np.isnan(found), self._never_used(amount.quantity, meant), found)
        return found

    def _meant(self, amount: Amount) -> Floats:
        """1 for the models that meet the conditions of an amount, 0 for others."""
        frame = self.facts.assign(tokens=0)
        meant = np.ones(len(frame), dtype=bool)
        for pick in amount.picks:
            meant &= pick.of(frame).to_numpy(dtype=bool)
        return meant.astype(np.float64)

    def _never_used(self, quantity: Quantity, meant: Floats) -> Floats:
        """What a token brings of groups that the world never uses: what it does in the market, of the part of their
        models that are meant, and in USD at their list prices."""
        members = self.frame.by_group(np.ones((1, len(meant))))
        part = self.frame.by_group(meant[None, :]) / members
        market = self._sums["tokens"].sum(axis=1, keepdims=True)
        if quantity not in MONEY:
            return part[:, :, None] * np.nan_to_num(
                _over(self._sums[quantity].sum(axis=1, keepdims=True), market)
            )
        paid = self._never_used(MONEY[quantity], meant) if MONEY[quantity] != "tokens" else part[:, :, None]
        prompt, completion = self._list_prices()
        split = np.nan_to_num(_over(self._sums["prompt_tokens"].sum(axis=1, keepdims=True), market))
        return paid * 1e-6 * (split * prompt[:, :, None] + (1 - split) * completion[:, :, None])

    def _list_prices(self) -> tuple[Floats, Floats]:
        """Mean list prices of the models of each group, prompt and completion: periods x groups, USD per million."""
        if "prices" not in self.facts:
            raise Unknown("the models table says nothing of prices")
        days = [week + dt.timedelta(days=6) for week in self.frame.weeks[:: self.frame.step]]
        prices = np.array([[_price_on(path, day) for path in self.facts["prices"]] for day in days])
        members = self.frame.by_group(np.ones((1, prices.shape[1])))
        sums = self.frame.by_group(prices)
        return sums[:, :, 0] / members, sums[:, :, 1] / members

    def weight_of(self, weeks: tuple[int, ...]) -> Floats:
        """Tokens of some weeks, by period."""
        if weeks not in self._weights:
            found = np.zeros(self.frame.shape[0])
            np.add.at(found, self.frame.period_of[list(weeks)], self.totals[list(weeks)])
            self._weights[weeks] = found
        return self._weights[weeks]


def _over(part: Floats, whole: Floats) -> Floats:
    """Quotients; NaN over nothing."""
    return np.divide(
        part, whole, out=np.full(np.broadcast_shapes(part.shape, whole.shape), np.nan), where=whole > 0
    )


def _price_on(path: Sequence[Mapping[str, object]] | None, day: dt.date) -> tuple[float, float]:
    """The list price that holds on a day, else the first one: prompt and completion."""
    known = sorted(path or (), key=lambda point: str(point["from"]))
    if not known:
        return 0.0, 0.0
    past = [point for point in known if point["from"] <= day]  # type: ignore[operator]
    point = past[-1] if past else known[0]
    return float(point["prompt_usd_per_mtok"]), float(point["completion_usd_per_mtok"])  # type: ignore[arg-type]
