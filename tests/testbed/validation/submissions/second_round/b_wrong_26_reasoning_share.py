# question: reasoning_share
import pandas as pd


def answer(generations: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    g = generations.copy()
    m = models[["model", "reasoning_optimised"]]

    g["tok"] = g["tokens_prompt"].fillna(0) + g["tokens_completion"].fillna(0)
    day = pd.to_datetime(g["created_at"], utc=True).dt.tz_convert(None).dt.normalize()
    g["week"] = day - pd.to_timedelta(day.dt.weekday, unit="D")

    x = g.merge(m, on="model")
    x["rtok"] = x["tok"].where(x["reasoning_optimised"].eq(True), 0)
    w = x.groupby("week")[["rtok", "tok"]].sum()
    w["share"] = w["rtok"] / w["tok"]
    w.index = w.index.date
    return w[["share"]].rename_axis("week").reset_index()
