# question: retention_triangle
# model: author/slug
"""pandas, monthly periods, a full cohort x k grid made by reindex."""
import pandas as pd

MODEL = "author/slug"


def answer(generations: pd.DataFrame) -> pd.DataFrame:
    g = generations
    utc = pd.to_datetime(g["created_at"], utc=True).dt.tz_localize(None)
    end_day = utc.max().normalize()
    last = end_day.to_period("M") - (0 if end_day.is_month_end else 1)

    known = g["user_id"].notna() & g["user_id"].ne("")
    acts = pd.DataFrame(
        {
            "user": g["user_id"].astype("object").where(known, g["account_id"].astype("object")),
            "ord": [p.ordinal for p in utc.dt.to_period("M")],
            "hit": g["model"].eq(MODEL),
        }
    )
    acts = acts[acts["hit"] & acts["user"].notna()].drop_duplicates(["user", "ord"])
    acts["c"] = acts.groupby("user")["ord"].transform("min")
    acts = acts[acts["ord"] <= last.ordinal]

    users = acts.groupby("c")["user"].nunique()
    active = acts.groupby(["c", acts["ord"] - acts["c"]])["user"].size()
    grid = pd.MultiIndex.from_tuples(
        [(c, k) for c in users.index for k in range(last.ordinal - c + 1)], names=["c", "k"]
    )
    out = active.rename_axis(["c", "k"]).reindex(grid, fill_value=0).rename("active").reset_index()
    out["users"] = out["c"].map(users)
    out["retention"] = out["active"] / out["users"]
    out["cohort"] = [pd.Period(ordinal=c, freq="M").start_time.strftime("%Y-%m-%d") for c in out["c"]]
    return out[["cohort", "k", "users", "active", "retention"]]
