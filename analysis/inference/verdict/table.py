"""Verdicts as a tidy table, one row a model: what tables/fig25_verdicts holds."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from analysis.inference.error_rates.rates import PLANTED
from analysis.inference.launch.effects import Amount
from analysis.inference.verdict.verdict import Verdict

NUMBERS = (
    "p", "holm_p", "month", "difference", "low", "high", "ratio", "extra_loyal_share", "e_value",
    "false_positive_rate", *(f"power_{share:.0%}".rstrip("%") for share in PLANTED), "simulations",
)  # fmt: skip
COLUMNS = ("model", "kind", "headline", *NUMBERS, "overturned_by", "because")


def verdict_table(found: Sequence[Verdict]) -> pd.DataFrame:
    """One row a verdict; numbers that are not known are missing.

    p: of the four tests together, holm_p: adjusted for the models judged; month: at which difference (launch cohort's
    share of active users minus the later cohorts', low to high its 95% interval), ratio, extra_loyal_share and e_value
    are read; false_positive_rate, power_10, power_15, power_25: shares of simulated panels called foundational, without
    a loyal cohort and with 10%, 15%, 25% loyal users at launch; simulations: of each; overturned_by: robustness checks
    that change the answer, separated by "; ".
    """
    frame = pd.DataFrame([_row(verdict) for verdict in found], columns=list(COLUMNS))
    return frame.astype(dict.fromkeys(NUMBERS, "float64"))


def _row(verdict: Verdict) -> dict[str, object]:
    sizes = verdict.decision.sizes if verdict.decision else None
    rates = verdict.rates
    difference = sizes.difference if sizes else Amount(math.nan)
    row: dict[str, object] = {
        "model": verdict.model,
        "kind": verdict.classification.kind,
        "headline": verdict.headline,
        "p": verdict.p,
        "holm_p": verdict.holm_p,
        "month": sizes.age if sizes else math.nan,
        "difference": difference.value,
        "low": difference.low,
        "high": difference.high,
        "ratio": sizes.ratio.value if sizes else math.nan,
        "extra_loyal_share": sizes.loyal_share.value if sizes else math.nan,
        "e_value": sizes.e_value if sizes else math.nan,
        "false_positive_rate": rates.false_positive_rate if rates else math.nan,
        "simulations": rates.nulls[0].simulations if rates else math.nan,
        "overturned_by": "; ".join(verdict.overturned_by),
        "because": verdict.classification.because,
    }
    for share in PLANTED:
        row[f"power_{share:.0%}".rstrip("%")] = rates.power_at(share) if rates else math.nan
    return row
