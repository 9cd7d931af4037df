# question: active_users
import pandas as pd


def answer(generations: pd.DataFrame) -> pd.DataFrame:
    gen = generations.copy()
    gen["user"] = gen["user_id"].astype("object").where(gen["user_id"].astype("object").fillna("") != "", gen["account_id"].astype("object"))

    local = pd.to_datetime(gen["created_at"], utc=True).dt.tz_convert("America/New_York")
    gen["day"] = local.dt.tz_localize(None).dt.normalize()

    # daily actives first (the dashboard table), weeks from them
    dau = gen.groupby("day")["user"].nunique().reset_index(name="users")
    dau["week"] = dau["day"] - pd.to_timedelta(dau["day"].dt.day_of_week, unit="D")
    wau = dau.groupby("week", as_index=False)["users"].sum()
    wau["week"] = wau["week"].dt.strftime("%Y-%m-%d")
    return wau
