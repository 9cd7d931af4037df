# question: weekly_authors
import pandas as pd


def answer(generations: pd.DataFrame) -> pd.DataFrame:
    g = generations.copy()
    day = pd.to_datetime(g["created_at"], utc=True).dt.tz_localize(None).dt.normalize()
    g["week"] = day - pd.to_timedelta(day.dt.weekday, unit="D")
    g["author"] = g["model"].str.split("/").str[0]
    g["tokens"] = g["tokens_prompt"].fillna(0) + g["tokens_completion"].fillna(0)
    out = g.groupby(["week", "author"], as_index=False)["tokens"].sum()
    out["share"] = out["tokens"] / out.groupby("author")["tokens"].transform("sum")
    return out[["week", "author", "share"]]
