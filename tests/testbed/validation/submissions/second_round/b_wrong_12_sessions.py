# question: sessions
import pandas as pd


def answer(generations: pd.DataFrame) -> pd.DataFrame:
    df = generations[["created_at", "session_id", "cancelled"]]
    df = df[df["cancelled"] != True]  # noqa: E712
    day = pd.to_datetime(df["created_at"], utc=True).dt.tz_convert(None).dt.normalize()
    df["week"] = day - pd.to_timedelta(day.dt.weekday, unit="D")
    df["session_id"] = df["session_id"].replace("", None)

    out = (df.groupby("week")["session_id"]
             .nunique(dropna=False)
             .rename("sessions")
             .reset_index())
    out["week"] = out["week"].dt.date
    return out
