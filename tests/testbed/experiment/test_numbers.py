"""The numbers behind the answers: a row each, and their mean and range over the replicates."""

from __future__ import annotations

import pandas as pd
import pytest

from testbed.experiment import reading
from testbed.experiment.findings import numbers
from tests.testbed.experiment import carriers
from tests.testbed.experiment.made import TINY, write


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    return reading.load(write(tmp_path_factory.mktemp("plan"), TINY))


def records(plan, behind) -> dict:
    """Records whose pattern `launch` has the numbers that `behind` says of a cell."""
    found = {}
    for cell in plan.cells:
        record = carriers.answer(cell.task)
        record["patterns"]["launch"]["numbers"] = behind(cell)
        found[cell.task.key] = record
    return found


def behind(cell) -> dict:
    rate = {"value": 0.1 * (cell.replicate + 1), "unit": "share"}
    gap = {"value": None if cell.arm.name == "fit=off" else 0.05 - 0.04 * cell.replicate, "unit": "points"}
    return {"kept": rate, "gap": gap}


def test_a_row_a_run_and_number(plan):
    frame = numbers.numbers(plan, records(plan, behind))
    assert len(frame) == 4 * 3 * 2 and set(frame["pattern"]) == {"launch"}
    own = frame[(frame["arm"] == "lock_in=3") & (frame["number"] == "kept")]
    assert own["replicate"].tolist() == [0, 1, 2] and own["value"].tolist() == pytest.approx([0.1, 0.2, 0.3])
    assert frame[(frame["arm"] == "fit=off") & (frame["number"] == "gap")]["value"].isna().all()
    assert set(own["seed"]) == {cell.task.seed for cell in plan.cells}


def test_the_document_has_the_mean_and_the_range_of_each_arm(plan):
    text = "\n".join(numbers.markdown(plan, numbers.numbers(plan, records(plan, behind))))
    assert text.count("### ") == 4 and "- launch-cohort-stands-out: The launch cohort" in text
    base = text.partition("### base")[2].partition("###")[0]
    assert "| launch-cohort-stands-out | kept | gap, points |" in base
    assert "| launch | 20.0% (10.0% to 30.0%) | +1.0 (-3.0 to +5.0) |" in base
    assert "| launch | 20.0% (10.0% to 30.0%) | – |" in text.partition("### fit=off")[2].partition("###")[0]


def test_without_numbers_there_is_nothing_to_say(plan):
    frame = numbers.numbers(plan, {cell.task.key: carriers.answer(cell.task) for cell in plan.cells})
    assert frame.empty and list(frame.columns) == numbers.COLUMNS and numbers.markdown(plan, frame) == []
    assert numbers.markdown(plan, pd.DataFrame(columns=numbers.COLUMNS)) == []
