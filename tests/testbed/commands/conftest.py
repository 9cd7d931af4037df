"""What tests of the commands that analyse share."""

from __future__ import annotations

import pytest

from analysis.report.exhibits import EXHIBITS


@pytest.fixture(scope="module")
def few_exhibits():
    """Two exhibits: what is tested with them does not depend on how many there are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("analysis.report.exhibits.EXHIBITS", EXHIBITS[:2])
        yield
