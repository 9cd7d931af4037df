# question: launch_contrast
# model: author/slug
import pandas as pd

MODEL = "author/slug"


def answer(generations: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    gen = generations.copy()

    ts = pd.to_datetime(gen["created_at"], utc=True).dt.tz_localize(None)
    gen["m"] = ts.dt.to_period("M")
    gen["u"] = gen["user_id"].astype("object").where(gen["user_id"].astype("object").fillna("") != "", gen["account_id"].astype("object"))
    last = (ts.max().normalize() + pd.Timedelta(days=1)).to_period("M") - 1
    first_day = ts.min().normalize()

    use = gen.loc[(gen["model"] == MODEL) & gen["u"].notna(), ["u", "m"]].drop_duplicates()
    use["cohort"] = use.groupby("u")["m"].transform("min")
    size = use[use["m"] == use["cohort"]].groupby("cohort").size()
    use["k"] = [(a - b).n for a, b in zip(use["m"], use["cohort"])]
    hits = use.groupby(["cohort", "k"]).size()

    rows = []
    released = models.loc[models["model"] == MODEL, "released"].dropna()
    if len(released):
        rel = pd.to_datetime(released.iloc[0], utc=True).tz_localize(None).normalize()
        cands = [c for c in size.index if c >= rel.to_period("M")]
        if rel >= first_day and cands:
            launch = min(cands)
            for k in (3, 4, 5):
                if launch + k > last:
                    continue
                r = {c: hits.get((c, k), 0) / size[c] for c in size.index if c + k <= last}
                later = pd.Series([v for c, v in r.items() if c >= launch + 2], dtype=float).mean()
                rows.append({"k": k, "launch": r[launch], "later": later, "difference": r[launch] - later})

    return pd.DataFrame(rows, columns=["k", "launch", "later", "difference"])
