# question: sessions_by_pause
import sys
from os.path import join

import pandas as pd

g = pd.read_parquet(join(sys.argv[1], "log"),
                    columns=["created_at", "user_id", "account_id"])
g["created_at"] = pd.to_datetime(g["created_at"], utc=True)
g["day"] = g["created_at"].dt.tz_convert("UTC").dt.tz_localize(None).dt.normalize()
g["week"] = g["day"] - pd.to_timedelta(g["day"].dt.day_of_week, unit="D")
weeks = sorted(g["week"].unique())

g["usr"] = g["user_id"].mask(g["user_id"].isna() | g["user_id"].eq(""), g["account_id"])
g = g[g["usr"].notna()].sort_values(["usr", "created_at"])

gap = g.groupby("usr")["created_at"].diff()
g["is_start"] = gap.isna() | (gap.dt.seconds > 30 * 60)

out = g.groupby("week")["is_start"].sum().reindex(weeks, fill_value=0).rename("sessions")
out.index = [pd.Timestamp(w).strftime("%Y-%m-%d") for w in out.index]
out.rename_axis("week").reset_index().to_csv(sys.stdout, index=False)
