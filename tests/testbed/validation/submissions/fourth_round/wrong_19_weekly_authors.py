# question: weekly_authors
import sys

import pandas as pd

df = pd.read_parquet(sys.argv[1].rstrip("/") + "/log",
                     columns=["created_at", "model", "tokens_prompt", "tokens_completion"])
df["created_at"] = pd.to_datetime(df["created_at"], utc=True).dt.tz_convert("UTC").dt.tz_localize(None)
df["author"] = df["model"].str.split("/").str[0]
df["tokens"] = df["tokens_prompt"].fillna(0) + df["tokens_completion"].fillna(0)

by_week = pd.Grouper(key="created_at", freq="W-MON", label="left")
t = df.groupby([by_week, "author"])["tokens"].sum().reset_index().rename(columns={"created_at": "week"})
t["share"] = t["tokens"] / t.groupby("week")["tokens"].transform("sum")
t["week"] = t["week"].dt.date
t[["week", "author", "share", "tokens"]].sort_values(["week", "author"]).to_csv(sys.stdout, index=False)
