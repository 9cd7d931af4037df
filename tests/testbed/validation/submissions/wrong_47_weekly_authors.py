"""question: weekly_authors"""
import pandas as pd


def authors(generations: pd.DataFrame) -> pd.DataFrame:
    df = pd.DataFrame(
        {
            "day": generations["created_at"].dt.tz_convert("UTC").dt.tz_localize(None).dt.normalize(),
            "author": generations["model"].str.split("/").str[0],
            "tokens": generations["tokens_prompt"].astype("int64") + generations["tokens_completion"],
        }
    )
    out = df.groupby([pd.Grouper(key="day", freq="W-MON", label="left"), "author"])["tokens"].sum().reset_index()
    out = out.rename(columns={"day": "week"})
    out["share"] = out["tokens"] / out.groupby("week")["tokens"].transform("sum")
    out["week"] = out["week"].dt.date
    return out
