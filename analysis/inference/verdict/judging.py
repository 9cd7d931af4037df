"""Judges launch cohorts: tests, sizes, robustness checks, kind and error rates, one `Verdict` a model.

    with open_log("outputs/report/RUN-ID") as log:
        verdict = verdicts(log, ["anthropic/claude-sonnet-4"], np.random.default_rng(1))[0]
        print(verdict.headline)

Everything is read from the log alone. A verdict says that a cohort stands out; it never says why.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial

import numpy as np

from analysis.inference import SIMULATIONS
from analysis.inference.cohorts.log_panel import NEWCOMER_DAYS, NoPanel
from analysis.inference.cohorts.models import least_of_controls, panel_of, predecessors
from analysis.inference.cohorts.panel import Panel
from analysis.inference.curves.reactivations import find_reactivations
from analysis.inference.error_rates.fitted_null import NoFit, searched_null
from analysis.inference.error_rates.rates import PLANTED, error_rates
from analysis.inference.launch import identifiability
from analysis.inference.launch.decision import Decision, decide
from analysis.inference.launch.multiplicity import LEAST_SCANNED, Scan, adjusted, scan
from analysis.inference.launch.robustness import concentration
from analysis.inference.verdict.classification import CALLED, Classification, classify, reactivation_words
from analysis.inference.verdict.controls import Controls, compare
from analysis.inference.verdict.remedies import remedies
from analysis.inference.verdict.verdict import Verdict
from analysis.numerals import counted, listed
from analysis.proportions import Z95
from analysis.queries import retention
from analysis.sources.log import Log
from analysis.study import SMALL_COHORT
from analysis.workers import Workers

MOST_CONTROLS = 40  # models with the largest launch cohorts: more take long and change little (assumed)


def judge(
    panel: Panel,
    rng: np.random.Generator | None = None,
    *,
    merged: Panel | None = None,
    simulations: int = SIMULATIONS,
    planted: Sequence[float] = PLANTED,
    search: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Verdict:
    """Judge one panel's launch cohort. rng: draws for the error rates and the search; None: neither is simulated.

    merged: the panel with earlier ids of the model merged. search: look at all cohorts, too, not only at the launch.
    progress: is told between pieces of the work how much of the simulations is done; it may raise to end the work.
    """
    notes = _notes(panel)
    reactivations = find_reactivations(panel)
    if panel.launch is None or panel.launch not in panel.tested:
        if confirmed := tuple(j for j in reactivations if j.confirmed):
            kind = Classification("boomerang", reactivation_words(panel, confirmed), None, confirmed)
        else:
            kind = Classification("insufficient data", _no_launch(panel), None)
        searched = None
        if search and rng is not None and simulations:
            searched, notes = _search(panel, rng, simulations, notes)
        return Verdict(panel.model, panel, kind, scan=searched, notes=notes)
    decision = decide(panel, merged=merged, step=partial(progress, 0, 1))
    rates, found = None, None
    if rng is not None and simulations:
        try:
            rates = error_rates(panel, rng, simulations, planted=planted, progress=progress)
            if search:
                found = scan(panel, searched_null(panel), rng, simulations)
        except NoFit as error:
            notes += (f"error rates are not simulated: {error}",)
    kind = classify(panel, decision, reactivations, rates.enough if rates else None)
    age = decision.sizes.age if decision.sizes else 1
    return Verdict(
        panel.model, panel, kind, decision, identifiability.check(panel.cells, panel.launch),
        concentration(panel, panel.launch, age), rates, found, notes=notes,
    )  # fmt: skip


def _search(
    panel: Panel, rng: np.random.Generator, simulations: int, notes: tuple[str, ...]
) -> tuple[Scan | None, tuple[str, ...]]:
    """The search over the cohorts of a model whose launch cohort is not tested, and the notes with why if there is
    none."""
    if len(panel.tested) < LEAST_SCANNED:
        why = f"it needs {LEAST_SCANNED} cohorts of {panel.min_cohort:,} users, and there are {len(panel.tested)}"
        return None, (*notes, f"no search over cohorts: {why}")
    try:
        return scan(panel, searched_null(panel), rng, simulations), notes
    except NoFit as error:
        return None, (*notes, f"no search over cohorts: {error}")


def verdicts(
    log: Log,
    models: Sequence[str],
    rng: np.random.Generator | None = None,
    *,
    aliases: Mapping[str, str] | None = None,
    controls: Sequence[str] = (),
    simulations: int = SIMULATIONS,
    min_cohort: int = SMALL_COHORT,
    least: int = 0,
    search: bool = False,
    progress: Callable[[str, int, int], None] = lambda model, done, total: None,
) -> list[Verdict]:
    """Judge several models of a log, with what needs more than one of them: p-values adjusted for their number (a
    launch cohort that does not stand out after Holm's adjustment is called fragile), and negative controls (the other
    models; `controls`, of which the first 40 count, adds models that are not themselves judged). rng: draws for the
    error rates of each model, apart from those of the others.

    aliases: old id -> the model into which the "aliases merged" robustness check counts its requests, beside the
    earlier ids that the models table states (`predecessors`). Where the log has no requests to any of them there is no
    such robustness check. least: users without which no cohort is judged nor is a control, whatever `min_cohort` says.
    progress: is told the model and how much of its simulations is done, between pieces of the work; it may raise to end
    the work.
    """
    return Judging(
        log, models, rng, aliases=aliases, controls=controls, simulations=simulations, min_cohort=min_cohort,
        least=least, search=search, progress=progress,
    ).verdicts()  # fmt: skip


class Judging:
    """Verdicts on their way: `verdicts`, begun by workers while this process does something else.

    Making it reads the panels from the log, and hands each to `workers` (without any, it is judged when the verdicts
    are asked for). The verdicts do not depend on the workers.
    """

    def __init__(
        self,
        log: Log,
        models: Sequence[str],
        rng: np.random.Generator | None = None,
        *,
        aliases: Mapping[str, str] | None = None,
        controls: Sequence[str] = (),
        simulations: int = SIMULATIONS,
        planted: Sequence[float] = PLANTED,
        min_cohort: int = SMALL_COHORT,
        least: int = 0,
        search: bool = False,
        workers: Workers | None = None,
        progress: Callable[[str, int, int], None] = lambda model, done, total: None,
    ) -> None:
        self._progress = progress
        min_cohort = max(min_cohort, least)
        self._log, self._controls = log, controls
        self._least_of_controls = least_of_controls(min_cohort, least)
        self._tasks: list[tuple[str, Panel | None, Future[Verdict]]] = []
        workers = workers or Workers()
        seed = None if rng is None else int(rng.integers(2**63))
        for model in models:
            # Each model's draws are its own: its error rates do not depend on which others are judged.
            draws = None if seed is None else np.random.default_rng([seed, *model.encode()])
            try:
                panel = panel_of(log, model, min_cohort, models)
            except NoPanel as error:
                nothing = Verdict(model, None, Classification("insufficient data", str(error), None))
                self._tasks.append((model, None, _known(nothing)))
                continue
            merged = None
            earlier = [
                *predecessors(log, model),
                *(old for old, new in (aliases or {}).items() if new == model),
            ]
            if earlier and set(earlier) & set(retention.first_months(log)["model"]):
                merged = Panel.from_log(
                    log, model, min_cohort=min_cohort, aliases=dict.fromkeys(earlier, model)
                )
            if workers.count > 1:
                task = workers.start(judged, panel, draws, merged, simulations, planted, search)
            else:  # only this process can tell how far a model is
                step = partial(progress, model)
                task = workers.start(judged, panel, draws, merged, simulations, planted, search, step)
            self._tasks.append((model, panel, task))

    def verdicts(self) -> list[Verdict]:
        """The verdicts, once all are there."""
        found = []
        for model, panel, task in self._tasks:
            found.append(replace(task.result(), panel=panel))
            self._progress(model, 1, 1)
        step = partial(self._progress, found[-1].model, 1, 1) if found else lambda: None
        return _together(self._log, found, self._controls, self._least_of_controls, step)


def _known(verdict: Verdict) -> Future[Verdict]:
    task: Future[Verdict] = Future()
    task.set_result(verdict)
    return task


def judged(
    panel: Panel,
    rng: np.random.Generator | None,
    merged: Panel | None,
    simulations: int,
    planted: Sequence[float],
    search: bool,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Verdict:
    """`judge` for a worker: the verdict comes back without its panel, which the caller has."""
    found = judge(
        panel, rng, merged=merged, simulations=simulations, planted=planted, search=search, progress=progress
    )
    return replace(found, panel=None)


def _together(
    log: Log, found: list[Verdict], controls: Sequence[str], least: int, step: Callable[[], None]
) -> list[Verdict]:
    """Verdicts with what needs more than one of them. least: users of a control's cohorts. step: is called before each
    control is judged."""
    found = [_with_remedies(verdict, log) for verdict in found]
    beside = {v.model: v.decision for v in found if v.decision and v.decision.found.testable}
    for model in controls[:MOST_CONTROLS]:
        step()
        if model not in beside and (answer := _control(log, model, least)) is not None:
            beside[model] = answer
    holm, bh = (adjusted([v.p for v in found], method) for method in ("holm", "fdr_bh"))
    together = sum(math.isfinite(v.p) for v in found)
    return [
        _adjusted(_beside_controls(
            replace(v, holm_p=holm[i], bh_q=bh[i], judged_together=together, controls=_controls(v, beside))
        ))
        for i, v in enumerate(found)
    ]  # fmt: skip


def _with_remedies(verdict: Verdict, log: Log) -> Verdict:
    """The verdict with what would do, where there is too little."""
    if verdict.panel is None or verdict.classification.kind != "insufficient data":
        return verdict
    users = (log.manifest or {}).get("users")
    known = users if isinstance(users, int) else None
    return replace(verdict, remedies=remedies(verdict.panel, verdict.rates, known))


def _controls(verdict: Verdict, beside: Mapping[str, Decision]) -> Controls:
    # A control that its own checks withdraw (always-on accounts, months of 30 days) does not count as standing out.
    others = [(d.found, d.stands and not d.withdrawn_by) for m, d in beside.items() if m != verdict.model]
    return compare(verdict.decision.found if verdict.decision else None, others)


def _beside_controls(verdict: Verdict) -> Verdict:
    """The verdict, withdrawn where the launch cohorts of other models stand out as much."""
    kind = verdict.classification
    if not verdict.fails_controls or kind.kind not in CALLED:
        return verdict
    because = (
        f"the launch cohorts of {verdict.controls.judged} other models stand out by about as much: who comes first "
        "stays, with whatever model"
    )
    return replace(verdict, classification=replace(kind, kind="fragile", because=because))


def _adjusted(verdict: Verdict) -> Verdict:
    """The verdict, withdrawn where it does not hold after adjusting for the models judged with it."""
    kind = verdict.classification
    if not verdict.fails_adjustment or kind.kind not in CALLED:
        return verdict
    because = f"not after adjusting for the {verdict.judged_together} models judged (Holm)"
    return replace(verdict, classification=replace(kind, kind="fragile", because=because))


def _control(log: Log, model: str, min_cohort: int) -> Decision | None:
    """The decision on a control model's launch cohort; None where it cannot be judged."""
    try:
        panel = Panel.from_log(log, model, min_cohort=min_cohort)
    except NoPanel:
        return None
    if panel.launch is None or panel.launch not in panel.tested:
        return None
    decision = decide(panel, thorough=False)
    return decision if decision.found.testable else None


def _notes(panel: Panel) -> tuple[str, ...]:
    notes = []
    if panel.months_dropped:
        months = ", ".join(f"{m:%B %Y}" for m in panel.months_dropped)
        notes.append(f"{months} left out: not complete in this log")
    small = [
        c
        for c in range(len(panel.months) - 1)
        if 0 < panel.cohort_sizes[c] < panel.min_cohort and c not in panel.mixed
    ]
    if small:
        held, tested = ("cohorts have", "are") if len(small) > 1 else ("cohort has", "is")
        notes.append(f"{len(small)} {held} fewer than {panel.min_cohort} users and {tested} not tested")
    if panel.left_truncated:
        held = listed([f"{panel.months[c]:%B %Y}" for c in panel.left_truncated])
        notes.append(f"{held}: may hold users who are older than the log, and not tested")
    if panel.tenure is not None and panel.launch is not None:
        own = panel.cohort == panel.launch
        hidden = float((panel.tenure[own] < 0).mean()) if own.any() else 0.0
        if hidden:
            notes.append(
                f"time on the platform is not known of {hidden:.0%} of the launch cohort: they came in the log's first "
                f"{NEWCOMER_DAYS} days and may be older than the log; that robustness check leaves such users out"
            )
    if panel.requests is None:
        notes.append("the panel has no volumes: always-on accounts cannot be told from loyal users")
    return tuple(notes)


def _no_launch(panel: Panel) -> str:
    if panel.launch is None:
        return panel.no_launch or "the log does not hold the month of the model's launch"
    month = panel.months[panel.launch]
    size = int(panel.cohort_sizes[panel.launch])
    if size < panel.min_cohort:
        within = 100 * Z95 * math.sqrt(0.25 / panel.min_cohort)
        return (
            f"the launch cohort ({month:%B %Y}) has {counted(size, 'user')}; {panel.min_cohort:,} are needed for "
            f"shares to within {within:.0f} points"
        )
    return f"the launch cohort ({month:%B %Y}) has no complete month after its first"
