# question: cache_hit_rate
import pandas as pd


def answer(generations: pd.DataFrame) -> pd.DataFrame:
    g = generations[["created_at", "tokens_prompt", "tokens_cached"]].copy()
    day = pd.to_datetime(g["created_at"], utc=True).dt.tz_localize(None).dt.normalize()
    g["week"] = day - pd.to_timedelta(day.dt.weekday, unit="D")
    g["tokens_cached"] = g["tokens_cached"].fillna(0)
    s = g.groupby("week")[["tokens_cached", "tokens_prompt"]].sum()
    return (s["tokens_cached"] / s["tokens_prompt"]).rename("share").reset_index()
