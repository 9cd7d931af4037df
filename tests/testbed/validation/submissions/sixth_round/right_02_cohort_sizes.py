# question: cohort_sizes
import pandas as pd


def answer(generations: pd.DataFrame) -> pd.DataFrame:
    user = generations["user_id"].replace("", None)
    user = user.where(user.notna(), generations["account_id"].replace("", None))
    firsts = (pd.DataFrame({"model": generations["model"], "u": user,
                            "ts": pd.to_datetime(generations["created_at"], utc=True)})
                .dropna(subset=["u", "model"])
                .groupby(["model", "u"])["ts"].min().reset_index())
    firsts["cohort"] = firsts["ts"].dt.strftime("%Y-%m-01").pipe(pd.to_datetime)
    return firsts.groupby(["model", "cohort"]).size().rename("users").reset_index()
