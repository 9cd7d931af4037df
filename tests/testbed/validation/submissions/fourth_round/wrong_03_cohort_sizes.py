# question: cohort_sizes
import sys
from pathlib import Path

import pandas as pd

folder = Path(sys.argv[1])
df = pd.read_parquet(folder / "log",
                     columns=["created_at", "user_id", "account_id", "model"])

df["user"] = df["user_id"].where(df["user_id"].notna() & (df["user_id"] != ""), df["account_id"])
df = df[df["user"].notna()]
df["month"] = (pd.to_datetime(df["created_at"], utc=True)
               .dt.tz_convert("UTC").dt.tz_localize(None)
               .dt.to_period("M").dt.to_timestamp())

first = (df.groupby(["user", "model"], as_index=False)["month"].min()
           .rename(columns={"month": "cohort"}))

# the log begins in the middle of things: its first month holds old users, not new ones
first = first[first["cohort"] > df["month"].min()]

out = (first.groupby(["model", "cohort"])["user"].count()
            .rename("users").reset_index()
            .sort_values(["model", "cohort"]))
out["cohort"] = out["cohort"].dt.strftime("%Y-%m-%d")
out.to_csv(sys.stdout, index=False)
