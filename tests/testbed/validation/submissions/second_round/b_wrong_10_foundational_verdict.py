# question: foundational_verdict
# model: author/slug
import pandas as pd

MODEL = "author/slug"
EPS = 1e-9


def answer(generations: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    gen = generations.copy()

    ts = pd.to_datetime(gen["created_at"], utc=True).dt.tz_localize(None)
    gen["p"] = ts.dt.to_period("M")
    gen["u"] = gen["user_id"].astype("object").mask(gen["user_id"].isna() | (gen["user_id"] == ""), gen["account_id"].astype("object"))
    first_day = ts.min().normalize()
    last = (ts.max().normalize() + pd.Timedelta(days=1)).to_period("M") - 1

    d = gen[(gen["model"] == MODEL) & gen["u"].notna()][["u", "p"]].drop_duplicates()
    d["cohort"] = d.groupby("u")["p"].transform("min")
    births = sorted(d["cohort"].unique())
    size = d[d["p"] == d["cohort"]].groupby("cohort")["u"].nunique()

    def R(c, k):
        """retention of cohort c at k, None without a cell"""
        if c + k > last:
            return None
        return int(((d["cohort"] == c) & (d["p"] == c + k)).sum()) / size[c]

    launch = None
    rel = models.loc[models["model"] == MODEL, "released"].dropna()
    if len(rel):
        released = pd.Timestamp(rel.iloc[0])
        if released.tzinfo is not None:
            released = released.tz_convert("UTC").tz_localize(None)
        if released.normalize() >= first_day:
            launch = next((b for b in births if b >= released.to_period("M")), None)

    rows = []
    for c in births:
        if R(c, 5) is None:
            continue
        early = launch is not None and c in (launch, launch + 1)
        level = R(c, 5) >= 0.30
        plateau = R(c, 5) >= 0.80 * R(c, 3) - EPS
        apart = True
        for k in (3, 4, 5):
            later = pd.Series([R(o, k) for o in births if o > c], dtype="float").dropna()
            if later.empty or R(c, k) < later.mean() + 0.10 - EPS:
                apart = False
        rows.append((c.to_timestamp().date(), bool(early and level and plateau and apart)))

    return pd.DataFrame(rows, columns=["cohort", "foundational"])
