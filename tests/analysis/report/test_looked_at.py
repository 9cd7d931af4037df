"""Which models an analysis looks at, of a run and of a log that no run made."""

from __future__ import annotations

import pytest

from analysis.report import looked_at
from tests.analysis.rows import generations, model, models

SONNET, MINI = "anthropic/claude-sonnet-4", "openai/gpt-4o-mini"


@pytest.fixture
def log(connect):
    names = ["a/one", "a/two", "a/three", "a/four", "a/five", SONNET, MINI]
    rows = [
        (f"u{i}", name, "2025-03-04T00:00:00", {"tokens_prompt": 1000 - 100 * at})
        for at, name in enumerate(names)
        for i in range(5)
    ]
    return connect(generations(rows), models=models(model("a/one", "2025-03-01")))


def of_run(log, **manifest):
    log.manifest = manifest
    return log


def test_a_log_that_no_run_made_shows_its_largest_models_and_those_of_the_study(log):
    assert looked_at.models_asked(log) == []
    assert looked_at.models_shown(log) == ["a/one", "a/two", "a/three", "a/four", SONNET, MINI]


def test_a_run_shows_what_it_asks_about_then_its_own_then_the_studys(log):
    run = of_run(log, look_at=[MINI, "a/gone", "a/five"], own_models=["a/two", "a/five"])
    assert looked_at.models_asked(run) == [MINI, "a/five"]
    assert looked_at.models_shown(run) == [MINI, "a/five", "a/two", SONNET]
    assert [panel.letter for panel in looked_at.panels_of(run)] == ["d", "", "", "a"]


def test_a_users_own_models_need_no_option(log):
    run = of_run(log, look_at=[], own_models=["a/two"])
    assert looked_at.models_asked(run) == ["a/two"]
    assert looked_at.models_shown(run) == ["a/two", SONNET, MINI]


def test_the_studys_models_alone_come_in_the_order_of_its_figure(connect):
    flash, maverick = "google/gemini-2.5-flash", "meta-llama/llama-4-maverick"  # c and e
    rows = [("u", name, "2025-03-04T00:00:00", {}) for name in (flash, maverick, MINI, SONNET)]
    log = connect(generations(rows), models=models(model(SONNET, "2025-03-01")))
    run = of_run(log, look_at=[SONNET, MINI, maverick])
    assert [panel.letter for panel in looked_at.panels_of(run)] == ["a", "c", "d", "e"]


def test_of_many_own_models_the_most_used_are_shown_in_the_scenarios_order(log, monkeypatch):
    monkeypatch.setattr(looked_at, "MOST_OWN", 2)
    run = of_run(log, look_at=[], own_models=["a/five", "a/three", "a/one", "a/gone"])
    assert looked_at.models_asked(run) == ["a/three", "a/one"]
    assert looked_at.models_shown(run)[:2] == ["a/three", "a/one"]


@pytest.mark.parametrize("manifest", [{}, {"look_at": None, "own_models": 3}, {"look_at": [1, None]}])
def test_a_manifest_that_says_nothing_of_it_is_no_error(log, manifest):
    run = of_run(log, **manifest)
    assert looked_at.models_asked(run) == []
    assert looked_at.models_shown(run) == [SONNET, MINI]
