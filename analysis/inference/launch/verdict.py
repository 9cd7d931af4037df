"""The verdict on a model's launch cohort: tests, sizes, robustness checks, kind, error rates, in one object.

    with open_log("outputs/report/RUN-ID") as log:
        verdict = verdicts(log, ["anthropic/claude-sonnet-4"], np.random.default_rng(1))[0]
        print(verdict.headline)

Everything is read from the log alone. A verdict says that a cohort stands out; it never says why.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from analysis.inference.cohorts.panel import NEWCOMER_DAYS, NoPanel, Panel
from analysis.inference.curves import identifiability
from analysis.inference.curves.identifiability import Identifiability
from analysis.inference.curves.reactivations import find_reactivations
from analysis.inference.error_rates.fitted_null import NoFit, searched_null
from analysis.inference.error_rates.rates import NOT_SIMULATED, PLANTED, SIMULATIONS, ErrorRates, error_rates
from analysis.inference.launch import wording
from analysis.inference.launch.classification import CALLED, Classification, classify, reactivation_words
from analysis.inference.launch.controls import Controls, compare
from analysis.inference.launch.decision import LEAST_DIFFERENCE, Decision, decide
from analysis.inference.launch.multiplicity import LEAST_SCANNED, Scan, adjusted, scan
from analysis.inference.launch.remedies import remedies
from analysis.inference.launch.robustness import Concentration, Outcome, concentration
from analysis.json_values import plain
from analysis.numerals import listed, percent
from analysis.proportions import Z95
from analysis.queries import retention
from analysis.sources.log import Log
from analysis.study import LEVEL, SMALL_COHORT
from analysis.workers import Workers

MIGRATION_DAYS = 31  # between a model's release and an earlier id's retirement, to be one launch (assumed)
MOST_CONTROLS = 40  # models with the largest launch cohorts: more take long and change little (assumed)

KIND_WORDS = {
    "foundational": "foundational launch cohort",
    "dominant launch": "dominant launch",
    "fragile": "fragile",
    "launch advantage": "launch advantage only",
    "drift": "drift (not identifiable)",
    "boomerang": "boomerang",
    "no fit": "no fit",
    "no stand-out": "no stand-out",
    "insufficient data": "insufficient data",
}


@dataclass(frozen=True)
class Verdict:
    """What is said of one model. decision, concentration, identifiable and rates are None where there is too little.

    holm_p, bh_q: the conjunction's p-value adjusted for the models judged with it, judged_together of them (those with
    a p-value); controls: what the launch cohorts of the other models say; remedies: what would do where there is too
    little data, a phrase each.
    """

    model: str
    panel: Panel | None
    classification: Classification
    decision: Decision | None = None
    identifiable: Identifiability | None = None
    concentration: Concentration | None = None
    rates: ErrorRates | None = None
    scan: Scan | None = None
    controls: Controls = field(default_factory=Controls)
    holm_p: float = math.nan
    bh_q: float = math.nan
    judged_together: int = 1
    notes: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()

    @property
    def p(self) -> float:
        """p-value of the conjunction."""
        return self.decision.found.p if self.decision else math.nan

    @property
    def overturned_by(self) -> tuple[str, ...]:
        """Robustness checks under which the answer changes."""
        return (*(self.decision.overturned_by if self.decision else ()), *self._failed_beside)

    @property
    def _failed_beside(self) -> tuple[str, ...]:
        """The robustness checks that it fails beside other models."""
        controls = (wording.CONTROLS,) if self.fails_controls else ()
        return (*controls, wording.ADJUSTMENT) if self.fails_adjustment else controls

    @property
    def _overturned_in_words(self) -> str:
        """When the answer changes, to follow "it does not hold"; empty if it never does."""
        decision = self.decision
        others = [o.name for o in decision.other_outcomes if o.overturns] if decision else []
        dropped = (
            [o.without for o in decision.left_out_in_turn if o.overturns and o.without] if decision else []
        )
        return wording.under([*others, *self._failed_beside], dropped)

    @property
    def fails_controls(self) -> bool:
        """Whether the launch cohort stands out, but no more than those of other models."""
        return self.decision is not None and self.decision.stands and self.controls.explain

    @property
    def fails_adjustment(self) -> bool:
        """Whether the launch cohort stands out, but not once its p-value is adjusted for the models judged (Holm)."""
        decision = self.decision
        return decision is not None and decision.stands and self.holm_p > decision.found.alpha

    @property
    def _short_of(self) -> str:
        """What a foundational cohort lacks of the report's level (`at_level`), in words, or nothing."""
        kind, sizes = self.classification, self.decision.sizes if self.decision else None
        if kind.kind != "foundational" or kind.at_level or sizes is None:
            return ""
        if kind.at_level is None:
            return ", month 5 not observed"
        if sizes.own.value >= LEVEL:
            return (
                f", still falling: of those active in month 3, {percent(sizes.plateau.value)} are in month 5"
            )
        return f", below the report's level: {percent(sizes.own.value)} active in month 5"

    @property
    def headline(self) -> str:
        """The verdict in a line."""
        words = KIND_WORDS[self.classification.kind] + self._short_of
        if not self.overturned_by:
            return words
        if self.classification.kind == "fragile":
            return f"fragile: does not hold {self._overturned_in_words}"
        return f"{words}; not firm: would change {self._overturned_in_words}"

    @property
    def sentence(self) -> str:
        """The verdict for a reader who knows no statistics, to stand behind the model's name."""
        return wording.sentence(self)

    @property
    def how_sure(self) -> str:
        """The error rates in a sentence, or nothing."""
        return wording.how_sure(self)

    @property
    def caveats(self) -> list[str]:
        """What limits the sentence, a sentence each."""
        return wording.caveats(self)

    def as_json(self) -> dict[str, Any]:
        """The verdict for programs; what is not known is null."""
        shown: dict[str, Any] = {
            "model": self.model,
            "verdict": self.classification.kind,
            "headline": self.headline,
            "sentence": self.sentence,
            "caveats": self.caveats,
            "because": self.classification.because,
            "at_the_reports_level": self.classification.at_level,
            "reactivations": [asdict(j) for j in self.classification.reactivations],
            "p": self.p,
            "holm_p": self.holm_p,
            "bh_q": self.bh_q,
            "models_judged_together": self.judged_together,
            "overturned_by": list(self.overturned_by),
            "negative_controls": asdict(self.controls),
            "notes": list(self.notes),
            "remedies": list(self.remedies),
        }
        if self.panel is not None:
            shown["panel"] = _panel_json(self.panel)
        if self.decision is not None:
            found = self.decision.found
            shown["tests"] = {
                letter: {
                    "name": t.name, "p": t.p, "statistic": t.statistic, "age": t.age, "others": t.others,
                    "rejects": t.rejects(found.alpha), "not_run": t.why or None,
                }
                for letter, t in found.tests.items()
            }  # fmt: skip
            shown["odds_ratio"] = {
                "value": found.odds_ratio, "low": found.odds_ratio_low, "high": found.odds_ratio_high,
            }  # fmt: skip
            shown["effects"] = asdict(self.decision.sizes) if self.decision.sizes else None
            shown["robustness_checks"] = [asdict(o) for o in self.decision.outcomes]
        if self.identifiable is not None:
            shown["identifiability"] = asdict(self.identifiable) | {
                "identified": self.identifiable.identified,
                "words": self.identifiable.words,
            }
        if self.concentration is not None:
            shown["concentration"] = asdict(self.concentration)
        if self.rates is not None:
            shown["error_rates"] = _rates_json(self.rates)
        if self.scan is not None and self.panel is not None:
            months = [self.panel.months[c].isoformat() for c in self.scan.cohorts]
            shown["scan"] = [
                {"cohort": month, "z": z, "adjusted_p": p}
                for month, z, p in zip(months, self.scan.z, self.scan.adjusted_p, strict=True)
            ]
        told: dict[str, Any] = plain(shown)
        return told


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
    decision = decide(panel, merged=merged)
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
    search: bool = False,
    progress: Callable[[str, int, int], None] = lambda model, done, total: None,
) -> list[Verdict]:
    """Judge several models of a log, with what needs more than one of them: p-values adjusted for their number (a
    launch cohort that does not stand out after Holm's adjustment is called fragile), and negative controls (the other
    models; `controls`, of which the first 40 count, adds models that are not themselves judged). rng: draws for the
    error rates of each model, apart from those of the others.

    aliases: old id -> the model into which the "aliases merged" robustness check counts its requests, beside the
    earlier ids that the models table states (`predecessors`). Where the log has no requests to any of them there is no
    such robustness check.
    """
    return Judging(
        log, models, rng, aliases=aliases, controls=controls, simulations=simulations, min_cohort=min_cohort,
        search=search, progress=progress,
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
        search: bool = False,
        workers: Workers | None = None,
        progress: Callable[[str, int, int], None] = lambda model, done, total: None,
    ) -> None:
        self._progress = progress
        self._log, self._controls, self._min_cohort = log, controls, min_cohort
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
        return _together(self._log, found, self._controls, self._min_cohort)


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


def _together(log: Log, found: list[Verdict], controls: Sequence[str], min_cohort: int) -> list[Verdict]:
    """Verdicts with what needs more than one of them."""
    found = [_with_remedies(verdict, log) for verdict in found]
    beside = {v.model: v.decision for v in found if v.decision and v.decision.found.testable}
    for model in controls[:MOST_CONTROLS]:
        if (
            model not in beside
            and (answer := _control(log, model, least_of_controls(min_cohort))) is not None
        ):
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


def panel_of(
    log: Log, model: str, min_cohort: int = SMALL_COHORT, together: Sequence[str] | None = None
) -> Panel:
    """A model's panel with its 30-day windows beside it. Raises NoPanel. together: see `Panel.from_log`."""
    panel = Panel.from_log(log, model, min_cohort=min_cohort)
    try:
        windows = Panel.from_log(log, model, min_cohort=min_cohort, windows="30 days", together=together)
    except NoPanel:
        return panel
    return replace(panel, rewindowed=windows)


def predecessors(log: Log, model: str) -> list[str]:
    """Earlier ids whose users the gateway moved to a model at its launch, and theirs in turn, oldest last.

    These are ids whose successor is the model and that retired within a month of its release, such as a preview at
    general availability. Empty without a models table that states it.
    """
    if log.models is None or not {"successor", "retired", "released"} <= set(log.models.columns):
        return []
    table = log.models.select("model", "successor", "retired", "released")
    facts = log.remembered("predecessors", lambda: table.to_pandas())
    released = pd.to_datetime(facts["released"])
    starts = dict(zip(facts["model"], released, strict=True))
    after = pd.to_datetime(facts["retired"]) - pd.to_datetime(facts["successor"].map(starts))
    moved = facts[facts["successor"].notna() & (after.dt.days.abs() <= MIGRATION_DAYS)]
    found, wanted = [], [model]
    while wanted:
        name = wanted.pop()
        earlier = [old for old in moved.loc[moved["successor"] == name, "model"] if old not in found]
        found += earlier
        wanted += earlier
    return found


def least_of_controls(min_cohort: int) -> int:
    """Least users of the cohorts of a control: half of what a judged model needs; they speak together (assumed)."""
    return max(min_cohort >> 1, 1)


def control_models(log: Log, min_cohort: int = SMALL_COHORT) -> list[str]:
    """Models whose launch cohorts can be negative controls, by users of that cohort."""
    return models_to_judge(log, least_of_controls(min_cohort))


def models_to_judge(log: Log, least: int = SMALL_COHORT) -> list[str]:
    """Models with a launch cohort of at least so many users and two later ones, by users of that cohort."""
    counts = retention.first_months(log)
    chosen = []
    for model, rows in counts[counts["users"] >= least].groupby("model"):
        launch, _ = retention.launch_cohort(log, str(model))
        if launch is None:
            continue
        own = rows[rows["cohort"] == np.datetime64(launch)]
        if len(own) and int((rows["cohort"] > np.datetime64(launch)).sum()) >= 2:
            chosen.append((int(own["users"].iloc[0]), str(model)))
    return [model for _, model in sorted(chosen, key=lambda pair: (-pair[0], pair[1]))]


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
            f"the launch cohort ({month:%B %Y}) has {size:,} users; {panel.min_cohort:,} are needed for "
            f"shares to within {within:.0f} points"
        )
    return f"the launch cohort ({month:%B %Y}) has no complete month after its first"


def _panel_json(panel: Panel) -> dict[str, Any]:
    return {
        "launch_cohort": panel.months[panel.launch].isoformat() if panel.launch is not None else None,
        "months": [panel.months[0].isoformat(), panel.months[-1].isoformat()],
        "months_left_out": [m.isoformat() for m in panel.months_dropped],
        "cohorts": {panel.months[c].isoformat(): int(panel.cohort_sizes[c]) for c in panel.tested},
        "clusters": "organisation" if panel.has_organisations else "user",
        "least_users_of_a_cohort": panel.min_cohort,
        "least_difference": LEAST_DIFFERENCE,
    }


def _rates_json(rates: ErrorRates) -> dict[str, Any]:
    def one(rate: Any) -> dict[str, Any]:
        low, high = rate.interval
        return {"population": rate.population, "loyal": rate.loyal, "rate": rate.value, "low": low, "high": high,
                "simulations": rate.simulations}  # fmt: skip

    return {
        "false_positive_rate": rates.false_positive_rate,
        "nulls": [one(r) for r in rates.nulls],
        "power": [one(r) for r in rates.power],
        "users": asdict(rates.prior),
        "between_cohorts_sd": rates.between_cohorts,
        "large_cohorts_cut": rates.cut,
        "likeness_within_organisations": rates.likeness,
        "not_simulated": list(NOT_SIMULATED),
    }


def outcome_words(outcome: Outcome) -> str:
    """What a robustness check did, in a word."""
    if outcome.overturns is None:
        return "cannot be judged: too little is left"
    return "changes the answer" if outcome.overturns else "holds"
