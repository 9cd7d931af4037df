"""The browser of the tests: any Chromium that is there, or a message that says how to get one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
APPLICATIONS = (
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
)
CHOSEN = "SLIPPER_BROWSER"  # path of the browser to use
REQUIRED = "SLIPPER_REQUIRE_BROWSER"  # set to 1: without a browser these tests fail instead of being skipped
MISSING = (
    "no Chromium found for the browser tests. Install one (Debian: apt-get install chromium; anywhere: "
    f".venv/bin/playwright install chromium), or set {CHOSEN} to the path of one"
)

WAIT = 240_000
"""ms for a page that runs a world: in a fresh clone the first one is compiled meanwhile, beside other tests."""


def find_browser() -> str | None:
    """Path of a Chromium: the chosen one, one on the path, an application, or playwright's own; None without any."""
    if chosen := os.environ.get(CHOSEN):
        return chosen
    for name in NAMES:
        if found := shutil.which(name):
            return found
    for path in APPLICATIONS:
        if path.exists():
            return str(path)
    return _of_playwright()


def _of_playwright() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        path = driver.chromium.executable_path
    return path if Path(path).exists() else None


def is_required() -> bool:
    """Whether a missing browser is a failure."""
    return os.environ.get(REQUIRED, "0") not in ("", "0")


def arguments() -> list[str]:
    """Chromium refuses to run as root with its sandbox."""
    return ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
