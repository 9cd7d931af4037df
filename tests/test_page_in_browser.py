"""The pages in a real browser, from a file: they ask for nothing, draw every chart, and can be read by everyone."""

from __future__ import annotations

import re
import shutil
import time

import pandas as pd
import pytest

from analysis import open_log, write_analysis
from analysis.report import verdicts
from testbed.commands.compare import PAGE, compare
from tests.analysis.made_log import made, write_run

pytestmark = pytest.mark.browser

WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
MOST_BYTES = 8_000_000
MOST_SECONDS = 10  # generous: the target of 2 s is for a machine that does nothing else


@pytest.fixture(scope="module")
def run(chromium, tmp_path_factory):
    """An analysed run whose verdicts are known. Asks for the browser first: without one nothing is made."""
    folder = write_run(made(rows=12_000, users=900, seed=3), tmp_path_factory.mktemp("browser") / "run")
    with open_log(folder) as log:
        write_analysis(log, folder)
    claims = [
        {"id": "C12", "role": "emergent", "status": "holds", "statement": "Open rises", "reported": "1/3",
         "simulated": "31%", "reason": "in the band"},
        {"id": "C117", "role": "emergent", "status": "fails", "statement": "40% stay", "reported": "40%",
         "simulated": "12% <low>", "reason": "not in the band"},
    ]  # fmt: skip
    verdicts.keep(folder, {"claims": claims})
    return folder


@pytest.fixture(scope="module")
def compared(run, tmp_path_factory):
    """A comparison of the run with itself, half of its returning users gone."""
    other = shutil.copytree(run, tmp_path_factory.mktemp("other") / "run")
    path = other / "tables" / "fig25_triangles.parquet"
    cells = pd.read_parquet(path)
    later = cells["k"] > 0
    cells.loc[later, ["active", "retention"]] = cells.loc[later, ["active", "retention"]] / 2
    cells.to_parquet(path, index=False)
    out = tmp_path_factory.mktemp("compared")
    compare(run, other, out)
    return out / PAGE


class Visit:
    """A page that is open, with all that it said and asked for."""

    def __init__(self, chromium, path, **context):
        self.context = chromium.new_context(**({"viewport": WIDE} | context))
        self.page = self.context.new_page()
        self.said, self.asked = [], []
        self.page.on("console", lambda message: self.said.append((message.type, message.text)))
        self.page.on("pageerror", lambda error: self.said.append(("error", str(error))))
        self.page.on("request", lambda request: self.asked.append(request.url))
        began = time.monotonic()
        self.page.goto(path.as_uri())
        self.seconds = time.monotonic() - began

    def scroll(self):
        """Scroll to each chart until it is drawn."""
        for figure in self.page.query_selector_all("figure[data-chart]"):
            figure.scroll_into_view_if_needed()
            figure.wait_for_selector(".chart svg", timeout=20_000)
        return self


@pytest.fixture(scope="module")
def visit(chromium):
    opened = []

    def go(path, **context):
        opened.append(Visit(chromium, path, **context))
        return opened[-1]

    yield go
    for one in opened:
        one.context.close()


@pytest.fixture(scope="module")
def report(run, visit):
    """The report, scrolled through once."""
    return visit(run / "report.html").scroll()


def test_every_chart_is_drawn_without_errors_and_without_any_request(report, run):
    page = report.page
    charts = page.query_selector_all("figure[data-chart]")
    assert len(charts) > 30
    assert len(page.query_selector_all("figure.drawn")) == len(charts)
    assert report.said == []
    assert report.asked == [(run / "report.html").as_uri()]
    for chart in charts:
        marks = chart.query_selector_all(".chart svg path, .chart svg text")
        assert len(marks) > 3, chart.get_attribute("data-chart")


def test_charts_wait_until_they_are_near(visit, run):
    page = visit(run / "report.html").page
    page.wait_for_selector("figure.drawn")
    page.wait_for_timeout(500)
    drawn, charts = (len(page.query_selector_all(what)) for what in ("figure.drawn", "figure[data-chart]"))
    assert drawn < charts / 2


def test_it_is_small_and_opens_soon(visit, run):
    assert (run / "report.html").stat().st_size <= MOST_BYTES
    assert visit(run / "report.html").seconds < MOST_SECONDS


def test_values_show_on_hover(report):
    figure = report.page.query_selector("figure[data-chart='chart-fig14']")
    figure.scroll_into_view_if_needed()
    box = figure.query_selector(".chart svg").bounding_box()
    report.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    report.page.mouse.move(box["x"] + box["width"] / 2 + 4, box["y"] + box["height"] / 2)
    tooltip = report.page.wait_for_selector("#vg-tooltip-element.visible")
    assert "week of" in tooltip.inner_text()
    assert re.search(r"\d", tooltip.inner_text())
    report.page.mouse.move(0, 0)


def test_series_are_switched_by_keyboard(report):
    page = report.page
    figure = page.query_selector("figure[data-chart='panel-chart-1']")
    figure.scroll_into_view_if_needed()
    button = figure.query_selector(".series button")
    launch = "path[stroke='#D55E00'][stroke-width]"
    shown = len(figure.query_selector_all(launch))
    assert shown > 0
    button.focus()
    page.keyboard.press("Enter")
    assert button.get_attribute("aria-pressed") == "false"
    page.wait_for_function(
        "([figure, marks, n]) => figure.querySelectorAll(marks).length < n", arg=[figure, launch, shown]
    )
    page.keyboard.press("Enter")
    page.wait_for_function(
        "([figure, marks, n]) => figure.querySelectorAll(marks).length === n", arg=[figure, launch, shown]
    )


def test_an_axis_is_switched_to_logarithms(report):
    figure = report.page.query_selector("figure[data-chart='chart-fig14']")
    figure.scroll_into_view_if_needed()
    before = figure.query_selector(".mark-line path, path.mark-line, .role-mark path").get_attribute("d")
    button = figure.query_selector("button.scale")
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    report.page.wait_for_function(
        "([figure, d]) => figure.querySelector('.role-mark path').getAttribute('d') !== d",
        arg=[figure, before],
    )
    button.click()


def test_charts_have_names_and_take_the_focus(report, visit, run):
    page = report.page
    for chart in page.query_selector_all("figure[data-chart] .chart"):
        assert chart.get_attribute("tabindex") == "0"
        assert len(chart.get_attribute("aria-label")) > 30
    assert page.query_selector_all("table thead th:not([scope])") == []
    page = visit(run / "report.html").page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the results"


def test_verdicts_stand_beside_the_charts(report):
    first = report.page.query_selector("#fig01 .verdicts").inner_text()
    assert "✓ C12 holds" in first
    assert "report: 1/3; here: 31%" in first
    panel = report.page.query_selector("#panel-1 .verdicts").inner_text()
    assert "✗ C117 fails" in panel
    assert "12% <low>" in panel
    assert "1 holds, 1 fails" in report.page.query_selector(".scoreboard").inner_text()


def test_each_panel_has_a_verdict_on_its_launch_cohort(visit, run):
    page = visit(run / "report.html").page
    assert page.locator(".panel .judgement").count() == page.locator(".panel").count() == 8
    for shown in page.locator(".panel .judgement").all():
        assert len(shown.inner_text()) > 20
    assert "no verdict: the launch cohort" in page.locator("#panel-1 .judgement").inner_text()  # 4 users


@pytest.mark.parametrize("which", ["report", "comparison"])
def test_no_page_scrolls_sideways_on_a_phone(visit, run, compared, which):
    page = visit(run / "report.html" if which == "report" else compared, viewport=PHONE).scroll().page
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_dark_is_dark_and_charts_follow_a_change(visit, run):
    page = visit(run / "report.html", color_scheme="dark").page
    ground = "getComputedStyle(document.body).backgroundColor"
    assert max(map(int, re.findall(r"\d+", page.evaluate(ground))[:3])) < 60
    label = "figure.drawn .chart svg .role-axis-label text"
    page.wait_for_selector(label)
    dark = page.get_attribute(label, "fill")
    page.emulate_media(color_scheme="light")
    page.wait_for_function(
        "([s, was]) => document.querySelector(s).getAttribute('fill') !== was", arg=[label, dark]
    )
    assert min(map(int, re.findall(r"\d+", page.evaluate(ground))[:3])) > 200


def test_without_scripts_the_static_pictures_are_there(visit, run):
    still = visit(run / "report.html", java_script_enabled=False)
    texts = still.page.locator("figure[data-chart] noscript svg")
    assert texts.count() > 30
    assert texts.first.is_visible()
    assert not still.page.locator(".chart").first.is_visible()
    assert still.said == []


def test_it_prints_with_static_pictures(visit, run):
    page = visit(run / "report.html").page
    document = page.pdf(format="A4")
    assert document.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", document)) > 5
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    figures = page.query_selector_all(
        "figure[data-chart]"
    )  # a table where an exhibit is a table in the report
    assert page.locator(".still svg, .still table").count() == len(figures)
    assert page.locator(".still svg").first.is_visible()
    assert not page.locator(".chart").first.is_visible()
    assert not page.locator("nav").is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".still > *").count() == 0


def test_a_comparison_draws_pairs_on_the_same_scales(visit, compared):
    seen = visit(compared).scroll()
    page = seen.page
    assert seen.said == []
    assert seen.asked == [compared.as_uri()]
    pairs = {figure.get_attribute("data-pair") for figure in page.query_selector_all("figure[data-pair]")}
    assert len(pairs) > 20
    for pair in sorted(pairs):
        both = page.query_selector_all(f"figure[data-pair='{pair}']")
        axes = [
            [text.text_content() for text in one.query_selector_all(".role-axis .role-axis-label text")]
            for one in both
        ]
        assert len(axes) < 2 or axes[0] == axes[1], pair
    assert page.query_selector("#panel-1 .tag")
    assert "▼" in page.query_selector("#panel-1 table").text_content()
    assert "Nothing: the two scenarios are the same" in page.query_selector("#scenario").inner_text()
