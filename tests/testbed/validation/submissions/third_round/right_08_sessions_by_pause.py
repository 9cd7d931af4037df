# question: sessions_by_pause
import sys

import numpy as np
import pandas as pd

g = pd.read_parquet(sys.argv[1] + "/log", columns=["user_id", "account_id", "created_at"])
g["at"] = pd.to_datetime(g["created_at"], utc=True)
day = g["at"].dt.floor("D")
g["week"] = (day - pd.to_timedelta(day.dt.dayofweek, unit="D")).dt.strftime("%Y-%m-%d")
weeks = sorted(g["week"].unique())

g["who"] = np.where(g["user_id"].fillna("").eq(""), g["account_id"], g["user_id"])
g = g[g["who"].notna()].sort_values(["who", "at"], kind="stable")
pause = g.groupby("who", sort=False)["at"].diff()
begins = g[pause.isna() | (pause > pd.Timedelta(minutes=30))]
begins["week"].value_counts().reindex(weeks, fill_value=0).rename("sessions").rename_axis("week").reset_index().to_csv(
    sys.stdout, index=False
)
