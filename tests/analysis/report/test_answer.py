"""The first thing on the page: the scenario's question and what the panels' verdicts answer."""

from __future__ import annotations

from analysis.report.looked_at import answered, first_sure
from analysis.report.pages import PanelPart
from analysis.report.pages.answer import answer, panel_id
from analysis.report.pages.launch_verdicts import Judgement

CHART = {"mark": "line", "height": 250}


def panel(title, spec=None, judgement=None):
    return PanelPart(title, f"lab/{title}", "", spec, "", "", None, judgement=judgement)


def test_the_answer_has_a_line_a_verdict_and_the_first_panel_with_a_chart():
    stays = Judgement(
        "Stays", "✓", "holds", "four tests agree", in_short="They stay.", sure="How sure: very."
    )
    few = Judgement("Insufficient data", "–", "none", "too few users", in_short="Too few users.", remedy="Take more.",
                    gap="no verdict: too few users")  # fmt: skip
    found = answer("Does it?", [panel("a"), panel("b", CHART, stays), panel("c", CHART, few)])
    assert found.question == "Does it?"
    assert [(line.about, line.text, line.mark, line.style, line.target) for line in found.lines] == [
        ("b", "Stays. They stay.", "✓", "holds", panel_id(2)),
        ("c", "Insufficient data. Too few users. Take more.", "–", "none", panel_id(3)),
    ]
    assert (found.picture, found.below) == (2, ["b. How sure: very."])
    assert answer("", [panel("a", CHART), panel("c", CHART, few)]).picture == 1


def test_without_verdicts_and_charts_only_the_question_is_left():
    found = answer("", [panel("a")])
    assert (found.lines, found.picture) == ([], 0)


def test_only_the_models_that_the_question_is_about_are_answered_for():
    said = Judgement("No stand-out", "○", "none", "alike")
    panels = [panel("a", CHART, said), panel("b", CHART, said), panel("c", CHART, said)]
    found = answer("Does it?", panels, ["lab/c", "lab/b"])
    assert [line.about for line in found.lines] == ["b", "c"]
    assert found.picture == 2
    assert len(answer("Does it?", panels, ["lab/gone"]).lines) == 3


def test_page_and_terminal_have_one_rule_for_whom_the_answer_is_about_and_how_sure_it_is():
    assert answered(["a", "b", "c"], ["c", "b"]) == ["b", "c"]
    assert answered(["a", "b"], ["gone"]) == ["a", "b"]
    assert first_sure([("a", ""), ("b", "Sure."), ("c", "Unsure.")]) == "b. Sure."
    assert first_sure([("a", "Sure.")]) == "Sure."
    assert first_sure([("a", ""), ("b", "")]) == ""
