"""What the truth says of the report's account of launch cohorts: four checks that no real log allows.

A log shows who stayed; the truth of a run also shows whose work waited for which model. Each check is a claim of the
report with a number, its 95% interval (robust to several workloads of one user), and the value that the interval must
lie beyond; three claims have a second half, which the words name: a claim holds only if both do.

`launches`: first fits are over-represented in launch cohorts, and stay. `rivals`: first fits stay when a better rival
comes, others leave. `windows`: once a rival is as able, cohorts no longer stay. `returns`: who returns used others.
Beside them `planting`: whether the scenario made users loyal by construction.
"""

from __future__ import annotations

from pathlib import Path

from testbed.truth_checks.claim import TruthCheck
from testbed.truth_checks.launches import over_represented
from testbed.truth_checks.planting import planted
from testbed.truth_checks.returns import returners
from testbed.truth_checks.rivals import stay_when_rivals_come
from testbed.truth_checks.truth import read
from testbed.truth_checks.windows import window_closes

__all__ = ["TruthCheck", "check", "planted"]


def check(run_path: Path | str) -> list[TruthCheck]:
    """The four checks on a run's folder. Raises `BadInput` if it holds no truth."""
    truth = read(Path(run_path))
    return [over_represented(truth), stay_when_rivals_come(truth), window_closes(truth), returners(truth)]
