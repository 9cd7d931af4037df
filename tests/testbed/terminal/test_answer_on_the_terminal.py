"""The answer on the terminal: the question's models only, the sentence before what limits it, and never lost."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from analysis.inference.cohorts.populations import Population, planted
from analysis.inference.verdict.judging import judge
from analysis.inference.verdict.verdict import Verdict
from testbed.terminal import summary
from testbed.terminal.console import open_console
from testbed.terminal.progress import Live, Plain, Report, Silent
from testbed.terminal.summary import Findings


@pytest.fixture(scope="module")
def verdicts() -> list[Verdict]:
    rng = np.random.default_rng(1)
    loyal = planted((500, *(250,) * 6), 0.35, months=8).draw(rng)
    few = Population("few", (300, 300), months=4).draw(rng)
    return [
        replace(judge(loyal, rng, simulations=40), model="x/loyal"),
        replace(judge(few), model="x/few"),
    ]


def results(verdicts, asked):
    panels = [{"model": v.model, "name": v.model.upper(), "launch_cohort": None} for v in verdicts]
    nothing = pd.DataFrame({"observed": pd.Series([], dtype="bool")})
    return {"panels": panels, "judged": verdicts, "asked": asked, "triangles": nothing, "launch_contrast": nothing,
            "shares": None, "shares_over": "", "gaps": [], "withheld": None}  # fmt: skip


def test_a_sentence_a_model_that_is_asked_about_and_how_sure_the_first_is(verdicts):
    told = io.StringIO()
    findings = Findings.of(results(verdicts, [verdicts[0].model]))
    assert findings.answer == (verdicts[0],)
    summary.print_answer(open_console(told, width=400), findings)
    lines = [line.strip() for line in told.getvalue().splitlines() if line.strip()]
    assert lines == [
        f"{verdicts[0].model.upper()}: {verdicts[0].headline}", verdicts[0].sentence, verdicts[0].how_sure,
    ]  # fmt: skip
    assert findings.as_json()["answer"][0]["sentence"] == verdicts[0].sentence


@pytest.mark.parametrize("asked", [[], ["x/gone"]])
def test_without_models_that_are_asked_about_all_are_answered_for(verdicts, asked):
    assert Findings.of(results(verdicts, asked)).answer == tuple(verdicts)


@pytest.mark.parametrize("kind", ["silent", "plain", "live"])
def test_what_is_written_in_the_middle_of_the_work_is_written_once(capsys, kind):
    stream = io.StringIO()
    terminal = Console(file=stream, force_terminal=True, width=80)
    display = {"silent": Silent, "plain": lambda: Plain(stream), "live": lambda: Live(terminal)}[kind]()
    with display as show:
        show(Report("market", 1, 1))
        show(Report("analysis", 1, 2))
        show.let(lambda: print("the answer"))
        show(Report("analysis", 2, 2))
    assert capsys.readouterr().out == "the answer\n"
    assert "the answer" not in stream.getvalue()
