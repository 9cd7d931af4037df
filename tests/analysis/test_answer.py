"""The first thing on the page: the scenario's question and what the panels' verdicts answer."""

from __future__ import annotations

from analysis.report import PanelPart
from analysis.report.answer import answer, panel_id
from analysis.report.judgements import Judgement

CHART = {"mark": "line", "height": 250}


def panel(title, spec=None, judgement=None):
    return PanelPart(title, f"lab/{title}", "", spec, "", "", None, judgement=judgement)


def test_the_answer_has_a_line_a_verdict_and_the_first_panel_with_a_chart():
    stays = Judgement("The launch cohort stays.", "✓", "holds", "four tests agree")
    few = Judgement("Insufficient data.", "–", "none", "too few users", gap="no verdict: too few users")
    found = answer("Does it?", [panel("a"), panel("b", CHART, stays), panel("c", CHART, few)])
    assert found.question == "Does it?"
    assert [(line.about, line.text, line.mark, line.style, line.target) for line in found.lines] == [
        ("b", "The launch cohort stays.", "✓", "holds", panel_id(2)),
        ("c", "no verdict: too few users", "–", "none", panel_id(3)),
    ]
    assert found.picture == 2
    assert answer("", [panel("a", CHART), panel("c", CHART, few)]).picture == 1


def test_without_verdicts_and_charts_only_the_question_is_left():
    found = answer("", [panel("a")])
    assert (found.lines, found.picture) == ([], 0)
