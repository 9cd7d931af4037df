"""Size of the report page and how soon it opens in a headless Chromium; run: python -m benchmarks.page

The report world with few users, all exhibits, verdicts and figures: the page hardly grows with the log, which it
holds as tables of weeks and months. Opening is from the request of the file to when every chart that the first screen
shows is drawn; the charts below it draw as one scrolls, and are timed apart.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import sim
from analysis import open_log, write_analysis
from sim.scenario.shipped import WORLDS
from tests.browser import MISSING, arguments, find_browser

USERS = 20_000
MOST_BYTES = 8_000_000
MOST_SECONDS = 2.0
TURNS = 5
WIDTH, HEIGHT = 1280, 900
"""Of the screen, in pixels."""
CHARTS = "figure[data-chart]"
# Charts draw themselves from 300 pixels below the screen on (page.js); the first screen may show none.
SHOWN = """() => {
  const near = [...document.querySelectorAll('figure[data-chart]')].filter((f) => {
    const box = f.getBoundingClientRect();
    return box.bottom >= 0 && box.top <= innerHeight + 300;
  });
  return document.readyState === 'complete' && near.every((f) => f.classList.contains('drawn'));
}"""

UNFOLD = "() => document.querySelectorAll('details').forEach((d) => { d.open = true; })"


def measure(users: int = USERS) -> str:
    """The table of the benchmark, as Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        run = sim.run(WORLDS / "report.yaml", users=users, out=folder)
        with open_log(run.path) as log:
            write_analysis(log, run.path, stills=True)
        return compare(run.path / "report.html", users)


def compare(page: Path, users: int) -> str:
    """Measure a page against the limits."""
    size = page.stat().st_size
    lines = [
        "| what | measured | limit | measured / limit |",
        "|---|---|---|---|",
        f"| size of report.html, {users:,} users | {size / 1e6:.2f} MB | {MOST_BYTES / 1e6:g} MB | "
        f"**{size / MOST_BYTES:.2f}** |",
    ]
    browser = find_browser()
    if browser is None:
        return "\n".join([*lines, "", f"How soon it opens was not measured: {MISSING}."])
    found = opened(page, browser)
    seconds = statistics.median(found["seconds"])
    lines += [
        f"| seconds until the first screen's charts are drawn, median of {TURNS} | {seconds:.2f} s | "
        f"{MOST_SECONDS:g} s | **{seconds / MOST_SECONDS:.2f}** |",
        "",
        f"Slowest of {TURNS}: {max(found['seconds']):.2f} s. All {found['charts']} charts, scrolled to one by one: "
        f"{found['all_s']:.1f} s. {found['browser']}, a fresh profile each time.",
    ]
    return "\n".join(lines)


def opened(page: Path, browser: str, turns: int = TURNS) -> dict[str, Any]:
    """Open a page so many times: seconds until its first charts are drawn, and once until all are."""
    from playwright.sync_api import sync_playwright

    seconds = []
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=browser, args=arguments())
        name = f"Chromium {chromium.version}"
        for turn in range(turns + 1):
            context = chromium.new_context(viewport={"width": WIDTH, "height": HEIGHT})
            tab = context.new_page()
            began = time.perf_counter()
            tab.goto(page.as_uri())
            tab.wait_for_function(SHOWN)
            if turn:  # the first one also starts the browser
                seconds.append(time.perf_counter() - began)
            if turn == turns:
                tab.evaluate(UNFOLD)
                figures = tab.query_selector_all(CHARTS)
                began = time.perf_counter()
                for figure in figures:
                    figure.scroll_into_view_if_needed()
                    figure.wait_for_selector(".chart svg")
                everything = time.perf_counter() - began
            context.close()
        chromium.close()
    return {"seconds": seconds, "charts": len(figures), "all_s": everything, "browser": name}


if __name__ == "__main__":
    print(measure(*map(int, sys.argv[1:])))
