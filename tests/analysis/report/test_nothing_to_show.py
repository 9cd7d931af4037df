"""Exhibits that have nothing to show are named in a line, not given a card each; of little no more is said."""

from __future__ import annotations

import datetime as dt
import json
import re

import pandas as pd
import pytest

from analysis.report.charts import vega
from analysis.report.exhibits import EXHIBITS, exhibit
from analysis.report.pages import Card, Part, cells, page, text_alternatives
from analysis.report.pages.answer import Answer
from analysis.report.pages.cells import Cell, SmallTable
from tests.analysis.in_memory import opened
from tests.analysis.made_log import made
from tests.analysis.rows import put

FORMATS = {"continent": "text", "share": "share"}
SOME = SmallTable(["a"], [[Cell("1")]])


def frame(*shares, name="Asia"):
    return pd.DataFrame({"continent": [name] * len(shares), "share": list(shares)})


def test_a_table_of_one_share_says_one_thing():
    assert text_alternatives.throughout(frame(1.0, 1.0), FORMATS) == "Asia: 100.0% throughout"
    assert text_alternatives.throughout(frame(0.0, 0.0, None), FORMATS) == "0.0% throughout"
    assert text_alternatives.throughout(frame(0.0, 1.0), FORMATS) == ""
    assert text_alternatives.throughout(frame(0.5, 0.5), FORMATS) == ""
    assert text_alternatives.throughout(frame(), FORMATS) == ""
    assert text_alternatives.throughout(frame(1.0), {"continent": "text"}) == ""


def test_what_has_nothing_to_show_is_listed_with_why():
    cards = [
        Card("fig01", "Whose tokens", "share", table=SOME),
        Card("fig02", "Sizes", "share", table=SmallTable(["a"], [])),
        Card("fig03", "Continents", "share", table=SOME, plain="Asia: 100.0% throughout"),
        Card(
            "fig04",
            "Languages",
            "share",
            gap="language (the log does not hold it)",
            plain="the log does not hold it",
        ),
    ]
    text = page.render(
        title="A", facts=[], answer=Answer(""), census=[], reading="", panels=[], contrast=None, contrast_files=(),
        retention_cards=[], sections=[Part("openness", "Open", "Whose.", cards)], gaps=[],
    )  # fmt: skip
    assert text.count('<article class="card"') == 1
    said = text[text.index("Nothing to show in this log") :].split("</p>")[0]
    assert 'id="fig02">Figure 2, Sizes</span> (none known in this log)' in said
    assert "Figure 3, Continents</span> (Asia: 100.0% throughout)" in said
    assert "Figure 4, Languages</span> (the log does not hold it)" in said
    assert said.endswith(".")


@pytest.mark.parametrize("stills", [False, True])
def test_the_foot_speaks_of_figures_where_there_are_files_with_or_without_a_panel(stills):
    text = page.render(
        title="A", facts=[], answer=Answer(""), census=[], reading="", panels=[], contrast=None, contrast_files=(),
        retention_cards=[], sections=[], gaps=[], stills=stills,
    )  # fmt: skip
    assert ("<code>figures/</code>" in text[text.index("<footer>") :]) is stills


def series(weeks):
    """A weekly table: 100, 200, ... tokens."""
    moments = pd.date_range("2025-01-06", periods=weeks, freq="7D")
    return pd.DataFrame({"week": moments, "tokens": [100 * (n + 1) for n in range(weeks)]})


@pytest.mark.parametrize(("weeks", "said"), [
    (1, "Tokens a week, week of 6 January 2025. 100."),
    (3, "Tokens a week, weeks of 6 January 2025 to 20 January 2025. 100 at the start, 300 at the end."),
    (5, "150 at the start, 450 at the end. Start and end are means of 2 weeks."),
    (9, "250 at the start, 750 at the end. Start and end are means of 4 weeks."),
])  # fmt: skip
def test_a_short_series_has_no_more_ends_than_weeks(weeks, said):
    found = text_alternatives.describe(series(weeks), {"week": "week", "tokens": "tokens"}, "tokens a week")
    assert found.endswith(said)


@pytest.mark.parametrize(("value", "said"), [(0.0, "0.000"), (0.0000821, "0.000082"), (0.5, "0.500")])
def test_a_small_amount_is_not_written_as_nothing(value, said):
    assert cells.written(value, "usd") == said


def test_models_without_a_launch_cohort_have_no_rows_of_dashes():
    nothing = dict.fromkeys(["launch", "launch_low", "launch_high", "later", "ratio", "spread"])
    row = {"name": "A", "model": "a/a", "launch_cohort": None, "launch_users": 0, "k": 3, "later_cohorts": 0}
    rows = [row | nothing, row | nothing | {"model": "b/b", "name": "B", "later": 0.25}]
    assert [line[0].text for line in cells.contrast(pd.DataFrame(rows)).rows] == ["B"]
    table = cells.contrast(pd.DataFrame(rows[:1]))
    text = page.render(
        title="A", facts=[], answer=Answer(""), census=[], reading="", panels=[], contrast=table,
        contrast_files=("x.csv",), retention_cards=[], sections=[], gaps=[],
    )  # fmt: skip
    assert "no cohort of newcomers of at least 200 users" in text and "x.csv" in text


@pytest.fixture(scope="module")
def short():
    """A log of two days in the middle of a week that names no account."""
    tables = made(rows=100, users=9, label_share=0)
    rows = tables.generations.slice(0, 40)
    first = dt.datetime(2025, 11, 5, 1, tzinfo=dt.UTC)
    rows = put(rows, "created_at", [first + dt.timedelta(hours=n) for n in range(40)])
    rows = put(rows, "account_id", [None] * 40)
    rows = put(rows, "finish_reason", ["tool_calls", "stop"] * 20)
    with opened(rows, models=tables.models) as log:
        yield log


def test_a_note_gives_no_day_that_the_log_does_not_hold(short):
    told = exhibit("fig14").sample(short, exhibit("fig14").table(short))
    assert told.endswith("40 requests, 2025-11-05 to 2025-11-06")


def test_accounts_that_nobody_names_have_no_share(short):
    table = exhibit("fig12").table(short)
    assert table["share"].notna().all() and table["largest_account_part"].isna().all()
    assert exhibit("fig12").sample(short, table).endswith("the log does not record accounts")
    assert "account" not in exhibit("fig12").chart(table).value.title


def test_the_axis_of_a_few_weeks_names_each_by_its_day(short):
    for id in ("fig02", "fig14"):  # bars and lines
        (x,) = {json.dumps(x) for x in places(vega.spec(exhibit(id).chart(exhibit(id).table(short))))}
        axis = json.loads(x)["axis"]
        assert axis["values"] == [{"year": 2025, "month": 11, "date": 3, "utc": True}]
        assert "%-d" in axis["format"]


def places(spec):
    """Where the layers of a chart lie along the weeks."""
    return [layer["encoding"]["x"] for layer in spec["layer"] if "x" in layer.get("encoding", {})]


def test_a_definition_says_nothing_of_the_study_beside_a_log_that_is_not(short):
    said = {one.id: one.definition_on(short) for one in EXHIBITS if not one.of_study and one.id != "fig25"}
    assert [id for id, text in said.items() if re.search(r"\bC\d{2,3}\b|\breport\b|figures? \d", text)] == []
    assert "Effective cost by model" in said["fig27"] and "(None)" in said["table1"]
