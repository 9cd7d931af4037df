# question: sessions_by_pause
import pandas as pd


def answer(generations: pd.DataFrame) -> pd.DataFrame:
    df = generations[["created_at", "user_id", "account_id"]].copy()
    df["ts"] = pd.to_datetime(df.pop("created_at"), utc=True)
    df["user"] = df["user_id"].replace("", None).combine_first(df["account_id"])
    df = df.dropna(subset=["user"]).sort_values(["user", "ts"], kind="stable")

    pause = df.groupby("user")["ts"].diff()
    df["begins"] = pause.isna() | (pause.dt.seconds > 30 * 60)

    monday = (df["ts"].dt.floor("D") - pd.to_timedelta(df["ts"].dt.day_of_week, unit="D")).dt.date
    out = df["begins"].groupby(monday.rename("week")).sum().rename("sessions").astype(int)
    return out.reset_index()
