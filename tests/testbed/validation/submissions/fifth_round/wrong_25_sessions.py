# question: sessions
import sys
import pandas as pd

g = pd.read_parquet(f"{sys.argv[1]}/log", columns=["created_at", "session_id"])
day = g["created_at"].dt.tz_convert("UTC").dt.tz_localize(None).dt.normalize()
g["week"] = day - pd.to_timedelta(day.dt.dayofweek, unit="D")
weeks = sorted(g["week"].unique())

s = g[g["session_id"].notna() & (g["session_id"] != "")]
s = s.sort_values("created_at").drop_duplicates("session_id")
out = s.groupby("week").size().reindex(weeks, fill_value=0).rename("sessions").rename_axis("week")
out.reset_index().to_csv(sys.stdout, index=False, date_format="%Y-%m-%d")
