"""question: active_users"""
import pandas as pd


def weekly_active(generations: pd.DataFrame) -> pd.DataFrame:
    who = generations["account_id"].replace("", None).fillna(generations["user_id"].replace("", None))
    week = generations["created_at"].dt.tz_convert("UTC").dt.tz_localize(None).dt.to_period("W-SUN").dt.start_time
    out = who.groupby(week).nunique().rename("users").rename_axis("week").reset_index()
    out["week"] = out["week"].dt.date
    return out
