"""Curves over the levels of a factor: each arm stands on the line of what else is changed in it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from testbed.experiment import reading
from testbed.experiment.findings import curves, table
from tests.testbed.experiment import carriers
from tests.testbed.experiment.made import TINY, write


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    file = write(tmp_path_factory.mktemp("plan"), TINY.replace("[one_at_a_time]", "[full]"))
    plan = reading.load(file, replicates=6)
    frame = table.tidy(plan, {cell.task.key: carriers.answer(cell.task) for cell in plan.cells})
    return plan, frame


def test_points(made):
    plan, frame = made
    found = curves.curves(plan, frame)
    assert [(curve.factor, curve.pattern) for curve in found] == [("lock_in", "launch"), ("lock_in", "kept")]
    points = found[0].points
    assert points["line"].tolist() == ["all"] * 3 + ["fit=off"] * 3
    assert points["level"].tolist() == [0, 1.5, 3] * 2 and set(points["runs"]) == {6}
    seeds = [cell.task.seed for cell in plan.cells if cell.arm.name == "base"]
    assert points["rate"].tolist() == pytest.approx([sum(seed % 3 > 0 for seed in seeds) / 6] * 6)
    assert points["value"].tolist() == pytest.approx([sum(seed % 1000 for seed in seeds) / 6000] * 6)
    assert (points["value_low"] < points["value"]).all() and (points["low"] < points["rate"]).all()


def test_what_cannot_be_told_is_no_point(made):
    plan, frame = made
    frame = frame.copy()
    frame.loc[frame["arm"] == "lock_in=3", "holds"] = None
    points = curves.curves(plan, frame)[0].points.set_index(["line", "level"])
    assert points.loc[("all", 3.0), "runs"] == 0 and math.isnan(points.loc[("all", 3.0), "rate"])
    curves.draw(curves.curves(plan, frame)[0])  # a gap, not an error
    frame["holds"] = None
    curves.draw(curves.curves(plan, frame)[0])


def test_the_line_breaks_at_a_level_that_cannot_be_told(made):
    plan, frame = made
    frame = frame.copy()
    frame.loc[frame["factor.lock_in"] == "1.5", "holds"] = None
    rate, _ = curves.draw(curves.curves(plan, frame)[0])
    (axes,) = rate.axes
    drawn = [
        line.get_ydata() for line in axes.lines if line.get_label()[:1] != "_" or len(line.get_ydata()) == 3
    ]
    assert any(np.isnan(values).tolist() == [False, True, False] for values in drawn)


def test_a_switch_has_no_curve(made):
    plan, _ = made
    assert curves.numeric_factors(plan) == ["lock_in"]
