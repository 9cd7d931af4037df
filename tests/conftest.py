"""What all tests share: a browser for those that need one, and a word at the end when there was none."""

from __future__ import annotations

import pytest

from tests import browser


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
