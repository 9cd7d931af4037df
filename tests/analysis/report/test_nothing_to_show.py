"""Exhibits that have nothing to show are named in a line, not given a card each."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.report.pages import Card, Part, page, text_alternatives
from analysis.report.pages.answer import Answer
from analysis.report.pages.cells import Cell, SmallTable

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
    assert 'id="fig02">Figure 2, Sizes</span> (none in this log)' in said
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
