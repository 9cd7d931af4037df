# question: sessions_by_pause
import pandas as pd


def answer(generations: pd.DataFrame) -> pd.DataFrame:
    g = generations.copy()
    g["ts"] = pd.to_datetime(g.created_at, utc=True)
    g["who"] = g.user_id.astype("object").where(g.user_id.notna() & g.user_id.ne(""), g.account_id.astype("object"))
    g = g[g.who.notna()].sort_values(["who", "ts"])

    gap = g.groupby("who").ts.diff()
    starts = g[gap.isna() | (gap.dt.seconds > 30 * 60)]
    week = starts.ts.dt.tz_localize(None).dt.to_period("W-SUN").dt.start_time.dt.date
    out = week.value_counts().sort_index().rename_axis("week").rename("sessions").reset_index()
    return out
