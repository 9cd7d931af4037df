"""The verdict on one model: what was found, what is said of it, and its form for programs."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from analysis.inference.cohorts.panel import Panel
from analysis.inference.error_rates.rates import NOT_SIMULATED, ErrorRates
from analysis.inference.launch.decision import LEAST_DIFFERENCE, Decision
from analysis.inference.launch.four_tests import ALPHA
from analysis.inference.launch.identifiability import Identifiability
from analysis.inference.launch.multiplicity import Scan
from analysis.inference.launch.robustness import Concentration
from analysis.inference.verdict import wording
from analysis.inference.verdict.classification import Classification
from analysis.inference.verdict.controls import Controls
from analysis.json_values import plain
from analysis.numerals import percent
from analysis.study import LEVEL

WITHHELD = "what it rests on is withheld, since it counts few users (k-anonymity)"

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
    little data, a phrase each; in_brief: what it rests on is withheld.
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
    in_brief: bool = False

    def brief(self) -> Verdict:
        """The kind alone, without any number: tests and robustness checks count groups of a few users."""
        kind = Classification(self.classification.kind, WITHHELD, None)
        return Verdict(self.model, None, kind, in_brief=True)

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
        return decision is not None and decision.stands and self.holm_p > ALPHA

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
                    "rejects": t.rejects(), "not_run": t.why or None,
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
