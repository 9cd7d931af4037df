# question: spend_region
import pandas as pd


def answer(generations: pd.DataFrame) -> pd.DataFrame:
    g = generations[["created_at", "continent", "cost_total"]].copy()
    ts = pd.to_datetime(g["created_at"], utc=True).dt.tz_localize(None)
    g["week"] = ts.dt.to_period("W-SAT").dt.start_time
    g["continent"] = g["continent"].replace("", pd.NA).fillna("unknown")
    s = g.groupby(["week", "continent"], as_index=False)["cost_total"].sum()
    whole = s.groupby("week")["cost_total"].transform("sum")
    s["share"] = s["cost_total"] / whole.where(whole != 0)
    return s[["week", "continent", "share"]]
