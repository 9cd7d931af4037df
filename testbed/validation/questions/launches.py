"""The launch cohort of a model: how it compares with later ones, and whether a cohort is foundational."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

from testbed.validation.questions.form import PLACEHOLDER, Column, Question, python
from testbed.validation.questions.known_traps import traps
from testbed.validation.questions.reading import Reading
from testbed.validation.questions.retention import (
    COHORT,
    HEAD,
    TOPIC,
    TRIANGLE_PY,
    TRIANGLE_TRAPS,
    USED,
    triangle,
)

AGES = (3, 4, 5)
LATER_AFTER = 2  # months after the launch from which on a cohort counts as a later one
EARLY, LEVEL, PLATEAU, GAP = 1, Fraction(3, 10), Fraction(4, 5), Fraction(1, 10)

Cells = dict[tuple[dt.date, int], Fraction]


def launch_month(log: Reading, cohorts: Iterable[dt.date]) -> dt.date | None:
    """The first month, from that of the model's release on, in which somebody began with it; None where the models
    table does not know the release, or the log begins after it."""
    days = [row["released"] for row in log.tables.model_rows if row["model"] == log.arguments["model"]]
    first = min((log.rules.day(row) for row in log.requests), default=None)
    if not days or days[0] is None or first is None or days[0] < first:
        return None
    release = log.rules.month(days[0])
    return min((cohort for cohort in cohorts if cohort >= release), default=None)


def _launch_and_cells(log: Reading) -> tuple[dt.date | None, Cells]:
    cells = {
        (cell["cohort"], cell["k"]): exact for cell in triangle(log) if (exact := _share(cell)) is not None
    }
    return launch_month(log, {cohort for cohort, _ in cells}), cells


def _share(cell: dict[str, Any]) -> Fraction | None:
    """The retention of a cell, exact where it is active over users."""
    share, users = cell["retention"], cell["users"]
    if users and share == cell["active"] / users:
        return Fraction(cell["active"], users)
    return None if share is None else Fraction(share)


def contrast(log: Reading) -> Iterator[dict[str, Any]]:
    """The launch cohort beside the mean of later ones at each age at which it is seen."""
    launch, cells = _launch_and_cells(log)
    for k in AGES:
        if launch is None or (launch, k) not in cells:
            continue
        own = float(cells[launch, k])
        held = [
            float(share)
            for (cohort, age), share in cells.items()
            if age == k and log.rules.months(launch, cohort) >= LATER_AFTER
        ]
        later = sum(held) / len(held) if held else None
        yield {
            "k": k,
            "launch": own,
            "later": later,
            "difference": None if later is None else own - later,
            "ratio": None if later is None else log.rules.over(own, later),
        }


def foundational(log: Reading) -> Iterator[dict[str, Any]]:
    """Each cohort that is seen at month 5, and whether the four conditions hold. Shares are exact fractions: no cohort
    misses a threshold for a rounding."""
    launch, cells = _launch_and_cells(log)
    for cohort in sorted(cohort for cohort, k in cells if k == AGES[-1]):
        early = launch is not None and 0 <= log.rules.months(launch, cohort) <= EARLY
        level, before = cells[cohort, AGES[-1]], cells.get((cohort, AGES[0]), Fraction(0))
        gaps = [
            cells.get((cohort, k), Fraction(0)) - share
            for (other, k), share in cells.items()
            if other > cohort and k in AGES
        ]
        holds = early and level >= LEVEL and level >= PLATEAU * before and bool(gaps) and min(gaps) >= GAP
        yield {"cohort": cohort, "foundational": holds}


LAUNCH = f"""released AS (  -- no month if the release is not in the models table or before the log
  SELECT min(cohort) AS month
  FROM models JOIN sizes ON cohort >= date_trunc('month', models.released)::DATE
  WHERE model = '{PLACEHOLDER}'
    AND models.released >= (SELECT min((created_at AT TIME ZONE 'UTC')::DATE) FROM generations)
)"""
LAUNCH_PY = (
    TRIANGLE_PY
    + """

def launch_month(generations: pd.DataFrame, models: pd.DataFrame, cells: pd.DataFrame, model: str):
    released = pd.to_datetime(models.loc[models["model"] == model, "released"])
    first = generations["created_at"].min().tz_convert("UTC").tz_localize(None).normalize()
    if released.empty or released.iloc[0] < first:
        return None
    later = cells.loc[cells["cohort"] >= released.iloc[0].replace(day=1), "cohort"]
    return later.min() if len(later) else None
"""
)
LAUNCHED = (
    "The launch month is the first one, from that of the model's `released` in the models table on, in which a user "
    "began with the model. There is none for a model without an entry, or released before the day of the log's first "
    "request."
)

LAUNCH_CONTRAST = Question(
    "launch_contrast", TOPIC,
    "Does the launch cohort stay longer than later ones at the same age?",
    f"{LAUNCHED} From the retention triangle, for k = 3, 4 and 5 at which the cohort of that month has a cell: launch "
    "= its retention; later = the plain mean of retention at k over the cohorts that begin two months after it or "
    "later (missing without any). One row a k; none without a launch month.",
    (
        Column("k", "key", "months since the cohort's month", of="number"),
        Column("launch", "share", "retention of the launch cohort"),
        Column("later", "share", "mean retention of later cohorts"),
        Column("difference", "share", "launch less later", required=False),
        Column("ratio", "mean", "launch over later", required=False),
    ),
    contrast,
    f"""
{HEAD.format("launch_contrast")}{USED},
{LAUNCH}
SELECT k, max(retention) FILTER (cohort = month) AS launch,
       avg(retention) FILTER (date_diff('month', month, cohort) >= 2) AS later,
       launch - later AS difference
FROM triangle, released
WHERE k BETWEEN 3 AND 5
GROUP BY k
HAVING count(*) FILTER (cohort = month) > 0
ORDER BY k
""",
    python("launch_contrast", LAUNCH_PY + f'''

def launch_contrast(generations: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    cells = triangle(generations, "{PLACEHOLDER}")
    launch = launch_month(generations, models, cells, "{PLACEHOLDER}")
    rows = []
    for k in (3, 4, 5):
        at = cells[cells["k"] == k]
        own = at.loc[at["cohort"] == launch, "retention"]
        if launch is not None and len(own):
            later = at.loc[at["cohort"] >= launch + pd.DateOffset(months=2), "retention"].mean()
            rows.append((k, own.iloc[0], later))
    return pd.DataFrame(rows, columns=["k", "launch", "later"])
'''),
    (*TRIANGLE_TRAPS, *traps("mean over users", "median for mean", "other ages", "turned around",
                             "another launch month", "neighbours as later ones", "percent",
                             "rounded too far")), {"model": PLACEHOLDER},
)  # fmt: skip

FOUNDATIONAL = Question(
    "foundational_verdict", TOPIC,
    "Which cohorts of a model are foundational?",
    f"{LAUNCHED} With R(k) of the retention triangle, for each cohort that has a cell at k = 5: foundational is true "
    "if all four hold. Early: the cohort is of the launch month or the month after it. Level: R(5) >= 0.30. Plateau: "
    "R(5) >= 0.80 R(3). Apart: at k = 3, 4 and 5 its R(k) is at least 0.10 above that of every later cohort that has a "
    "cell at k, and there is such a cell. Else it is false. `slipper verdict` does more: it tests whether chance can "
    "have made it.",
    (COHORT, Column("foundational", "flag", "whether all four hold")), foundational,
    f"""
{HEAD.format("foundational_verdict")}{USED},
{LAUNCH},
own AS (SELECT * FROM triangle WHERE k IN (3, 4, 5)),
apart AS (  -- the smallest distance to a later cohort at the same age, in exact numbers
  SELECT own.cohort, bool_and(10 * (own.active * other.users - other.active * own.users) >= own.users * other.users)
         AS apart
  FROM own JOIN own AS other ON other.cohort > own.cohort AND other.k = own.k
  GROUP BY own.cohort
)
SELECT five.cohort,
       coalesce(date_diff('month', month, five.cohort) BETWEEN 0 AND 1, false)
       AND 10 * five.active >= 3 * five.users
       AND 5 * five.active >= 4 * three.active
       AND coalesce(apart, false) AS foundational
FROM own AS five
JOIN own AS three ON three.cohort = five.cohort AND three.k = 3
LEFT JOIN apart ON apart.cohort = five.cohort
LEFT JOIN released ON true
WHERE five.k = 5
ORDER BY five.cohort
""",
    python("foundational_verdict", LAUNCH_PY + f'''

def foundational_verdict(generations: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    cells = triangle(generations, "{PLACEHOLDER}")
    launch = launch_month(generations, models, cells, "{PLACEHOLDER}")
    cells = cells[cells["k"].isin([3, 4, 5])]
    rows = []
    for cohort, own in cells.groupby("cohort"):
        at = own.set_index("k")["retention"]
        if 5 not in at:
            continue
        early = launch is not None and launch <= cohort <= launch + pd.DateOffset(months=1)
        later = cells[cells["cohort"] > cohort]
        gaps = later["k"].map(at) - later["retention"]
        apart = len(gaps) > 0 and gaps.min() > 0.1 - 1e-9
        holds = early and at[5] > 0.3 - 1e-9 and at[5] > 0.8 * at[3] - 1e-9 and apart
        rows.append((cohort, bool(holds)))
    return pd.DataFrame(rows, columns=["cohort", "foundational"])
'''),
    (*TRIANGLE_TRAPS, *traps("another launch month", "conditions left out", "apart from the mean",
                             "apart from nobody", "apart from other cohorts", "other ages", "other thresholds",
                             "too young for a verdict", "rows of some alone", "months named by their end",
                             "another plateau", "strict thresholds")),
    {"model": PLACEHOLDER},
)  # fmt: skip

QUESTIONS = (LAUNCH_CONTRAST, FOUNDATIONAL)
