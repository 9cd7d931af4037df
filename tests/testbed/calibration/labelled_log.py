"""A log in which every request has one right label, as the amounts of a tensor: exact, so that statistics on the log
and on the tensor can be compared.
"""

from __future__ import annotations

import ibis
import numpy as np

from analysis import vocabulary as v
from analysis.contract import CATEGORIES
from analysis.queries import categories
from analysis.queries.query import collect
from analysis.sources.log import Log
from testbed.calibration.tensor.amounts import Amounts

RIGHT = ("observation.label_share=1", "observation.classifier_accuracy=1", "observation.second_label_share=0",
         "observation.confidence=1")  # fmt: skip
"""Settings of a world with such a log."""


def amounts_of(log: Log) -> Amounts:
    """The amounts of a log with right labels only."""
    rows = log.generations
    labels = categories.labelled(log).select("generation_id", "category")
    day = v.day(rows.created_at)
    launches = [
        (rows.model == row["model"])
        & (day >= ibis.date(str(window["from"])))
        & (ibis.literal(True) if window["to"] is None else day <= ibis.date(str(window["to"])))
        for row in log.models.select("model", "free_windows").to_pyarrow().to_pylist()
        for window in row["free_windows"] or ()
        if window["kind"] != "free_variant"
    ]
    launched = ibis.or_(ibis.literal(False), *launches) & (rows.cost_total == 0)
    rows = rows.mutate(
        week=v.week(rows.created_at),
        tokens=v.tokens_total(rows),
        free=v.free_variant(rows),
        launched=launched,
    )
    t = rows.inner_join(labels, "generation_id")
    usd = t.cost_total.cast("float64")
    sums = {
        "tokens": t.tokens,
        "prompt_tokens": t.tokens_prompt,
        "completion_tokens": t.tokens_completion,
        "requests": t.tokens.notnull().cast("int64"),
        "tool_tokens": (t.finish_reason == "tool_calls").ifelse(t.tokens, 0),
        "spend_usd": usd,
        "charged_tokens": t.byok.ifelse(0, t.tokens),
        "charged_usd": t.byok.ifelse(0.0, usd),
        "paid_tokens": (t.byok | t.free).ifelse(0, t.tokens),
        "ranked_tokens": t.launched.ifelse(0, t.tokens),
    }
    frame = collect(
        t.group_by("week", "model", "category").aggregate(**{k: x.sum() for k, x in sums.items()})
    )
    weeks, models = sorted({week.date() for week in frame["week"]}), sorted(set(frame["model"]))
    at = (
        [weeks.index(week.date()) for week in frame["week"]],
        [models.index(model) for model in frame["model"]],
        [CATEGORIES.index(category) for category in frame["category"]],
    )
    found = {}
    for name in sums:
        found[name] = np.zeros((len(weeks), len(models), len(CATEGORIES)))
        found[name][at] = frame[name].astype(float)
    return Amounts(tuple(weeks), tuple(models), found)
