"""question: sessions_by_pause"""
import pandas as pd


def sessions(generations: pd.DataFrame) -> pd.DataFrame:
    g = pd.DataFrame(
        {
            "who": generations["user_id"].where(generations["user_id"].fillna("").ne(""), generations["account_id"]),
            "ts": generations["created_at"].dt.tz_convert("UTC").dt.tz_localize(None),
        }
    ).dropna()
    g["week"] = g["ts"].dt.normalize() - pd.to_timedelta(g["ts"].dt.weekday, unit="D")
    g = g.sort_values(["who", "ts"])
    pause = g.groupby(["who", "week"])["ts"].diff()
    g["new"] = pause.isna() | (pause > pd.Timedelta(minutes=30))
    return g.groupby("week", as_index=False)["new"].sum().rename(columns={"new": "sessions"})
