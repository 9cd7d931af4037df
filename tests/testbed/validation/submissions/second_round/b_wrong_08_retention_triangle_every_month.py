# question: retention_triangle_every_month
# model: author/slug
import numpy as np
import pandas as pd

MODEL = "author/slug"


def answer(generations: pd.DataFrame) -> pd.DataFrame:
    df = generations.copy()
    df["created_at"] = pd.to_datetime(df["created_at"], utc=True).dt.tz_localize(None)
    df["uid"] = np.where(df["user_id"].isna() | df["user_id"].eq(""), df["account_id"], df["user_id"])
    nxt = df["created_at"].max().normalize() + pd.Timedelta(days=1)
    last = nxt.to_period("M") - 1
    d = df[df["model"].eq(MODEL) & df["uid"].notna()].copy()
    d["m"] = d["created_at"].dt.to_period("M")
    d = d[d["m"] <= last]
    per_user = d.groupby("uid")["m"].agg(cohort="min", months="nunique").reset_index()

    out = []
    for cohort, grp in per_user.groupby("cohort"):
        n = len(grp)
        for k in range((last - cohort).n + 1):
            active = int((grp["months"] >= k + 1).sum())
            out.append({"cohort": cohort.start_time.strftime("%Y-%m-%d"), "k": k,
                        "users": n, "active": active, "retention": active / n})
    cols = ["cohort", "k", "users", "active", "retention"]
    return pd.DataFrame(out, columns=cols)
