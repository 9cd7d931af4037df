# question: sessions
import sys

import pandas as pd

g = pd.read_parquet(sys.argv[1] + "/log", columns=["created_at", "session_id"])
g["ts"] = pd.to_datetime(g["created_at"], utc=True).dt.tz_localize(None)
g["session_id"] = g["session_id"].replace("", None)

weekly = g.groupby(pd.Grouper(key="ts", freq="W-MON")).agg(
    requests=("ts", "size"), sessions=("session_id", "nunique")
)
weekly = weekly[weekly["requests"] > 0]
weekly.index = weekly.index.date
weekly["sessions"].rename_axis("week").reset_index().to_csv(sys.stdout, index=False)
