# question: mean_retention_by_cohort
# model: author/slug
"""Average month-by-month retention per cohort, from a cohort x month matrix."""
import pandas as pd

MODEL = "author/slug"


def answer(generations: pd.DataFrame) -> pd.DataFrame:
    g = generations.copy()
    t = pd.to_datetime(g["created_at"], utc=True).dt.tz_localize(None)
    g["p"] = t.dt.to_period("M")
    g["who"] = g["user_id"].astype("object").replace("", pd.NA).fillna(g["account_id"].astype("object"))

    end = t.max().normalize()
    last = end.to_period("M") if end.is_month_end else end.to_period("M") - 1

    m = g[(g["model"] == MODEL) & g["who"].notna()][["who", "p"]].drop_duplicates()
    m["cohort"] = m.groupby("who")["p"].transform("min")
    m = m[m["p"] <= last]
    m["k"] = [p.ordinal - c.ordinal for p, c in zip(m["p"], m["cohort"])]

    matrix = m.pivot_table(index="cohort", columns="k", values="who", aggfunc="nunique")
    kmax = last.ordinal - min(m["cohort"]).ordinal
    matrix = matrix.reindex(columns=range(kmax + 1)).fillna(0)
    rates = matrix.div(matrix[0], axis=0)
    rates = rates[[c.ordinal < last.ordinal for c in rates.index]]

    out = rates.drop(columns=0).mean(axis=1)
    return pd.DataFrame(
        [(cohort.start_time.date(), value) for cohort, value in out.items()], columns=["cohort", "retention"]
    )
