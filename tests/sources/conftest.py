from __future__ import annotations

from tests.analysis.conftest import connect  # noqa: F401  the same fixture
