"""The verdict on a model's launch cohort as patterns (`analysis.inference.launch`), and the naive test beside it.

They read the whole log: days, countries and volumes tell an always-on account from a loyal user. Each kind of verdict
is a pattern, and a run is judged once for all of them. A run with too little data is one in which the kind was not
said: it counts, as it would for a reader of the verdict.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import numpy as np

from analysis.inference.cohorts.log_panel import NoPanel
from analysis.inference.cohorts.models import control_models, models_to_judge
from analysis.inference.cohorts.panel import Panel
from analysis.inference.error_rates.fitted_null import NoFit, searched_null
from analysis.inference.launch.decision import decide
from analysis.inference.launch.four_tests import ALPHA, launch_tests
from analysis.inference.launch.multiplicity import adjusted, scan
from analysis.inference.launch.naive import two_proportions
from analysis.inference.verdict.classification import CALLED, Kind
from analysis.inference.verdict.judging import verdicts
from analysis.inference.verdict.verdict import Verdict
from analysis.numerals import counted
from analysis.study import SMALL_COHORT
from testbed.patterns.outcome import Outcome
from testbed.patterns.registry import Age, Count, Found, pattern

# Draws of the search per model searched. The least p is 1 / (draws + 1), and Bonferroni multiplies it by the models.
DRAWS = 100
SEARCH_SEED = 20261124


def verdict_on(
    outcome: Outcome, model: str, min_cohort: int = SMALL_COHORT, step: Callable[[], None] = lambda: None
) -> Verdict:
    """The verdict, without simulated error rates, with all other models of the log as negative controls. Made once an
    outcome. step: is called between pieces of the work, and may raise to end it. Raises Untestable where nobody used
    the model."""
    outcome.check_in_use(model)
    key = ("verdict", model, min_cohort)
    if key not in outcome.remembered:
        controls = control_models(outcome.log, min_cohort)
        outcome.remembered[key] = verdicts(
            outcome.log, [model], controls=controls, min_cohort=min_cohort, progress=lambda *_: step()
        )[0]
    verdict: Verdict = outcome.remembered[key]
    return verdict


def _asks_for(kind: str) -> Callable[..., Found]:
    def ask(outcome: Outcome, model: str, min_cohort: Count = SMALL_COHORT) -> Found:
        verdict = verdict_on(outcome, model, min_cohort)
        sizes = verdict.decision.sizes if verdict.decision else None
        return Found(
            verdict.classification.kind == kind, sizes.difference.value if sizes else None, verdict.headline
        )

    return ask


for _kind in get_args(Kind):
    pattern(
        f"{_kind.replace(' ', '-')}-verdict",
        "log",
        f"The verdict on a model is: {_kind} (value: the difference in R(5) to the other cohorts)",
    )(_asks_for(_kind))


@pattern("any-foundational-verdict", "log")
def any_foundational(outcome: Outcome, min_cohort: Count = SMALL_COHORT, scan_cohorts: bool = False) -> Found:
    """Some model of the log is called foundational (or a dominant launch) after Holm's adjustment for their number.
    scan_cohorts: or some cohort that is no launch (a launch has the verdict, with all its robustness checks) stands
    out, after maxT over the model's cohorts and Bonferroni's adjustment for the models. value: how many were called."""
    panels = _panels(outcome, min_cohort)
    called = _launches(outcome, panels, min_cohort)
    if scan_cohorts:
        for model, panel in panels.items():
            called += _searched(panel, model, len(panels))
    found = list(dict.fromkeys(called))
    why = f"called of {counted(len(panels), 'model')}: {', '.join(found) or 'none'}"
    return Found(bool(found), float(len(found)), why)


def _panels(outcome: Outcome, min_cohort: int) -> dict[str, Panel]:
    """The panels of all models that can be judged, made once an outcome."""
    key = ("panels", min_cohort)
    if key not in outcome.remembered:
        log = outcome.log
        models = models_to_judge(log, min_cohort)
        outcome.remembered[key] = {m: Panel.from_log(log, m, min_cohort=min_cohort) for m in models}
    panels: dict[str, Panel] = outcome.remembered[key]
    return panels


def _launches(outcome: Outcome, panels: dict[str, Panel], min_cohort: int) -> list[str]:
    """Launch cohorts that are called, as `MODEL MONTH`. The whole verdict is made only where one may be called."""
    key = ("launches", min_cohort)
    if key not in outcome.remembered:
        outcome.remembered[key] = _called_launches(outcome, panels, min_cohort)
    called: list[str] = outcome.remembered[key]
    return list(called)


def _called_launches(outcome: Outcome, panels: dict[str, Panel], min_cohort: int) -> list[str]:
    tested = {model: panel for model, panel in panels.items() if panel.launch in panel.tested}
    p = [launch_tests(panel.cells, panel.launch).p for panel in tested.values() if panel.launch is not None]
    if not any(value <= ALPHA for value in adjusted(p, "holm")):
        return []
    models = list(panels)
    return [
        _named(v.model, panels[v.model], panels[v.model].launch)
        for v in verdicts(outcome.log, models, controls=models, min_cohort=min_cohort)
        if v.classification.kind in CALLED and v.holm_p <= ALPHA
    ]


def _searched(panel: Panel, model: str, models: int) -> list[str]:
    """Later cohorts of a model that a search calls. It is simulated only where a cohort stands by itself."""
    stands = [
        c
        for c in panel.tested
        if c != panel.launch and (d := decide(panel, c, thorough=False)).stands and not d.withdrawn_by
    ]
    if not stands:
        return []
    rng = np.random.default_rng([SEARCH_SEED, *model.encode()])
    try:
        found = scan(panel, searched_null(panel), rng, DRAWS * models)
    except NoFit:
        return []
    p = dict(zip(found.cohorts, found.adjusted_p, strict=True))
    return [_named(model, panel, c) for c in stands if p.get(c, 1.0) * models <= ALPHA]


def _named(model: str, panel: Panel, cohort: int | None) -> str:
    return model if cohort is None else f"{model} {panel.months[cohort]:%Y-%m}"


@pattern("two-proportions-reject", "log")
def naive_test(outcome: Outcome, model: str, k: Age = 3, min_cohort: Count = SMALL_COHORT) -> Found:
    """The naive test: the launch cohort against all later users together at month k, two proportions, one-sided 5%.
    value: z."""
    outcome.check_in_use(model)
    try:
        panel = Panel.from_log(outcome.log, model, min_cohort=min_cohort)
    except NoPanel as error:
        return Found(False, None, str(error))
    if panel.launch is None:
        return Found(False, None, f"the log holds no launch of {model}")
    test = two_proportions(panel.cells, panel.launch, k)
    if not test.ran:
        return Found(False, None, test.why)
    return Found(test.rejects(), test.statistic, f"z {test.statistic:.1f} at month {k}")
