"""Everything that an analysis leaves on disk: complete, self-contained, or as it was before."""

from __future__ import annotations

import html
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

import analysis
from analysis.contract import files
from analysis.queries import openness, retention
from analysis.report import exhibits, figures
from analysis.report.charts.chart import Sheet, on_one_scale
from analysis.report.exhibits import EXHIBITS
from analysis.report.exhibits.retention import cohorts_of
from analysis.report.pages.cells import triangle, written
from analysis.sources.opening import open_log
from analysis.sources.scope import Scope
from tests.analysis.rows import generations, model, models

UNSAID = {"fig29c"}  # the made log has no label of technology
SAID = [exhibit for exhibit in EXHIBITS if exhibit.id not in UNSAID]
BESIDE = {"fig25_triangles", "fig25_launch_contrast", "fig25_verdicts"}
VOID = {"meta", "link", "br", "input", "img", "hr"}


class Page(HTMLParser):
    """Collects ids, references and unbalanced tags of a page."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.open, self.faults, self.text = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.ids += [value for name, value in attrs if name == "id"]
        self.links += [value for name, value in attrs if name in ("src", "href", "xlink:href", "srcset")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)

    def handle_data(self, data):
        self.text.append(data)


def test_tables_figures_and_report_are_there(written_out):
    out, summary, _ = written_out
    stems = {exhibit.id for exhibit in SAID} | BESIDE
    assert {path.name for path in (out / "tables").iterdir()} == {
        f"{s}.{e}" for s in stems for e in ("csv", "parquet")
    } | {"index.csv"}
    drawn = {exhibit.id for exhibit in SAID if exhibit.chart is not None or exhibit.sheet}
    assert {path.name for path in (out / "figures").iterdir()} == {
        f"{s}.{e}" for s in drawn for e in ("svg", "png")
    }
    assert sorted(path.name for path in out.iterdir()) == [files.LIST, "figures", "report.html", "tables"]
    assert set(summary["files"]) == {path for path in out.rglob("*") if path.is_file()} - {out / files.LIST}
    assert len(summary["gaps"]) == len(UNSAID)
    for name in stems:
        assert len(pd.read_csv(out / "tables" / f"{name}.csv")) == len(
            pd.read_parquet(out / "tables" / f"{name}.parquet")
        )


def test_the_index_lists_every_table_with_its_files_and_rows(written_out):
    out, _, _ = written_out
    index = pd.read_csv(out / "tables" / "index.csv").set_index("id")
    assert set(index.index) == {e.id for e in EXHIBITS} | BESIDE
    listed = {path for files in index["files"].dropna() for path in files.split()}
    there = {
        str(path.relative_to(out))
        for path in out.rglob("*.*")
        if path.suffix in (".csv", ".parquet", ".svg", ".png")
    }
    assert listed == there - {"tables/index.csv"}
    for exhibit in SAID:
        assert index.loc[exhibit.id, "title"] == exhibit.title
        assert index.loc[exhibit.id, "rows"] == len(pd.read_parquet(out / "tables" / f"{exhibit.id}.parquet"))


def month_number(day):
    """Calendar months since year 0."""
    return 12 * day.year + day.month - 1


def cells_of_the_rows(made_log, model):
    """{(cohort, k): (users, active users, share)} of a model, counted from the raw rows."""
    months = {}
    for row in made_log.generations.to_pylist():
        if row["model"] == model:
            months.setdefault(row["user_id"], set()).add(month_number(row["created_at"]))
    cohorts = {}
    for user, active in months.items():
        cohorts.setdefault(min(active), []).append(user)
    last = max(month_number(moment) for moment in made_log.generations["created_at"].to_pylist())
    cells = {}
    for cohort, members in cohorts.items():
        for k in range(last - cohort + 1):
            came = sum(cohort + k in months[user] for user in members)
            cells[cohort, k] = (len(members), came, came / len(members))
    return cells


def test_the_summary_holds_panels_and_shares(written_out, made_log):
    _, summary, steps = written_out
    assert "".join(panel["letter"] for panel in summary["panels"]) == "abcdefgh"
    for panel in summary["panels"]:
        cells = cells_of_the_rows(made_log, panel["model"])
        of_panel = {name: summary[name][summary[name]["model"] == panel["model"]]
                    for name in ("triangles", "launch_contrast")}  # fmt: skip
        seen = of_panel["triangles"][of_panel["triangles"]["observed"]]
        assert {
            (month_number(r.cohort), r.k): (r.users, r.active, r.retention) for r in seen.itertuples()
        } == cells
        assert len(seen) == len(cells) > 0
        assert of_panel["launch_contrast"]["k"].tolist() == [3, 4, 5]
        for row in of_panel["launch_contrast"].itertuples():
            users, _, share = cells.get((month_number(row.launch_cohort), row.k), (0, 0, 0))
            if users < 200:  # too few to be shown, as all are in this log of 900 users
                users, share = 0, pytest.approx(float("nan"), nan_ok=True)
            assert (row.launch_users, row.launch) == (users, share)
    assert summary["shares"]["source_type"].tolist() == ["closed", "cn-closed", "cn-open", "row-open"]
    done = [step[1] for step in steps]
    assert done == sorted(done)
    assert done[-1] == steps[-1][2]


def test_the_report_is_one_page_that_asks_for_nothing_outside(written_out):
    out, _, _ = written_out
    text = (out / "report.html").read_text()
    bare = re.sub(r"<(script|noscript)\b.*?</\1>", "", text, flags=re.DOTALL)
    page = Page(bare)
    assert page.faults == []
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    files = [link for link in page.links if not link.startswith(("#", "data:"))]
    assert len(files) > 100
    assert all((out / link).is_file() for link in files)
    assert not re.search(r"url\((?!#)", re.sub(r"<script\b.*?</script>", "", text, flags=re.DOTALL))
    assert "default-src 'none'" in text
    words = " ".join(page.text)
    for said in (
        "Do the numbers agree?",
        "A made log",
        "Claude Sonnet 4",
        "SELECT",
        "Launch cohort",
        "What it shows",
    ):
        assert said in words
    assert len((out / "report.html").read_bytes()) <= 8_000_000


def silent(text: str) -> set[str]:
    """The exhibits that the page names in a line, for they have nothing to show."""
    return set(re.findall(r'<span id="((?:fig|table)\w+)">', text))


def test_every_exhibit_is_on_the_page_with_its_definition_unit_sample_and_choice(written_out):
    out, _, _ = written_out
    text = html.unescape((out / "report.html").read_text())
    assert len(silent(text)) < 4
    for exhibit in SAID:
        if re.fullmatch("fig25[a-h]", exhibit.id):
            assert f"figures/{exhibit.id}.svg" in text
            continue
        if exhibit.id in silent(text):
            assert f"{exhibit.title}</span>" in text
            continue
        start = text.index(f'<article class="card" id="{exhibit.id}">')
        card = text[start : text.index("</article>", start)]
        assert exhibit.title in card
        assert exhibit.unit in card
        assert re.sub("`(.*?)`", r"<code>\1</code>", exhibit.choice) in card
        assert "A made log" in card or exhibit.id == "fig25"
        assert "<summary>Definition</summary>" in card
        assert "<summary>SQL of" in card
        assert all(claim in card for claim in exhibit.claims)
        assert f"tables/{exhibit.id}.csv" in card


def test_specifications_are_whole_and_carry_no_outside_address(written_out):
    out, _, _ = written_out
    text = (out / "report.html").read_text()
    specs = re.findall(
        r'<script type="application/json" id="spec-([\w-]+)">(.*?)</script>', text, flags=re.DOTALL
    )
    drawn = [e for e in SAID if e.chart is not None and e.id not in silent(text)]
    charts = [e for e in drawn if not re.fullmatch("fig25[a-h]", e.id)]
    assert len(specs) == len(charts) + 8
    for _, spec in specs:
        content = json.loads(spec)
        assert '"url"' not in spec
        assert content.get("$schema", "").startswith("https://vega.github.io/")


def test_a_note_stands_under_the_figure_and_on_the_page(written_out, log):
    out, _, _ = written_out
    text = html.unescape((out / "report.html").read_text())
    told = [one for one in SAID if one.sample is not None and one.id not in silent(text)]
    assert len(told) > 30
    for one in told:
        note = one.sample(log, one.table(log))
        words = "".join(ElementTree.parse(out / "figures" / f"{one.id}.svg").getroot().itertext())
        assert note in words and (note in text or one.sheet)  # the page has the panels instead


def few(monkeypatch, *ids):
    """Only these exhibits: for tests that do not depend on how many there are."""
    monkeypatch.setattr("analysis.report.exhibits.EXHIBITS", tuple(e for e in EXHIBITS if e.id in ids))


def test_gaps_are_stated_and_nothing_is_made_up(made_log, connect, tmp_path, monkeypatch):
    few(monkeypatch, "fig01", "fig12", "fig14", "fig19")
    log = connect(made_log.generations.drop_columns(["finish_reason"]), scope=Scope(beside_study=True))
    summary = analysis.write_analysis(log, tmp_path)
    text = html.unescape((tmp_path / "report.html").read_text())
    assert any("finish_reason" in gap for gap in summary["gaps"])
    assert any("labels" in gap for gap in summary["gaps"])
    assert {"fig01", "fig12", "fig19"} <= silent(text)
    assert '<article class="card" id="fig12">' not in text
    why = next(gap for gap in summary["gaps"] if "finish_reason" in gap)
    assert why in text and why.split("(")[-1].rstrip(")") in text[text.index("Nothing to show") :]
    assert "What this log cannot say" in text
    assert not (tmp_path / "tables" / "fig12.csv").exists()
    index = pd.read_csv(tmp_path / "tables" / "index.csv").set_index("id")
    assert pd.isna(index.loc["fig12", "files"])
    assert pd.isna(index.loc["fig12", "rows"])
    assert summary["shares"] is None
    letters = {panel["letter"] for panel in summary["panels"]}
    assert letters == {*"abcdefgh", ""}  # the study's, and the largest of a log that no run made


def test_a_log_of_other_models_shows_its_largest_and_chosen_ones(connect, tmp_path, monkeypatch):
    few(monkeypatch, "fig14", "fig25", "fig25a")
    rows = [
        (f"u{i}", f"x/m{i % 6}", "2025-03-04T00:00:00", {"tokens_prompt": 100 * (i % 6) + 100})
        for i in range(60)
    ]
    log = connect(generations(rows), models=models(model("x/m5", "2025-03-01")))
    summary = analysis.write_analysis(log, tmp_path)
    assert [panel["model"] for panel in summary["panels"]] == ["x/m5", "x/m4", "x/m3", "x/m2"]
    assert summary["panels"][0]["name"] == "M5"
    chosen = analysis.write_analysis(log, tmp_path, models=["x/m0", "openai/gpt-4o-mini"])
    assert [panel["model"] for panel in chosen["panels"]] == ["x/m0", "openai/gpt-4o-mini"]
    assert "no users in this log" in (tmp_path / "report.html").read_text()


def test_a_model_that_the_report_does_not_show_has_no_files_of_the_reports_models(connect, tmp_path):
    """The files of figure 25 hold the eight models of the report; the others are in the triangles' file."""
    days = ("2025-03-04", "2025-04-04", "2025-05-04")
    rows = [(f"{name}{i}", name, f"{day}T00:00:00", {}) for name in ("x/m0", "openai/gpt-4o-mini") for day in days
            for i in range(30)]  # fmt: skip
    log = connect(generations(rows), scope=Scope(beside_study=True))
    analysis.write_analysis(log, tmp_path, models=["x/m0", "openai/gpt-4o-mini"])
    page = (tmp_path / "report.html").read_text()
    links = page.split("The numbers, by cohort")
    assert len(links) == 3
    own, reports = (part.partition("</details>")[0] for part in links[1:])
    assert "tables/fig25" not in own and "tables/fig25d.csv" in reports


@pytest.fixture
def results(written_out, tmp_path):
    """Results of the test's own."""
    return shutil.copytree(written_out[0], tmp_path / "out")


def test_a_failure_leaves_earlier_results_as_they_were(results, run_folder, monkeypatch):
    out = results
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    (out / ".analysis-0123456789ab").mkdir()

    def fail(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("analysis.report.exhibits.EXHIBITS", EXHIBITS[:2])
    monkeypatch.setattr("analysis.report.pages.page.render", fail)
    with open_log(run_folder) as log, pytest.raises(KeyboardInterrupt):
        analysis.write_analysis(log, out)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert sorted(path.name for path in out.iterdir()) == [files.LIST, "figures", "report.html", "tables"]


def test_a_failure_between_the_renames_leaves_earlier_results_as_they_were(results, run_folder, monkeypatch):
    out = results
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    rename = Path.rename

    def renamed(self, other):
        if other == out / "report.html" and self.parent.parent == out:  # the last of the new results
            raise OSError("no more")
        return rename(self, other)

    few(monkeypatch, "fig14")
    with open_log(run_folder) as log, monkeypatch.context() as patch:
        patch.setattr(Path, "rename", renamed)
        with pytest.raises(OSError, match="no more"):
            analysis.write_analysis(log, out)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_two_analyses_of_one_run_at_once_both_succeed(run_folder, tmp_path, monkeypatch):
    few(monkeypatch, "fig14")
    inner, one = [], ["anthropic/claude-sonnet-4"]
    with open_log(run_folder) as log, open_log(run_folder) as other:

        def meanwhile(step, done, steps):
            if done == steps and not inner:
                inner.append(analysis.write_analysis(other, tmp_path, models=one, stills=True))

        outer = analysis.write_analysis(log, tmp_path, progress=meanwhile, models=one, stills=True)
    for summary in (*inner, outer):
        assert {*summary["files"], tmp_path / files.LIST} == {p for p in tmp_path.rglob("*") if p.is_file()}
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        files.LIST,
        "figures",
        "report.html",
        "tables",
    ]


def shares(log):
    one = exhibits.exhibit("fig01")
    frame = one.table(log)
    return figures.figure(one.chart(frame), one.title, one.sample(log, frame))


def test_figures_are_the_same_bytes_for_the_same_data(log, tmp_path):
    for name in ("a", "b"):
        figures.save(shares(log), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_a_retention_figure_names_cohorts_and_sizes(log):
    panel = cohorts_of(log, "anthropic/claude-sonnet-4")
    words = words_of(figures.figure(panel, "Claude Sonnet 4"))
    sizes = retention.triangle(log, "anthropic/claude-sonnet-4").drop_duplicates("cohort")["users"]
    assert f"May 2025  n={sizes.iloc[0]}, launch" in words
    assert "Claude Sonnet 4" in words
    assert "under 200 users" in words


def test_releases_are_marked_where_the_log_holds_them(log):
    words = words_of(shares(log))
    for name in ("Llama 3.3 70B", "DeepSeek R1", "gpt-oss", "requests, 2024-12-02 to 2025-11-30"):
        assert name in words


def words_of(figure):
    return " ".join(ElementTree.fromstring(figures.svg(figure)).itertext())


def test_panels_on_one_sheet_have_one_scale(log):
    names = {"with fit": "openai/gpt-4o-mini", "without": "anthropic/claude-sonnet-4"}
    sheet = Sheet(tuple(cohorts_of(log, model, name) for name, model in names.items()))
    assert len({on_one_scale([panel])[0].top for panel in sheet.panels}) == 2
    cells = pd.concat([panel.shown for panel in sheet.panels])
    largest = cells.loc[cells["first"], "retention"].max()  # all other cohorts are small
    assert [panel.top for panel in sheet.panels] == [pytest.approx(1.12 * largest)] * 2
    left, right = figures.figure(sheet, "two worlds").axes
    assert left.get_ylim() == right.get_ylim()
    assert (left.get_title(loc="left"), right.get_title(loc="left")) == ("with fit", "without")


def test_small_triangles_mark_launch_small_and_incomplete_cells(log, run_folder):
    cells = retention.triangle(log, "anthropic/claude-sonnet-4", small=5)
    table = triangle(cells.assign(complete=cells["k"] < 2), pd.Timestamp("2025-05-01"))
    assert table.head[:4] == ["cohort", "n", "1", "2"]
    assert table.rows[0][0] == ("May 2025", "launch")
    assert table.rows[0][3].text.endswith("%*")
    assert not table.rows[0][2].text.endswith("*")
    assert table.rows[-1][2].text == ""
    assert "not complete" in table.note


def test_cohorts_that_may_hold_others_are_marked_in_the_table_and_the_still(log, monkeypatch):
    cells = retention.triangle(log, "anthropic/claude-sonnet-4")
    months = sorted(cells["cohort"].unique())[1:3]
    cells = cells.assign(
        left_truncated=cells["cohort"] == months[0], after_hole=cells["cohort"] == months[1], small=False
    )
    table = triangle(cells, None)
    assert [row[0].text for row in table.rows[:3]] == ["May 2025", "Jun 2025 <", "Jul 2025 ?"]
    legend = ("< joined in that month or before", "? may have joined on days that the log lacks")
    assert all(said in table.note for said in legend)
    monkeypatch.setattr(retention, "triangle", lambda *_: cells)
    words = words_of(figures.figure(cohorts_of(log, "anthropic/claude-sonnet-4")))
    assert all(said in words for said in (*legend, "Jun 2025<", "Jul 2025?"))


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [(1234.4, "count", "1,234"), (0.1234, "share", "12.3%"), (2.5e9, "tokens", "2.50 B"), (950, "tokens", "950"),
     (0.0123, "usd", "0.012"), (1234.5, "usd", "1,234"), (2.0, "number", "2.00"), (float("nan"), "share", "–"),
     (float("inf"), "number", "∞"), (float("-inf"), "share", "−∞"), ("cn-open", "text", "cn-open")],
)  # fmt: skip
def test_numbers_for_people(value, form, text):
    assert written(value, form) == text


def test_public_names_are_there():
    for name in analysis.__all__:
        assert getattr(analysis, name) is not None
    assert analysis.queries.openness is openness
    modules = {name.partition(".")[0] for name in analysis.all_queries()}
    assert "geography" in modules
    assert modules <= set(analysis.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        analysis.nonsense  # noqa: B018
