"""question: mean_retention_by_cohort
model: author/slug
"""
import pandas as pd


def stickiness(generations: pd.DataFrame) -> pd.DataFrame:
    ts = generations["created_at"].dt.tz_convert("UTC").dt.tz_localize(None)
    last = (ts.max().normalize() + pd.Timedelta(days=1)).to_period("M") - 1
    who = generations["user_id"].where(generations["user_id"].fillna("").ne(""), generations["account_id"])
    use = pd.DataFrame({"who": who, "month": ts.dt.to_period("M")})[generations["model"] == "author/slug"].dropna()
    use = use.drop_duplicates()
    use["cohort"] = use.groupby("who")["month"].transform("min")
    use = use[use["month"] <= last]
    use["k"] = [(m - c).n for m, c in zip(use["month"], use["cohort"])]
    active = use.groupby(["cohort", "k"])["who"].nunique().unstack(fill_value=0)
    retention = active.div(active[0], axis=0).drop(columns=0)
    mean = retention.mean(axis=1).rename("retention").reset_index()
    mean = mean[mean["cohort"] < last]
    mean["cohort"] = mean["cohort"].dt.to_timestamp()
    return mean
