"""The pages in a real browser, from a file: they ask for nothing, draw every chart, and can be read by everyone."""

from __future__ import annotations

import json
import re
import shutil
import time

import pandas as pd
import pytest

from analysis.report.exhibits import EXHIBITS
from analysis.report.pages import claim_verdicts
from testbed.commands.compare import PAGE, compare

pytestmark = pytest.mark.browser

WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
MOST_BYTES = 8_000_000
MOST_SECONDS = 10  # generous: the target of 2 s is for a machine that does nothing else


@pytest.fixture(scope="module")
def run(chromium, run_folder, written_out, tmp_path_factory):
    """An analysed run whose verdicts are known. Asks for the browser first: without one nothing is made."""
    folder = shutil.copytree(run_folder, tmp_path_factory.mktemp("browser") / "run")
    shutil.copytree(written_out[0], folder, dirs_exist_ok=True)
    claims = [
        {"id": "C12", "role": "emergent", "status": "holds", "statement": "Open rises", "reported": "1/3",
         "simulated": "31%", "reason": "in the band"},
        {"id": "C117", "role": "emergent", "status": "fails", "statement": "40% stay", "reported": "40%",
         "simulated": "12% <low>", "reason": "not in the band"},
    ]  # fmt: skip
    claim_verdicts.keep(folder, {"claims": claims})
    return folder


@pytest.fixture(scope="module")
def compared(run, tmp_path_factory):
    """A comparison of the run with itself, half of its returning users gone, by every other exhibit: the report has
    all of them."""
    other = shutil.copytree(run, tmp_path_factory.mktemp("other") / "run")
    path = other / "tables" / "fig25_triangles.parquet"
    cells = pd.read_parquet(path)
    later = cells["k"] > 0
    cells.loc[later, ["active", "retention"]] = cells.loc[later, ["active", "retention"]] / 2
    cells.to_parquet(path, index=False)
    out = tmp_path_factory.mktemp("compared")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("analysis.report.exhibits.EXHIBITS", EXHIBITS[::2])
        compare(run, other, out)
    return out / PAGE


class Visit:
    """A page that is open, with all that it said and asked for."""

    def __init__(self, chromium, path, **context):
        self.size = context.get("viewport", WIDE)
        self.context = chromium.new_context(**{"viewport": self.size} | context)
        self.page = self.context.new_page()
        self.said, self.asked = [], []
        self.page.on("console", lambda message: self.said.append((message.type, message.text)))
        self.page.on("pageerror", lambda error: self.said.append(("error", str(error))))
        self.page.on("request", lambda request: self.asked.append(request.url))
        began = time.monotonic()
        self.page.goto(path if isinstance(path, str) else path.as_uri())
        self.seconds = time.monotonic() - began

    def unfold(self):
        """Open all that folds."""
        self.page.evaluate(
            "document.querySelectorAll('details.fold').forEach((part) => { part.open = true; })"
        )
        return self

    def scroll(self, every=1):
        """Open all that folds, and scroll to each chart, or to some, until it is drawn; those near it are, too."""
        self.unfold()
        for figure in self.page.query_selector_all("figure[data-chart]")[::every]:
            figure.scroll_into_view_if_needed()
            figure.wait_for_selector(".chart svg", timeout=20_000)
        return self

    def remember(self):
        """Know what is open, for `put_back`."""
        self.open = self.page.evaluate("[...document.querySelectorAll('details')].map((part) => part.open)")
        return self

    def put_back(self):
        """As it opened: what folds, the place, the address, the focus and the window. Charts stay drawn."""
        self.page.set_viewport_size(self.size)
        self.page.evaluate(
            "(open) => { document.querySelectorAll('details').forEach((part, i) => { part.open = open[i]; });"
            " document.activeElement.blur(); location.hash = '';"
            " history.replaceState(null, '', location.pathname); scrollTo(0, 0); }",
            self.open,
        )


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


@pytest.fixture(scope="module")
def report_on_phone(run, visit):
    """The same on a phone."""
    return visit(run / "report.html", viewport=PHONE).scroll()


@pytest.fixture(scope="module")
def comparison(compared, visit):
    """The comparison, scrolled through once."""
    return visit(compared).scroll()


@pytest.fixture(scope="module")
def comparison_on_phone(compared, visit):
    """The same on a phone, with some of its charts: the report has all of them on a phone."""
    return visit(compared, viewport=PHONE).scroll(every=5)


@pytest.fixture(scope="module")
def opened_once(run, visit):
    """The report as it opens, wide and on a phone."""
    return [visit(run / "report.html", viewport=size).remember() for size in (WIDE, PHONE)]


@pytest.fixture
def wide(opened_once):
    """The report as it opens, put back after the test."""
    yield opened_once[0]
    opened_once[0].put_back()


@pytest.fixture
def phone(opened_once):
    """The same on a phone."""
    yield opened_once[1]
    opened_once[1].put_back()


def test_every_chart_is_drawn_without_errors_and_without_any_request(report, run):
    page = report.page
    marks = page.locator("figure[data-chart]").evaluate_all(
        "all => all.map((one) => [one.dataset.chart, one.querySelectorAll('.chart svg path, .chart svg text').length])"
    )
    assert len(marks) > 30
    assert page.locator("figure.drawn").count() == len(marks)
    assert report.said == []
    assert report.asked == [(run / "report.html").as_uri()]
    assert [chart for chart, count in marks if count <= 3] == []


def test_charts_wait_until_they_are_near(visit, run):
    page = visit(run / "report.html").unfold().page
    page.wait_for_selector("figure.drawn")
    page.wait_for_timeout(500)
    drawn, charts = (len(page.query_selector_all(what)) for what in ("figure.drawn", "figure[data-chart]"))
    assert drawn < charts / 2


def test_it_is_small_and_opens_soon(wide, phone, run):
    assert (run / "report.html").stat().st_size <= MOST_BYTES
    assert all(shown.seconds < MOST_SECONDS for shown in (wide, phone))


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


def test_charts_have_names_and_take_the_focus(report, wide):
    page = report.page
    for chart in page.query_selector_all("figure[data-chart] .chart"):
        assert chart.get_attribute("tabindex") == "0"
        assert len(chart.get_attribute("aria-label")) > 30
    assert page.query_selector_all("table thead th:not([scope])") == []
    page = wide.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the results"


def test_verdicts_stand_beside_the_charts(report):
    first = report.page.query_selector("#fig01 .verdicts").inner_text()
    assert "✓ C12 holds" in first
    assert "report: 1/3; here: 31%" in first
    report.page.locator("#panel-1 summary", has_text="Claims of the report").click()
    panel = report.page.query_selector("#panel-1 .verdicts").inner_text()
    assert "✗ C117 fails" in panel
    assert "12% <low>" in panel
    assert "1 holds, 1 fails" in report.page.query_selector(".scoreboard").inner_text()


def test_each_panel_has_a_verdict_on_its_launch_cohort(wide):
    page = wide.page
    assert page.locator(".panel .judgement").count() == page.locator(".panel").count() == 8
    for shown in page.locator(".panel .judgement").all():
        assert len(shown.inner_text()) > 20
    assert "no verdict: the launch cohort" in page.locator("#panel-1 .judgement").inner_text()  # 4 users


def test_before_anything_is_opened_it_is_a_few_screens(wide, phone, report, report_on_phone):
    height, screens = "document.documentElement.scrollHeight", 7
    for folded, everything in ((wide, report), (phone, report_on_phone)):
        assert folded.page.evaluate(height) < screens * folded.size["height"]
        assert everything.page.evaluate(height) > 3 * screens * folded.size["height"]


def test_the_answer_stands_on_the_first_screen_before_all_else(wide, phone):
    for shown in (wide, phone):
        page = shown.page
        first = page.locator("#answer li").first
        assert first.bounding_box()["y"] < shown.size["height"] / 2
        tops = [
            page.locator(f"#{part}").bounding_box()["y"]
            for part in ("answer", "market", "retention", "openness")
        ]
        assert tops == sorted(tops)
        page.wait_for_selector("#answer figure.drawn")


def test_a_chart_is_drawn_when_its_part_is_opened_by_keyboard(wide):
    page = wide.page
    part, chart = page.locator("#fig01 > details"), page.locator("#fig01 figure")
    part.scroll_into_view_if_needed()
    page.wait_for_timeout(400)
    assert "drawn" not in (chart.get_attribute("class") or "")
    page.locator("#fig01 summary").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#fig01 figure.drawn")
    assert page.locator("#fig01 .chart svg").bounding_box()["width"] > 300
    page.keyboard.press("Space")
    assert part.get_attribute("open") is None


def test_all_parts_of_a_section_open_and_fold_by_one_button(wide):
    page = wide.page
    button, parts = page.locator("#openness button.unfold"), page.locator("#openness details.fold")
    assert (button.inner_text(), button.get_attribute("aria-expanded")) == ("Open all", "false")
    button.click()
    assert page.locator("#openness details.fold[open]").count() == parts.count() > 5
    page.wait_for_function("document.querySelector('#openness .unfold').textContent === 'Fold all'")
    parts.first.locator("summary").first.click()
    page.wait_for_function("document.querySelector('#openness .unfold').textContent === 'Open all'")


def test_a_link_opens_what_it_points_to(wide, run):
    page = wide.page
    top = "document.getElementById('{}').getBoundingClientRect().top"
    page.evaluate("location.hash = '#fig26'")
    page.wait_for_selector("#fig26 > details[open]")
    page.wait_for_function(f"{top.format('fig26')} < 300")
    page.locator("#fig26 > details > summary").click()
    assert page.locator("#fig26 > details[open]").count() == 0
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<a id=again href=\"#fig26\">again</a>')")
    page.locator("#again").click()  # the address does not change
    page.wait_for_selector("#fig26 > details[open]")
    page.goto((run / "report.html").as_uri() + "#table1")
    page.reload()
    page.wait_for_selector("#table1 > details[open]")


def test_words_in_a_folded_part_are_found(visit, run):
    """A text fragment is found as find-in-page finds: in folded parts, too, which then open."""
    page = visit((run / "report.html").as_uri() + "#:~:text=both%20are%20read%20off%20this%20share").page
    page.wait_for_selector("#fig01 > details[open]")


def test_the_contents_stay_and_say_where_one_is(wide):
    page = wide.page
    here = "document.querySelector('nav.toc [aria-current]')?.getAttribute('href')"
    page.evaluate("document.getElementById('openness').scrollIntoView()")
    page.wait_for_function(f"{here} === '#openness'")
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    page.wait_for_function(f"{here} === '#words'")
    assert page.locator("nav.toc").bounding_box()["y"] == 0
    assert not page.locator("nav.toc button").is_visible()


def test_the_contents_are_compact_on_a_phone(phone):
    page = phone.page
    button, link = page.locator("nav.toc button"), page.locator("nav.toc a[href='#cost']")
    assert button.is_visible() and not link.is_visible()
    assert page.locator("nav.toc").bounding_box()["height"] < 60
    button.focus()
    page.keyboard.press("Enter")
    assert link.is_visible() and button.get_attribute("aria-expanded") == "true"
    page.keyboard.press("Escape")
    assert not link.is_visible() and button.get_attribute("aria-expanded") == "false"
    button.click()
    link.click()
    page.wait_for_function("document.getElementById('cost').getBoundingClientRect().top < 200")
    assert not link.is_visible()


def test_wide_tables_say_that_they_scroll(wide, phone):
    page = phone.page
    page.evaluate("location.hash = '#fig14'")
    page.locator("#fig14 summary", has_text="Data as a table").click()
    table = page.locator("#fig14 details details .scroll:visible").first
    page.wait_for_selector("#fig14 .scroll.wide.more-right")
    assert "scroll it sideways" in page.locator("#fig14 .sideways:visible").inner_text()
    table.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#fig14 .scroll.more-left")
    page = wide.page
    page.evaluate("location.hash = '#table2b'")
    page.locator("#table2b summary", has_text="Data as a table").click()
    assert not page.locator("#table2b .sideways").is_visible()


def test_a_chart_that_was_folded_while_the_window_changed_fits_it(wide):
    page = wide.page
    page.locator("#fig01 summary").first.click()
    page.wait_for_selector("#fig01 figure.drawn")
    page.locator("#fig01 summary").first.click()
    page.set_viewport_size(PHONE)
    page.locator("#fig01 summary").first.click()
    page.wait_for_function(
        "(() => { const width = document.querySelector('#fig01 .chart svg').getBoundingClientRect().width;"
        " return width > 200 && width < 380; })()"
    )


def test_a_missing_week_breaks_the_line(report, visit, run, tmp_path):
    page = (run / "report.html").read_text(encoding="utf-8")
    begin = page.index(">", page.index('id="spec-chart-fig14"')) + 1
    spec, length = json.JSONDecoder().raw_decode(page[begin:])
    rows = spec["data"]["values"]
    rows[len(rows) // 2] = {"week": rows[len(rows) // 2]["week"]}
    (tmp_path / "report.html").write_text(
        page[:begin] + json.dumps(spec) + page[begin + length :], encoding="utf-8"
    )
    pieces = []
    for shown in (report.page, visit(tmp_path / "report.html").unfold().page):
        shown.locator("#fig14 figure").scroll_into_view_if_needed()
        shown.wait_for_selector("#fig14 .chart svg")
        lines = shown.locator("#fig14 .chart .mark-line path").evaluate_all(
            "all => all.map((path) => path.getAttribute('d'))"
        )
        pieces.append(sum(line.count("M") for line in lines))
    assert pieces == [1, 2]


def test_what_stands_between_backticks_is_code(report):
    page = report.page
    said = page.evaluate(
        "(() => { const copy = document.body.cloneNode(true);"
        " copy.querySelectorAll('script, style, pre').forEach((e) => e.remove()); return copy.textContent; })()"
    )
    assert "`" not in said
    assert page.locator("#words code, .said code, details code").count() > 5


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_verdicts_of_a_comparison_fit_the_page(comparison, comparison_on_phone, size):
    page = (comparison if size == WIDE else comparison_on_phone).page
    table = page.locator("#verdicts table").first
    was = table.inner_html()
    page.evaluate(
        "document.querySelectorAll('#verdicts td').forEach((cell) => { cell.textContent ="
        " 'no fit; not firm: would change without the last complete month and without the cohort of June 2025'; })"
    )
    assert page.locator("#verdicts td").count() > 1
    assert page.evaluate(
        "(() => { const box = document.querySelector('#verdicts .scroll');"
        " return box.scrollWidth <= box.clientWidth; })()"
    )
    table.evaluate("(table, was) => { table.innerHTML = was; }", was)


def test_a_comparison_says_where_its_sides_are(comparison, comparison_on_phone):
    for page, narrow in ((comparison.page, False), (comparison_on_phone.page, True)):
        a, b = (page.locator("header .pair > section").nth(i).bounding_box() for i in (0, 1))
        assert (b["y"] > a["y"], b["x"] > a["x"]) == (narrow, not narrow)
    assert "on a narrow screen, A is above B" in page.locator("header p").first.inner_text()


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("which", ["report", "comparison"])
def test_no_page_scrolls_sideways(request, which, size):
    page = request.getfixturevalue(which if size == WIDE else f"{which}_on_phone").page
    assert page.viewport_size == size
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


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
    still.page.locator("#fig01 summary").first.click()  # the browser folds by itself
    assert still.page.locator("#fig01 noscript svg").is_visible()
    assert still.page.locator("nav.toc a").first.is_visible()
    assert not still.page.locator("nav.toc button, button.unfold").first.is_visible()
    assert not still.page.locator(".chart").first.is_visible()
    assert still.said == []


def test_it_prints_with_static_pictures(wide):
    page = wide.page
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
    assert page.locator(".still svg").evaluate_all(
        "all => all.every((one) => one.checkVisibility() && one.getBoundingClientRect().height > 0)"
    )  # folded ones, too
    assert not page.locator("nav").is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".still > *").count() == 0
    assert not page.locator("#fig01 .still").is_visible()
    assert page.locator("details.fold[open]").count() == 8  # as they were: the panels


def test_a_comparison_draws_pairs_on_the_same_scales(comparison, compared):
    page = comparison.page
    assert comparison.said == []
    assert comparison.asked == [compared.as_uri()]
    axes = page.locator("figure[data-pair]").evaluate_all(
        "all => all.map((one) => [one.dataset.pair,"
        " [...one.querySelectorAll('.role-axis .role-axis-label text')].map((text) => text.textContent)])"
    )
    pairs: dict[str, list[list[str]]] = {}
    for pair, labels in axes:
        pairs.setdefault(pair, []).append(labels)
    assert len(pairs) > 20
    assert [pair for pair, both in pairs.items() if len(both) > 1 and both[0] != both[1]] == []
    assert page.query_selector("#panel-1 .tag")
    assert "▼" in page.query_selector("#panel-1 table").text_content()
    assert "Nothing: the two scenarios are the same" in page.query_selector("#scenario").inner_text()
