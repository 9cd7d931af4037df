"""What all tests share: one thread a process, and a browser for those that need one, with a word at the end when there
was none."""

from __future__ import annotations

import os

# The matrices are small and each worker of the suite has a core: threads of their own would only wait for each other,
# which took half of the time of some files. NumPy reads this when it is first imported, also in what tests start.
for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

import pytest  # noqa: E402

from tests import browser  # noqa: E402


@pytest.fixture(scope="session")
def chromium():
    """A headless Chromium; without one the test is skipped, or fails where a browser is required."""
    path = browser.find_browser()
    if path is None:
        (pytest.fail if browser.is_required() else pytest.skip)(browser.MISSING)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=path, args=browser.arguments())
        yield opened
        opened.close()


def pytest_terminal_summary(terminalreporter):
    """Say aloud that the browser tests did not run."""
    skipped = [r for r in terminalreporter.stats.get("skipped", []) if browser.MISSING in str(r.longrepr)]
    if skipped:
        terminalreporter.write_line(f"{len(skipped)} tests did not run: {browser.MISSING}.", yellow=True)
